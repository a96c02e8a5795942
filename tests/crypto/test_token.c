/* Tokens: every forgery that libjwt would take (or that nobody has thought of yet) is refused, and
 * a good token says who it is for. */
#include "crypto/token.h"

#include <inttypes.h>
#include <openssl/err.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "crypto/aead.h"
#include "fixture.h"

static enum status verify_header(const char *header)
{
    char payload[1024], *good = test_token_mint(&trust, &(struct test_token){0});
    const char *from = strchr(good, '.') + 1;
    size_t len;
    assert_true(base64_decode(bytes_of(from, strcspn(from, ".")), true, (uint8_t *)payload,
                              sizeof payload - 1, &len));
    payload[len] = '\0';
    free(good);
    return verify(test_token_sign(&trust, header, payload));
}

static void test_a_good_token_says_who_it_is_for(void **state)
{
    (void)state;
    struct test_token wanted = {.user = {uuid_new()},
                                .session = {uuid_new()},
                                .tenant = {"acme_soc"},
                                .role = ROLE_AUDITOR,
                                .name = "Ann \xc3\x84rger",
                                .region = "eu-1"};
    char *token = test_token_mint(&trust, &wanted);
    for (int round = 0; round < 2; round++) { /* verified, then from the cache */
        struct principal principal;
        assert_int_equal(token_verify(verifier, bytes_text(token), TOKEN_ACCESS, &principal), OK);
        assert_true(uuid_equal(&principal.user.u, &wanted.user.u));
        assert_true(uuid_equal(&principal.session.u, &wanted.session.u));
        assert_string_equal(principal.tenant.text, "acme_soc");
        assert_int_equal(principal.role, ROLE_AUDITOR);
        assert_string_equal(principal.name, "Ann \xc3\x84rger");
        assert_string_equal(principal.region, "eu-1");
        assert_in_range(principal.expires_at_s, now_s() + 890, now_s() + 900);
    }
    free(token);
}

static void test_the_header_needs_no_typ(void **state)
{
    (void)state;
    assert_int_equal(verify_header("{\"kid\":\"" TEST_KID "\",\"alg\":\"ES256\"}"), OK);
}

static void test_hs256_signed_with_the_public_key_is_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {"{\"alg\":\"HS256\",\"kid\":\"" TEST_KID "\"}",
                                          "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"};
    for (size_t i = 0; i < 2; i++) {
        char *token = test_token_sign(&trust, headers[i], "{}"), *pem = test_trust_pem(&trust);
        char *dot = strrchr(token, '.');
        uint8_t mac[SHA256_SIZE];
        hmac_sha256(bytes_text(pem), bytes_of(token, (size_t)(dot - token)), mac);
        base64_encode(bytes_of(mac, sizeof mac), true, dot + 1, 64);
        free(pem);
        assert_int_equal(verify(token), STATUS_INVALID_TOKEN);
    }
}

static void test_other_algorithms_are_refused(void **state)
{
    (void)state;
    static const char *const algorithms[] = {
        "\"none\"",  "\"None\"",  "\"NONE\"", "\"\"", "\"es256\"",   "\"ES256 \"",      "\"ES384\"",
        "\"RS256\"", "\"HS256\"", "null",     "256",  "[\"ES256\"]", "\"ES256\\u0000\""};
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        char header[128];
        snprintf(header, sizeof header, "{\"alg\":%s,\"kid\":\"" TEST_KID "\"}", algorithms[i]);
        assert_int_equal(verify_header(header), STATUS_INVALID_TOKEN);
    }
    assert_int_equal(verify_header("{\"kid\":\"" TEST_KID "\",\"typ\":\"JWT\"}"),
                     STATUS_INVALID_TOKEN);
}

static void test_none_without_a_signature_is_refused(void **state)
{
    (void)state;
    char *token = test_token_sign(&trust, "{\"alg\":\"none\",\"kid\":\"" TEST_KID "\"}", "{}");
    strrchr(token, '.')[1] = '\0';
    assert_int_equal(verify(token), STATUS_INVALID_TOKEN);
    char *good = test_token_mint(&trust, &(struct test_token){0});
    strrchr(good, '.')[1] = '\0';
    assert_int_equal(verify(good), STATUS_INVALID_TOKEN);
}

