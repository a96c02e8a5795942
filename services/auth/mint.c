/* ES256 tokens by libjwt, with the claims that lib/crypto/token.c checks. Next: store.c */
#include "mint.h"

#include <dirent.h>
#include <jwt.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/clock.h"

#define LOOK_INTERVAL_MS 1000
#define KID_SIZE         64
#define PEM_SIZE         2048 /* a P-256 key in PKCS #8 takes 241 */
#define PARTY            "wardroom"

struct minter {
    char *dir;
    char kid[KID_SIZE];
    char pem[PEM_SIZE];
    int64_t looked_at_ms;
    struct timespec dir_changed;
};

static bool is_kid(const char *name, size_t len)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return len > 0 && len < KID_SIZE && strspn(name, plain) >= len;
}

/* The newest kid in the folder; false: there is none. */
static bool newest_kid(const char *dir, char ret[KID_SIZE])
{
    DIR *folder = opendir(dir);
    if (folder == NULL) {
        return false;
    }
    char newest[KID_SIZE] = "";
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        size_t len = strlen(entry->d_name);
        if (len <= 4 || strcmp(entry->d_name + len - 4, ".pem") != 0 ||
            !is_kid(entry->d_name, len - 4)) {
            continue;
        }
        entry->d_name[len - 4] = '\0';
        if (strcmp(entry->d_name, newest) > 0) {
            memcpy(newest, entry->d_name, len - 3);
        }
    }
    closedir(folder);
    memcpy(ret, newest, sizeof newest);
    return newest[0] != '\0';
}

static bool is_p256(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *pkey = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
    char group[32] = "";
    bool good = pkey != NULL &&
                EVP_PKEY_get_utf8_string_param(pkey, "group", group, sizeof group, NULL) == 1 &&
                strcmp(group, "prime256v1") == 0;
    EVP_PKEY_free(pkey);
    BIO_free(bio);
    ERR_clear_error();
    return good;
}

static bool key_read(const char *dir, const char *kid, char out[PEM_SIZE])
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s.pem", dir, kid) < 0) {
        return false;
    }
    FILE *file = fopen(path, "re");
    free(path);
    if (file == NULL) {
        return false;
    }
    setvbuf(file, NULL, _IONBF, 0); /* no second copy of the key in stdio's buffer */
    size_t len = fread(out, 1, PEM_SIZE - 1, file);
    fclose(file);
    out[len] = '\0';
    return is_p256(out);
}

/* Take the newest key, if the folder has changed; keep what there is when it cannot be read. */
static bool key_load(struct minter *minter)
{
    struct stat now;
    char kid[KID_SIZE], pem[PEM_SIZE];
    minter->looked_at_ms = clock_monotonic_ms();
    if (stat(minter->dir, &now) != 0) {
        return false;
    }
    if (now.st_mtim.tv_sec == minter->dir_changed.tv_sec &&
        now.st_mtim.tv_nsec == minter->dir_changed.tv_nsec) {
        return true;
    }
    bool good = newest_kid(minter->dir, kid) && key_read(minter->dir, kid, pem);
    if (good) {
        memcpy(minter->kid, kid, sizeof kid);
        memcpy(minter->pem, pem, sizeof pem);
        minter->dir_changed = now.st_mtim;
    }
    bytes_wipe(pem, sizeof pem);
    return good;
}

enum status minter_open(const char *signing_dir, struct minter **ret)
{
    struct minter *minter = calloc(1, sizeof *minter);
    if (minter == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    minter->dir = strdup(signing_dir);
    if (minter->dir == NULL || !key_load(minter)) {
        minter_close(minter);
        return STATUS_INVALID;
    }
    *ret = minter;
    return OK;
}

void minter_close(struct minter *minter)
{
    if (minter != NULL) {
        free(minter->dir);
        bytes_wipe(minter, sizeof *minter);
        free(minter);
    }
}

static bool add_id(jwt_t *jwt, const char *claim, const struct uuid *id)
{
    char text[UUID_TEXT_SIZE];
    uuid_format(id, text);
    return jwt_add_grant(jwt, claim, text) == 0;
}

static bool add_claims(jwt_t *jwt, const struct principal *who, enum token_use use, int64_t now_s)
{
    static const char *const uses[] = {"access", "refresh", "ticket"};
    struct uuid id = uuid_new();
    return jwt_add_grant(jwt, "iss", PARTY) == 0 && jwt_add_grant(jwt, "aud", PARTY) == 0 &&
           jwt_add_grant(jwt, "use", uses[use]) == 0 && add_id(jwt, "sub", &who->user.u) &&
           add_id(jwt, "sid", &who->session.u) && add_id(jwt, "jti", &id) &&
           jwt_add_grant(jwt, "tid", who->tenant.text) == 0 &&
           jwt_add_grant(jwt, "role", role_text(who->role)) == 0 &&
           jwt_add_grant(jwt, "name", who->name) == 0 &&
           jwt_add_grant(jwt, "region", who->region) == 0 &&
           jwt_add_grant_int(jwt, "iat", now_s) == 0 && jwt_add_grant_int(jwt, "nbf", now_s) == 0 &&
           jwt_add_grant_int(jwt, "exp", who->expires_at_s) == 0;
}

enum status mint(struct minter *minter, const struct principal *who, enum token_use use,
                 int64_t now_s, char *out)
{
    if (clock_monotonic_ms() - minter->looked_at_ms >= LOOK_INTERVAL_MS) {
        (void)key_load(minter); /* the key we have is good as long as no newer one can be read */
    }
    jwt_t *jwt = NULL;
    char *text = NULL;
    if (jwt_new(&jwt) == 0 &&
        jwt_set_alg(jwt, JWT_ALG_ES256, (const unsigned char *)minter->pem,
                    (int)strlen(minter->pem)) == 0 &&
        jwt_add_header(jwt, "kid", minter->kid) == 0 && add_claims(jwt, who, use, now_s)) {
        text = jwt_encode_str(jwt);
    }
    jwt_free(jwt);
    ERR_clear_error();
    size_t len = text != NULL ? strlen(text) : 0;
    enum status status = len > 0 && len <= TOKEN_BYTES_MAX ? OK : STATUS_INTERNAL;
    if (status == OK) {
        memcpy(out, text, len + 1);
    }
    free(text); /* libjwt allocates by malloc unless told otherwise */
    return status;
}
