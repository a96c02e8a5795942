/* ES256 keys: made by OpenSSL, published as a JWK set (RFC 7517, RFC 7518). Next: call.c */
#include "signing.h"

#include <dirent.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "command.h"
#include "core/cleanup.h"
#include "crypto/aead.h"
#include "files.h"

#define POINT_BYTES     65 /* 4, x, y */
#define COORDINATE_SIZE 44 /* 32 bytes in base64url and NUL */
#define KEYS_MAX        16 /* what every verifier takes (TOKEN_KEYS_MAX) */
#define KID_SIZE        64

struct coordinates {
    char x[COORDINATE_SIZE], y[COORDINATE_SIZE];
};

static void pkey_free(EVP_PKEY **pkey)
{
    EVP_PKEY_free(*pkey);
}

static enum status coordinates_get(EVP_PKEY *pkey, struct coordinates *ret)
{
    uint8_t point[POINT_BYTES];
    size_t len = 0;
    char group[32] = "";
    if (EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group,
                                       NULL) != 1 ||
        strcmp(group, "prime256v1") != 0 ||
        EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &len) !=
            1 ||
        len != POINT_BYTES || point[0] != 4) {
        return STATUS_INVALID;
    }
    base64_encode(bytes_of(point + 1, 32), true, ret->x, sizeof ret->x);
    base64_encode(bytes_of(point + 33, 32), true, ret->y, sizeof ret->y);
    return OK;
}

/* "20261122T170000Z-" and eight characters of the RFC 7638 thumbprint. */
static void kid_make(const struct coordinates *at, char out[KID_SIZE])
{
    CLEANUP(buf_fini) struct buf jwk = {0};
    buf_printf(&jwk, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", at->x, at->y);
    uint8_t hash[SHA256_SIZE];
    char hex[2 * 4 + 1], when[32];
    sha256(buf_bytes(&jwk), hash);
    hex_encode(bytes_of(hash, 4), hex);
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &utc);
    snprintf(out, KID_SIZE, "%s-%s", when, hex);
}

static enum status pem_write(EVP_PKEY *pkey, const char *path)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *text = NULL;
    enum status status = STATUS_UNAVAILABLE;
    if (bio != NULL && PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) == 1) {
        long len = BIO_get_mem_data(bio, &text);
        status = file_put(path, 0600, bytes_of(text, (size_t)len));
    }
    BIO_free(bio);
    return status;
}

static enum status key_make(const char *folder)
{
    CLEANUP(pkey_free) EVP_PKEY *pkey = EVP_EC_gen("P-256");
    struct coordinates at;
    char kid[KID_SIZE], name[KID_SIZE + 8], path[PATH_SIZE];
    if (pkey == NULL || coordinates_get(pkey, &at) != OK) {
        say("OpenSSL cannot make a P-256 key");
        return STATUS_UNAVAILABLE;
    }
    kid_make(&at, kid);
    snprintf(name, sizeof name, "%s.pem", kid);
    return path_join(path, folder, name) ? pem_write(pkey, path) : STATUS_INVALID;
}

static int is_pem(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 4 && len - 4 < KID_SIZE && strcmp(entry->d_name + len - 4, ".pem") == 0;
}

static enum status jwk_print(const char *folder, const char *name, struct buf *out)
{
    char path[PATH_SIZE];
    if (!path_join(path, folder, name)) {
        return STATUS_INVALID;
    }
    CLEANUP(buf_wipe) struct buf pem = {0};
    enum status status = file_get_text(path, &pem);
    if (status != OK) {
        return status;
    }
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    CLEANUP(pkey_free) EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    struct coordinates at;
    if (pkey == NULL || coordinates_get(pkey, &at) != OK) {
        say("%s is not a P-256 private key", path);
        return STATUS_INVALID;
    }
    buf_printf(out,
               "{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"ES256\",\"use\":\"sig\","
               "\"kid\":\"%.*s\",\"x\":\"%s\",\"y\":\"%s\"}",
               (int)strlen(name) - 4, name, at.x, at.y);
    return OK;
}

/* The newest KEYS_MAX keys; older ones are past every token they signed. */
static enum status jwks_write(const char *trust_dir, const char *folder, struct dirent **names,
                              int count)
{
    CLEANUP(buf_fini) struct buf text = {0};
    char path[PATH_SIZE];
    int first = count > KEYS_MAX ? count - KEYS_MAX : 0;
    buf_text(&text, "{\"keys\":[");
    for (int i = first; i < count; i++) {
        buf_text(&text, i > first ? "," : "");
        enum status status = jwk_print(folder, names[i]->d_name, &text);
        if (status != OK) {
            return status;
        }
    }
    buf_text(&text, "]}\n");
    if (text.failed || !path_join(path, trust_dir, "jwks.json")) {
        return STATUS_INVALID;
    }
    return file_put(path, 0644, buf_bytes(&text));
}

enum status signing_init(const char *trust_dir)
{
    char folder[PATH_SIZE];
    struct dirent **names = NULL;
    if (!path_join(folder, trust_dir, "signing")) {
        return STATUS_INVALID;
    }
    enum status status = folder_make(folder, 0700);
    int count = status == OK ? scandir(folder, &names, is_pem, alphasort) : 0;
    if (status == OK && count == 0) {
        free(names);
        names = NULL;
        status = key_make(folder);
        count = status == OK ? scandir(folder, &names, is_pem, alphasort) : 0;
    }
    if (status == OK && count <= 0) {
        say("cannot list %s", folder);
        status = STATUS_UNAVAILABLE;
    }
    if (status == OK) {
        status = jwks_write(trust_dir, folder, names, count);
    }
    for (int i = 0; i < count; i++) {
        free(names[i]);
    }
    free(names);
    return status;
}