static void test_header_members_that_name_another_key_are_refused(void **state)
{
    (void)state;
    static const char *const members[] = {"\"crit\":[\"exp\"]",
                                          "\"crit\":[]",
                                          "\"jku\":\"https://x.example/jwks\"",
                                          "\"jwk\":{\"kty\":\"EC\"}",
                                          "\"x5c\":[\"MIIB\"]",
                                          "\"x5u\":\"https://x.example/c\"",
                                          "\"x5t\":\"x\"",
                                          "\"b64\":false",
                                          "\"zip\":\"DEF\"",
                                          "\"cty\":\"JWT\"",
                                          "\"unknown\":1"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        char header[256];
        snprintf(header, sizeof header, "{\"alg\":\"ES256\",\"kid\":\"" TEST_KID "\",%s}",
                 members[i]);
        assert_int_equal(verify_header(header), STATUS_INVALID_TOKEN);
        snprintf(header, sizeof header,
                 "{\"alg\":\"ES256\",\"kid\":\"" TEST_KID "\",\"typ\":\"JWT\",%s}", members[i]);
        assert_int_equal(verify_header(header), STATUS_INVALID_TOKEN);
    }
}

static void test_duplicate_header_members_are_refused(void **state)
{
    (void)state;
    assert_int_equal(verify_header("{\"alg\":\"none\",\"alg\":\"ES256\",\"kid\":\"" TEST_KID "\"}"),
                     STATUS_INVALID_TOKEN);
    assert_int_equal(
        verify_header("{\"alg\":\"ES256\",\"\\u0061lg\":\"ES256\",\"kid\":\"" TEST_KID "\"}"),
        STATUS_INVALID_TOKEN);
    assert_int_equal(verify_header("{\"alg\":\"ES256\",\"kid\":\"x\",\"kid\":\"" TEST_KID "\"}"),
                     STATUS_INVALID_TOKEN);
}

static void test_headers_that_are_no_plain_object_are_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "[]",
        "null",
        "\"x\"",
        "{}",
        "{\"alg\":\"ES256\",\"kid\":\"" TEST_KID "\"",
        "{\"alg\":\"ES256\",\"kid\":\"" TEST_KID "\"}x",
        "{\"alg\":\"ES256\",\"kid\":\"" TEST_KID "\"}{}",
        "{\"alg\":\"ES256\",\"kid\":\"\"}",
        "{\"alg\":\"ES256\",\"kid\":1}",
        "{\"alg\":\"ES256\",\"kid\":\"../" TEST_KID "\"}",
        "{\"alg\":\"ES256\",\"kid\":\"" TEST_KID "\",\"typ\":\"at+jwt\"}",
        "{\"alg\":\"ES256\",\"kid\":\"" TEST_KID "\",\"typ\":\"jwt\"}",
        "{\"alg\":\"ES256\",\"kid\":\"" TEST_KID "\",\"typ\":1}",
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        assert_int_equal(verify_header(headers[i]), STATUS_INVALID_TOKEN);
    }
}

static void test_a_header_over_its_size_is_refused(void **state)
{
    (void)state;
    const char *tail = "{\"alg\":\"ES256\",\"kid\":\"" TEST_KID "\"}";
    char header[514];
    memset(header, ' ', sizeof header);
    memcpy(header + 512 - strlen(tail), tail, strlen(tail) + 1);
    assert_int_equal(verify_header(header), OK);
    memset(header, ' ', sizeof header);
    memcpy(header + 513 - strlen(tail), tail, strlen(tail) + 1);
    assert_int_equal(verify_header(header), STATUS_INVALID_TOKEN);
}

