/* The bytes of one connection, whole and split where the first byte says: libwebsockets sees the
 * same, and what it sees passes unchanged through a second front. */
#include "front.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t feed(struct bytes in, size_t piece, uint8_t *ret, bool *ret_is_deaf)
{
    struct front *front = front_new();
    size_t len = 0;
    while (in.len > 0) {
        struct bytes first = bytes_of(in.data, in.len < piece ? in.len : piece);
        len += front_feed(front, first, ret + len);
        while (front_next(front))
            len += front_feed(front, (struct bytes){0}, ret + len);
        in = bytes_of(in.data + first.len, in.len - first.len);
    }
    *ret_is_deaf = front_is_deaf(front);
    front_free(front);
    return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t whole[FRONT_OUT_BYTES], split[2 * FRONT_OUT_BYTES], again[2 * FRONT_OUT_BYTES];
    bool is_deaf, split_is_deaf, again_is_deaf;
    if (size < 2 || size > FRONT_IN_BYTES)
        return -1;
    size_t len = feed(bytes_of(data + 1, size - 1), FRONT_IN_BYTES, whole, &is_deaf);
    size_t split_len = feed(bytes_of(data + 1, size - 1), 1u + data[0], split, &split_is_deaf);
    if (is_deaf != split_is_deaf ||
        !bytes_equal(bytes_of(whole, len), bytes_of(split, split_len)) ||
        len > size + HEAD_GROWTH_BYTES)
        __builtin_trap();
    size_t again_len = len > 0 ? feed(bytes_of(whole, len), 4096, again, &again_is_deaf) : 0;
    if (len > 0 && !is_deaf &&
        (again_is_deaf || !bytes_equal(bytes_of(whole, len), bytes_of(again, again_len))))
        __builtin_trap();
    return 0;
}
