/* One pass over the bytes of a frame, with a depth instead of a tree: depth 1 is the array, 2 an
 * event, 3 the members of `message`. Strings are crossed with memchr, which is what makes it cheap.
 *
 * Next: link.c */
#include "events.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_EVENT   2
#define DEPTH_MESSAGE 3

struct scan {
    const char *at;
    const char *end;
    unsigned depth;
    bool in_message;
    struct text key; /* the member whose value comes next; empty in an array */
    struct event event;
    int count;
    event_fn *on_event;
    void *context;
};

static bool text_is(struct text text, const char *word)
{
    return text.len == strlen(word) && memcmp(text.at, word, text.len) == 0;
}

/* From behind an opening quote to behind the closing one; false when the text ends before. */
static bool take_string(struct scan *s, struct text *ret_text)
{
    const char *start = s->at;
    const char *from = start;
    for (;;) {
        const char *quote = memchr(from, '"', (size_t)(s->end - from));
        if (!quote)
            return false;
        size_t backslashes = 0;
        while (quote - backslashes > start && quote[-1 - (ptrdiff_t)backslashes] == '\\')
            backslashes++;
        from = quote + 1;
        if (backslashes % 2 == 0)
            break;
    }
    *ret_text = (struct text){.at = start, .len = (size_t)(from - 1 - start)};
    s->at = from;
    return true;
}

static enum event_type type_of(struct text name)
{
    static const struct {
        const char *name;
        enum event_type type;
    } rows[] = {
        {"message", EVENT_MESSAGE}, {"ack", EVENT_ACK},       {"subscribed", EVENT_SUBSCRIBED},
        {"error", EVENT_ERROR},     {"resync", EVENT_RESYNC},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (text_is(name, rows[i].name))
            return rows[i].type;
    return EVENT_OTHER;
}

static uint64_t number_of(struct text digits)
{
    uint64_t value = 0;
    for (size_t i = 0; i < digits.len && digits.at[i] >= '0' && digits.at[i] <= '9'; i++)
        value = value * 10 + (uint64_t)(digits.at[i] - '0');
    return value;
}

/* A string or a number has been read as the value of the member s->key. A 64-bit number may come as
 * either, so both end here. */
static void keep_value(struct scan *s, struct text value)
{
    bool in_event = s->depth == DEPTH_EVENT;
    bool in_message = s->depth == DEPTH_MESSAGE && s->in_message;
    if (s->key.len == 0 || (!in_event && !in_message))
        return;
    if (in_event && text_is(s->key, "type"))
        s->event.type = type_of(value);
    else if (text_is(s->key, "seq"))
        s->event.seq = number_of(value);
    else if (text_is(s->key, "thread_id"))
        s->event.thread_id = value;
    else if (in_message && text_is(s->key, "body"))
        s->event.body = value;
    else if (in_event && text_is(s->key, "ref"))
        s->event.ref = value;
    else if (in_event && text_is(s->key, "last_seq"))
        s->event.last_seq = number_of(value);
    else if (in_event && text_is(s->key, "code"))
        s->event.code = value;
    else if (in_event && text_is(s->key, "detail"))
        s->event.detail = value;
}

static bool step_string(struct scan *s)
{
    struct text text;
    if (!take_string(s, &text))
        return false;
    const char *after = s->at;
    while (after < s->end && (*after == ' ' || *after == '\n' || *after == '\t' || *after == '\r'))
        after++;
    if (after < s->end && *after == ':') {
        s->key = text;
        s->at = after + 1;
        return true;
    }
    keep_value(s, text);
    s->key.len = 0;
    return true;
}

static bool step_open(struct scan *s, char bracket)
{
    s->depth++;
    if (s->depth == 1)
        return bracket == '[';
    if (s->depth == DEPTH_EVENT) {
        memset(&s->event, 0, sizeof(s->event));
        s->in_message = false;
        s->key.len = 0;
        return bracket == '{';
    }
    if (s->depth == DEPTH_MESSAGE)
        s->in_message = bracket == '{' && s->key.len > 0 && text_is(s->key, "message");
    s->key.len = 0;
    return true;
}

static bool step_close(struct scan *s)
{
    if (s->depth == 0)
        return false;
    s->depth--;
    if (s->depth == 1) {
        s->count++;
        s->on_event(s->context, &s->event);
    }
    if (s->depth == DEPTH_EVENT)
        s->in_message = false;
    return true;
}

static void step_number(struct scan *s)
{
    const char *start = s->at;
    while (s->at < s->end && (strchr("+-.eE", *s->at) || (*s->at >= '0' && *s->at <= '9')))
        s->at++;
    keep_value(s, (struct text){.at = start, .len = (size_t)(s->at - start)});
    s->key.len = 0;
}

int events_scan(const char *json, size_t len, event_fn *on_event, void *context)
{
    struct scan s = {.at = json, .end = json + len, .on_event = on_event, .context = context};
    bool is_sound = len > 0 && *json == '[';
    while (is_sound && s.at < s.end) {
        char c = *s.at;
        if (c == '"') {
            s.at++;
            is_sound = s.depth >= DEPTH_EVENT && step_string(&s);
        } else if (c == '{' || c == '[') {
            s.at++;
            is_sound = step_open(&s, c);
        } else if (c == '}' || c == ']') {
            s.at++;
            is_sound = step_close(&s);
        } else if (c == '-' || (c >= '0' && c <= '9')) {
            step_number(&s);
        } else {
            s.at++;
        }
    }
    return is_sound && s.depth == 0 ? s.count : -1;
}

/* Behind the colon of the first member with this name; NULL when there is none. */
static const char *find_value(const char *json, size_t len, const char *name)
{
    size_t name_len = strlen(name);
    const char *end = json + len;
    const char *at = json;
    while ((at = memmem(at, (size_t)(end - at), name, name_len)) != NULL) {
        const char *after = at + name_len;
        bool is_quoted = at > json && at[-1] == '"' && after < end && *after == '"';
        at = after;
        if (!is_quoted)
            continue;
        for (after++; after < end && strchr(" \n\r\t", *after); after++)
            ;
        if (after >= end || *after != ':')
            continue;
        for (after++; after < end && strchr(" \n\r\t", *after); after++)
            ;
        return after < end ? after : NULL;
    }
    return NULL;
}

struct text events_find_string(const char *json, size_t len, const char *name)
{
    const char *value = find_value(json, len, name);
    struct text text = {0};
    if (!value || *value != '"')
        return text;
    struct scan s = {.at = value + 1, .end = json + len};
    if (!take_string(&s, &text))
        text = (struct text){0};
    return text;
}

uint64_t events_find_number(const char *json, size_t len, const char *name)
{
    const char *value = find_value(json, len, name);
    if (!value)
        return 0;
    return number_of((struct text){.at = value, .len = (size_t)(json + len - value)});
}
