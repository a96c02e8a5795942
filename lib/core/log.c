/* One line, one write(2), at most 4 KiB: so lines of several threads and processes never mix.
 *
 * What does not fit is cut, never split over two lines. Next: options.h
 */
#include "core/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/bytes.h"
#include "core/clock.h"

#define LINE_BYTES_MAX  4096 /* PIPE_BUF: a write of it into a pipe is atomic */
#define VALUE_BYTES_MAX 512  /* of a text value; longer ones end in "..." */
#define TAIL_BYTES      16   /* kept free for `,"cut":1}` and the newline */

static const char *const level_names[] = {"debug", "info", "warn", "error"};
static const char *program_name = "wardroom";
static _Atomic int level_least = LOG_INFO;

struct line {
    char text[LINE_BYTES_MAX];
    size_t len;
    bool full;
};

static void line_add(struct line *line, const char *text, size_t len)
{
    if (line->full || len > sizeof line->text - TAIL_BYTES - line->len) {
        line->full = true;
        return;
    }
    memcpy(line->text + line->len, text, len);
    line->len += len;
}

static void line_add_char(struct line *line, uint8_t c, bool text_is_utf8)
{
    char escape[8];
    int len;
    if (c == '"' || c == '\\') {
        len = snprintf(escape, sizeof escape, "\\%c", c);
    } else if (c < 0x20 || c == 0x7f) {
        len = snprintf(escape, sizeof escape, "\\u%04x", c);
    } else {
        escape[0] = c >= 0x80 && !text_is_utf8 ? '?' : (char)c;
        len = 1;
    }
    line_add(line, escape, (size_t)len);
}

static void line_add_string(struct line *line, const char *text)
{
    size_t len = strnlen(text, VALUE_BYTES_MAX + 1);
    bool long_text = len > VALUE_BYTES_MAX;
    if (long_text) {
        len = VALUE_BYTES_MAX;
        /* Not in the middle of a character. */
        while (len > 0 && ((uint8_t)text[len] & 0xc0) == 0x80) {
            len--;
        }
    }
    bool text_is_utf8 = bytes_is_text(bytes_of(text, len));
    line_add(line, "\"", 1);
    for (size_t i = 0; i < len; i++) {
        line_add_char(line, (uint8_t)text[i], text_is_utf8);
    }
    if (long_text) {
        line_add(line, "...", 3);
    }
    line_add(line, "\"", 1);
}

static void line_add_pair(struct line *line, const struct log_pair *pair)
{
    size_t before = line->len;
    line_add(line, ",", 1);
    line_add_string(line, pair->name);
    line_add(line, ":", 1);
    if (pair->value.text != NULL) {
        line_add_string(line, pair->value.text);
    } else {
        char number[24];
        int len = snprintf(number, sizeof number, "%lld", (long long)pair->value.number);
        line_add(line, number, (size_t)len);
    }
    if (line->full) {
        line->len = before; /* no half pair */
    }
}

void log_open(const char *program, enum log_level least)
{
    program_name = program;
    atomic_store_explicit(&level_least, (int)least, memory_order_relaxed);
}

void log_write(enum log_level level, const char *event, const struct log_pair *pairs, int count)
{
    if ((int)level < atomic_load_explicit(&level_least, memory_order_relaxed)) {
        return;
    }
    char time[RFC3339_SIZE];
    clock_format(clock_now_us(), time);
    const struct log_pair head[] = {{"level", log_text(level_names[level])},
                                    {"program", log_text(program_name)},
                                    {"event", log_text(event)}};
    struct line line;
    line.len = 0;
    line.full = false;
    line_add(&line, "{\"time\":", 8);
    line_add_string(&line, time);
    for (size_t i = 0; i < sizeof head / sizeof head[0]; i++) {
        line_add_pair(&line, &head[i]);
    }
    for (int i = 0; i < count; i++) {
        line_add_pair(&line, &pairs[i]);
    }
    const char *tail = line.full ? ",\"cut\":1}\n" : "}\n";
    memcpy(line.text + line.len, tail, strlen(tail));
    line.len += strlen(tail);
    int saved = errno;
    ssize_t wrote;
    do {
        wrote = write(STDERR_FILENO, line.text, line.len);
    } while (wrote < 0 && errno == EINTR);
    errno = saved; /* a full disk under the log is no reason to fail a call */
}

bool log_level_parse(const char *text, enum log_level *ret)
{
    for (int i = LOG_DEBUG; i <= LOG_ERROR; i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *ret = (enum log_level)i;
            return true;
        }
    }
    return false;
}
