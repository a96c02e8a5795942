/* Head, body, head, body ... until one is refused or becomes a WebSocket. Next: front_io.c */
#include "front.h"

#include <stdlib.h>

enum front_state {
    FRONT_HEAD,    /* within a head, or before it */
    FRONT_BODY,    /* body_left bytes pass */
    FRONT_PASSING, /* the upgrade has been handed on: everything passes */
    FRONT_DEAF     /* refused: nothing does */
};

struct front {
    enum front_state state;
    unsigned heads; /* handed on, and not taken yet */
    uint64_t body_left;
    struct head_scan scan;  /* of the head that is coming, or of the last */
    struct refusal refusal; /* of the last head */
    uint8_t *held;          /* what has come of a head; NULL: nothing */
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

/* Keep these bytes with what is held of this head; false: out of memory. */
static bool hold(struct front *front, struct bytes in)
{
    uint8_t *held = realloc(front->held, front->held_len + in.len);
    if (!held)
        return false;
    memcpy(held + front->held_len, in.data, in.len);
    front->held = held;
    front->held_len += in.len;
    return true;
}

static void skip(struct bytes *in, size_t len)
{
    *in = bytes_of(in->data + len, in->len - len);
}

/* A head has ended: what comes next? */
static void end_head(struct front *front)
{
    front->heads++;
    front->refusal = front->scan.refusal;
    front->body_left = front->scan.body_len;
    if (front->refusal.status != OK)
        front->state = FRONT_DEAF;
    else if (front->scan.is_upgrade)
        front->state = FRONT_PASSING;
    else if (front->body_left > 0)
        front->state = FRONT_BODY;
    front->scan = (struct head_scan){0};
    drop_held(front);
}

/* Bytes of a head; one that came in one piece is read where it lies. */
static size_t take_head(struct front *front, struct bytes *in, uint8_t *out)
{
    size_t before = front->held_len, len = 0;
    if (before > 0 && !hold(front, *in)) {
        front->state = FRONT_DEAF; /* out of memory: until the head's time is up */
        return 0;
    }
    struct bytes head = before > 0 ? bytes_of(front->held, front->held_len) : *in;
    if (!head_scan(&front->scan, head, out, &len)) {
        if (before == 0 && !hold(front, *in))
            front->state = FRONT_DEAF;
        skip(in, in->len);
        return 0;
    }
    skip(in, front->scan.len - before);
    end_head(front);
    return len;
}

static size_t pass(struct bytes *in, uint64_t most, uint8_t *out)
{
    size_t len = in->len < most ? in->len : (size_t)most;
    memcpy(out, in->data, len);
    skip(in, len);
    return len;
}

size_t front_feed(struct front *front, struct bytes in, uint8_t *out)
{
    size_t len = 0;
    while (in.len > 0 && front->state != FRONT_DEAF) {
        if (front->state == FRONT_HEAD) {
            len += take_head(front, &in, out + len);
        } else if (front->state == FRONT_PASSING) {
            len += pass(&in, in.len, out + len);
        } else {
            size_t passed = pass(&in, front->body_left, out + len);
            len += passed;
            front->body_left -= passed;
            if (front->body_left == 0)
                front->state = FRONT_HEAD;
        }
    }
    return len;
}

bool front_is_deaf(const struct front *front)
{
    return front->state == FRONT_DEAF;
}

struct refusal front_take_head(struct front *front)
{
    front->heads -= front->heads > 0;
    return front->heads == 0 && front->state == FRONT_DEAF ? front->refusal : (struct refusal){0};
}
