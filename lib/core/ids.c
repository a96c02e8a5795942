/* UUIDv7 from a per-thread pool of kernel randomness, and the shape of tenant ids. Next: clock.h */
#include "core/ids.h"

#include <stdlib.h>
#include <sys/random.h>

#include "core/clock.h"

/* One getrandom call serves 128 ids: 8 random bytes each. */
#define POOL_BYTES 1024

static _Thread_local uint8_t pool[POOL_BYTES];
static _Thread_local size_t pool_left;
static _Thread_local uint64_t last_tick;

static void pool_fill(void)
{
    size_t have = 0;
    while (have < POOL_BYTES) {
        ssize_t got = getrandom(pool + have, POOL_BYTES - have, 0);
        if (got <= 0) {
            /* Only a kernel without randomness gets here: ids would repeat. */
            abort();
        }
        have += (size_t)got;
    }
    pool_left = POOL_BYTES;
}

struct uuid uuid_new(void)
{
    if (pool_left < 8) {
        pool_fill();
    }
    /* RFC 9562 section 6.2, method 3: 12 bits of the sub-millisecond follow the milliseconds, and
     * a tick is never used twice by a thread, so ids of one thread sort as they were made. */
    uint64_t now_us = (uint64_t)clock_now_us();
    uint64_t tick = (now_us / 1000) << 12 | (now_us % 1000) * 4096 / 1000;
    last_tick = tick > last_tick ? tick : last_tick + 1;

    struct uuid id;
    for (int i = 0; i < 6; i++) {
        id.b[i] = (uint8_t)(last_tick >> (52 - 8 * i));
    }
    id.b[6] = (uint8_t)(0x70 | (last_tick >> 8 & 0x0f));
    id.b[7] = (uint8_t)last_tick;
    memcpy(id.b + 8, pool + POOL_BYTES - pool_left, 8);
    id.b[8] = (uint8_t)(0x80 | (id.b[8] & 0x3f));
    pool_left -= 8;
    return id;
}

void uuid_format(const struct uuid *id, char out[UUID_TEXT_SIZE])
{
    char hex[33];
    hex_encode(uuid_bytes(id), hex);
    static const struct {
        uint8_t from, len, to;
    } groups[] = {{0, 8, 0}, {8, 4, 9}, {12, 4, 14}, {16, 4, 19}, {20, 12, 24}};
    memset(out, '-', UUID_TEXT_SIZE - 1);
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        memcpy(out + groups[i].to, hex + groups[i].from, groups[i].len);
    }
    out[UUID_TEXT_SIZE - 1] = '\0';
}

bool uuid_parse(struct bytes text, struct uuid *ret)
{
    if (text.len != UUID_TEXT_SIZE - 1) {
        return false;
    }
    uint8_t hex[32];
    size_t at = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (c != '-') {
                return false;
            }
            continue;
        }
        hex[at++] = c >= 'A' && c <= 'F' ? (uint8_t)(c - 'A' + 'a') : c;
    }
    struct uuid id;
    size_t len;
    if (!hex_decode(bytes_of(hex, sizeof hex), id.b, sizeof id.b, &len)) {
        return false;
    }
    *ret = id;
    return true;
}

bool uuid_from_bytes(struct bytes raw, struct uuid *ret)
{
    if (raw.len != sizeof ret->b) {
        return false;
    }
    memcpy(ret->b, raw.data, sizeof ret->b);
    return true;
}

bool uuid_is_zero(const struct uuid *id)
{
    static const struct uuid zero;
    return uuid_equal(id, &zero);
}

bool tenant_id_parse(struct bytes text, struct tenant_id *ret)
{
    if (text.len < 2 || text.len >= TENANT_ID_SIZE) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        bool letter = c >= 'a' && c <= 'z';
        bool other = (c >= '0' && c <= '9') || c == '_';
        if (!letter && (i == 0 || !other)) {
            return false;
        }
    }
    *ret = (struct tenant_id){0};
    memcpy(ret->text, text.data, text.len);
    return true;
}
