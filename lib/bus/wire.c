/* One field after the other off hostile bytes, never past their end. Next: client.h */
#include "bus/wire.h"

enum { TYPE_VARINT = 0, TYPE_64_BITS = 1, TYPE_BYTES = 2, TYPE_32_BITS = 5 };

static bool take(struct bytes *rest, uint64_t len, struct bytes *ret)
{
    if (len > rest->len) {
        return false;
    }
    *ret = bytes_of(rest->data, (size_t)len);
    rest->data += len;
    rest->len -= (size_t)len;
    return true;
}

static bool take_varint(struct bytes *rest, uint64_t *ret)
{
    uint64_t value = 0;
    for (size_t i = 0; i < WIRE_VARINT_MAX && i < rest->len; i++) {
        value |= (uint64_t)(rest->data[i] & 0x7f) << (7 * i);
        if (rest->data[i] < 0x80) {
            rest->data += i + 1;
            rest->len -= i + 1;
            *ret = value;
            return true;
        }
    }
    return false;
}

bool wire_next(struct bytes *rest, uint64_t *ret_tag, struct bytes *ret_value)
{
    uint64_t number;
    struct bytes skipped;
    *ret_value = bytes_of(NULL, 0);
    if (!take_varint(rest, ret_tag)) {
        return false;
    }
    switch (*ret_tag & 7) {
    case TYPE_VARINT:
        return take_varint(rest, &number);
    case TYPE_64_BITS:
        return take(rest, 8, &skipped);
    case TYPE_BYTES:
        return take_varint(rest, &number) && take(rest, number, ret_value);
    case TYPE_32_BITS:
        return take(rest, 4, &skipped);
    default:
        return false; /* groups are not proto3 */
    }
}
