/* Back-off: who waits, how long, and who does not. */
#include "backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static const struct bytes amara = {(const uint8_t *)"amara", 5};
static const struct bytes home = {(const uint8_t *)"192.0.2.1", 9};
static const struct bytes cafe = {(const uint8_t *)"198.51.100.7", 12};

static int make(void **state)
{
    static struct backoff backoff;
    backoff = (struct backoff)BACKOFF_INIT;
    *state = &backoff;
    return 0;
}

static void fail_times(struct backoff *backoff, struct bytes name, struct bytes address, int times,
                       int64_t now_ms)
{
    for (int i = 0; i < times; i++) {
        backoff_note_failure(backoff, name, address, now_ms);
    }
}

static void test_five_slips_are_free_and_the_sixth_costs_a_second(void **state)
{
    struct backoff *backoff = *state;
    assert_int_equal(backoff_wait_ms(backoff, amara, home, 1000), 0);
    fail_times(backoff, amara, home, BACKOFF_FREE_PAIR, 1000);
    assert_int_equal(backoff_wait_ms(backoff, amara, home, 1000), 0);
    fail_times(backoff, amara, home, 1, 1000);
    assert_int_equal(backoff_wait_ms(backoff, amara, home, 1000), 1000);
    assert_int_equal(backoff_wait_ms(backoff, amara, home, 1999), 1);
    assert_int_equal(backoff_wait_ms(backoff, amara, home, 2000), 0);
}

static void test_the_wait_doubles_up_to_a_minute(void **state)
{
    struct backoff *backoff = *state;
    fail_times(backoff, amara, home, BACKOFF_FREE_PAIR + 4, 1000);
    assert_int_equal(backoff_wait_ms(backoff, amara, home, 1000), 8000);
    fail_times(backoff, amara, home, 60, 1000);
    assert_int_equal(backoff_wait_ms(backoff, amara, home, 1000), BACKOFF_WAIT_MS_MAX);
}

static void test_somebody_elses_slips_do_not_lock_the_owner_out(void **state)
{
    struct backoff *backoff = *state;
    fail_times(backoff, amara, cafe, BACKOFF_FREE_NAME - 1, 1000);
    assert_int_not_equal(backoff_wait_ms(backoff, amara, cafe, 1000), 0);
    assert_int_equal(backoff_wait_ms(backoff, amara, home, 1000), 0);
}

static void test_one_name_guessed_from_many_addresses_waits_everywhere(void **state)
{
    struct backoff *backoff = *state;
    for (int i = 0; i <= BACKOFF_FREE_NAME; i++) {
        char address[32];
        snprintf(address, sizeof address, "203.0.113.%d", i);
        backoff_note_failure(backoff, amara, bytes_text(address), 1000);
    }
    assert_int_equal(backoff_wait_ms(backoff, amara, home, 1000), 1000);
}

static void test_many_names_guessed_from_one_address_make_it_wait(void **state)
{
    struct backoff *backoff = *state;
    for (int i = 0; i <= BACKOFF_FREE_ADDRESS; i++) {
        char name[32];
        snprintf(name, sizeof name, "user%d", i);
        backoff_note_failure(backoff, bytes_text(name), cafe, 1000);
    }
    assert_int_equal(backoff_wait_ms(backoff, amara, cafe, 1000), 1000);
    assert_int_equal(backoff_wait_ms(backoff, amara, home, 1000), 0);
}

static void test_success_forgets_the_slips_of_the_pair(void **state)
{
    struct backoff *backoff = *state;
    fail_times(backoff, amara, home, BACKOFF_FREE_PAIR, 1000);
    backoff_note_success(backoff, amara, home);
    fail_times(backoff, amara, home, BACKOFF_FREE_PAIR, 1000);
    assert_int_equal(backoff_wait_ms(backoff, amara, home, 1000), 0);
}

static void test_a_quarter_of_an_hour_forgets(void **state)
{
    struct backoff *backoff = *state;
    fail_times(backoff, amara, home, BACKOFF_FREE_PAIR, 1000);
    fail_times(backoff, amara, home, 1, 1001 + BACKOFF_FORGET_MS);
    assert_int_equal(backoff_wait_ms(backoff, amara, home, 1001 + BACKOFF_FORGET_MS), 0);
}

static void test_a_flood_of_names_is_bounded_and_harms_nobody(void **state)
{
    struct backoff *backoff = *state;
    for (int i = 0; i < 4 * BACKOFF_BUCKETS * BACKOFF_WAYS; i++) {
        char name[32];
        snprintf(name, sizeof name, "user%d", i);
        backoff_note_failure(backoff, bytes_text(name), bytes_text(name), i);
    }
    assert_int_equal(backoff_wait_ms(backoff, amara, home, 1000000), 0);
    fail_times(backoff, amara, home, BACKOFF_FREE_PAIR + 1, 1000000);
    assert_int_equal(backoff_wait_ms(backoff, amara, home, 1000000), 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_five_slips_are_free_and_the_sixth_costs_a_second, make),
        cmocka_unit_test_setup(test_the_wait_doubles_up_to_a_minute, make),
        cmocka_unit_test_setup(test_somebody_elses_slips_do_not_lock_the_owner_out, make),
        cmocka_unit_test_setup(test_one_name_guessed_from_many_addresses_waits_everywhere, make),
        cmocka_unit_test_setup(test_many_names_guessed_from_one_address_make_it_wait, make),
        cmocka_unit_test_setup(test_success_forgets_the_slips_of_the_pair, make),
        cmocka_unit_test_setup(test_a_quarter_of_an_hour_forgets, make),
        cmocka_unit_test_setup(test_a_flood_of_names_is_bounded_and_harms_nobody, make),
    };
    return cmocka_run_group_tests_name("auth backoff", tests, NULL, NULL);
}
