/* Claims: who a token says it is for, from when to when, and for what use. */
#include <inttypes.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/clock.h"
#include "fixture.h"

/* The members of a good payload, in which a test replaces or adds one. NULL takes the good value.
 */
struct payload {
    const char *iss, *aud, *sub, *tid, *role, *name, *region, *sid, *use, *iat, *nbf, *exp, *jti;
    const char *more; /* appended, with its leading comma */
};

static const char *or_else(const char *value, const char *fallback)
{
    return value != NULL ? value : fallback;
}

/* Values are JSON text; "" leaves the member out. */
static void add(char *out, size_t size, const char *name, const char *value)
{
    size_t len = strlen(out);
    if (value[0] != '\0') {
        snprintf(out + len, size - len, "%s\"%s\":%s", len > 1 ? "," : "", name, value);
    }
}

static enum status verify_payload(struct payload payload)
{
    char text[3000] = "{", now[24], later[24];
    snprintf(now, sizeof now, "%" PRId64, now_s());
    snprintf(later, sizeof later, "%" PRId64, now_s() + 900);
    add(text, sizeof text, "iss", or_else(payload.iss, "\"wardroom\""));
    add(text, sizeof text, "aud", or_else(payload.aud, "\"wardroom\""));
    add(text, sizeof text, "sub", or_else(payload.sub, "\"" SUB "\""));
    add(text, sizeof text, "tid", or_else(payload.tid, "\"acme\""));
    add(text, sizeof text, "role", or_else(payload.role, "\"analyst\""));
    add(text, sizeof text, "name", or_else(payload.name, "\"Ann\""));
    add(text, sizeof text, "region", or_else(payload.region, "\"default\""));
    add(text, sizeof text, "sid", or_else(payload.sid, "\"" SID "\""));
    add(text, sizeof text, "use", or_else(payload.use, "\"access\""));
    add(text, sizeof text, "iat", or_else(payload.iat, now));
    add(text, sizeof text, "nbf", or_else(payload.nbf, now));
    add(text, sizeof text, "exp", or_else(payload.exp, later));
    add(text, sizeof text, "jti", or_else(payload.jti, "\"" JTI "\""));
    size_t len = strlen(text);
    snprintf(text + len, sizeof text - len, "%s}", or_else(payload.more, ""));
    return verify(test_token_sign(&trust, HEADER, text));
}

static void test_the_sample_payload_is_good(void **state)
{
    (void)state;
    assert_int_equal(verify_payload((struct payload){0}), OK);
}

static void test_times_hold_within_a_minute_of_skew(void **state)
{
    (void)state;
    struct test_token fresh = {.issued_at_s = now_s() - 1000, .lifetime_s = 1000 - 50};
    assert_int_equal(verify(test_token_mint(&trust, &fresh)), OK);
    struct test_token expired = {.issued_at_s = now_s() - 1000, .lifetime_s = 1000 - 61};
    assert_int_equal(verify(test_token_mint(&trust, &expired)), STATUS_INVALID_TOKEN);
    struct test_token early = {.issued_at_s = now_s() + 50};
    assert_int_equal(verify(test_token_mint(&trust, &early)), OK);
    struct test_token future = {.issued_at_s = now_s() + 70};
    assert_int_equal(verify(test_token_mint(&trust, &future)), STATUS_INVALID_TOKEN);
}

static void test_not_yet_valid_is_refused_though_issued(void **state)
{
    (void)state;
    char later[24], past[24];
    snprintf(later, sizeof later, "%" PRId64, now_s() + 100);
    snprintf(past, sizeof past, "%" PRId64, now_s() - 100);
    assert_int_equal(verify_payload((struct payload){.nbf = later}), STATUS_INVALID_TOKEN);
    assert_int_equal(verify_payload((struct payload){.iat = later}), STATUS_INVALID_TOKEN);
    assert_int_equal(verify_payload((struct payload){.exp = past}), STATUS_INVALID_TOKEN);
    assert_int_equal(verify_payload((struct payload){.nbf = past, .iat = past}), OK);
}

