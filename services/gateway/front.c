/* Head, body, answer, head ... until one is refused or a WebSocket has begun. Next: front_io.c */
#include "front.h"

#include <stdlib.h>

enum front_state {
    FRONT_HEAD,    /* within a head, or before it */
    FRONT_BODY,    /* body_left bytes pass */
    FRONT_WAITING, /* a request has been handed on; the next one waits for its answer */
    FRONT_FRAME,   /* the upgrade has been handed on, the first frame is awaited */
    FRONT_PASSING, /* everything passes */
    FRONT_DEAF     /* refused: nothing does */
};

struct front {
    enum front_state state;
    uint64_t body_left;
    struct head_scan scan; /* of the head that is coming, or of the last */
    bool has_bare_frame;   /* the first one came without a mask */
    bool is_loose;         /* what is held may go on now */
    uint8_t *held;         /* what came and could not be handed on yet; NULL: nothing */
    size_t held_len;
};

struct front *front_new(void)
{
    return calloc(1, sizeof(struct front));
}

static void drop_held(struct front *front)
{
    free(front->held);
    front->held = NULL;
    front->held_len = 0;
}

void front_free(struct front *front)
{
    if (front)
        drop_held(front);
    free(front);
}

/* Keep these bytes for later; false: too many of them, or out of memory. */
static bool hold(struct front *front, struct bytes in)
{
    if (in.len == 0)
        return true;
    size_t len = front->held_len + in.len;
    uint8_t *held = len <= FRONT_HELD_BYTES_MAX ? realloc(front->held, len) : NULL;
    if (!held)
        return false;
    memcpy(held + front->held_len, in.data, in.len);
    front->held = held;
    front->held_len = len;
    return true;
}

static void skip(struct bytes *in, size_t len)
{
    *in = bytes_of(in->data + len, in->len - len);
}

/* All of the head that is coming, and what follows it. */
static size_t take_head(struct front *front, struct bytes *in, uint8_t *out)
{
    size_t len = 0;
    if (!head_scan(&front->scan, *in, out, &len))
        return 0;
    skip(in, front->scan.len);
    front->body_left = front->scan.body_len;
    if (front->scan.refusal.status != OK)
        front->state = FRONT_DEAF;
    else if (front->scan.is_upgrade)
        front->state = FRONT_FRAME;
    else
        front->state = front->body_left > 0 ? FRONT_BODY : FRONT_WAITING;
    return len;
}

static size_t pass(struct bytes *in, uint64_t most, uint8_t *out)
{
    size_t len = in->len < most ? in->len : (size_t)most;
    memcpy(out, in->data, len);
    skip(in, len);
    return len;
}

static size_t take_body(struct front *front, struct bytes *in, uint8_t *out)
{
    size_t len = pass(in, front->body_left, out);
    front->body_left -= len;
    if (front->body_left == 0)
        front->state = FRONT_WAITING;
    return len;
}

/* The first frame of a WebSocket. libwebsockets takes frames without a mask, which RFC 6455
 * forbids, but not those with reserved bits: with these it closes with 1002. */
static size_t take_frame(struct front *front, struct bytes *in, uint8_t *out)
{
    if (in->len < 2)
        return 0;
    front->has_bare_frame = (in->data[1] & 0x80) == 0;
    front->state = FRONT_PASSING;
    size_t len = pass(in, in->len, out);
    out[0] |= front->has_bare_frame ? 0x70 : 0;
    return len;
}

static size_t take(struct front *front, struct bytes *in, uint8_t *out)
{
    switch (front->state) {
    case FRONT_HEAD:
        return take_head(front, in, out);
    case FRONT_BODY:
        return take_body(front, in, out);
    case FRONT_FRAME:
        return take_frame(front, in, out);
    case FRONT_PASSING:
        return pass(in, in->len, out);
    case FRONT_WAITING:
        return 0;
    case FRONT_DEAF:
        skip(in, in->len);
        return 0;
    }
    return 0;
}

/* As long as something comes of it. */
static size_t take_all(struct front *front, struct bytes *in, uint8_t *out)
{
    size_t len = 0, step = 1;
    while (in->len > 0 && step > 0) {
        step = take(front, in, out + len);
        len += step;
    }
    return len;
}

size_t front_feed(struct front *front, struct bytes in, uint8_t *out)
{
    size_t len = 0;
    front->is_loose = false;
    if (front->held && !hold(front, in)) {
        front->state = FRONT_DEAF;
        drop_held(front);
    } else if (front->held) {
        struct bytes held = bytes_of(front->held, front->held_len);
        len = take_all(front, &held, out);
        if (held.len > 0)
            memmove(front->held, held.data, held.len);
        front->held_len = held.len;
        if (held.len == 0)
            drop_held(front);
    } else {
        len = take_all(front, &in, out);
        if (in.len > 0 && !hold(front, in))
            front->state = FRONT_DEAF;
    }
    return len;
}

bool front_next(struct front *front)
{
    if (front->state != FRONT_WAITING)
        return false;
    front->state = FRONT_HEAD;
    front->scan = (struct head_scan){0};
    front->is_loose = front->held_len > 0;
    return front->is_loose;
}

bool front_is_loose(const struct front *front)
{
    return front->is_loose;
}

bool front_is_deaf(const struct front *front)
{
    return front->state == FRONT_DEAF;
}

bool front_is_upgraded(const struct front *front)
{
    return front->state == FRONT_FRAME;
}

bool front_is_passing(const struct front *front)
{
    return front->state == FRONT_PASSING;
}

bool front_has_bare_frame(const struct front *front)
{
    return front->has_bare_frame;
}

struct refusal front_refusal(const struct front *front)
{
    return front->scan.refusal;
}
