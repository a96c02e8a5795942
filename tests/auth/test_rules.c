/* Names, passwords, roles and regions. */
#include "rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static const struct tenant_id acme = {"acme"}, platform = {PLATFORM_TENANT};

static void test_user_names_of_the_documented_form_are_taken(void **state)
{
    (void)state;
    static const char *const good[] = {
        "ab",    "a1",
        "0day",  "amara.osei@acme.example",
        "a_b-c", "a234567890123456789012345678901234567890123456789012345678901234"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_null(username_problem(bytes_text(good[i])));
    }
}

static void test_other_user_names_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "a",
        ".ab",
        "_ab",
        "@ab",
        "-ab",
        "Amara",
        "a b",
        "a\tb",
        "andr\xc3\xa9",
        "a/b",
        "a'b",
        "a2345678901234567890123456789012345678901234567890123456789012345"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_non_null(username_problem(bytes_text(wrong[i])));
    }
}

static void test_signing_in_takes_capitals_for_small_letters(void **state)
{
    (void)state;
    char folded[USERNAME_BYTES_MAX + 1];
    assert_true(username_fold(bytes_text("Amara.OSEI"), folded));
    assert_string_equal(folded, "amara.osei");
    assert_false(username_fold(bytes_text("a"), folded));
    assert_false(username_fold(bytes_text(""), folded));
    char longest[200];
    memset(longest, 'a', sizeof longest);
    assert_true(username_fold(bytes_of(longest, 64), folded));
    assert_false(username_fold(bytes_of(longest, 65), folded));
}

static void test_display_names_are_text_a_person_can_read(void **state)
{
    (void)state;
    char longest[NAME_BYTES_MAX + 1];
    memset(longest, 'x', sizeof longest);
    assert_null(display_name_problem(bytes_text("Andr\xc3\xa9 Lindqvist")));
    assert_null(display_name_problem(bytes_text("x")));
    assert_null(display_name_problem(bytes_of(longest, NAME_BYTES_MAX)));
    assert_non_null(display_name_problem(bytes_of(longest, NAME_BYTES_MAX + 1)));
    assert_non_null(display_name_problem(bytes_text("")));
    assert_non_null(display_name_problem(bytes_text("   ")));
    assert_non_null(display_name_problem(bytes_text("a\nb")));
    assert_non_null(display_name_problem(bytes_text("a\x7f")));
    assert_non_null(display_name_problem(bytes_text("\xc3\x28")));
    assert_non_null(display_name_problem(bytes_of("a\0b", 3)));
}

static void test_twelve_characters_make_a_password_and_eleven_do_not(void **state)
{
    (void)state;
    assert_null(password_problem(bytes_text("vq8wzh2kfm3p"), "amara"));
    assert_non_null(password_problem(bytes_text("vq8wzh2kfm3"), "amara"));
    /* Characters are counted, not bytes. */
    assert_null(password_problem(bytes_text("\xc3\xa9\xc3\xa8z\xc3\xaak\xc3\xabw\xc3\xa7\xc3\xb4"
                                            "m\xc3\xbbp"),
                                 ""));
    assert_non_null(
        password_problem(bytes_text("\xf0\x9f\x94\x91\xf0\x9f\x94\x92\xf0\x9f\x90\xa6"), ""));
}

static void test_a_password_of_1024_bytes_is_taken_and_one_more_is_not(void **state)
{
    (void)state;
    char longest[PASSWORD_BYTES_MAX + 1];
    for (size_t i = 0; i < sizeof longest; i++) {
        longest[i] = (char)('a' + i * i % 23);
    }
    assert_null(password_problem(bytes_of(longest, PASSWORD_BYTES_MAX), ""));
    assert_non_null(password_problem(bytes_of(longest, PASSWORD_BYTES_MAX + 1), ""));
}

static void test_passwords_that_are_tried_first_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"password1234",   "PassWord1234",        "123456789012",
                                        "aaaaaaaaaaaa",   "abababababab",        "abcabcabcabcabc",
                                        "wardroom1234",   "amara.osei12",        "AMARA.OSEI123",
                                        "xxamara.oseixx", "\xc3\x28xxxxxxxxxxxx"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_non_null(password_problem(bytes_text(wrong[i]), "amara.osei"));
    }
    /* A name inside a longer sentence is no harm, and a two-letter one is in everything. */
    assert_null(password_problem(bytes_text("amara.osei never sails on fridays"), "amara.osei"));
    assert_null(password_problem(bytes_text("vq8wzh2kfm3p"), "vq"));
}

static void test_operators_live_in_platform_only(void **state)
{
    (void)state;
    assert_null(role_problem(ROLE_OPERATOR, &platform));
    assert_non_null(role_problem(ROLE_OPERATOR, &acme));
    for (enum role role = ROLE_MEMBER; role < ROLE_OPERATOR; role++) {
        assert_null(role_problem(role, &acme));
    }
    assert_non_null(role_problem(ROLE_NONE, &acme));
    assert_non_null(role_problem(ROLE_COUNT, &acme));
    assert_non_null(role_problem((enum role)77, &platform));
}

static void test_regions_are_those_of_the_list(void **state)
{
    (void)state;
    assert_null(region_problem(bytes_text("default"), "default"));
    assert_null(region_problem(bytes_text("eu-1"), "default,eu-1"));
    assert_non_null(region_problem(bytes_text("eu"), "default,eu-1"));
    assert_non_null(region_problem(bytes_text(""), "default"));
    assert_non_null(region_problem(bytes_text(""), ",default"));
    assert_non_null(region_problem(bytes_text("default,eu-1"), "default,eu-1"));
    assert_non_null(region_problem(bytes_text("default"), ""));
}

static void test_a_search_takes_both_cases_of_every_script_as_one(void **state)
{
    (void)state;
    struct bytes name = bytes_text("Andr\xc3\xa9 \xce\xa3\xce\xbf\xcf\x86\xce\xaf\xce\xb1");
    assert_true(text_contains(name, bytes_text("")));
    assert_true(text_contains(name, bytes_text("ANDR\xc3\x89")));
    assert_true(text_contains(name, bytes_text("\xcf\x83\xce\xbf\xcf\x86")));
    assert_true(text_contains(name, name));
    assert_false(text_contains(name, bytes_text("andre")));
    assert_false(text_contains(bytes_text("An"), bytes_text("And")));
    assert_false(text_contains(bytes_text(""), bytes_text("a")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_user_names_of_the_documented_form_are_taken),
        cmocka_unit_test(test_other_user_names_are_refused),
        cmocka_unit_test(test_signing_in_takes_capitals_for_small_letters),
        cmocka_unit_test(test_display_names_are_text_a_person_can_read),
        cmocka_unit_test(test_twelve_characters_make_a_password_and_eleven_do_not),
        cmocka_unit_test(test_a_password_of_1024_bytes_is_taken_and_one_more_is_not),
        cmocka_unit_test(test_passwords_that_are_tried_first_are_refused),
        cmocka_unit_test(test_operators_live_in_platform_only),
        cmocka_unit_test(test_regions_are_those_of_the_list),
        cmocka_unit_test(test_a_search_takes_both_cases_of_every_script_as_one),
    };
    return cmocka_run_group_tests_name("auth rules", tests, NULL, NULL);
}
