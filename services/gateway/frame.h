/* What goes out on a WebSocket: one JSON array of events, encoded once and shared.
 *
 * A frame is counted; the same bytes are written to every subscriber. In front of them there is
 * room for the WebSocket header, which libwebsockets writes in place. Next: wire.h
 */
#ifndef WARDROOM_GATEWAY_FRAME_H
#define WARDROOM_GATEWAY_FRAME_H

#include "core/bytes.h"

#define FRAME_HEADROOM 32 /* at least LWS_PRE; wire.c asserts it */

struct frame {
    unsigned refs;
    bool is_private; /* of one session: acks and answers, kept when shared frames are dropped */
    size_t len;      /* of the text, without the headroom */
    uint8_t *memory; /* headroom, then text */
};
static inline uint8_t *frame_text(struct frame *frame)
{
    return frame->memory + FRAME_HEADROOM;
}
struct frame *frame_keep(struct frame *frame);
void frame_drop(struct frame *frame); /* NULL is fine */

/* Collects events; zero-initialise. frame_finish empties it, frame_abandon too. */
struct frame_builder {
    struct buf buf;
    unsigned count;
};
/* Where to append the next event, one whole JSON object. Never NULL; out of memory shows at
 * frame_finish. */
struct buf *frame_next_event(struct frame_builder *builder);
/* Bytes of text so far, brackets included; 0: no event yet. */
size_t frame_builder_len(const struct frame_builder *builder);
/* The frame, owned by the caller; NULL when there is no event, or memory ran out. */
struct frame *frame_finish(struct frame_builder *builder);
void frame_abandon(struct frame_builder *builder);

#endif
