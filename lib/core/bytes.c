/* UTF-8 checks, the growing buffer, hex and base64. Next: ids.h */
#include "core/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BUF_BYTES_MAX_DEFAULT (16u * 1024 * 1024)
#define BUF_CAP_FIRST         256

/* Length of the UTF-8 sequence at `p` (RFC 3629 section 4), 0 when it is ill-formed or NUL. */
static size_t utf8_sequence(const uint8_t *p, size_t left)
{
    uint8_t lead = p[0];
    if (lead < 0x80) {
        return lead != 0;
    }
    size_t len = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || left < len) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool overlong = (lead == 0xe0 && p[1] < 0xa0) || (lead == 0xf0 && p[1] < 0x90);
    bool surrogate = lead == 0xed && p[1] > 0x9f;
    bool beyond = lead == 0xf4 && p[1] > 0x8f;
    return overlong || surrogate || beyond ? 0 : len;
}

/* True when all eight bytes are ASCII and none is NUL. */
static bool ascii_word(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    uint64_t high = 0x8080808080808080u, low = 0x0101010101010101u;
    return (word & high) == 0 && ((word - low) & ~word & high) == 0;
}

bool bytes_is_text(struct bytes bytes)
{
    size_t at = 0;
    while (at < bytes.len) {
        if (bytes.len - at >= 8 && ascii_word(bytes.data + at)) {
            at += 8;
            continue;
        }
        size_t step = utf8_sequence(bytes.data + at, bytes.len - at);
        if (step == 0) {
            return false;
        }
        at += step;
    }
    return true;
}

void bytes_wipe(void *data, size_t len)
{
    if (data != NULL && len > 0) {
        explicit_bzero(data, len);
    }
}

uint8_t *buf_reserve(struct buf *buf, size_t len)
{
    size_t max = buf->max > 0 ? buf->max : BUF_BYTES_MAX_DEFAULT;
    if (buf->failed || buf->len > max || len > max - buf->len) {
        buf->failed = true;
        return NULL;
    }
    size_t need = buf->len + len;
    if (need > buf->cap || buf->data == NULL) {
        size_t cap = buf->cap > 0 ? buf->cap : BUF_CAP_FIRST;
        while (cap < need) {
            cap *= 2;
        }
        uint8_t *grown = realloc(buf->data, cap);
        if (grown == NULL) {
            buf->failed = true;
            return NULL;
        }
        buf->data = grown;
        buf->cap = cap;
    }
    return buf->data + buf->len;
}

void buf_append(struct buf *buf, const void *data, size_t len)
{
    uint8_t *room = len > 0 ? buf_reserve(buf, len) : NULL;
    if (room != NULL) {
        memcpy(room, data, len);
        buf->len += len;
    }
}

void buf_text(struct buf *buf, const char *text)
{
    buf_append(buf, text, strlen(text));
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    /* One more than is kept, for the NUL of vsnprintf. */
    uint8_t *room = len < 0 ? NULL : buf_reserve(buf, (size_t)len + 1);
    if (room != NULL) {
        vsnprintf((char *)room, (size_t)len + 1, format, again);
        buf->len += (size_t)len;
    } else {
        buf->failed = true;
    }
    va_end(again);
}

void buf_u8(struct buf *buf, uint8_t value)
{
    buf_append(buf, &value, 1);
}

void buf_u32(struct buf *buf, uint32_t value)
{
    uint8_t out[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                      (uint8_t)value};
    buf_append(buf, out, sizeof out);
}

void buf_u64(struct buf *buf, uint64_t value)
{
    uint8_t out[8];
    for (int i = 0; i < 8; i++) {
        out[i] = (uint8_t)(value >> (56 - 8 * i));
    }
    buf_append(buf, out, sizeof out);
}

void buf_str(struct buf *buf, struct bytes value)
{
    if (value.len > UINT32_MAX) {
        buf->failed = true;
        return;
    }
    buf_u32(buf, (uint32_t)value.len);
    buf_append(buf, value.data, value.len);
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->failed = false;
}

void buf_fini(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){0};
}

void hex_encode(struct bytes in, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < in.len; i++) {
        out[2 * i] = digits[in.data[i] >> 4];
        out[2 * i + 1] = digits[in.data[i] & 15];
    }
    out[2 * in.len] = '\0';
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_decode(struct bytes in, uint8_t *out, size_t cap, size_t *ret_len)
{
    if (in.len % 2 != 0 || in.len / 2 > cap) {
        return false;
    }
    for (size_t i = 0; i < in.len; i += 2) {
        int high = hex_digit(in.data[i]), low = hex_digit(in.data[i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i / 2] = (uint8_t)(high << 4 | low);
    }
    *ret_len = in.len / 2;
    return true;
}

static const char base64_standard[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64_of_url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t base64_encode(struct bytes in, bool url, char *out, size_t cap)
{
    const char *digits = url ? base64_of_url : base64_standard;
    size_t rest = in.len % 3;
    size_t need = in.len / 3 * 4 + (rest == 0 ? 0 : url ? rest + 1 : 4);
    if (in.len > SIZE_MAX / 2 || need >= cap) {
        return 0;
    }
    size_t at = 0;
    for (size_t i = 0; i < in.len; i += 3) {
        size_t have = in.len - i < 3 ? in.len - i : 3;
        uint32_t group = (uint32_t)in.data[i] << 16;
        group |= have > 1 ? (uint32_t)in.data[i + 1] << 8 : 0;
        group |= have > 2 ? in.data[i + 2] : 0;
        for (size_t k = 0; k <= have; k++) {
            out[at++] = digits[group >> (18 - 6 * k) & 63];
        }
    }
    while (at < need) {
        out[at++] = '=';
    }
    out[at] = '\0';
    return at;
}

static int base64_digit(uint8_t c, bool url)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    if (c == (url ? '-' : '+')) {
        return 62;
    }
    return c == (url ? '_' : '/') ? 63 : -1;
}

bool base64_decode(struct bytes in, bool url, uint8_t *out, size_t cap, size_t *ret_len)
{
    size_t len = in.len;
    if (!url) {
        if (len % 4 != 0) {
            return false;
        }
        for (int i = 0; i < 2 && len > 0 && in.data[len - 1] == '='; i++) {
            len--;
        }
    }
    if (len % 4 == 1 || len / 4 * 3 + (len % 4 == 0 ? 0 : len % 4 - 1) > cap) {
        return false;
    }
    uint32_t bits = 0;
    unsigned held = 0;
    size_t at = 0;
    for (size_t i = 0; i < len; i++) {
        int digit = base64_digit(in.data[i], url);
        if (digit < 0) {
            return false;
        }
        bits = bits << 6 | (uint32_t)digit;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[at++] = (uint8_t)(bits >> held);
        }
    }
    /* Left-over bits must be zero, or one value would have several spellings. */
    if ((bits & ((1u << held) - 1)) != 0) {
        return false;
    }
    *ret_len = at;
    return true;
}
