/* The few bytes of protobuf's wire format that are read or written by hand: a request id out of an
 * envelope that does not unpack, and a packed message placed inside a larger one without a copy.
 *
 * https://protobuf.dev/programming-guides/encoding/ Next: client.h
 */
#ifndef WARDROOM_BUS_WIRE_H
#define WARDROOM_BUS_WIRE_H

#include "core/bytes.h"

#define WIRE_BYTES      2u
#define WIRE_VARINT_MAX 10
#define WIRE_TAG(field) ((uint8_t)(((field) << 3) | WIRE_BYTES)) /* field < 16 */

/* Write `value` as a varint to `out` (WIRE_VARINT_MAX bytes of room); returns its length. */
static inline size_t wire_put_varint(uint8_t *out, uint64_t value)
{
    size_t len = 0;
    while (value >= 0x80) {
        out[len++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    out[len++] = (uint8_t)value;
    return len;
}

/* Take the next field off `rest`: its tag, and its bytes when it has a length (else empty). */
bool wire_next(struct bytes *rest, uint64_t *ret_tag, struct bytes *ret_value);

/* The request id (16 bytes) of an envelope that is ill-formed elsewhere, so that the refusal finds
 * its caller. False: none. */
bool envelope_peek_id(struct bytes frame, uint8_t ret[16]);

#endif
