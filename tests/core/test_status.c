/* Statuses: every row is complete, and numbers off the wire cannot leave the enum. */
#include "core/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void test_every_status_has_a_code_a_meaning_and_an_http_status(void **state)
{
    (void)state;
    for (int i = 0; i < STATUS_COUNT; i++) {
        assert_true(strlen(status_code((enum status)i)) > 0);
        assert_true(strlen(status_meaning((enum status)i)) > 0);
        assert_in_range(status_http((enum status)i), 200, 599);
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(status_code((enum status)i), status_code((enum status)k));
        }
    }
}

static void test_only_passing_conditions_are_retryable(void **state)
{
    (void)state;
    assert_true(status_retryable(STATUS_UNAVAILABLE));
    assert_true(status_retryable(STATUS_RESOURCE_EXHAUSTED));
    assert_false(status_retryable(STATUS_OK));
    assert_false(status_retryable(STATUS_INVALID_TOKEN));
    assert_false(status_retryable(STATUS_CORRUPT));
}

static void test_a_number_beyond_the_enum_reads_as_internal(void **state)
{
    (void)state;
    assert_int_equal(status_from_wire(0), OK);
    assert_int_equal(status_from_wire(STATUS_COUNT - 1), STATUS_COUNT - 1);
    assert_int_equal(status_from_wire(STATUS_COUNT), STATUS_INTERNAL);
    assert_int_equal(status_from_wire(UINT32_MAX), STATUS_INTERNAL);
    assert_string_equal(status_code((enum status)9999), "internal");
    assert_int_equal(status_http((enum status)9999), 500);
}

/* Peers of two versions talk to each other: a row never moves. */
static void test_numbers_on_the_wire_stay(void **state)
{
    (void)state;
    assert_int_equal(STATUS_OK, 0);
    assert_int_equal(STATUS_INVALID_TOKEN, 3);
    assert_int_equal(STATUS_NOT_FOUND, 6);
    assert_int_equal(STATUS_CORRUPT, 16);
    assert_int_equal(STATUS_INTERNAL, 17);
    assert_int_equal(STATUS_GONE, 19);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_status_has_a_code_a_meaning_and_an_http_status),
        cmocka_unit_test(test_only_passing_conditions_are_retryable),
        cmocka_unit_test(test_a_number_beyond_the_enum_reads_as_internal),
        cmocka_unit_test(test_numbers_on_the_wire_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
