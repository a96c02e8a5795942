/* Reading service keys, making and unwrapping the keys below them. Next: token.h */
#include "crypto/keyring.h"

#define KEY_TEXT_MAX 128 /* "4294967295:" and 64 hex digits, with room to spare */

static bool id_parse(struct bytes text, uint32_t *ret)
{
    uint64_t value = 0;
    if (text.len == 0 || text.len > 10) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        value = value * 10 + (uint64_t)(text.data[i] - '0');
    }
    *ret = (uint32_t)value;
    return value >= 1 && value <= UINT32_MAX;
}

/* 64 hex digits of either case, or base64 with padding; nothing but 32 bytes. */
static bool key_bytes_parse(struct bytes text, uint8_t out[KEY_SIZE])
{
    size_t len = 0;
    if (text.len == 2 * KEY_SIZE) {
        uint8_t lower[2 * KEY_SIZE];
        for (size_t i = 0; i < text.len; i++) {
            uint8_t c = text.data[i];
            lower[i] = c >= 'A' && c <= 'F' ? (uint8_t)(c - 'A' + 'a') : c;
        }
        bool good = hex_decode(bytes_of(lower, sizeof lower), out, KEY_SIZE, &len);
        bytes_wipe(lower, sizeof lower);
        return good && len == KEY_SIZE;
    }
    return base64_decode(text, false, out, KEY_SIZE, &len) && len == KEY_SIZE;
}

static bool key_parse(struct bytes text, struct key *ret)
{
    ret->id = 1;
    const uint8_t *colon = text.len > 0 ? memchr(text.data, ':', text.len) : NULL;
    if (colon != NULL) {
        size_t id_len = (size_t)(colon - text.data);
        if (!id_parse(bytes_of(text.data, id_len), &ret->id)) {
            return false;
        }
        text = bytes_of(colon + 1, text.len - id_len - 1);
    }
    return key_bytes_parse(text, ret->bytes);
}

enum status keyring_parse(const char *text, struct keyring *ret)
{
    struct keyring ring = {0};
    bool good = true, more = true;
    while (good && more) {
        size_t len = strcspn(text, ",");
        good = ring.count < KEYRING_KEYS_MAX && len <= KEY_TEXT_MAX &&
               key_parse(bytes_of(text, len), &ring.keys[ring.count]) &&
               keyring_find(&ring, ring.keys[ring.count].id) == NULL;
        ring.count += good;
        more = text[len] == ',';
        text += len + more;
    }
    if (good) {
        *ret = ring;
    }
    keyring_wipe(&ring);
    return good ? OK : STATUS_INVALID;
}

void keyring_wipe(struct keyring *ring)
{
    bytes_wipe(ring, sizeof *ring);
}

const struct key *keyring_find(const struct keyring *ring, uint32_t id)
{
    for (size_t i = 0; i < ring->count; i++) {
        if (ring->keys[i].id == id) {
            return &ring->keys[i];
        }
    }
    return NULL;
}

enum status key_create(const struct key *wrapper, struct bytes aad, struct key *ret_key,
                       struct buf *wrapped)
{
    struct key key = {.id = KEY_ID_FIRST};
    random_bytes(key.bytes, KEY_SIZE);
    enum status status = aead_seal(wrapper, aad, bytes_of(key.bytes, KEY_SIZE), wrapped);
    if (status == OK) {
        *ret_key = key;
    }
    bytes_wipe(&key, sizeof key);
    return status;
}

enum status key_unwrap(const struct keyring *ring, struct bytes aad, struct bytes wrapped,
                       struct key *ret_key)
{
    uint32_t id;
    enum status status = aead_key_id(wrapped, &id);
    if (status != OK) {
        return status;
    }
    const struct key *wrapper = keyring_find(ring, id);
    return wrapper == NULL ? STATUS_CORRUPT : key_unwrap_one(wrapper, aad, wrapped, ret_key);
}

enum status key_unwrap_one(const struct key *wrapper, struct bytes aad, struct bytes wrapped,
                           struct key *ret_key)
{
    struct buf plain = {0};
    enum status status = aead_open(wrapper, aad, wrapped, &plain);
    if (status == OK && plain.len != KEY_SIZE) {
        status = STATUS_CORRUPT;
    }
    if (status == OK) {
        ret_key->id = KEY_ID_FIRST;
        memcpy(ret_key->bytes, plain.data, KEY_SIZE);
    }
    bytes_wipe(plain.data, plain.cap);
    buf_fini(&plain);
    return status;
}

void blind_index(const struct key *key, const char *purpose, struct bytes value,
                 uint8_t out[SHA256_SIZE])
{
    /* Derived, not the key itself: one key is never used for two algorithms. */
    char info[128] = "wardroom/blind/v1/";
    strncat(info, purpose, sizeof info - strlen(info) - 1);
    uint8_t index_key[KEY_SIZE];
    hkdf_sha256(bytes_of(key->bytes, KEY_SIZE), info, index_key, sizeof index_key);
    hmac_sha256(bytes_of(index_key, sizeof index_key), value, out);
    bytes_wipe(index_key, sizeof index_key);
}
