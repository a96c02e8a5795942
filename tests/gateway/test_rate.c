/* Buckets row by row, and the table behind them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include "core/limits.h"
#include "rate.h"

static const struct rate_limit ten_of_twenty = {.per_s = 10, .burst = 20};

static void test_a_bucket_gives_its_burst_and_then_its_rate(void **state)
{
    (void)state;
    static const struct {
        int64_t after_ms;
        unsigned asked, given;
        uint32_t wait_ms; /* of the first refusal */
    } rows[] = {
        {0, 25, 20, 100}, /* full at first */
        {0, 1, 0, 100},   /* nothing comes while no time passes */
        {99, 1, 0, 1},    /* a ms too early */
        {1, 2, 1, 100},   /* one per 100 ms */
        {1000, 15, 10, 100},
        {1999, 25, 19, 1}, /* a ms short of the twentieth */
        {2000, 25, 20, 100},
        {86400000, 25, 20, 100}, /* no more than its burst however long it rests */
    };
    struct rate_bucket bucket;
    int64_t now_ms = 5000;
    rate_bucket_init(&bucket, &ten_of_twenty, now_ms);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned given = 0;
        uint32_t wait_ms = 0;
        now_ms += rows[i].after_ms;
        for (unsigned k = 0; k < rows[i].asked; k++) {
            uint32_t wait = rate_take(&bucket, &ten_of_twenty, now_ms);
            given += wait == 0;
            wait_ms = wait_ms == 0 ? wait : wait_ms;
        }
        if (given != rows[i].given || wait_ms != rows[i].wait_ms)
            fail_msg("row %zu: %u given, wait %u ms", i, given, wait_ms);
    }
}

static void test_a_limit_of_0_is_none(void **state)
{
    (void)state;
    static const struct rate_limit none = {0};
    struct rate_bucket bucket;
    rate_bucket_init(&bucket, &none, 1);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(rate_take(&bucket, &none, 1), 0);
    assert_true(rate_is_full(&bucket, &none, 1));
}

static void test_the_largest_limit_and_a_clock_that_stands_or_goes_back_are_safe(void **state)
{
    (void)state;
    static const struct rate_limit large = {.per_s = 1000000, .burst = 5000000};
    struct rate_bucket bucket;
    rate_bucket_init(&bucket, &large, 1000);
    assert_int_equal(rate_take(&bucket, &large, 0), 0);
    assert_int_equal(rate_take(&bucket, &large, INT64_MAX / 2), 0);
    assert_int_equal(bucket.level_m, 4999999000);
}

static void test_what_is_given_back_may_be_taken_again(void **state)
{
    (void)state;
    static const struct rate_limit one = {.per_s = 1, .burst = 1};
    struct rate_bucket bucket;
    rate_bucket_init(&bucket, &one, 0);
    assert_int_equal(rate_take(&bucket, &one, 0), 0);
    assert_int_equal(rate_take(&bucket, &one, 0), 1000);
    rate_give_back(&bucket);
    assert_int_equal(rate_take(&bucket, &one, 0), 0);
}

static void test_keys_have_buckets_of_their_own(void **state)
{
    (void)state;
    struct rate_table table = {0};
    static const char *const keys[] = {"acme", "globex", "acme2", ""};
    for (int round = 0; round < 21; round++) {
        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
            struct rate_bucket *bucket =
                rate_table_get(&table, bytes_text(keys[i]), &ten_of_twenty, 0);
            assert_int_equal(rate_take(bucket, &ten_of_twenty, 0) == 0, round < 20);
        }
    }
    assert_int_equal(table.index.count, 4);
    rate_table_fini(&table);
}

static void test_a_key_that_is_too_long_has_no_bucket(void **state)
{
    (void)state;
    struct rate_table table = {0};
    char key[RATE_KEY_BYTES_MAX + 1] = "";
    assert_non_null(rate_table_get(&table, bytes_of(key, RATE_KEY_BYTES_MAX), &ten_of_twenty, 0));
    assert_null(rate_table_get(&table, bytes_of(key, sizeof key), &ten_of_twenty, 0));
    rate_table_fini(&table);
}

static struct rate_bucket *numbered(struct rate_table *table, unsigned number, int64_t now_ms)
{
    return rate_table_get(table, bytes_of(&number, sizeof number), &ten_of_twenty, now_ms);
}

static void test_the_idle_are_forgotten_and_those_in_debt_are_not(void **state)
{
    (void)state;
    struct rate_table table = {0};
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(rate_take(numbered(&table, i, 0), &ten_of_twenty, 0), 0);
    rate_table_sweep(&table, &ten_of_twenty, 99);
    assert_int_equal(table.index.count, 100);
    assert_int_equal(rate_take(numbered(&table, 7, 99), &ten_of_twenty, 99), 0);
    rate_table_sweep(&table, &ten_of_twenty, 100);
    assert_int_equal(table.index.count, 1);
    assert_int_equal(rate_take(numbered(&table, 7, 100), &ten_of_twenty, 100), 0);
    rate_table_fini(&table);
}

static void test_a_full_table_forgets_who_was_used_least_recently(void **state)
{
    (void)state;
    struct rate_table table = {0};
    for (unsigned i = 0; i < RATE_ENTRIES_MAX; i++)
        for (int k = 0; k < 20; k++)
            assert_int_equal(rate_take(numbered(&table, i, 0), &ten_of_twenty, 0), 0);
    assert_int_not_equal(rate_take(numbered(&table, 0, 0), &ten_of_twenty, 0), 0);
    assert_int_equal(rate_take(numbered(&table, RATE_ENTRIES_MAX, 0), &ten_of_twenty, 0), 0);
    assert_int_equal(table.index.count, RATE_ENTRIES_MAX);
    assert_int_not_equal(rate_take(numbered(&table, 0, 0), &ten_of_twenty, 0), 0);
    assert_int_equal(rate_take(numbered(&table, 1, 0), &ten_of_twenty, 0), 0); /* begun anew */
    rate_table_fini(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_bucket_gives_its_burst_and_then_its_rate),
        cmocka_unit_test(test_a_limit_of_0_is_none),
        cmocka_unit_test(test_the_largest_limit_and_a_clock_that_stands_or_goes_back_are_safe),
        cmocka_unit_test(test_what_is_given_back_may_be_taken_again),
        cmocka_unit_test(test_keys_have_buckets_of_their_own),
        cmocka_unit_test(test_a_key_that_is_too_long_has_no_bucket),
        cmocka_unit_test(test_the_idle_are_forgotten_and_those_in_debt_are_not),
        cmocka_unit_test(test_a_full_table_forgets_who_was_used_least_recently)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
