/* Verifying a token: cache, pre-parser, signature, claims, in that order.
 *
 * Next: ../evidence/leaf.h
 */
#include "crypto/token.h"

#include <jansson.h>
#include <jwt.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/clock.h"
#include "crypto/token_cache.h"
#include "crypto/token_keys.h"

#define PARTY "wardroom" /* of iss and of aud */

static const char *const role_names[ROLE_COUNT] = {"none",  "member",  "analyst",
                                                   "admin", "auditor", "operator"};
static const char *const use_names[] = {"access", "refresh", "ticket"};

struct token_verifier {
    pthread_mutex_t lock; /* guards what follows; never held while a signature is checked */
    struct token_keys keys;
    struct token_cache *cache;
    uint64_t generation; /* of the keys: what an old key verified does not get into the cache */
};

bool role_parse(struct bytes text, enum role *ret)
{
    for (int i = ROLE_NONE + 1; i < ROLE_COUNT; i++) {
        if (bytes_equal(text, bytes_text(role_names[i]))) {
            *ret = (enum role)i;
            return true;
        }
    }
    return false;
}

const char *role_text(enum role role)
{
    return (unsigned)role < ROLE_COUNT ? role_names[role] : role_names[ROLE_NONE];
}

static struct bytes claim_text(json_t *claims, const char *name)
{
    json_t *value = json_object_get(claims, name);
    return bytes_of(json_string_value(value), json_string_length(value));
}

static bool claim_is(json_t *claims, const char *name, const char *expected)
{
    struct bytes text = claim_text(claims, name);
    return text.data != NULL && bytes_equal(text, bytes_text(expected));
}

/* Seconds since 1970 as an integer; a fraction or a number in quotes is not one. */
static bool claim_time(json_t *claims, const char *name, int64_t *ret)
{
    json_t *value = json_object_get(claims, name);
    *ret = json_integer_value(value);
    return json_is_integer(value) && *ret >= 0;
}

static bool claim_copy(json_t *claims, const char *name, char *out, size_t size)
{
    struct bytes text = claim_text(claims, name);
    if (text.data == NULL || text.len == 0 || text.len >= size || !bytes_is_text(text)) {
        return false;
    }
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return true;
}

/* Region names get into configuration names and log lines: lower case, digits, hyphen. */
static bool region_is_plain(const char *region)
{
    return strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-_") == strlen(region);
}

static bool times_check(json_t *claims, int64_t now_s, int64_t *ret_expires_at_s)
{
    int64_t issued, not_before, expires;
    if (!claim_time(claims, "iat", &issued) || !claim_time(claims, "nbf", &not_before) ||
        !claim_time(claims, "exp", &expires)) {
        return false;
    }
    *ret_expires_at_s = expires;
    return issued <= now_s + TOKEN_SKEW_S && not_before <= now_s + TOKEN_SKEW_S &&
           expires > now_s - TOKEN_SKEW_S;
}

static bool claims_check(json_t *claims, enum token_use use, int64_t now_s, struct principal *ret)
{
    struct uuid token_id;
    return claim_is(claims, "iss", PARTY) && claim_is(claims, "aud", PARTY) &&
           claim_is(claims, "use", use_names[use]) &&
           times_check(claims, now_s, &ret->expires_at_s) &&
           uuid_parse(claim_text(claims, "jti"), &token_id) &&
           uuid_parse(claim_text(claims, "sub"), &ret->user.u) &&
           uuid_parse(claim_text(claims, "sid"), &ret->session.u) &&
           tenant_id_parse(claim_text(claims, "tid"), &ret->tenant) &&
           role_parse(claim_text(claims, "role"), &ret->role) &&
           claim_copy(claims, "name", ret->name, sizeof ret->name) &&
           claim_copy(claims, "region", ret->region, sizeof ret->region) &&
           region_is_plain(ret->region);
}

/* libjwt's own parser keeps the last of duplicate claims, so the payload is read again here. */
static bool payload_check(struct bytes payload, enum token_use use, int64_t now_s,
                          struct principal *ret)
{
    uint8_t text[TOKEN_BYTES_MAX];
    size_t len;
    if (!base64_decode(payload, true, text, sizeof text, &len)) {
        return false;
    }
    json_t *claims = json_loadb((const char *)text, len, JSON_REJECT_DUPLICATES, NULL);
    bool good = claims_check(claims, use, now_s, ret);
    json_decref(claims);
    return good;
}