static void test_claims_of_a_wrong_value_or_type_are_refused(void **state)
{
    (void)state;
    const struct payload wrong[] = {
        {.iss = "\"wardroom2\""},
        {.iss = "\"Wardroom\""},
        {.iss = ""},
        {.iss = "[\"wardroom\"]"},
        {.iss = "\"wardroom\\u0000\""},
        {.aud = "\"other\""},
        {.aud = ""},
        {.aud = "[\"wardroom\"]"},
        {.aud = "null"},
        {.sub = "\"alice\""},
        {.sub = ""},
        {.sub = "7"},
        {.sub = "\"\""},
        {.tid = "\"Acme\""},
        {.tid = "\"a\""},
        {.tid = ""},
        {.tid = "\"acme;drop\""},
        {.role = "\"root\""},
        {.role = "\"none\""},
        {.role = ""},
        {.role = "3"},
        {.role = "\"ADMIN\""},
        {.role = "[\"admin\"]"},
        {.name = ""},
        {.name = "\"\""},
        {.name = "{}"},
        {.name = "\"a\\u0000b\""},
        {.region = ""},
        {.region = "\"\""},
        {.region = "\"EU 1\""},
        {.region = "\"../eu\""},
        {.region = "\"abcdefghijklmnopqrstuvwxyz012345\""},
        {.sid = ""},
        {.sid = "\"x\""},
        {.jti = ""},
        {.jti = "\"x\""},
        {.iat = ""},
        {.iat = "-1"},
        {.iat = "1.5"},
        {.iat = "\"1700000000\""},
        {.nbf = ""},
        {.nbf = "null"},
        {.nbf = "1e9"},
        {.exp = ""},
        {.exp = "true"},
        {.exp = "99999999999.5"},
        {.exp = "99999999999999999999"},
        {.exp = "\"99999999999\""},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(verify_payload(wrong[i]), STATUS_INVALID_TOKEN);
    }
}

static void test_names_hold_on_both_sides_of_their_bound(void **state)
{
    (void)state;
    char name[NAME_BYTES_MAX + 4] = "\"";
    memset(name + 1, 'n', NAME_BYTES_MAX);
    strcpy(name + 1 + NAME_BYTES_MAX, "\"");
    assert_int_equal(verify_payload((struct payload){.name = name}), OK);
    strcpy(name + 1 + NAME_BYTES_MAX, "n\"");
    assert_int_equal(verify_payload((struct payload){.name = name}), STATUS_INVALID_TOKEN);
}

static void test_duplicate_claims_are_refused(void **state)
{
    (void)state;
    assert_int_equal(verify_payload((struct payload){.more = ",\"role\":\"admin\""}),
                     STATUS_INVALID_TOKEN);
    assert_int_equal(verify_payload((struct payload){.more = ",\"tid\":\"acme\""}),
                     STATUS_INVALID_TOKEN);
    assert_int_equal(verify_payload((struct payload){.more = ",\"\\u0065xp\":99999999999"}),
                     STATUS_INVALID_TOKEN);
    assert_int_equal(verify_payload((struct payload){.more = ",\"x\":{\"y\":1,\"y\":2}"}),
                     STATUS_INVALID_TOKEN);
    assert_int_equal(verify_payload((struct payload){.more = ",\"unknown\":1"}), OK);
}

static void test_payloads_that_are_no_object_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"[]", "null", "x", "{\"iss\":", "{}{}", "\"\""};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(verify(test_token_sign(&trust, HEADER, wrong[i])), STATUS_INVALID_TOKEN);
    }
}

