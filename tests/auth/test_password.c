/* argon2id: the stored form, and what is told apart. */
#include "password.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static void test_a_hash_opens_with_its_password_only(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH_SIZE];
    assert_int_equal(password_hash(bytes_text("vq8wzh2kfm3p"), hash), OK);
    assert_int_equal(password_check(hash, bytes_text("vq8wzh2kfm3p")), OK);
    assert_int_equal(password_check(hash, bytes_text("vq8wzh2kfm3P")), STATUS_INVALID_CREDENTIALS);
    assert_int_equal(password_check(hash, bytes_text("")), STATUS_INVALID_CREDENTIALS);
    assert_int_equal(password_check(hash, (struct bytes){0}), STATUS_INVALID_CREDENTIALS);
}

static void test_the_parameters_stand_in_the_hash_and_salts_differ(void **state)
{
    (void)state;
    char a[PASSWORD_HASH_SIZE], b[PASSWORD_HASH_SIZE];
    assert_int_equal(password_hash(bytes_text("vq8wzh2kfm3p"), a), OK);
    assert_int_equal(password_hash(bytes_text("vq8wzh2kfm3p"), b), OK);
    assert_non_null(strstr(a, "$argon2id$v=19$m=19456,t=2,p=1$"));
    assert_string_not_equal(a, b);
}

static void test_a_hash_with_other_parameters_still_opens(void **state)
{
    (void)state;
    /* printf vq8wzh2kfm3p | argon2 saltsaltsalt -id -t 1 -k 64 -p 1 -e */
    char cheap[PASSWORD_HASH_SIZE] =
        "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$wP/Wl1R1zqcN+6CEV9vOHDQFgrDfl+XpByySaGiUSYE";
    assert_int_equal(password_check(cheap, bytes_text("vq8wzh2kfm3p")), OK);
    assert_int_equal(password_check(cheap, bytes_text("other")), STATUS_INVALID_CREDENTIALS);
}

static void test_what_is_no_hash_is_corrupt(void **state)
{
    (void)state;
    assert_int_equal(password_check("", bytes_text("x")), STATUS_CORRUPT);
    assert_int_equal(password_check("$argon2id$v=19$m=19456", bytes_text("x")), STATUS_CORRUPT);
    assert_int_equal(password_check("$2b$10$abcdefghijk", bytes_text("x")), STATUS_CORRUPT);
}

static void test_nobody_has_the_dummy_password(void **state)
{
    (void)state;
    char dummy[PASSWORD_HASH_SIZE];
    assert_int_equal(password_dummy(dummy), OK);
    assert_int_equal(password_check(dummy, bytes_text("")), STATUS_INVALID_CREDENTIALS);
    assert_non_null(strstr(dummy, "$argon2id$v=19$m=19456,t=2,p=1$"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_hash_opens_with_its_password_only),
        cmocka_unit_test(test_the_parameters_stand_in_the_hash_and_salts_differ),
        cmocka_unit_test(test_a_hash_with_other_parameters_still_opens),
        cmocka_unit_test(test_what_is_no_hash_is_corrupt),
        cmocka_unit_test(test_nobody_has_the_dummy_password),
    };
    return cmocka_run_group_tests_name("auth password", tests, NULL, NULL);
}
