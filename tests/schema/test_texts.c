/* Regular expressions as ECMA-262 reads them, and the formats that the suite beside us leaves out.
 */
#include <stdio.h>
#include "fixture.h"
#include "schema/format.h"
#include "schema/regex.h"

static bool matches(const char *pattern, struct bytes text)
{
    struct arena *arena = arena_new(1024 * 1024);
    struct regex *list = NULL;
    const struct regex *regex = NULL;
    struct regex_scratch scratch = {0};
    struct effort effort = {.steps = 100000};
    char detail[160] = "";
    enum status status =
        regex_compile(arena, bytes_text(pattern), &list, &regex, detail, sizeof detail);
    if (status != OK)
        print_message("%s %s\n", pattern, detail);
    assert_int_equal(status, OK);
    bool result = regex_matches(regex, text, &scratch, &effort);
    assert_false(effort.spent);
    regex_scratch_fini(&scratch);
    regex_free_list(list);
    arena_free(arena);
    return result;
}

static void test_patterns_mean_what_ecma_262_says(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool matches;
    } cases[] = {
        {"^a$", "a\n", false},
        {"^\\d$", "\xDF\x80", false}, /* NKO DIGIT ZERO */
        {"^\\w$", "\xC3\xA9", false},
        {"^\\s$", "\xC2\xA0", true},
        {"^\\s$", "\xEF\xBB\xBF", true},
        {"^\\s$", "\xE2\x80\xA9", true},
        {"^\\s$", "\x0B", true},
        {"^\\S$", "\xC2\xA0", false},
        {"^[\\s]$", "\xE3\x80\x80", true},
        {"^[^\\s]$", "\xE3\x80\x80", false},
        {"^[\\S]$", "\xE3\x80\x80", false},
        {"^[\\S]$", "\xE3\x80\x81", true},
        {"^.$", "\xF0\x9F\x90\xB2", true},
        {"^.$", "\xE2\x80\xA8", false},
        {"^.$", "\r", false},
        {"^.$", "\xC2\x85", true},
        {"^\\cA$", "\x01", true},
        {"^\\cj$", "\n", true},
        {"^\\x41\\u0042\\u{43}$", "ABC", true},
        {"^\\uD83D\\uDC32*$", "\xF0\x9F\x90\xB2\xF0\x9F\x90\xB2", true},
        {"^[\\u{1F400}-\\u{1F4FF}]$", "\xF0\x9F\x90\xB2", true},
        {"^\\p{Letter}+$", "\xCF\x80", true},
        {"^\\p{Lu}\\P{Lu}$", "Aa", true},
        {"^\\p{Script=Greek}$", "\xCF\x80", true},
        {"^\\p{sc=Grek}$", "a", false},
        {"^\\p{General_Category=Decimal_Number}$", "7", true},
        {"^\\p{Alphabetic}\\p{ASCII}$",
         "\xCF\x80"
         "a",
         true},
        {"^[\\p{L}\\p{N}_-]+$", "a1_-", true},
        {"^[[:alpha:]]$", "a]", true},
        {"^[[:alpha:]]$", "b", false},
        {"^[a-f[]+$", "[", true},
        {"^[\\w-.]+$", "a-.", true},
        {"^[]$", "", false},
        {"a[^]b", "a\nb", true},
        {"^[\\b]$", "\b", true},
        {"\\bfoo\\B", "foos", true},
        {"^(?<x>a)\\k<x>$", "aa", true},
        {"^\\k<x>(?<x>a)$", "a", true},
        {"^(a)(b)?\\2c$", "ac", true},
        {"^(?:a|(b))\\1$", "a", true},
        {"^a(?=b)b(?!c)(?<=b)(?<!a)$", "ab", true},
        {"^a{2,3}?$", "aaa", true},
        {"^{a}$", "{a}", true},
        {"^a{,2}$", "a{,2}", true},
        {"^\\/\\.\\-\\\"$", "/.-\"", true},
        {"^a b#c$", "a b#c", true},
        {"", "anything", true},
        {"a|", "b", true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (matches(cases[i].pattern, bytes_text(cases[i].text)) != cases[i].matches)
            fail_msg("%s with %s", cases[i].pattern, cases[i].text);
    assert_true(matches("^\\0$", bytes_of("", 1)));
    assert_true(matches("^\\$*\\u0000$", bytes_of("$", 2)));
}

static void test_patterns_that_only_pcre2_knows_are_refused(void **state)
{
    static const char *const patterns[] = {
        "\\A",
        "\\Z",
        "\\z",
        "\\a",
        "\\e",
        "\\G",
        "\\K",
        "\\Qa\\E",
        "\\h",
        "\\N",
        "\\R",
        "\\X",
        "\\x4",
        "\\u12",
        "\\u{}",
        "\\u{110000}",
        "\\c1",
        "\\1",
        "(a)\\2",
        "\\01",
        "\\k<a>",
        "\\g1",
        "(?i)a",
        "(?P<a>b)",
        "(?#c)",
        "(?>a)",
        "(?|a)",
        "(*ACCEPT)",
        "a++",
        "a*+",
        "a{2}+",
        "*a",
        "?",
        "(",
        ")",
        "[",
        "[a",
        "(?<1>a)",
        "(?<a>b)(?<a>c)",
        "\\",
        "\\p",
        "\\p{}",
        "\\p{Nonsense}",
        "\\pL",
        "^*",
        "(?<=a)*",
        "\\uD800",
        "(?",
        "(?<a",
        "\\k",
        "\\_",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(patterns); i++)
        if (!regex_translate(bytes_text(patterns[i]), NULL))
            fail_msg("%s was taken", patterns[i]);
}

struct format_case {
    const char *format, *text;
    bool valid;
};

static void assert_formats(const struct format_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct format *format = format_find(bytes_text(cases[i].format));
        assert_non_null(format);
        if (format->is_valid(bytes_text(cases[i].text)) != cases[i].valid)
            fail_msg("%s: '%s'", cases[i].format, cases[i].text);
    }
}

