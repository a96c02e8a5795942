/* The array of events and its reference count. Next: wire.h */
#include "frame.h"

#include <stdlib.h>

struct frame *frame_keep(struct frame *frame)
{
    frame->refs++;
    return frame;
}

void frame_drop(struct frame *frame)
{
    if (frame && --frame->refs == 0) {
        free(frame->memory);
        free(frame);
    }
}

struct buf *frame_next_event(struct frame_builder *builder)
{
    struct buf *buf = &builder->buf;
    if (builder->count++ > 0) {
        buf_append(buf, ",", 1);
    } else {
        uint8_t *head = buf_reserve(buf, FRAME_HEADROOM);
        if (head) {
            memset(head, 0, FRAME_HEADROOM);
            buf->len += FRAME_HEADROOM;
        }
        buf_append(buf, "[", 1);
    }
    return buf;
}

size_t frame_builder_len(const struct frame_builder *builder)
{
    return builder->count > 0 && builder->buf.len > FRAME_HEADROOM
               ? builder->buf.len - FRAME_HEADROOM + 1
               : 0;
}

struct frame *frame_finish(struct frame_builder *builder)
{
    if (builder->count == 0)
        return NULL;
    buf_append(&builder->buf, "]", 1);
    struct frame *frame = builder->buf.failed ? NULL : malloc(sizeof *frame);
    if (!frame) {
        frame_abandon(builder);
        return NULL;
    }
    *frame = (struct frame){
        .refs = 1, .len = builder->buf.len - FRAME_HEADROOM, .memory = builder->buf.data};
    *builder = (struct frame_builder){0};
    return frame;
}

void frame_abandon(struct frame_builder *builder)
{
    buf_fini(&builder->buf);
    *builder = (struct frame_builder){0};
}
