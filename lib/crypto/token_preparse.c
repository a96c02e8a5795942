/* The gate in front of libjwt: what it lets through is one shape of token and no other.
 *
 * libjwt 1.10 skips junk inside a signature, keeps the last of duplicate members and never looks at
 * `crit`; tests/crypto/test_token.c forges each of those. Pure; fuzzed. Next: token_keys.h
 */
#include "crypto/token.h"

#include <jansson.h>

/* {"alg":"ES256","kid":"<63>","typ":"JWT"} needs about 100; more is somebody's experiment. */
#define HEADER_BYTES_MAX 512
#define SIGNATURE_CHARS  86 /* 64 bytes: r and s of P-256 (RFC 7518 section 3.4) */
#define SIGNATURE_BYTES  64

static bool is_base64url(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

/* header.payload.signature: each one at least a character of the alphabet, exactly two dots. */
static bool split(struct bytes token, struct token_parts *ret)
{
    struct bytes *const parts[] = {&ret->header, &ret->payload, &ret->signature};
    size_t part = 0, from = 0;
    for (size_t i = 0; i <= token.len; i++) {
        if (i < token.len && is_base64url(token.data[i])) {
            continue;
        }
        if ((i < token.len && token.data[i] != '.') || part == 3 || i == from) {
            return false;
        }
        *parts[part++] = bytes_of(token.data + from, i - from);
        from = i + 1;
    }
    return part == 3;
}

/* A kid names a row of our table, so it is short and plain. */
static bool kid_copy(const json_t *value, char out[64])
{
    size_t len = json_string_length(value);
    const char *kid = json_string_value(value);
    if (kid == NULL || len == 0 || len > 63) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!is_base64url((uint8_t)kid[i]) && kid[i] != '.') {
            return false;
        }
    }
    memcpy(out, kid, len + 1);
    return true;
}

static bool is_string(const json_t *value, const char *expected)
{
    return json_is_string(value) && json_string_length(value) == strlen(expected) &&
           strcmp(json_string_value(value), expected) == 0;
}

/* Known members only: that refuses crit, jku, jwk, x5c, x5u and whatever is invented next. */
static bool header_check(json_t *header, char kid[64])
{
    json_t *type = json_object_get(header, "typ");
    size_t known = type != NULL ? 3 : 2;
    return json_is_object(header) && json_object_size(header) == known &&
           is_string(json_object_get(header, "alg"), "ES256") &&
           kid_copy(json_object_get(header, "kid"), kid) &&
           (type == NULL || is_string(type, "JWT"));
}

enum status token_preparse(struct bytes token, struct token_parts *ret)
{
    struct token_parts parts = {0};
    if (token.len == 0 || token.len > TOKEN_BYTES_MAX || !split(token, &parts)) {
        return STATUS_INVALID_TOKEN;
    }
    /* Decoding strictly keeps one signature from having several spellings. */
    uint8_t signature[SIGNATURE_BYTES], text[HEADER_BYTES_MAX];
    size_t len;
    if (parts.signature.len != SIGNATURE_CHARS ||
        !base64_decode(parts.signature, true, signature, sizeof signature, &len) ||
        !base64_decode(parts.header, true, text, sizeof text, &len)) {
        return STATUS_INVALID_TOKEN;
    }
    json_t *header = json_loadb((const char *)text, len, JSON_REJECT_DUPLICATES, NULL);
    bool good = header_check(header, parts.kid);
    json_decref(header);
    if (!good) {
        return STATUS_INVALID_TOKEN;
    }
    *ret = parts;
    return OK;
}
