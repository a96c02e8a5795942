/* The key table: which files are believed, and how a new one replaces the old. */
#include "crypto/token_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "support/token.h"

static struct test_trust trust;
static char x[44], y[44];

static int set_up(void **state)
{
    (void)state;
    test_trust_open(&trust, NULL);
    test_trust_point(&trust, x, y);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_trust_close(&trust);
    return 0;
}

/* One key as JSON text; `kty`, `crv`, ... NULL take the good value. */
static void jwk(char *out, size_t size, const char *kty, const char *crv, const char *alg,
                const char *kid, const char *with_y)
{
    snprintf(out, size,
             "{\"kty\":\"%s\",\"crv\":\"%s\",\"alg\":\"%s\",\"kid\":\"%s\",\"x\":\"%s\","
             "\"y\":\"%s\"}",
             kty != NULL ? kty : "EC", crv != NULL ? crv : "P-256", alg != NULL ? alg : "ES256",
             kid, x, with_y != NULL ? with_y : y);
}

static void put_file(const char *text)
{
    char path[300];
    snprintf(path, sizeof path, "%s/jwks.json", trust.dir);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* The number of keys read from {"keys":[<text>]}, -1 when the file is refused. */
static int keys_from(const char *text)
{
    char *whole = malloc(strlen(text) + 32);
    sprintf(whole, "{\"keys\":[%s]}", text);
    put_file(whole);
    free(whole);
    struct token_keys keys;
    if (token_keys_open(&keys, trust.dir) != OK) {
        return -1;
    }
    int count = (int)keys.count;
    token_keys_close(&keys);
    return count;
}

/* As if the last look were more than a second ago: no test waits for a clock. */
static bool look_now(struct token_keys *keys)
{
    keys->looked_at_ms -= 1000;
    return token_keys_refresh(keys);
}

static void test_a_key_becomes_the_pem_of_its_point(void **state)
{
    (void)state;
    struct token_keys keys;
    assert_int_equal(token_keys_open(&keys, trust.dir), OK);
    char *pem = test_trust_pem(&trust);
    assert_string_equal(token_keys_find(&keys, TEST_KID)->pem, pem);
    assert_null(token_keys_find(&keys, "other"));
    free(pem);
    token_keys_close(&keys);
}

static void test_keys_of_other_kinds_are_passed_over(void **state)
{
    (void)state;
    char good[400], other[400], both[900];
    jwk(good, sizeof good, NULL, NULL, NULL, "a", NULL);
    assert_int_equal(keys_from(good), 1);
    static const char *const others[][3] = {{"RSA", NULL, NULL},       {"OKP", NULL, NULL},
                                            {"oct", NULL, NULL},       {NULL, "P-384", NULL},
                                            {NULL, "secp256k1", NULL}, {NULL, NULL, "ES384"},
                                            {NULL, NULL, "HS256"}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        jwk(other, sizeof other, others[i][0], others[i][1], others[i][2], "b", NULL);
        snprintf(both, sizeof both, "%s,%s", other, good);
        assert_int_equal(keys_from(both), 1);
        assert_int_equal(keys_from(other), -1);
    }
    assert_int_equal(keys_from("1,\"x\",[],null"), -1);
}

static void test_a_key_for_encryption_is_passed_over(void **state)
{
    (void)state;
    char text[500];
    snprintf(text, sizeof text,
             "{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"ES256\",\"use\":\"enc\",\"kid\":\"a\","
             "\"x\":\"%s\",\"y\":\"%s\"}",
             x, y);
    assert_int_equal(keys_from(text), -1);
}

static void test_a_point_off_the_curve_is_refused(void **state)
{
    (void)state;
    char text[400], bent[44];
    memcpy(bent, y, sizeof bent);
    bent[0] = bent[0] == 'B' ? 'C' : 'B';
    jwk(text, sizeof text, NULL, NULL, NULL, "a", bent);
    assert_int_equal(keys_from(text), -1);
    jwk(text, sizeof text, NULL, NULL, NULL, "a", "AAAA");
    assert_int_equal(keys_from(text), -1);
    jwk(text, sizeof text, NULL, NULL, NULL, "a", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert_int_equal(keys_from(text), -1);
}

static void test_two_keys_under_one_kid_are_refused(void **state)
{
    (void)state;
    char one[400], both[900];
    jwk(one, sizeof one, NULL, NULL, NULL, "a", NULL);
    snprintf(both, sizeof both, "%s,%s", one, one);
    assert_int_equal(keys_from(both), -1);
}

static void test_a_table_holds_16_keys_and_no_more(void **state)
{
    (void)state;
    char *all = calloc(17, 400);
    for (int i = 0; i < 17; i++) {
        char one[400], kid[8];
        snprintf(kid, sizeof kid, "k%d", i);
        jwk(one, sizeof one, NULL, NULL, NULL, kid, NULL);
        if (i == 16) {
            assert_int_equal(keys_from(all), 16);
        }
        strcat(all, i > 0 ? "," : "");
        strcat(all, one);
    }
    assert_int_equal(keys_from(all), -1);
    free(all);
}

static void test_a_kid_over_its_size_is_refused(void **state)
{
    (void)state;
    char text[400], kid[65] = {0};
    memset(kid, 'k', 63);
    jwk(text, sizeof text, NULL, NULL, NULL, kid, NULL);
    assert_int_equal(keys_from(text), 1);
    memset(kid, 'k', 64);
    jwk(text, sizeof text, NULL, NULL, NULL, kid, NULL);
    assert_int_equal(keys_from(text), -1);
}

static void test_files_that_are_no_key_set_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",           "{}", "[]", "{\"keys\":[]}", "{\"keys\":{}}", "{\"keys\":[],\"keys\":[]}",
        "{\"keys\":["};
    struct token_keys keys;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        put_file(wrong[i]);
        assert_int_equal(token_keys_open(&keys, trust.dir), STATUS_INVALID);
    }
    assert_int_equal(token_keys_open(&keys, "/nonexistent"), STATUS_INVALID);
    assert_null(token_verifier_new("/nonexistent"));
    token_verifier_free(NULL);
}

