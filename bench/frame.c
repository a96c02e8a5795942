/* Heads of frames: built for what we send, read for what we receive.
 *
 * Next: events.c */
#include "frame.h"

#include <string.h>

size_t frame_put_head(uint8_t *ret_head, uint8_t opcode, size_t payload_len, const uint8_t *mask)
{
    size_t at = 2;
    uint8_t mask_bit = mask ? 0x80 : 0;
    ret_head[0] = 0x80 | opcode;
    if (payload_len < 126) {
        ret_head[1] = mask_bit | (uint8_t)payload_len;
    } else if (payload_len <= 0xFFFF) {
        ret_head[1] = mask_bit | 126;
        ret_head[at++] = (uint8_t)(payload_len >> 8);
        ret_head[at++] = (uint8_t)payload_len;
    } else {
        ret_head[1] = mask_bit | 127;
        for (int shift = 56; shift >= 0; shift -= 8)
            ret_head[at++] = (uint8_t)((uint64_t)payload_len >> shift);
    }
    if (mask) {
        memcpy(ret_head + at, mask, 4);
        at += 4;
    }
    return at;
}

void frame_mask(uint8_t *payload, size_t len, const uint8_t mask[4])
{
    for (size_t i = 0; i < len; i++)
        payload[i] ^= mask[i & 3];
}

enum frame_result frame_parse(const uint8_t *buf, size_t len, size_t payload_bytes_max,
                              struct frame *ret_frame)
{
    if (len < 2)
        return FRAME_NEEDS_MORE;
    if (buf[0] & 0x70)
        return FRAME_BROKEN;
    uint64_t payload_len = buf[1] & 0x7F;
    bool is_masked = buf[1] & 0x80;
    size_t length_bytes = payload_len == 126 ? 2 : payload_len == 127 ? 8 : 0;
    size_t head = 2 + length_bytes + (is_masked ? 4 : 0);
    if (len < head)
        return FRAME_NEEDS_MORE;
    if (length_bytes > 0) {
        payload_len = 0;
        for (size_t i = 0; i < length_bytes; i++)
            payload_len = payload_len << 8 | buf[2 + i];
    }
    if (payload_len > payload_bytes_max)
        return FRAME_BROKEN;
    if (len - head < payload_len)
        return FRAME_NEEDS_MORE;
    *ret_frame = (struct frame){.opcode = buf[0] & 0x0F,
                                .is_final = buf[0] & 0x80,
                                .is_masked = is_masked,
                                .payload = buf + head,
                                .payload_len = payload_len,
                                .frame_len = head + payload_len};
    if (is_masked)
        memcpy(ret_frame->mask, buf + head - 4, 4);
    return FRAME_COMPLETE;
}
