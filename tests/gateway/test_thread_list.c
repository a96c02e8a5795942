/* Who is told of which thread, and who loses one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include "fake.h"
#include "suites.h"

static void test_a_change_reaches_the_soc_and_those_who_take_part(void **state)
{
    (void)state;
    struct session *analyst = fake_session("acme", ROLE_ANALYST, 1);
    struct session *auditor = fake_session("acme", ROLE_AUDITOR, 2);
    struct session *member = fake_session("acme", ROLE_MEMBER, 3);
    struct session *other = fake_session("acme", ROLE_MEMBER, 4);
    struct session *elsewhere = fake_session("globex", ROLE_ADMIN, 5);
    fake_thread_event("acme", 1, 3, 0);
    fake_turn();
    assert_non_null(strstr(fake_written(analyst), "\"change\":\"updated\""));
    assert_non_null(strstr(fake_written(auditor), "secret title"));
    assert_non_null(strstr(fake_written(member), "secret title"));
    assert_int_equal(fake_frames(other), 0);
    assert_int_equal(fake_frames(elsewhere), 0);
}

static void test_who_is_taken_out_loses_the_live_view_at_once(void **state)
{
    (void)state;
    struct session *member = fake_session("acme", ROLE_MEMBER, 3);
    struct session *stays = fake_session("acme", ROLE_MEMBER, 4);
    fake_subscribe_live(member, 1, 0);
    fake_subscribe_live(stays, 1, 0);
    fake_thread_event("acme", 1, 4, 0);
    fake_batch("acme", 1, 1, 1);
    fake_turn();
    const char *text = fake_written(member);
    assert_non_null(strstr(text, "\"change\":\"removed\""));
    assert_null(strstr(text, "secret title"));
    assert_null(strstr(text, "\"seq\":1"));
    assert_int_equal(member->subscription_count, 0);
    assert_non_null(strstr(fake_written(stays), "\"seq\":1"));
}

static void test_who_is_taken_out_without_being_subscribed_is_told_too(void **state)
{
    (void)state;
    struct session *member = fake_session("acme", ROLE_MEMBER, 3);
    fake_thread_event("acme", 1, 3, 4);
    fake_turn();
    fake_written(member);
    fake_thread_event("acme", 1, 4, 0);
    fake_turn();
    assert_non_null(strstr(fake_written(member), "\"change\":\"removed\""));
    fake_thread_event("acme", 1, 4, 0);
    fake_turn();
    assert_int_equal(fake_frames(member), 0);
}

static void answer_get(uint8_t number, int64_t last, uint8_t participant)
{
    struct thread_id id = fake_thread(number);
    struct uuid user = {{[15] = participant}};
    Threads__Participant person = THREADS__PARTICIPANT__INIT, *people[1] = {&person};
    Threads__Thread thread = THREADS__THREAD__INIT;
    person.user_id = (ProtobufCBinaryData){16, user.b};
    thread.id = (ProtobufCBinaryData){16, id.u.b};
    thread.participants = people;
    thread.n_participants = 1;
    thread.last_seq = last;
    thread.unread = 9;
    fake_answer(fake_call_of("Get"), &thread.base);
}

static void test_a_message_updates_the_list_of_who_is_not_subscribed(void **state)
{
    (void)state;
    struct session *analyst = fake_session("acme", ROLE_ANALYST, 1);
    struct session *subscribed = fake_session("acme", ROLE_MEMBER, 3);
    struct session *other = fake_session("acme", ROLE_MEMBER, 4);
    fake_subscribe_live(subscribed, 1, 0);
    for (int i = 1; i <= 10; i++)
        fake_batch("acme", 1, i, i);
    fake_pass(100);
    assert_int_equal(fake_calls("Get"), 1);
    answer_get(1, 10, 3);
    fake_written(subscribed);
    fake_pass(100);
    const char *text = fake_written(analyst);
    assert_non_null(strstr(text, "\"change\":\"updated\""));
    assert_non_null(strstr(text, "\"last_seq\":10"));
    assert_non_null(strstr(text, "\"unread\":0"));
    assert_int_equal(fake_frames(subscribed), 0);
    assert_int_equal(fake_frames(other), 0);
}

static void test_a_thread_is_not_fetched_more_than_twice_a_second(void **state)
{
    (void)state;
    fake_session("acme", ROLE_ANALYST, 1);
    unsigned fetched = 0;
    for (int i = 1; i <= 100; i++) {
        fake_batch("acme", 1, i, i);
        fake_pass(100);
        if (fake_call_of("Get")) {
            answer_get(1, i, 3);
            fetched++;
        }
    }
    assert_in_range(fetched, 15, 21);
}

static void test_many_busy_threads_share_the_fetches_of_their_tenant(void **state)
{
    (void)state;
    struct session *analyst = fake_session("acme", ROLE_ANALYST, 1);
    for (uint8_t i = 1; i <= 50; i++)
        fake_batch("acme", i, 1, 1);
    fake_pass(100);
    assert_int_equal(fake_calls("Get"), FETCHES_PER_TICK);
    for (int i = 0; i < FETCHES_PER_TICK; i++)
        answer_get(1, 1, 3);
    fake_turn();
    fake_written(analyst);
    fake_pass(100);
    assert_int_equal(fake_frames(analyst), 1); /* all of them in one */
}

