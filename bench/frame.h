/* The WebSocket codec of a client (RFC 6455): frame heads out, frames in. The bare server uses the
 * same code the other way round.
 *
 * Next: events.h */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 2 bytes, up to 8 of length, 4 of mask key. */
#define FRAME_HEAD_BYTES_MAX 14

enum frame_opcode {
    FRAME_CONTINUATION = 0x0,
    FRAME_TEXT = 0x1,
    FRAME_BINARY = 0x2,
    FRAME_CLOSE = 0x8,
    FRAME_PING = 0x9,
    FRAME_PONG = 0xA,
};

struct frame {
    uint8_t opcode;
    bool is_final;
    bool is_masked;
    uint8_t mask[4];
    const uint8_t *payload; /* borrowed from the buffer it was parsed from */
    size_t payload_len;
    size_t frame_len; /* head and payload: how far to go on in the buffer */
};

enum frame_result { FRAME_COMPLETE, FRAME_NEEDS_MORE, FRAME_BROKEN };

/* Write the head of one final frame.
 *
 * ret_head: room for FRAME_HEAD_BYTES_MAX.
 * mask:     4 bytes, or NULL for a server's frame.
 * Returns:  bytes written. */
size_t frame_put_head(uint8_t *ret_head, uint8_t opcode, size_t payload_len, const uint8_t *mask);

/* XOR `len` bytes in place with the mask key; a second time undoes it. */
void frame_mask(uint8_t *payload, size_t len, const uint8_t mask[4]);

/* Look at the frame at the head of `buf`; nothing is copied or unmasked.
 *
 * payload_bytes_max: a frame that announces more is FRAME_BROKEN. */
enum frame_result frame_parse(const uint8_t *buf, size_t len, size_t payload_bytes_max,
                              struct frame *ret_frame);
