/* Names, media types and who may read, case by case. Next: test_objects.c */
#include "rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "core/limits.h"
#include "media_type.h"

static void test_a_name_is_one_name(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool right;
    } cases[] = {{"report.pdf", true},
                 {"Bericht \xc3\xbc"
                  "ber Vorfall.txt",
                  true},
                 {"...", true},
                 {".hidden", true},
                 {"a..b", true},
                 {"", false},
                 {"  ", false},
                 {".", false},
                 {"..", false},
                 {"../etc/passwd", false},
                 {"a/b", false},
                 {"/", false},
                 {"..\\boot.ini", false},
                 {"two\nlines", false},
                 {"\x7f", false},
                 {"C1 \xc2\x9b", false},
                 {"bad \xff", false},
                 {"overlong slash \xc0\xaf", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if ((file_name_problem(bytes_text(cases[i].text)) == NULL) != cases[i].right) {
            fail_msg("case %zu: \"%s\"", i, cases[i].text);
        }
    }
    char text[NAME_BYTES_MAX + 1];
    memset(text, 'a', sizeof text);
    assert_null(file_name_problem(bytes_of(text, NAME_BYTES_MAX)));
    assert_non_null(file_name_problem(bytes_of(text, NAME_BYTES_MAX + 1)));
    assert_non_null(file_name_problem(bytes_of("a\0b", 3)));
}

static void test_a_media_type_is_safe_in_a_header(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool right;
    } cases[] = {{MEDIA_TYPE_UNKNOWN, true},
                 {"text/plain; charset=utf-8", true},
                 {"text/plain;charset=utf-8;format=flowed", true},
                 {"text/html ; charset=\"us ascii\"", true},
                 {"application/vnd.ms-excel+xml", true},
                 {"a/b;c=\"\"", true},
                 {"", false},
                 {"text", false},
                 {"text/", false},
                 {"/plain", false},
                 {"text/plain;", false},
                 {"text/plain; charset", false},
                 {"text/plain; charset=", false},
                 {"text/plain charset=utf-8", false},
                 {"text/plain\r\nSet-Cookie: a=b", false},
                 {"text/pl\tain", false},
                 {"text/plain;a=\"b\nc\"", false},
                 {"text/plain;a=\"b", false},
                 {"text/plain;a=\"b\\\"c\"", false},
                 {"text/plain;a=\"b\"c", false},
                 {" text/plain", false},
                 {"text/plain ", false},
                 {"text/pl\xc3\xa4in", false},
                 {"text/html,text/plain", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (media_type_is_valid(bytes_text(cases[i].text)) != cases[i].right) {
            fail_msg("case %zu: \"%s\"", i, cases[i].text);
        }
    }
    char text[MEDIA_TYPE_BYTES_MAX + 1];
    memset(text, 'a', sizeof text);
    text[1] = '/';
    assert_true(media_type_is_valid(bytes_of(text, MEDIA_TYPE_BYTES_MAX)));
    assert_false(media_type_is_valid(bytes_of(text, MEDIA_TYPE_BYTES_MAX + 1)));
}

static void test_a_member_reads_what_they_uploaded(void **state)
{
    (void)state;
    static const struct {
        enum role role;
        bool own, others;
    } cases[] = {{ROLE_NONE, false, false},  {ROLE_MEMBER, true, false},
                 {ROLE_ANALYST, true, true}, {ROLE_ADMIN, true, true},
                 {ROLE_AUDITOR, true, true}, {ROLE_OPERATOR, false, false},
                 {ROLE_COUNT, false, false}};
    struct principal who = {.user.u = uuid_new()};
    const struct user_id other = {uuid_new()};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        who.role = cases[i].role;
        assert_int_equal(file_is_readable(&who, &who.user), cases[i].own);
        assert_int_equal(file_is_readable(&who, &other), cases[i].others);
    }
}

static void test_content_of_another_length_or_hash_is_not_what_was_recorded(void **state)
{
    (void)state;
    uint8_t hash[SHA256_SIZE];
    sha256(bytes_text("evidence"), hash);
    assert_true(content_is_recorded(bytes_text("evidence"), 8, hash));
    assert_false(content_is_recorded(bytes_text("evidence"), 7, hash));
    assert_false(content_is_recorded(bytes_text("Evidence"), 8, hash));
    assert_false(content_is_recorded(bytes_text(""), 8, hash));
    hash[31] ^= 1;
    assert_false(content_is_recorded(bytes_text("evidence"), 8, hash));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_name_is_one_name),
        cmocka_unit_test(test_a_media_type_is_safe_in_a_header),
        cmocka_unit_test(test_a_member_reads_what_they_uploaded),
        cmocka_unit_test(test_content_of_another_length_or_hash_is_not_what_was_recorded),
    };
    return cmocka_run_group_tests_name("files rules", tests, NULL, NULL);
}