static void test_nothing_is_fetched_when_all_are_subscribed(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_ANALYST, 1);
    fake_subscribe_live(session, 1, 0);
    fake_batch("acme", 1, 1, 1);
    fake_pass(1000);
    assert_int_equal(fake_calls("Get"), 0);
}

static void test_a_thread_that_no_member_here_may_see_is_left_alone(void **state)
{
    (void)state;
    fake_session("acme", ROLE_MEMBER, 3);
    fake_session("acme", ROLE_MEMBER, 4);
    unsigned asked = 0;
    for (int i = 1; i <= 100; i++) {
        fake_batch("acme", 1, i, i);
        fake_pass(1000);
        if (fake_call_of("Get")) {
            fake_fail(fake_call_of("Get"), STATUS_NOT_FOUND);
            asked++;
        }
    }
    assert_in_range(asked, 1, 8);
}

/* Ask where threads end, and hear it of thread 1. */
static void check_thread(int64_t last, uint8_t first, uint8_t second)
{
    fake_lost("acme", 50000000);
    fake_pass(1000);
    fake_answer_heads((const struct fake_head[]){{1, last, first, second}}, 1, 0);
}

static void test_a_change_that_was_lost_is_told_to_all_who_may_see_it(void **state)
{
    (void)state;
    struct session *analyst = fake_session("acme", ROLE_ANALYST, 1);
    struct session *subscribed = fake_session("acme", ROLE_MEMBER, 3);
    struct session *other = fake_session("acme", ROLE_MEMBER, 4);
    fake_subscribe_live(subscribed, 1, 5);
    check_thread(5, 3, 0);
    fake_pass(100);
    answer_get(1, 5, 3);
    fake_pass(100);
    assert_non_null(strstr(fake_written(analyst), "\"change\":\"updated\""));
    assert_non_null(strstr(fake_written(subscribed), "\"change\":\"updated\""));
    assert_int_equal(fake_frames(other), 0);
    /* Now it is known, and nobody is told again. */
    check_thread(5, 3, 0);
    fake_pass(1000);
    assert_int_equal(fake_calls("Get"), 0);
}

static void test_who_was_taken_out_unheard_loses_the_live_view_at_the_check(void **state)
{
    (void)state;
    struct session *analyst = fake_session("acme", ROLE_ANALYST, 1);
    struct session *member = fake_session("acme", ROLE_MEMBER, 3);
    struct session *stays = fake_session("acme", ROLE_MEMBER, 4);
    fake_subscribe_live(analyst, 1, 5);
    fake_subscribe_live(member, 1, 5);
    fake_subscribe_live(stays, 1, 5);
    check_thread(6, 4, 0);
    fake_turn();
    assert_non_null(strstr(fake_written(member), "\"change\":\"removed\""));
    assert_int_equal(member->subscription_count, 0);
    assert_int_equal(stays->subscription_count, 1);
    assert_int_equal(analyst->subscription_count, 1);
}

int run_thread_list_tests(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_open, fake_close)
    const struct CMUnitTest tests[] = {
        TEST(test_a_change_reaches_the_soc_and_those_who_take_part),
        TEST(test_who_is_taken_out_loses_the_live_view_at_once),
        TEST(test_who_is_taken_out_without_being_subscribed_is_told_too),
        TEST(test_a_message_updates_the_list_of_who_is_not_subscribed),
        TEST(test_a_thread_is_not_fetched_more_than_twice_a_second),
        TEST(test_many_busy_threads_share_the_fetches_of_their_tenant),
        TEST(test_nothing_is_fetched_when_all_are_subscribed),
        TEST(test_a_thread_that_no_member_here_may_see_is_left_alone),
        TEST(test_a_change_that_was_lost_is_told_to_all_who_may_see_it),
        TEST(test_who_was_taken_out_unheard_loses_the_live_view_at_the_check)};
    return cmocka_run_group_tests_name("thread_list", tests, NULL, NULL);
}
