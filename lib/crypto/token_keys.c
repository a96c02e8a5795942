/* From jwks.json to PEM, which is what libjwt takes. Next: token_cache.h */
#include "crypto/token_keys.h"

#include <jansson.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/clock.h"

#define FILE_BYTES_MAX   (64 * 1024) /* 16 keys of ~250 bytes, with room for foreign ones */
#define LOOK_INTERVAL_MS 1000
#define COORDINATE_BYTES 32

static bool has_text(json_t *object, const char *name, const char *expected)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL && strcmp(text, expected) == 0;
}

static bool coordinate(json_t *jwk, const char *name, uint8_t out[COORDINATE_BYTES])
{
    const char *text = json_string_value(json_object_get(jwk, name));
    size_t len;
    return text != NULL && base64_decode(bytes_text(text), true, out, COORDINATE_BYTES, &len) &&
           len == COORDINATE_BYTES;
}

/* A public key from its uncompressed point; NULL when the point is not on the curve. */
static EVP_PKEY *pkey_from_point(uint8_t *point, size_t len)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char[]){"prime256v1"}, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, len),
        OSSL_PARAM_construct_end()};
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        pkey = NULL;
    }
    EVP_PKEY_CTX_free(context);
    return pkey;
}

static bool pem_from_jwk(json_t *jwk, char out[TOKEN_PEM_SIZE])
{
    uint8_t point[1 + 2 * COORDINATE_BYTES] = {4};
    if (!coordinate(jwk, "x", point + 1) || !coordinate(jwk, "y", point + 1 + COORDINATE_BYTES)) {
        return false;
    }
    EVP_PKEY *pkey = pkey_from_point(point, sizeof point);
    BIO *bio = BIO_new(BIO_s_mem());
    int len = 0;
    if (pkey != NULL && bio != NULL && PEM_write_bio_PUBKEY(bio, pkey) == 1) {
        len = BIO_read(bio, out, TOKEN_PEM_SIZE - 1);
    }
    BIO_free(bio);
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    out[len > 0 ? len : 0] = '\0';
    return len > 0;
}

/* Fill `ret` from one member of "keys". False: a file we must not believe; keys of other kinds are
 * passed over. */
static bool key_add(json_t *jwk, struct token_keys *ret)
{
    const char *kid = json_string_value(json_object_get(jwk, "kid"));
    json_t *use = json_object_get(jwk, "use");
    if (kid == NULL || !has_text(jwk, "kty", "EC") || !has_text(jwk, "crv", "P-256") ||
        !has_text(jwk, "alg", "ES256") || (use != NULL && !has_text(jwk, "use", "sig"))) {
        return true;
    }
    struct token_key *key = &ret->keys[ret->count];
    if (ret->count == TOKEN_KEYS_MAX || strlen(kid) >= TOKEN_KID_SIZE ||
        token_keys_find(ret, kid) != NULL || !pem_from_jwk(jwk, key->pem)) {
        return false;
    }
    memcpy(key->kid, kid, strlen(kid) + 1);
    ret->count++;
    return true;
}

static bool keys_parse(const char *text, size_t len, struct token_keys *ret)
{
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    json_t *list = json_object_get(root, "keys");
    bool good = json_is_array(list);
    size_t i;
    json_t *jwk;
    json_array_foreach(list, i, jwk)
    {
        good = good && key_add(jwk, ret);
    }
    json_decref(root);
    return good && ret->count > 0;
}

static bool keys_read(const char *path, struct token_keys *ret)
{
    FILE *file = fopen(path, "re");
    char *text = file != NULL ? malloc(FILE_BYTES_MAX + 1) : NULL;
    size_t len = text != NULL ? fread(text, 1, FILE_BYTES_MAX + 1, file) : 0;
    bool good =
        text != NULL && ferror(file) == 0 && len <= FILE_BYTES_MAX && keys_parse(text, len, ret);
    if (file != NULL) {
        fclose(file);
    }
    free(text);
    return good;
}

/* Note which file stands there now; false when it is the one that was read, or none. */
static bool file_changed(struct token_keys *keys)
{
    struct stat now;
    if (stat(keys->path, &now) != 0) {
        return false;
    }
    int64_t changed_ns = now.st_mtim.tv_sec * INT64_C(1000000000) + now.st_mtim.tv_nsec;
    if (changed_ns == keys->changed_ns && now.st_ino == keys->inode && now.st_size == keys->size) {
        return false;
    }
    keys->changed_ns = changed_ns;
    keys->inode = now.st_ino;
    keys->size = now.st_size;
    return true;
}

enum status token_keys_open(struct token_keys *keys, const char *trust_dir)
{
    *keys = (struct token_keys){.looked_at_ms = clock_monotonic_ms()};
    if (asprintf(&keys->path, "%s/jwks.json", trust_dir) < 0) {
        keys->path = NULL;
        return STATUS_INVALID;
    }
    if (!file_changed(keys) || !keys_read(keys->path, keys)) {
        token_keys_close(keys);
        return STATUS_INVALID;
    }
    return OK;
}

void token_keys_close(struct token_keys *keys)
{
    free(keys->path);
    *keys = (struct token_keys){0};
}

bool token_keys_refresh(struct token_keys *keys)
{
    int64_t now_ms = clock_monotonic_ms();
    if (now_ms - keys->looked_at_ms < LOOK_INTERVAL_MS) {
        return false;
    }
    keys->looked_at_ms = now_ms;
    if (!file_changed(keys)) {
        return false;
    }
    struct token_keys fresh = {0};
    if (!keys_read(keys->path, &fresh)) {
        /* Half-written perhaps: believe the old keys and look again. */
        keys->changed_ns = 0;
        return false;
    }
    memcpy(keys->keys, fresh.keys, sizeof keys->keys);
    keys->count = fresh.count;
    return true;
}

const struct token_key *token_keys_find(const struct token_keys *keys, const char *kid)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (strcmp(keys->keys[i].kid, kid) == 0) {
            return &keys->keys[i];
        }
    }
    return NULL;
}
