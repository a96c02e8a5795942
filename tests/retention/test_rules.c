/* Policies and schedules, case by case. Next: test_store.c */
#include "rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void test_days_have_a_maximum(void **state)
{
    (void)state;
    assert_null(days_problem(0));
    assert_null(days_problem(DAYS_MAX));
    assert_non_null(days_problem(DAYS_MAX + 1));
    assert_non_null(days_problem(UINT32_MAX));
}

static void test_the_default_is_a_right_policy(void **state)
{
    (void)state;
    assert_null(schedule_problem(bytes_text(policy_default.schedule)));
    assert_string_equal(policy_default.schedule, "0 3 * * *");
    assert_int_equal(policy_default.messages_days, 0);
    assert_int_equal(policy_default.files_days, 0);
    assert_true(policy_default.closed_threads_only);
}

static void test_schedules_that_are_right(void **state)
{
    (void)state;
    static const char *const cases[] = {"* * * * *",
                                        "0 0 1 1 0",
                                        "59 23 31 12 7",
                                        "*/15 * * * *",
                                        "0-59 0-23 1-31 1-12 0-7",
                                        "0,30 6,18 1,15 * 1-5",
                                        "5/10 * * * *",
                                        "10-40/5 * * * *",
                                        "0  3   *  * *",
                                        "00 03 * * *",
                                        "0 0 29 2 *",
                                        "0 0 31 2 1",
                                        "0 0 30 2,4 *",
                                        "0 0 28-31 2 *",
                                        "*/99 * * * *"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (schedule_problem(bytes_text(cases[i])) != NULL) {
            fail_msg("\"%s\" %s", cases[i], schedule_problem(bytes_text(cases[i])));
        }
    }
}

static void test_schedules_that_are_wrong(void **state)
{
    (void)state;
    static const char *const cases[] = {"",
                                        " ",
                                        "0 3 * *",
                                        "0 3 * * * *",
                                        "60 * * * *",
                                        "* 24 * * *",
                                        "* * 0 * *",
                                        "* * 32 * *",
                                        "* * * 0 *",
                                        "* * * 13 *",
                                        "* * * * 8",
                                        "-1 * * * *",
                                        "5-1 * * * *",
                                        "0- * * * *",
                                        "-5 * * * *",
                                        "1,,2 * * * *",
                                        ",1 * * * *",
                                        "1, * * * *",
                                        "*/0 * * * *",
                                        "*/ * * * *",
                                        "/5 * * * *",
                                        "** * * * *",
                                        "*5 * * * *",
                                        "1-2-3 * * * *",
                                        "1/2/3 * * * *",
                                        "*-5 * * * *",
                                        "1.5 * * * *",
                                        "0x1 * * * *",
                                        "+1 * * * *",
                                        "001 * * * *",
                                        "9999999999 * * * *",
                                        "a * * * *",
                                        "* * * JAN *",
                                        "* * * * MON",
                                        "@daily",
                                        " 0 3 * * *",
                                        "0 3 * * * ",
                                        "0\t3 * * *",
                                        "0 3 * * *\n",
                                        "0 3 * * *; DROP",
                                        "0 0 31 2 *",
                                        "0 0 30 2 *",
                                        "0 0 31 4,6,9,11 *"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (schedule_problem(bytes_text(cases[i])) == NULL) {
            fail_msg("\"%s\" is taken for right", cases[i]);
        }
    }
}

static void test_a_schedule_has_a_length(void **state)
{
    (void)state;
    char text[SCHEDULE_BYTES_MAX + 1] = "0 3 * * ";
    memset(text + 8, ' ', sizeof text - 8);
    text[SCHEDULE_BYTES_MAX - 1] = '*';
    assert_null(schedule_problem(bytes_of(text, SCHEDULE_BYTES_MAX)));
    text[SCHEDULE_BYTES_MAX - 1] = ' ';
    text[SCHEDULE_BYTES_MAX] = '*';
    assert_non_null(schedule_problem(bytes_of(text, SCHEDULE_BYTES_MAX + 1)));
}

static void test_fields_become_bits(void **state)
{
    (void)state;
    struct schedule got;
    assert_true(schedule_parse(bytes_text("*/20 1,3-5 10-20/5 * 7"), &got));
    assert_int_equal(got.bits[SCHEDULE_MINUTE],
                     UINT64_C(1) | UINT64_C(1) << 20 | UINT64_C(1) << 40);
    assert_int_equal(got.bits[SCHEDULE_HOUR], 1 << 1 | 1 << 3 | 1 << 4 | 1 << 5);
    assert_int_equal(got.bits[SCHEDULE_DAY], 1 << 10 | 1 << 15 | 1 << 20);
    assert_int_equal(got.bits[SCHEDULE_MONTH], 0x1ffe);
    assert_int_equal(got.bits[SCHEDULE_WEEKDAY], 0x81); /* Sunday under both numbers */
    assert_true(got.day_given);
    assert_true(got.weekday_given);
    assert_true(schedule_parse(bytes_text("59 23 */2 * *"), &got));
    assert_int_equal(got.bits[SCHEDULE_MINUTE], UINT64_C(1) << 59);
    assert_false(got.day_given);
    assert_false(got.weekday_given);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_days_have_a_maximum),
        cmocka_unit_test(test_the_default_is_a_right_policy),
        cmocka_unit_test(test_schedules_that_are_right),
        cmocka_unit_test(test_schedules_that_are_wrong),
        cmocka_unit_test(test_a_schedule_has_a_length),
        cmocka_unit_test(test_fields_become_bits),
    };
    return cmocka_run_group_tests_name("retention rules", tests, NULL, NULL);
}