static void test_a_file_over_64_kib_is_refused(void **state)
{
    (void)state;
    char good[400], *text = malloc(64 * 1024 + 2);
    jwk(good, sizeof good, NULL, NULL, NULL, "a", NULL);
    int len = sprintf(text, "{\"keys\":[%s]}", good);
    memset(text + len, ' ', (size_t)(64 * 1024 - len));
    text[64 * 1024] = '\0';
    put_file(text);
    struct token_keys keys;
    assert_int_equal(token_keys_open(&keys, trust.dir), OK);
    token_keys_close(&keys);
    strcat(text, " ");
    put_file(text);
    assert_int_equal(token_keys_open(&keys, trust.dir), STATUS_INVALID);
    free(text);
}

static void test_a_new_file_is_read_and_an_old_one_is_not(void **state)
{
    (void)state;
    struct token_keys keys;
    assert_int_equal(token_keys_open(&keys, trust.dir), OK);
    assert_false(look_now(&keys));
    test_trust_publish(&trust, "test-2");
    assert_true(look_now(&keys));
    assert_null(token_keys_find(&keys, TEST_KID));
    assert_non_null(token_keys_find(&keys, "test-2"));
    assert_false(look_now(&keys));
    token_keys_close(&keys);
}

static void test_the_file_is_looked_at_once_a_second(void **state)
{
    (void)state;
    struct token_keys keys;
    assert_int_equal(token_keys_open(&keys, trust.dir), OK);
    test_trust_publish(&trust, "test-2");
    keys.looked_at_ms += 3600 * 1000; /* however slow this machine is */
    assert_false(token_keys_refresh(&keys));
    assert_non_null(token_keys_find(&keys, TEST_KID));
    token_keys_close(&keys);
}

static void test_a_broken_new_file_leaves_the_old_keys_until_it_is_whole(void **state)
{
    (void)state;
    struct token_keys keys;
    assert_int_equal(token_keys_open(&keys, trust.dir), OK);
    put_file("{\"keys\":[");
    assert_false(look_now(&keys));
    assert_non_null(token_keys_find(&keys, TEST_KID));
    char path[300];
    snprintf(path, sizeof path, "%s/jwks.json", trust.dir);
    unlink(path);
    assert_false(look_now(&keys));
    assert_non_null(token_keys_find(&keys, TEST_KID));
    test_trust_publish(&trust, "test-2");
    assert_true(look_now(&keys));
    assert_non_null(token_keys_find(&keys, "test-2"));
    token_keys_close(&keys);
}

#define WITH_TRUST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TRUST(test_a_key_becomes_the_pem_of_its_point),
        WITH_TRUST(test_keys_of_other_kinds_are_passed_over),
        WITH_TRUST(test_a_key_for_encryption_is_passed_over),
        WITH_TRUST(test_a_point_off_the_curve_is_refused),
        WITH_TRUST(test_two_keys_under_one_kid_are_refused),
        WITH_TRUST(test_a_table_holds_16_keys_and_no_more),
        WITH_TRUST(test_a_kid_over_its_size_is_refused),
        WITH_TRUST(test_files_that_are_no_key_set_are_refused),
        WITH_TRUST(test_a_file_over_64_kib_is_refused),
        WITH_TRUST(test_a_new_file_is_read_and_an_old_one_is_not),
        WITH_TRUST(test_the_file_is_looked_at_once_a_second),
        WITH_TRUST(test_a_broken_new_file_leaves_the_old_keys_until_it_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
