/* Structured log: one JSON object a line on stderr: time, level, program, event, then the pairs.
 *
 * log_event(LOG_INFO, "request", {"method", LOG_S(method)}, {"took_us", LOG_I(took)}): names are
 * literals; values are text or integers. No secret and no content ever goes in. Thread-safe.
 * Library code does not log; service loops do. Next: options.h
 */
#ifndef WARDROOM_CORE_LOG_H
#define WARDROOM_CORE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_value {
    const char *text; /* NULL: the number counts */
    int64_t number;
};
/* Functions, so that an array as argument draws no warning about its address. */
static inline struct log_value log_text(const char *text)
{
    return (struct log_value){.text = text != NULL ? text : ""};
}
static inline struct log_value log_number(int64_t number)
{
    return (struct log_value){.number = number};
}
#define LOG_S(value) log_text(value)
#define LOG_I(value) log_number((int64_t)(value))

struct log_pair {
    const char *name;
    struct log_value value;
};

void log_open(const char *program, enum log_level least);
void log_write(enum log_level level, const char *event, const struct log_pair *pairs, int count);
/* An array of the pairs behind an empty one, because C knows no array of none. */
#define LOG_PAIRS(...) ((const struct log_pair[]){{0}, ##__VA_ARGS__})
/* log_event(LOG_WARN, "peer.refused", {"peer", LOG_S(name)}, {"count", LOG_I(3)}) */
#define log_event(level, event, ...)                                                               \
    log_write((level), (event), LOG_PAIRS(__VA_ARGS__) + 1,                                        \
              (int)(sizeof(LOG_PAIRS(__VA_ARGS__)) / sizeof(struct log_pair)) - 1)
bool log_level_parse(const char *text, enum log_level *ret);

#endif
