/* Clock: RFC 3339 both ways against libc's calendar, and texts that are no time. */
#include "core/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <cmocka.h>

#define US INT64_C(1000000)

static void assert_parses_to(const char *text, int64_t expected_us)
{
    int64_t at_us;
    assert_true(clock_parse(bytes_text(text), &at_us));
    assert_int_equal(at_us, expected_us);
}

static void test_known_times_are_formatted(void **state)
{
    (void)state;
    static const struct {
        int64_t at_us;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000000Z"},
        {-1, "1969-12-31T23:59:59.999999Z"},
        {951782400 * US, "2000-02-29T00:00:00.000000Z"},
        {1795366800 * US + 123456, "2026-11-22T17:00:00.123456Z"},
        {-62167219200 * US, "0000-01-01T00:00:00.000000Z"},
        {INT64_MIN, "0000-01-01T00:00:00.000000Z"},
        {253402300799 * US + 999999, "9999-12-31T23:59:59.999999Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999999Z"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[RFC3339_SIZE];
        clock_format(rows[i].at_us, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void test_every_day_agrees_with_libc_and_reads_back(void **state)
{
    (void)state;
    for (int64_t day = -719528; day < 2932897; day += 17) {
        time_t at_s = (time_t)(day * 86400 + day % 86400);
        struct tm parts;
        gmtime_r(&at_s, &parts);
        char expected[64], text[RFC3339_SIZE];
        snprintf(expected, sizeof expected, "%04d-%02d-%02dT%02d:%02d:%02d.000042Z",
                 parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                 parts.tm_sec);
        if (parts.tm_year < -1900 || parts.tm_year > 8099) {
            continue;
        }
        clock_format(at_s * US + 42, text);
        assert_string_equal(text, expected);
        assert_parses_to(text, at_s * US + 42);
    }
}

static void test_offsets_and_fractions_are_read(void **state)
{
    (void)state;
    assert_parses_to("1970-01-01T00:00:00Z", 0);
    assert_parses_to("1970-01-01t00:00:00z", 0);
    assert_parses_to("1970-01-01T01:30:00+01:30", 0);
    assert_parses_to("1969-12-31T19:00:00-05:00", 0);
    assert_parses_to("1970-01-01T00:00:00-00:00", 0);
    assert_parses_to("1970-01-01T00:00:00.5Z", 500000);
    assert_parses_to("1970-01-01T00:00:00.000001Z", 1);
    assert_parses_to("1970-01-01T00:00:00.1234567890123456789Z", 123456);
    assert_parses_to("1969-12-31T23:59:59.5Z", -500000);
    assert_parses_to("1990-12-31T23:59:60Z", 662688000 * US);
    assert_parses_to("1990-12-31T15:59:60-08:00", 662688000 * US);
}

static void test_what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "2026",
        "2026-11-22",
        "2026-11-22T17:00:00",
        "2026-11-22 17:00:00Z",
        "2026-11-22T17:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-11-00T00:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T00:60:00Z",
        "2026-11-22T00:00:61Z",
        "2026-11-22T00:00:60Z",
        "2026-11-22T00:00:00.Z",
        "2026-11-22T00:00:00.5",
        "2026-11-22T00:00:00+0100",
        "2026-11-22T00:00:00+24:00",
        "2026-11-22T00:00:00+01:60",
        "2026-11-22T00:00:00ZZ",
        "2026-11-22T00:00:00Z ",
        "+026-11-22T00:00:00Z",
        "2026-11-2aT00:00:00Z",
        "2026/11/22T00:00:00Z",
    };
    int64_t at_us;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(clock_parse(bytes_text(wrong[i]), &at_us));
    }
}

static void test_a_cut_time_is_refused_at_every_length(void **state)
{
    (void)state;
    const char *text = "2026-11-22T17:00:00.123456+01:00";
    int64_t at_us;
    for (size_t len = 0; len < strlen(text); len++) {
        assert_false(clock_parse(bytes_of(text, len), &at_us));
    }
}

static void test_the_wall_clock_can_be_set_by_tests(void **state)
{
    (void)state;
    int64_t before_us = clock_now_us();
    clock_set_offset_us(3600 * US);
    int64_t after_us = clock_now_us();
    clock_set_offset_us(0);
    assert_true(after_us - before_us >= 3600 * US);
    assert_true(after_us - before_us < 3660 * US);
}

static void test_the_monotonic_clock_does_not_go_back(void **state)
{
    (void)state;
    int64_t last_us = clock_monotonic_us();
    for (int i = 0; i < 1000; i++) {
        int64_t now_us = clock_monotonic_us();
        assert_true(now_us >= last_us);
        last_us = now_us;
    }
    assert_true(clock_monotonic_ms() >= last_us / 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_times_are_formatted),
        cmocka_unit_test(test_every_day_agrees_with_libc_and_reads_back),
        cmocka_unit_test(test_offsets_and_fractions_are_read),
        cmocka_unit_test(test_what_is_no_time_is_refused),
        cmocka_unit_test(test_a_cut_time_is_refused_at_every_length),
        cmocka_unit_test(test_the_wall_clock_can_be_set_by_tests),
        cmocka_unit_test(test_the_monotonic_clock_does_not_go_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
