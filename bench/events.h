/* The events in a server frame: a JSON array, read in one pass without a tree and without a copy.
 * Only the members that the generator checks are kept; everything else is stepped over.
 *
 * Next: link.h */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum event_type {
    EVENT_OTHER,
    EVENT_MESSAGE,
    EVENT_ACK,
    EVENT_SUBSCRIBED,
    EVENT_ERROR,
    EVENT_RESYNC,
};

/* A string of the frame, without its quotes; escapes are left as they are. */
struct text {
    const char *at; /* NULL: not there */
    size_t len;
};

struct event {
    enum event_type type;
    uint64_t seq; /* of an ack, or of the message inside; 0: not there */
    uint64_t last_seq;
    struct text ref;
    struct text thread_id;
    struct text body;
    struct text code;
    struct text detail;
};

/* Called once for each event, in order; `event` is valid during the call only. */
typedef void event_fn(void *context, const struct event *event);

/* Read a whole frame.
 *
 * json:    one complete array; need not end in NUL.
 * Returns: number of events; -1 when it is not an array of objects or is cut short (events before
 *          the fault have been reported). */
int events_scan(const char *json, size_t len, event_fn *on_event, void *context);

/* The value of the first string member with this name anywhere in a JSON text; for the few replies
 * over HTTP that are read once. Returns an empty text when there is none. */
struct text events_find_string(const char *json, size_t len, const char *name);

/* The same for a number; 0 when there is none. */
uint64_t events_find_number(const char *json, size_t len, const char *name);
