/* pacer.h: when more may be written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "pacer.h"

static void test_nothing_was_written_so_nothing_waits(void **state)
{
    (void)state;
    struct pacer pacer = {0};
    assert_int_equal(pacer_wait_ms(&pacer, 1000000), 0);
}

static void test_a_burst_of_two_milliseconds_does_not_wait(void **state)
{
    (void)state;
    struct pacer pacer = {0};
    pacer_spend(&pacer, 2000, 1000000);
    assert_int_equal(pacer_wait_ms(&pacer, 1000000), 0);
    pacer_spend(&pacer, 1, 1000000);
    assert_int_equal(pacer_wait_ms(&pacer, 1000000), 1);
}

static void test_twice_the_time_spent_passes_before_more_is_written(void **state)
{
    (void)state;
    struct pacer pacer = {0};
    pacer_spend(&pacer, 7000, 1000000);
    assert_int_equal(pacer_wait_ms(&pacer, 1000000), 10);
    assert_int_equal(pacer_wait_ms(&pacer, 1009000), 1);
    assert_int_equal(pacer_wait_ms(&pacer, 1010000), 0);
    assert_int_equal(pacer_wait_ms(&pacer, 5000000), 0);
    assert_int_equal(pacer.debt_us, 0);
}

static void test_a_pause_of_the_machine_is_forgiven(void **state)
{
    (void)state;
    struct pacer pacer = {0};
    pacer_spend(&pacer, 3000000, 4000000);
    assert_int_equal(pacer_wait_ms(&pacer, 4000000), 46);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_was_written_so_nothing_waits),
        cmocka_unit_test(test_a_burst_of_two_milliseconds_does_not_wait),
        cmocka_unit_test(test_twice_the_time_spent_passes_before_more_is_written),
        cmocka_unit_test(test_a_pause_of_the_machine_is_forgiven)};
    return cmocka_run_group_tests_name("pacer", tests, NULL, NULL);
}