static void test_a_kid_has_at_most_63_characters(void **state)
{
    (void)state;
    char header[256], kid[65];
    memset(kid, 'k', sizeof kid);
    kid[63] = '\0';
    test_trust_publish(&trust, kid);
    token_verifier_free(verifier);
    verifier = token_verifier_new(trust.dir);
    snprintf(header, sizeof header, "{\"alg\":\"ES256\",\"kid\":\"%s\"}", kid);
    assert_int_equal(verify_header(header), OK);
    snprintf(header, sizeof header, "{\"alg\":\"ES256\",\"kid\":\"%sk\"}", kid);
    assert_int_equal(verify_header(header), STATUS_INVALID_TOKEN);
}

static void test_an_unknown_kid_is_refused(void **state)
{
    (void)state;
    assert_int_equal(verify_header("{\"alg\":\"ES256\",\"kid\":\"test-2\"}"), STATUS_INVALID_TOKEN);
}

static void test_another_signer_under_a_known_kid_is_refused(void **state)
{
    (void)state;
    struct test_trust stranger;
    test_trust_open(&stranger, NULL);
    assert_int_equal(verify(test_token_mint(&stranger, &(struct test_token){0})),
                     STATUS_INVALID_TOKEN);
    test_trust_close(&stranger);
}

static void test_junk_around_and_inside_a_token_is_refused(void **state)
{
    (void)state;
    static const char *const junk[] = {" ", "\n", "=", "!", "\x80", "+", "/", ".", "A", "%2e"};
    char *good = test_token_mint(&trust, &(struct test_token){0});
    size_t len = strlen(good);
    const size_t places[] = {0, 10, len - 50, len - 1, len};
    for (size_t i = 0; i < sizeof junk / sizeof junk[0]; i++) {
        for (size_t k = 0; k < sizeof places / sizeof places[0]; k++) {
            char *token = calloc(1, len + 8);
            memcpy(token, good, places[k]);
            strcat(token, junk[i]);
            strcat(token, good + places[k]);
            assert_int_equal(verify(token), STATUS_INVALID_TOKEN);
        }
    }
    assert_int_equal(verify(good), OK);
}

static void test_every_changed_character_is_noticed(void **state)
{
    (void)state;
    char *good = test_token_mint(&trust, &(struct test_token){0});
    size_t len = strlen(good);
    for (size_t i = 0; i < len; i += 3) {
        char *token = strdup(good);
        token[i] = token[i] == 'B' ? 'C' : 'B';
        assert_int_equal(verify(token), STATUS_INVALID_TOKEN);
    }
    free(good);
}

/* The last character of 86 carries 2 bits: 15 other spellings of the same 64 bytes. */
static void test_a_signature_has_one_spelling(void **state)
{
    (void)state;
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char *good = test_token_mint(&trust, &(struct test_token){0});
    size_t last = strlen(good) - 1;
    ptrdiff_t group = (strchr(digits, good[last]) - digits) / 16 * 16;
    for (int i = 1; i < 16; i++) {
        char *token = strdup(good);
        token[last] = digits[group + i];
        assert_int_equal(verify(token), STATUS_INVALID_TOKEN);
    }
    assert_int_equal(verify(good), OK);
}

static void test_a_token_has_exactly_three_parts(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",     ".",    "..",   "...",     "a",    "a.b",
                                        "a.b.", ".b.c", "a..c", "a.b.c.d", "a.b.c"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(verify(strdup(wrong[i])), STATUS_INVALID_TOKEN);
    }
}

static void test_a_nul_inside_a_token_does_not_hide_the_rest(void **state)
{
    (void)state;
    char *good = test_token_mint(&trust, &(struct test_token){0});
    size_t len = strlen(good);
    struct principal principal;
    assert_int_equal(token_verify(verifier, bytes_of(good, len + 1), TOKEN_ACCESS, &principal),
                     STATUS_INVALID_TOKEN);
    free(good);
}

