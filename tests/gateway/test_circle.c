/* Who shares a thread with whom, as far as somebody here listens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "circle.h"
#include "core/limits.h"
#include "presence_suites.h"

static struct circle circle;

static int close_circle(void **state)
{
    (void)state;
    circle_fini(&circle);
    return 0;
}

static struct thread_id thread(uint32_t number)
{
    return (struct thread_id){
        {{[13] = (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number}}};
}

static struct user_id user(uint8_t number)
{
    return (struct user_id){{{[15] = number}}};
}

/* A person with a socket here that listens. */
static struct person *listener(uint8_t number)
{
    struct user_id id = user(number);
    struct person *person = circle_hold(&circle, &id);
    assert_non_null(person);
    circle_listen(person);
    return person;
}

static enum circle_put put(uint32_t number, int64_t last_seq, int64_t now_ms, uint8_t first,
                           uint8_t second)
{
    struct thread_id id = thread(number);
    struct uuid people[2] = {user(first).u, user(second).u};
    return circle_put(&circle, &id, people, second ? 2 : 1, last_seq, now_ms);
}

static size_t size_of(uint32_t number)
{
    struct thread_id id = thread(number);
    const struct roster *roster = circle_roster(&circle, &id);
    return roster ? roster->count : 0;
}

static void test_a_thread_in_which_nobody_listens_is_not_kept(void **state)
{
    (void)state;
    assert_int_equal(put(1, 1, 0, 1, 2), CIRCLE_UNHEARD);
    listener(1);
    assert_int_equal(put(1, 1, 0, 1, 2), CIRCLE_CHANGED);
    assert_int_equal(put(1, 1, 0, 2, 1), CIRCLE_SAME);
    assert_int_equal(size_of(1), 2);
    assert_int_equal(put(2, 1, 0, 2, 3), CIRCLE_UNHEARD);
}

static void test_an_older_state_of_a_thread_does_not_replace_a_newer_one(void **state)
{
    (void)state;
    listener(1);
    assert_int_equal(put(1, 5, 0, 1, 2), CIRCLE_CHANGED);
    assert_int_equal(put(1, 4, 0, 1, 3), CIRCLE_SAME);
    struct user_id third = user(3);
    assert_null(circle_find(&circle, &third));
    assert_int_equal(put(1, 6, 0, 1, 3), CIRCLE_CHANGED);
    struct user_id second = user(2);
    assert_null(circle_find(&circle, &second));
}

static void test_who_is_taken_out_shares_nothing_any_more(void **state)
{
    (void)state;
    const struct person *member = listener(1);
    listener(2);
    put(1, 1, 0, 1, 2);
    assert_int_equal(member->roster_count, 1);
    put(1, 2, 0, 2, 0);
    assert_int_equal(member->roster_count, 0);
    assert_int_equal(size_of(1), 1);
}

static void test_when_the_last_listener_goes_its_threads_go_too(void **state)
{
    (void)state;
    struct person *first = listener(1), *second = listener(2);
    put(1, 1, 0, 1, 3);
    put(2, 1, 0, 1, 2);
    put(3, 1, 0, 1, 3);
    circle_unlisten(&circle, first);
    circle_release(&circle, first);
    assert_int_equal(circle.rosters.count, 1);
    assert_int_equal(size_of(2), 2);
    circle_unlisten(&circle, second);
    circle_release(&circle, second);
    assert_int_equal(circle.rosters.count, 0);
    assert_int_equal(circle.people.count, 0);
}

static void test_what_a_whole_list_did_not_name_is_left(void **state)
{
    (void)state;
    struct person *member = listener(1);
    listener(2);
    put(1, 1, 100, 1, 2);
    put(2, 1, 100, 1, 3);
    put(3, 1, 100, 1, 2);
    put(1, 1, 200, 1, 2); /* named */
    circle_drop_stale(&circle, member, 200);
    assert_int_equal(member->roster_count, 1);
    assert_int_equal(size_of(1), 2);
    assert_int_equal(size_of(2), 0); /* nobody else listened */
    assert_int_equal(size_of(3), 1);
}

static void test_somebody_named_twice_stands_there_once(void **state)
{
    (void)state;
    const struct person *member = listener(1);
    assert_int_equal(put(1, 1, 0, 1, 1), CIRCLE_CHANGED);
    assert_int_equal(size_of(1), 1);
    assert_int_equal(member->roster_count, 1);
}

static void test_threads_are_bounded(void **state)
{
    (void)state;
    listener(1);
    for (uint32_t i = 0; i < CIRCLE_THREADS_MAX; i++)
        assert_int_equal(put(i, 1, 0, 1, 2), CIRCLE_CHANGED);
    assert_int_equal(put(CIRCLE_THREADS_MAX, 1, 0, 1, 2), CIRCLE_FULL);
    assert_int_equal(put(0, 2, 0, 1, 3), CIRCLE_CHANGED);
}

static void test_a_pass_meets_each_person_once(void **state)
{
    (void)state;
    struct person *first = listener(1), *second = listener(2);
    for (int i = 0; i < 2; i++) {
        circle_pass(&circle);
        assert_true(circle_mark(&circle, first));
        assert_true(circle_mark(&circle, second));
        assert_false(circle_mark(&circle, first));
    }
}

int run_circle_tests(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, NULL, close_circle)
    const struct CMUnitTest tests[] = {
        TEST(test_a_thread_in_which_nobody_listens_is_not_kept),
        TEST(test_an_older_state_of_a_thread_does_not_replace_a_newer_one),
        TEST(test_who_is_taken_out_shares_nothing_any_more),
        TEST(test_when_the_last_listener_goes_its_threads_go_too),
        TEST(test_what_a_whole_list_did_not_name_is_left),
        TEST(test_somebody_named_twice_stands_there_once),
        TEST(test_threads_are_bounded),
        TEST(test_a_pass_meets_each_person_once)};
    return cmocka_run_group_tests_name("circle", tests, NULL, NULL);
}
