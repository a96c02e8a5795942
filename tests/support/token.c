/* The test's own auth: keys, jwks.json and tokens, by OpenSSL alone. */
#include "support/token.h"

#include <inttypes.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/clock.h"

#define COORDINATE_BYTES 32

static void must(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "test support: cannot %s\n", what);
        abort();
    }
}

void test_trust_open(struct test_trust *trust, const char *dir)
{
    *trust = (struct test_trust){.own_dir = dir == NULL};
    const char *base = getenv("TMPDIR");
    if (dir != NULL) {
        snprintf(trust->dir, sizeof trust->dir, "%s", dir);
    } else {
        snprintf(trust->dir, sizeof trust->dir, "%s/wardroom-trust-XXXXXX",
                 base != NULL ? base : "/tmp");
        must(mkdtemp(trust->dir) != NULL, "make a trust directory");
    }
    trust->key = EVP_EC_gen("P-256");
    must(trust->key != NULL, "make a signing key");
    test_trust_publish(trust, TEST_KID);
}

void test_trust_close(struct test_trust *trust)
{
    char path[300];
    snprintf(path, sizeof path, "%s/jwks.json", trust->dir);
    unlink(path);
    if (trust->own_dir) {
        rmdir(trust->dir);
    }
    EVP_PKEY_free(trust->key);
    *trust = (struct test_trust){0};
}

static void coordinate(const struct test_trust *trust, const char *name, char out[44])
{
    BIGNUM *number = NULL;
    uint8_t bytes[COORDINATE_BYTES];
    must(EVP_PKEY_get_bn_param(trust->key, name, &number) == 1 &&
             BN_bn2binpad(number, bytes, sizeof bytes) == COORDINATE_BYTES &&
             base64_encode(bytes_of(bytes, sizeof bytes), true, out, 44) == 43,
         "read the public key");
    BN_free(number);
}

void test_trust_point(const struct test_trust *trust, char x[44], char y[44])
{
    coordinate(trust, OSSL_PKEY_PARAM_EC_PUB_X, x);
    coordinate(trust, OSSL_PKEY_PARAM_EC_PUB_Y, y);
}

void test_trust_publish(const struct test_trust *trust, const char *kid)
{
    char x[44], y[44], path[300], fresh[310];
    test_trust_point(trust, x, y);
    snprintf(path, sizeof path, "%s/jwks.json", trust->dir);
    snprintf(fresh, sizeof fresh, "%s.new", path);
    FILE *file = fopen(fresh, "we");
    must(file != NULL, "write jwks.json");
    fprintf(file,
            "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"ES256\",\"use\":\"sig\","
            "\"kid\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"}]}\n",
            kid, x, y);
    must(fclose(file) == 0 && rename(fresh, path) == 0, "write jwks.json");
}

char *test_trust_pem(const struct test_trust *trust)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem = calloc(1, 1024);
    must(bio != NULL && pem != NULL && PEM_write_bio_PUBKEY(bio, trust->key) == 1 &&
             BIO_read(bio, pem, 1023) > 0,
         "print the public key");
    BIO_free(bio);
    return pem;
}

/* ES256 over `text`: r and s, 32 bytes each, which OpenSSL gives in DER. */
static void es256(const struct test_trust *trust, struct bytes text, uint8_t out[64])
{
    uint8_t der[128];
    size_t len = sizeof der;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    must(context != NULL &&
             EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, trust->key) == 1 &&
             EVP_DigestSign(context, der, &len, text.data, text.len) == 1,
         "sign a token");
    EVP_MD_CTX_free(context);
    const uint8_t *at = der;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)len);
    must(signature != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, 32) == 32 &&
             BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + 32, 32) == 32,
         "sign a token");
    ECDSA_SIG_free(signature);
}

char *test_token_sign(const struct test_trust *trust, const char *header, const char *payload)
{
    size_t cap = 2 * (strlen(header) + strlen(payload)) + 256;
    char *token = calloc(1, cap);
    must(token != NULL, "get memory");
    size_t len = base64_encode(bytes_text(header), true, token, cap);
    token[len++] = '.';
    len += base64_encode(bytes_text(payload), true, token + len, cap - len);
    uint8_t signature[64];
    es256(trust, bytes_of(token, len), signature);
    token[len++] = '.';
    base64_encode(bytes_of(signature, sizeof signature), true, token + len, cap - len);
    return token;
}

/* The text of an id; a zero one is made up. */
static void id_text(const struct uuid *id, char out[UUID_TEXT_SIZE])
{
    struct uuid made_up = uuid_new();
    uuid_format(uuid_is_zero(id) ? &made_up : id, out);
}

char *test_token_mint(const struct test_trust *trust, const struct test_token *token)
{
    static const char *const uses[] = {"access", "refresh", "ticket"};
    static const struct uuid none;
    char user[UUID_TEXT_SIZE], session[UUID_TEXT_SIZE], id[UUID_TEXT_SIZE], payload[2048];
    id_text(&token->user.u, user);
    id_text(&token->session.u, session);
    id_text(&none, id);
    int64_t issued = token->issued_at_s != 0 ? token->issued_at_s : clock_now_us() / 1000000;
    int64_t expires = issued + (token->lifetime_s != 0 ? token->lifetime_s : 900);
    int len = snprintf(
        payload, sizeof payload,
        "{\"iss\":\"wardroom\",\"aud\":\"wardroom\",\"sub\":\"%s\",\"tid\":\"%s\",\"role\":\"%s\","
        "\"name\":\"%s\",\"region\":\"%s\",\"sid\":\"%s\",\"use\":\"%s\",\"iat\":%" PRId64
        ",\"nbf\":%" PRId64 ",\"exp\":%" PRId64 ",\"jti\":\"%s\"}",
        user, token->tenant.text[0] != '\0' ? token->tenant.text : "acme",
        role_text(token->role != ROLE_NONE ? token->role : ROLE_MEMBER),
        token->name != NULL ? token->name : "Test User",
        token->region != NULL ? token->region : "default", session, uses[token->use], issued,
        issued, expires, id);
    must(len > 0 && (size_t)len < sizeof payload, "fit a payload");
    return test_token_sign(trust, "{\"alg\":\"ES256\",\"kid\":\"" TEST_KID "\",\"typ\":\"JWT\"}",
                           payload);
}