/* ES256 by libjwt. The algorithm is not the token's choice: the pre-parser took no other. */
static bool signature_check(struct bytes token, const char *pem)
{
    char text[TOKEN_BYTES_MAX + 1];
    memcpy(text, token.data, token.len);
    text[token.len] = '\0';
    jwt_t *jwt = NULL;
    bool good = jwt_decode(&jwt, text, (const unsigned char *)pem, (int)strlen(pem)) == 0 &&
                jwt_get_alg(jwt) == JWT_ALG_ES256;
    jwt_free(jwt);
    /* A refusal leaves entries in this thread's error queue, where a TLS library that shares the
     * thread would take them for its own. */
    ERR_clear_error();
    return good;
}

struct token_verifier *token_verifier_new(const char *trust_dir)
{
    struct token_verifier *verifier = calloc(1, sizeof *verifier);
    if (verifier == NULL) {
        return NULL;
    }
    verifier->cache = token_cache_new();
    if (verifier->cache == NULL || token_keys_open(&verifier->keys, trust_dir) != OK) {
        token_cache_free(verifier->cache);
        free(verifier);
        return NULL;
    }
    pthread_mutex_init(&verifier->lock, NULL);
    return verifier;
}

void token_verifier_free(struct token_verifier *verifier)
{
    if (verifier == NULL) {
        return;
    }
    pthread_mutex_destroy(&verifier->lock);
    token_cache_free(verifier->cache);
    token_keys_close(&verifier->keys);
    free(verifier);
}

/* Look into the cache, after a look at the key file. */
static bool known(struct token_verifier *verifier, struct bytes token, enum token_use use,
                  int64_t now_s, struct principal *ret)
{
    pthread_mutex_lock(&verifier->lock);
    if (token_keys_refresh(&verifier->keys)) {
        /* What a key no longer listed has signed is worth nothing from now on. */
        token_cache_clear(verifier->cache);
        verifier->generation++;
    }
    const struct principal *found =
        token_cache_find(verifier->cache, token, use, now_s - TOKEN_SKEW_S);
    if (found != NULL) {
        *ret = *found;
    }
    pthread_mutex_unlock(&verifier->lock);
    return found != NULL;
}

static bool key_get(struct token_verifier *verifier, const char *kid, struct token_key *ret,
                    uint64_t *ret_generation)
{
    pthread_mutex_lock(&verifier->lock);
    const struct token_key *key = token_keys_find(&verifier->keys, kid);
    if (key != NULL) {
        *ret = *key;
    }
    *ret_generation = verifier->generation;
    pthread_mutex_unlock(&verifier->lock);
    return key != NULL;
}

static void remember(struct token_verifier *verifier, struct bytes token, enum token_use use,
                     const struct principal *principal, uint64_t generation)
{
    pthread_mutex_lock(&verifier->lock);
    if (generation == verifier->generation) {
        token_cache_put(verifier->cache, token, use, principal);
    }
    pthread_mutex_unlock(&verifier->lock);
}

enum status token_verify(struct token_verifier *verifier, struct bytes token, enum token_use use,
                         struct principal *ret)
{
    int64_t now_s = clock_now_us() / 1000000;
    if (token.len > TOKEN_BYTES_MAX) {
        return STATUS_INVALID_TOKEN;
    }
    if (known(verifier, token, use, now_s, ret)) {
        return OK;
    }
    struct token_parts parts;
    enum status status = token_preparse(token, &parts);
    if (status != OK) {
        return status;
    }
    struct token_key key;
    uint64_t generation;
    struct principal principal = {0};
    if (!key_get(verifier, parts.kid, &key, &generation) || !signature_check(token, key.pem) ||
        !payload_check(parts.payload, use, now_s, &principal)) {
        return STATUS_INVALID_TOKEN;
    }
    remember(verifier, token, use, &principal, generation);
    *ret = principal;
    return OK;
}
