/* Tokens that auth mints: what every program's verifier says of them, and which key signs. */
#include "mint.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/clock.h"
#include "support/token.h"

struct fixture {
    struct test_trust trust;
    char signing[300];
    struct token_verifier *verifier;
};

static void write_key(const struct fixture *fixture, const char *kid)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s.pem", fixture->signing, kid);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(PEM_write_PrivateKey(file, fixture->trust.key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(file);
}

static void remove_key(const struct fixture *fixture, const char *kid)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s.pem", fixture->signing, kid);
    unlink(path);
}

static int make(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    test_trust_open(&fixture->trust, NULL);
    snprintf(fixture->signing, sizeof fixture->signing, "%s/signing", fixture->trust.dir);
    assert_int_equal(mkdir(fixture->signing, 0700), 0);
    write_key(fixture, TEST_KID);
    fixture->verifier = token_verifier_new(fixture->trust.dir);
    assert_non_null(fixture->verifier);
    *state = fixture;
    return 0;
}

static int drop(void **state)
{
    struct fixture *fixture = *state;
    token_verifier_free(fixture->verifier);
    remove_key(fixture, TEST_KID);
    rmdir(fixture->signing);
    test_trust_close(&fixture->trust);
    free(fixture);
    return 0;
}

static struct principal somebody(void)
{
    struct principal who = {.user.u = uuid_new(),
                            .tenant = {"acme"},
                            .session.u = uuid_new(),
                            .role = ROLE_ANALYST,
                            .name = "Andr\xc3\xa9 \"the\" Lindqvist",
                            .region = "default",
                            .expires_at_s = clock_now_us() / 1000000 + 900};
    return who;
}

static void test_a_minted_token_says_who_and_nothing_else_accepts_its_use(void **state)
{
    struct fixture *fixture = *state;
    struct minter *minter;
    char token[TOKEN_BYTES_MAX + 1];
    struct principal who = somebody(), got = {0};
    assert_int_equal(minter_open(fixture->signing, &minter), OK);
    assert_int_equal(mint(minter, &who, TOKEN_ACCESS, clock_now_us() / 1000000, token), OK);
    assert_int_equal(token_verify(fixture->verifier, bytes_text(token), TOKEN_ACCESS, &got), OK);
    assert_true(uuid_equal(&got.user.u, &who.user.u));
    assert_true(uuid_equal(&got.session.u, &who.session.u));
    assert_string_equal(got.tenant.text, "acme");
    assert_string_equal(got.name, who.name);
    assert_string_equal(got.region, "default");
    assert_int_equal(got.role, ROLE_ANALYST);
    assert_int_equal(got.expires_at_s, who.expires_at_s);
    assert_int_equal(token_verify(fixture->verifier, bytes_text(token), TOKEN_REFRESH, &got),
                     STATUS_INVALID_TOKEN);
    minter_close(minter);
}

static void test_a_refresh_token_is_no_access_token(void **state)
{
    struct fixture *fixture = *state;
    struct minter *minter;
    char token[TOKEN_BYTES_MAX + 1];
    struct principal who = somebody(), got;
    assert_int_equal(minter_open(fixture->signing, &minter), OK);
    assert_int_equal(mint(minter, &who, TOKEN_REFRESH, clock_now_us() / 1000000, token), OK);
    assert_int_equal(token_verify(fixture->verifier, bytes_text(token), TOKEN_REFRESH, &got), OK);
    assert_int_equal(token_verify(fixture->verifier, bytes_text(token), TOKEN_ACCESS, &got),
                     STATUS_INVALID_TOKEN);
    minter_close(minter);
}

static void test_the_longest_name_still_fits(void **state)
{
    struct fixture *fixture = *state;
    struct minter *minter;
    char token[TOKEN_BYTES_MAX + 1];
    struct principal who = somebody(), got;
    memset(who.name, '"', NAME_BYTES_MAX); /* JSON doubles each of them */
    who.name[NAME_BYTES_MAX] = '\0';
    assert_int_equal(minter_open(fixture->signing, &minter), OK);
    assert_int_equal(mint(minter, &who, TOKEN_ACCESS, clock_now_us() / 1000000, token), OK);
    assert_int_equal(token_verify(fixture->verifier, bytes_text(token), TOKEN_ACCESS, &got), OK);
    assert_string_equal(got.name, who.name);
    minter_close(minter);
}

static void test_two_tokens_of_one_second_differ(void **state)
{
    struct fixture *fixture = *state;
    struct minter *minter;
    char a[TOKEN_BYTES_MAX + 1], b[TOKEN_BYTES_MAX + 1];
    struct principal who = somebody();
    assert_int_equal(minter_open(fixture->signing, &minter), OK);
    assert_int_equal(mint(minter, &who, TOKEN_REFRESH, 1000, a), OK);
    assert_int_equal(mint(minter, &who, TOKEN_REFRESH, 1000, b), OK);
    assert_string_not_equal(a, b);
    minter_close(minter);
}

static void test_the_kid_that_sorts_last_signs(void **state)
{
    struct fixture *fixture = *state;
    struct minter *minter;
    char token[TOKEN_BYTES_MAX + 1];
    struct token_parts parts;
    struct principal who = somebody();
    write_key(fixture, "aaa");
    write_key(fixture, "zzz-2026");
    assert_int_equal(minter_open(fixture->signing, &minter), OK);
    assert_int_equal(mint(minter, &who, TOKEN_ACCESS, 1000, token), OK);
    assert_int_equal(token_preparse(bytes_text(token), &parts), OK);
    assert_string_equal(parts.kid, "zzz-2026");
    minter_close(minter);
    remove_key(fixture, "aaa");
    remove_key(fixture, "zzz-2026");
}

static void test_a_folder_without_a_good_key_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct minter *minter;
    char path[400];
    assert_int_equal(minter_open("/nonexistent", &minter), STATUS_INVALID);
    assert_int_equal(minter_open(fixture->trust.dir, &minter), STATUS_INVALID);
    snprintf(path, sizeof path, "%s/zzz.pem", fixture->signing);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", file);
    fclose(file);
    assert_int_equal(minter_open(fixture->signing, &minter), STATUS_INVALID);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_minted_token_says_who_and_nothing_else_accepts_its_use),
        cmocka_unit_test(test_a_refresh_token_is_no_access_token),
        cmocka_unit_test(test_the_longest_name_still_fits),
        cmocka_unit_test(test_two_tokens_of_one_second_differ),
        cmocka_unit_test(test_the_kid_that_sorts_last_signs),
        cmocka_unit_test(test_a_folder_without_a_good_key_is_refused),
    };
    return cmocka_run_group_tests_name("auth mint", tests, make, drop);
}