static void test_times_follow_rfc_3339(void **state)
{
    static const struct format_case cases[] = {
        {"time", "08:30:06Z", true},
        {"time", "08:30:06.283185z", true},
        {"time", "23:59:60Z", true},
        {"time", "22:59:60-01:00", true},
        {"time", "00:29:60+00:30", true},
        {"time", "23:58:60Z", false},
        {"time", "01:29:60+01:31", false},
        {"time", "08:30:06", false},
        {"time", "08:30Z", false},
        {"time", "24:00:00Z", false},
        {"time", "00:60:00Z", false},
        {"time", "00:00:61Z", false},
        {"time", "08:30:06+24:00", false},
        {"time", "08:30:06+00:60", false},
        {"time", "08:30:06.Z", false},
        {"time", "8:30:06Z", false},
        {"time", "08:30:06#Z", false},
        {"time", "08:30:06Z ", false},
        {"date", "2024-02-29", true},
        {"date", "1900-02-29", false},
        {"date", "2000-02-29", true},
        {"date", "2023-00-10", false},
        {"date-time", "2024-02-29 10:00:00Z", false},
    };
    (void)state;
    assert_formats(cases, COUNT_OF(cases));
}

static void test_names_and_addresses_follow_their_rfcs(void **state)
{
    static const struct format_case cases[] = {
        {"hostname", "www.example.com", true},
        {"hostname", "xn--4gbwdl.xn--wgbh1c", true},
        {"hostname", "a-b", true},
        {"hostname", "1.2.3", true},
        {"hostname", "a_b", false},
        {"hostname", "-a", false},
        {"hostname", "a-", false},
        {"hostname", "a..b", false},
        {"hostname", "a.", false},
        {"hostname", "", false},
        {"hostname", "\xC3\xA9", false},
        {"hostname", "xn--X", false},
        {"hostname", "HOST", true},
        {"hostname", "xn--a", false},
        {"idn-hostname",
         "b\xC3\xBC"
         "cher.example",
         true},
        {"idn-hostname", "xn--bcher-kva.example", true},
        {"idn-hostname",
         "B\xC3\x9C"
         "cher",
         false}, /* capitals are no U-label */
        {"idn-hostname", "ab--cd", false},
        {"email", "a+b@example.com", true},
        {"email", "a@b@c", false},
        {"email", "\"a\\\"b\"@example.com", true},
        {"email", "a@example.com\n", false},
        {"email", "a@[IPv6:::1]", true},
        {"email", "a@[IPv6:1]", false},
        {"email", "a@-b.example", false},
        {"email", "a@", false},
        {"email", "\"a@b", false},
        {"email", "\xC3\xA9@example.com", false},
        {"idn-email", "\xC3\xA9@\xC3\xA9.example", true},
        {"ipv4", "1.2.3.4", true},
        {"ipv4", "01.2.3.4", false},
        {"ipv4", "1.2.3", false},
        {"ipv4", "1.2.3.4.5", false},
        {"ipv6", "1:2:3:4:5:6:7::", true},
        {"ipv6", "1:2:3:4:5:6:7:8::", false},
        {"ipv6", "::1:2:3:4:5:6:7", true},
        {"ipv6", "1:2:3:4:5:6:1.2.3.4", true},
        {"ipv6", ":", false},
        {"ipv6", "", false},
    };
    (void)state;
    assert_formats(cases, COUNT_OF(cases));
}