static void test_uses_are_never_interchangeable(void **state)
{
    (void)state;
    for (int minted = TOKEN_ACCESS; minted <= TOKEN_TICKET; minted++) {
        struct test_token wanted = {.use = (enum token_use)minted};
        char *token = test_token_mint(&trust, &wanted);
        /* Twice, so that what the cache holds is asked too. */
        for (int round = 0; round < 2; round++) {
            for (int asked = TOKEN_ACCESS; asked <= TOKEN_TICKET; asked++) {
                struct principal principal;
                assert_int_equal(
                    token_verify(verifier, bytes_text(token), (enum token_use)asked, &principal),
                    asked == minted ? OK : STATUS_INVALID_TOKEN);
            }
        }
        free(token);
    }
}

static void test_a_cached_token_expires_all_the_same(void **state)
{
    (void)state;
    char *token = test_token_mint(&trust, &(struct test_token){.lifetime_s = 900});
    struct principal principal;
    assert_int_equal(token_verify(verifier, bytes_text(token), TOKEN_ACCESS, &principal), OK);
    clock_set_offset_us((900 + 50) * INT64_C(1000000));
    assert_int_equal(token_verify(verifier, bytes_text(token), TOKEN_ACCESS, &principal), OK);
    clock_set_offset_us((900 + 61) * INT64_C(1000000));
    assert_int_equal(token_verify(verifier, bytes_text(token), TOKEN_ACCESS, &principal),
                     STATUS_INVALID_TOKEN);
    free(token);
}

/* The key file is looked at once a second, so this one waits, for a condition and with a deadline.
 */
static void test_a_withdrawn_key_takes_its_cached_tokens_along(void **state)
{
    (void)state;
    char *token = test_token_mint(&trust, &(struct test_token){0});
    struct principal principal;
    assert_int_equal(token_verify(verifier, bytes_text(token), TOKEN_ACCESS, &principal), OK);
    test_trust_publish(&trust, "test-2");
    int64_t deadline_ms = clock_monotonic_ms() + 10000;
    enum status status = OK;
    while (status == OK && clock_monotonic_ms() < deadline_ms) {
        sched_yield();
        status = token_verify(verifier, bytes_text(token), TOKEN_ACCESS, &principal);
    }
    assert_int_equal(status, STATUS_INVALID_TOKEN);
    free(token);
}

static void test_nothing_is_written_for_a_refused_token(void **state)
{
    (void)state;
    struct principal principal = {.name = "before"};
    char *token = test_token_mint(&trust, &(struct test_token){.use = TOKEN_REFRESH});
    assert_int_equal(token_verify(verifier, bytes_text(token), TOKEN_ACCESS, &principal),
                     STATUS_INVALID_TOKEN);
    assert_string_equal(principal.name, "before");
    free(token);
}

static void test_roles_have_names(void **state)
{
    (void)state;
    for (int i = ROLE_NONE + 1; i < ROLE_COUNT; i++) {
        enum role role;
        assert_true(role_parse(bytes_text(role_text((enum role)i)), &role));
        assert_int_equal(role, i);
    }
    enum role role;
    assert_false(role_parse(bytes_text("none"), &role));
    assert_false(role_parse(bytes_text(""), &role));
    assert_false(role_parse(bytes_text("members"), &role));
    assert_string_equal(role_text((enum role)99), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TRUST(test_the_sample_payload_is_good),
        WITH_TRUST(test_times_hold_within_a_minute_of_skew),
        WITH_TRUST(test_not_yet_valid_is_refused_though_issued),
        WITH_TRUST(test_claims_of_a_wrong_value_or_type_are_refused),
        WITH_TRUST(test_names_hold_on_both_sides_of_their_bound),
        WITH_TRUST(test_duplicate_claims_are_refused),
        WITH_TRUST(test_payloads_that_are_no_object_are_refused),
        WITH_TRUST(test_uses_are_never_interchangeable),
        WITH_TRUST(test_a_cached_token_expires_all_the_same),
        WITH_TRUST(test_a_withdrawn_key_takes_its_cached_tokens_along),
        WITH_TRUST(test_nothing_is_written_for_a_refused_token),
        cmocka_unit_test(test_roles_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