/* A good token padded by `pad` bytes of an unknown claim. */
static char *token_padded(const char *header, int pad)
{
    char more[3000], payload[4000];
    memset(more, 'x', sizeof more);
    more[pad] = '\0';
    snprintf(payload, sizeof payload,
             "{\"iss\":\"wardroom\",\"aud\":\"wardroom\",\"sub\":\"" SUB
             "\",\"tid\":\"acme\",\"role\":\"member\",\"name\":\"Ann\",\"region\":\"r\","
             "\"sid\":\"" SID "\",\"use\":\"access\",\"iat\":%" PRId64 ",\"nbf\":%" PRId64
             ",\"exp\":%" PRId64 ",\"jti\":\"" JTI "\",\"more\":\"%s\"}",
             now_s(), now_s(), now_s() + 900, more);
    return test_token_sign(&trust, header, payload);
}

/* A good token of exactly `len` bytes. Base64 skips every fourth length, so the header helps. */
static char *token_of_length(size_t len)
{
    static const char *const headers[] = {HEADER, HEADER " "};
    for (int i = 0; i < 2 * 600; i++) {
        char *token = token_padded(headers[i % 2], 2400 + i / 2);
        if (strlen(token) == len) {
            return token;
        }
        free(token);
    }
    return NULL;
}

static void test_a_token_holds_at_most_4_kib(void **state)
{
    (void)state;
    char *longest = token_of_length(TOKEN_BYTES_MAX);
    char *too_long = token_of_length(TOKEN_BYTES_MAX + 1);
    assert_non_null(longest);
    assert_non_null(too_long);
    assert_int_equal(verify(longest), OK);
    assert_int_equal(verify(too_long), STATUS_INVALID_TOKEN);
}

/* Else the TLS library of the same thread takes our refusal for a broken connection. */
static void test_a_refusal_leaves_no_openssl_error_behind(void **state)
{
    (void)state;
    char *token = test_token_mint(&trust, &(struct test_token){0});
    token[strlen(token) - 20] ^= 1;
    assert_int_equal(verify(token), STATUS_INVALID_TOKEN);
    assert_int_equal(ERR_peek_error(), 0);
}

static void *verify_many(void *argument)
{
    char **tokens = argument;
    for (int i = 0; i < 400; i++) {
        struct principal principal;
        if (token_verify(verifier, bytes_text(tokens[i % 8]), TOKEN_ACCESS, &principal) != OK) {
            return tokens;
        }
    }
    return NULL;
}

static void test_threads_share_a_verifier(void **state)
{
    (void)state;
    char *tokens[8];
    pthread_t threads[4];
    for (int i = 0; i < 8; i++) {
        tokens[i] = test_token_mint(&trust, &(struct test_token){0});
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, verify_many, tokens), 0);
    }
    for (int i = 0; i < 4; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    for (int i = 0; i < 8; i++) {
        free(tokens[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TRUST(test_a_good_token_says_who_it_is_for),
        WITH_TRUST(test_the_header_needs_no_typ),
        WITH_TRUST(test_hs256_signed_with_the_public_key_is_refused),
        WITH_TRUST(test_other_algorithms_are_refused),
        WITH_TRUST(test_none_without_a_signature_is_refused),
        WITH_TRUST(test_header_members_that_name_another_key_are_refused),
        WITH_TRUST(test_duplicate_header_members_are_refused),
        WITH_TRUST(test_headers_that_are_no_plain_object_are_refused),
        WITH_TRUST(test_a_header_over_its_size_is_refused),
        WITH_TRUST(test_a_kid_has_at_most_63_characters),
        WITH_TRUST(test_an_unknown_kid_is_refused),
        WITH_TRUST(test_another_signer_under_a_known_kid_is_refused),
        WITH_TRUST(test_junk_around_and_inside_a_token_is_refused),
        WITH_TRUST(test_every_changed_character_is_noticed),
        WITH_TRUST(test_a_signature_has_one_spelling),
        WITH_TRUST(test_a_token_has_exactly_three_parts),
        WITH_TRUST(test_a_nul_inside_a_token_does_not_hide_the_rest),
        WITH_TRUST(test_a_token_holds_at_most_4_kib),
        WITH_TRUST(test_a_refusal_leaves_no_openssl_error_behind),
        WITH_TRUST(test_threads_share_a_verifier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