static void test_uris_pointers_and_templates_follow_their_rfcs(void **state)
{
    static const struct format_case cases[] = {
        {"uri", "http://a.example:80/b?c#d", true},
        {"uri", "a:", true},
        {"uri", "http://a:b", false},
        {"uri", "http://[::1", false},
        {"uri", "http://a/#b#c", false},
        {"uri", "", false},
        {"uri-reference", "", true},
        {"uri-reference", "//a/b", true},
        {"uri-reference", "1:b", false},
        {"uri-reference", "./1:b", true},
        {"iri", "http://\xC3\xA9/", true},
        {"iri-reference", "#\xC3\xA9", true},
        {"json-pointer", "", true},
        {"json-pointer", "/a~0b~1/", true},
        {"json-pointer", "/~", false},
        {"json-pointer", "/~2", false},
        {"json-pointer", "a", false},
        {"json-pointer", "#/a", false},
        {"relative-json-pointer", "0", true},
        {"relative-json-pointer", "10/a", true},
        {"relative-json-pointer", "0#", true},
        {"relative-json-pointer", "1+2/a", true},
        {"relative-json-pointer", "01/a", false},
        {"relative-json-pointer", "-1/a", false},
        {"relative-json-pointer", "0##", false},
        {"relative-json-pointer", "/a", false},
        {"relative-json-pointer", "", false},
        {"relative-json-pointer", "1a", false},
        {"uri-template", "http://a/{term:1}/{term}", true},
        {"uri-template", "{?q*,lang}{#a.b}{+c%20}", true},
        {"uri-template", "http://a/{term:1}/{term", false},
        {"uri-template", "{a:0}", false},
        {"uri-template", "{a:10000}", false},
        {"uri-template", "{}", false},
        {"uri-template", "{a,}", false},
        {"uri-template", "}", false},
        {"uri-template", "a b", false},
        {"uuid", "2EB8AA08-AA98-11EA-B4AA-73B441D16380", true},
        {"regex", "^(abc]", false},
        {"regex", "([abc])+\\s+$", true},
    };
    (void)state;
    assert_formats(cases, COUNT_OF(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns_mean_what_ecma_262_says),
        cmocka_unit_test(test_patterns_that_only_pcre2_knows_are_refused),
        cmocka_unit_test(test_times_follow_rfc_3339),
        cmocka_unit_test(test_names_and_addresses_follow_their_rfcs),
        cmocka_unit_test(test_uris_pointers_and_templates_follow_their_rfcs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
