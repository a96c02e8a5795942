/* The rules of templates, case by case. Next: test_content.c */
#include "rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "core/limits.h"

struct text_case {
    const char *text;
    bool right;
};

static void check_cases(const char *(*problem)(struct bytes), const struct text_case *cases,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if ((problem(bytes_text(cases[i].text)) == NULL) != cases[i].right) {
            fail_msg("\"%s\" is taken for %s", cases[i].text, cases[i].right ? "wrong" : "right");
        }
    }
}
#define CHECK(problem, cases) check_cases(problem, cases, sizeof(cases) / sizeof(cases)[0])

/* `len` times the letter a. */
static struct bytes letters(size_t len)
{
    static char text[BODY_BYTES_MAX + 2];
    memset(text, 'a', sizeof text);
    return bytes_of(text, len);
}

static void test_a_slug_is_short_and_plain(void **state)
{
    (void)state;
    static const struct text_case cases[] = {{"a", true},
                                             {"phishing-intake_2", true},
                                             {"7zip", true},
                                             {"", false},
                                             {"-dash-first", false},
                                             {"_first", false},
                                             {"Upper", false},
                                             {"two words", false},
                                             {"a/b", false},
                                             {"caf\xc3\xa9", false},
                                             {"a.b", false},
                                             {"a\n", false}};
    CHECK(slug_problem, cases);
    assert_null(slug_problem(letters(SLUG_BYTES_MAX)));
    assert_non_null(slug_problem(letters(SLUG_BYTES_MAX + 1)));
}

static void test_a_title_is_one_line_that_says_something(void **state)
{
    (void)state;
    static const struct text_case cases[] = {{"Phishing intake", true},
                                             {"Zu pr\xc3\xbc"
                                              "fen?",
                                              true},
                                             {"", false},
                                             {"   ", false},
                                             {"two\nlines", false},
                                             {"a\ttab", false},
                                             {"next line\xc2\x85 of C1", false},
                                             {"\x7f"
                                              "delete",
                                              false},
                                             {"\xc2\xa0 is fine", true}};
    CHECK(title_problem, cases);
    assert_null(title_problem(letters(TITLE_BYTES_MAX)));
    assert_non_null(title_problem(letters(TITLE_BYTES_MAX + 1)));
}

static void test_a_body_may_be_empty_and_have_lines(void **state)
{
    (void)state;
    static const struct text_case cases[] = {{"", true},
                                             {"Dear {client},\r\n\twhat happened?\n", true},
                                             {"bell \a", false},
                                             {"escape \x1b[31m", false}};
    CHECK(body_problem, cases);
    assert_null(body_problem(letters(BODY_BYTES_MAX)));
    assert_non_null(body_problem(letters(BODY_BYTES_MAX + 1)));
}

static void test_a_placeholder_is_a_name(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        {"device_id", true}, {"_x", true},   {"src.ip", true}, {"Host-2", true},
        {"", false},         {"2nd", false}, {".a", false},    {"{device}", false},
        {"a b", false},      {"@", false},   {"[", false},     {"`", false}};
    CHECK(placeholder_problem, cases);
    assert_null(placeholder_problem(letters(PLACEHOLDER_BYTES_MAX)));
    assert_non_null(placeholder_problem(letters(PLACEHOLDER_BYTES_MAX + 1)));
}

static void test_a_repeated_text_is_seen(void **state)
{
    (void)state;
    char one[] = "one", two[] = "two", again[] = "one";
    char *const texts[] = {one, two, again};
    assert_false(text_is_repeated(texts, 0));
    assert_false(text_is_repeated(texts, 1));
    assert_true(text_is_repeated(texts, 2));
}

static void test_a_page_has_a_default_and_a_maximum(void **state)
{
    (void)state;
    size_t size = 0;
    assert_true(page_size(0, &size));
    assert_int_equal(size, LIST_ROWS_DEFAULT);
    assert_true(page_size(1, &size));
    assert_int_equal(size, 1);
    assert_true(page_size(LIST_ROWS_MAX, &size));
    assert_int_equal(size, LIST_ROWS_MAX);
    assert_false(page_size(LIST_ROWS_MAX + 1, &size));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_slug_is_short_and_plain),
        cmocka_unit_test(test_a_title_is_one_line_that_says_something),
        cmocka_unit_test(test_a_body_may_be_empty_and_have_lines),
        cmocka_unit_test(test_a_placeholder_is_a_name),
        cmocka_unit_test(test_a_repeated_text_is_seen),
        cmocka_unit_test(test_a_page_has_a_default_and_a_maximum),
    };
    return cmocka_run_group_tests_name("templates rules", tests, NULL, NULL);
}
