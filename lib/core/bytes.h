/* Borrowed bytes and a growing buffer: what every parser reads and every encoder writes.
 *
 * Next: ids.h
 */
#ifndef WARDROOM_CORE_BYTES_H
#define WARDROOM_CORE_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <string.h>

#include "core/status.h"

/* Borrowed, not NUL-terminated; data may be NULL when len is 0. */
struct bytes {
    const uint8_t *data;
    size_t len;
};

static inline struct bytes bytes_of(const void *data, size_t len)
{
    return (struct bytes){data, len};
}
static inline struct bytes bytes_text(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}
static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}
/* Where a key belongs: FNV-1a, then mixed so that every bit counts (rendezvous, shards). */
static inline uint64_t hash_bytes(struct bytes bytes, uint64_t seed)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ seed;
    for (size_t i = 0; i < bytes.len; i++) {
        hash = (hash ^ bytes.data[i]) * UINT64_C(0x100000001b3);
    }
    hash ^= hash >> 32;
    hash *= UINT64_C(0xd6e8feb86659fd93);
    hash ^= hash >> 32;
    return hash;
}
/* Valid UTF-8 (RFC 3629: no surrogates, no overlong forms) and without NUL. */
bool bytes_is_text(struct bytes bytes);
/* Overwrite secrets so that the compiler keeps it (explicit_bzero). */
void bytes_wipe(void *data, size_t len);

/* A growing byte buffer with a ceiling. Zero-initialise, then buf_fini; over `max` (0: 16 MiB) an
 * append is dropped and `failed` stays set, so a writer checks once at the end. */
struct buf {
    uint8_t *data;
    size_t len, cap, max;
    bool failed;
};

void buf_append(struct buf *buf, const void *data, size_t len);
void buf_text(struct buf *buf, const char *text);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Big-endian integers, and `str` = u32 length + bytes (docs/evidence.md). */
void buf_u8(struct buf *buf, uint8_t value);
void buf_u32(struct buf *buf, uint32_t value);
void buf_u64(struct buf *buf, uint64_t value);
void buf_str(struct buf *buf, struct bytes value);
/* Room for `len` more bytes, filled by the caller who then adds to buf->len; NULL: over max. */
uint8_t *buf_reserve(struct buf *buf, size_t len);
void buf_clear(struct buf *buf); /* keeps the memory */
void buf_fini(struct buf *buf);
static inline struct bytes buf_bytes(const struct buf *buf)
{
    return (struct bytes){buf->data, buf->len};
}

/* Lower-case hex and base64 (RFC 4648; url: alphabet of section 5 without padding).
 * Encoders write a NUL; decoders return false on any other byte and never write past `cap`. */
void hex_encode(struct bytes in, char *out /* 2 * len + 1 */);
bool hex_decode(struct bytes in, uint8_t *out, size_t cap, size_t *ret_len);
size_t base64_encode(struct bytes in, bool url, char *out, size_t cap); /* 0: does not fit */
bool base64_decode(struct bytes in, bool url, uint8_t *out, size_t cap, size_t *ret_len);

#endif
