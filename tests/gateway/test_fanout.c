/* Nothing missing, nothing twice, in order: subscriptions against every order of replay and live.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include "fake.h"
#include "suites.h"

void assert_seqs(const char *text, long from, long to)
{
    long expected = from;
    for (const char *at = text; (at = strstr(at, "\"seq\":")) != NULL; at++)
        assert_int_equal(strtol(at + 6, NULL, 10), expected++);
    assert_int_equal(expected, to + 1);
}

static void subscribe(struct session *session, uint8_t number, int64_t after)
{
    struct thread_id thread = fake_thread(number);
    resync_subscribe(session, &thread, true, after);
}

static void test_subscribed_comes_first_then_the_replay_then_live(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_ANALYST, 1);
    subscribe(session, 1, 0);
    fake_answer_history(1, 3, 3);
    fake_batch("acme", 1, 4, 5);
    fake_turn();
    const char *text = fake_written(session);
    assert_ptr_equal(strstr(text, "[{\"type\":\"subscribed\""), text);
    assert_non_null(strstr(text, "\"last_seq\":3}"));
    assert_seqs(text, 1, 5);
}

static void test_live_messages_during_the_replay_are_neither_lost_nor_repeated(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_ANALYST, 1);
    subscribe(session, 1, 0);
    fake_batch("acme", 1, 4, 4); /* before it is let in */
    fake_turn();
    fake_answer_history(1, 2, 3); /* a short page: more to come */
    fake_batch("acme", 1, 5, 5);  /* between two pages */
    fake_turn();
    fake_answer_history(3, 5, 5);
    fake_batch("acme", 1, 6, 6);
    fake_turn();
    assert_seqs(fake_written(session), 1, 6);
    assert_null(fake_call_of("History"));
}

static void test_what_was_already_sent_is_not_sent_again(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_ANALYST, 1);
    fake_subscribe_live(session, 1, 5);
    fake_batch("acme", 1, 4, 5);
    fake_turn();
    assert_int_equal(fake_frames(session), 0);
    fake_batch("acme", 1, 6, 6);
    fake_batch("acme", 1, 6, 6);
    fake_turn();
    assert_seqs(fake_written(session), 6, 6);
}

static void test_a_gap_is_filled_from_the_history(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_ANALYST, 1);
    fake_subscribe_live(session, 1, 5);
    fake_batch("acme", 1, 8, 8);
    fake_turn();
    assert_int_equal(fake_frames(session), 0);
    const Threads__HistoryRequest *request =
        (const Threads__HistoryRequest *)(const void *)fake_request(fake_call_of("History"));
    assert_int_equal(request->after_seq, 5);
    fake_answer_history(6, 8, 8);
    fake_batch("acme", 1, 9, 9);
    fake_turn();
    assert_seqs(fake_written(session), 6, 9);
}

static void test_a_partial_overlap_is_filled_without_a_repeat(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_ANALYST, 1);
    fake_subscribe_live(session, 1, 5);
    fake_batch("acme", 1, 4, 7);
    fake_turn();
    fake_answer_history(6, 7, 7);
    fake_turn();
    assert_seqs(fake_written(session), 6, 7);
}

static void test_a_history_that_lags_behind_is_asked_again(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_ANALYST, 1);
    fake_subscribe_live(session, 1, 5);
    fake_batch("acme", 1, 7, 7);
    fake_turn();
    fake_answer_history(1, 0, 5);
    assert_null(fake_call_of("History"));
    fake_pass(1000);
    fake_answer_history(6, 7, 7);
    fake_turn();
    assert_seqs(fake_written(session), 6, 7);
}

static void test_batches_of_one_turn_are_one_frame_with_the_same_bytes_for_all(void **state)
{
    (void)state;
    struct session *one = fake_session("acme", ROLE_ANALYST, 1);
    struct session *two = fake_session("acme", ROLE_ADMIN, 2);
    char first[4096];
    fake_subscribe_live(one, 1, 0);
    fake_subscribe_live(two, 1, 0);
    fake_batch("acme", 1, 1, 2);
    fake_batch("acme", 1, 3, 3);
    fake_turn();
    assert_int_equal(fake_frames(one), 1);
    assert_int_equal(fake_frames(two), 1);
    snprintf(first, sizeof first, "%s", fake_written(one));
    assert_seqs(first, 1, 3);
    assert_string_equal(first, fake_written(two));
}

/* Eight subscribers make a room in which messages may wait for each other. */
static void fill_room(struct session *sessions[8])
{
    for (uint8_t i = 0; i < 8; i++) {
        sessions[i] = fake_session("acme", ROLE_ANALYST, i);
        fake_subscribe_live(sessions[i], 1, 0);
    }
    fake_pass(1000);
    fake_batch("acme", 1, 1, 1);
    fake_turn();
    assert_int_equal(fake_frames(sessions[0]), 1);
}

static void test_a_busy_room_is_written_each_turn_while_writing_is_cheap(void **state)
{
    (void)state;
    struct session *sessions[8];
    fill_room(sessions);
    fake_batch("acme", 1, 2, 2);
    fake_turn();
    fake_batch("acme", 1, 3, 3);
    fake_turn();
    assert_int_equal(fake_frames(sessions[0]), 3);
}

static void test_a_busy_room_waits_when_writing_takes_more_than_its_share(void **state)
{
    (void)state;
    struct session *sessions[8];
    fill_room(sessions);
    fake_slow_writes_us(1000); /* a frame to eight takes 8 ms */
    fake_batch("acme", 1, 2, 2);
    fake_turn();
    fake_slow_writes_us(0);
    fake_batch("acme", 1, 3, 3);
    fake_turn();
    fake_batch("acme", 1, 4, 4);
    fake_turn();
    assert_int_equal(fake_frames(sessions[0]), 2);
    fake_pass(50);
    assert_int_equal(fake_frames(sessions[7]), 3);
    assert_seqs(fake_written(sessions[7]), 1, 4);
}

static void test_a_room_that_empties_takes_its_unwritten_messages_along(void **state)
{
    (void)state;
    struct session *sessions[8];
    fill_room(sessions);
    fake_slow_writes_us(1000);
    fake_batch("acme", 1, 2, 2);
    fake_turn();
    fake_slow_writes_us(0);
    fake_batch("acme", 1, 3, 3);
    fake_turn();
    for (int i = 0; i < 8; i++)
        fake_hang_up(sessions[i]);
    fake_pass(50);
    assert_int_equal(fake_gateway.tenants.count, 0);
}

static void test_rooms_and_tenants_do_not_mix(void **state)
{
    (void)state;
    struct session *acme = fake_session("acme", ROLE_ANALYST, 1);
    struct session *globex = fake_session("globex", ROLE_ANALYST, 2);
    fake_subscribe_live(acme, 1, 0);
    fake_subscribe_live(globex, 1, 0);
    fake_batch("globex", 1, 1, 1);
    fake_batch("acme", 2, 1, 1);
    fake_turn();
    assert_int_equal(fake_frames(acme), 0);
    assert_seqs(fake_written(globex), 1, 1);
}

static void test_a_thread_that_is_not_there_is_an_error_and_no_subscription(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_MEMBER, 1);
    subscribe(session, 1, 0);
    fake_fail(fake_call_of("History"), STATUS_NOT_FOUND);
    fake_turn();
    assert_non_null(strstr(fake_written(session), "\"code\":\"not_found\""));
    assert_int_equal(session->subscription_count, 0);
    fake_batch("acme", 1, 1, 1);
    fake_turn();
    assert_int_equal(fake_frames(session), 0);
}

static void test_nothing_is_delivered_before_the_service_has_said_yes(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_MEMBER, 1);
    subscribe(session, 1, 0);
    fake_batch("acme", 1, 1, 1);
    fake_turn();
    assert_int_equal(fake_frames(session), 0);
}

static void test_an_overloaded_service_is_asked_again_and_then_given_up(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_MEMBER, 1);
    unsigned asked = 0;
    subscribe(session, 1, 0);
    while (fake_call_of("History") && asked < 100) {
        fake_fail(fake_call_of("History"), STATUS_UNAVAILABLE);
        asked++;
        fake_pass(1000);
    }
    assert_in_range(asked, 2, 20);
    assert_non_null(strstr(fake_written(session), "\"code\":\"unavailable\""));
    assert_int_equal(session->subscription_count, 0);
}

static void test_without_after_seq_it_starts_at_the_end(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_ANALYST, 1);
    struct thread_id thread = fake_thread(1);
    resync_subscribe(session, &thread, false, 0);
    fake_batch("acme", 1, 8, 8); /* after the thread was read, before we hear of it */
    fake_turn();
    fake_answer_thread(1, 7);
    fake_turn();
    fake_answer_history(8, 8, 8);
    fake_turn();
    const char *text = fake_written(session);
    assert_non_null(strstr(text, "\"last_seq\":7"));
    assert_seqs(text, 8, 8);
}

static void test_an_after_seq_beyond_the_end_starts_at_the_end(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_ANALYST, 1);
    subscribe(session, 1, 900);
    fake_answer_history(1, 0, 3);
    fake_batch("acme", 1, 4, 4);
    fake_turn();
    assert_seqs(fake_written(session), 4, 4);
}

static void test_a_second_subscribe_starts_again_and_the_first_answer_is_dropped(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_ANALYST, 1);
    subscribe(session, 1, 0);
    struct fake_call *first = fake_call_of("History");
    subscribe(session, 1, 2);
    fake_answer_history(1, 3, 3); /* the first one's */
    fake_turn();
    assert_int_equal(fake_frames(session), 0);
    assert_ptr_not_equal(first, fake_call_of("History"));
    fake_answer_history(3, 3, 3);
    fake_turn();
    assert_seqs(fake_written(session), 3, 3);
}

static void test_subscriptions_of_one_socket_are_bounded(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_ANALYST, 1);
    for (uint8_t i = 1; i <= 5; i++)
        subscribe(session, i, 0);
    fake_turn();
    assert_int_equal(fake_frames(session), 0);
    subscribe(session, 6, 0);
    fake_turn();
    assert_non_null(strstr(fake_written(session), "\"code\":\"rate_limited\""));
    assert_int_equal(session->subscription_count, 5);
}

static void test_a_socket_that_ends_while_it_is_filled(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_ANALYST, 1);
    subscribe(session, 1, 0);
    fake_hang_up(session);
    fake_answer_history(1, 3, 3);
    fake_turn();
    assert_int_equal(fake_gateway.tenants.count, 0);
}

static void test_after_a_lost_channel_only_who_is_behind_is_refilled(void **state)
{
    (void)state;
    struct session *one = fake_session("acme", ROLE_ANALYST, 1);
    struct session *two = fake_session("acme", ROLE_ANALYST, 2);
    fake_subscribe_live(one, 1, 5);
    fake_subscribe_live(two, 2, 5);
    resync_check(&fake_gateway, NULL, 0);
    fake_pass(100);
    assert_int_equal(fake_calls("Heads"), 1); /* one a tenant */
    const Threads__HeadsRequest *request =
        (const Threads__HeadsRequest *)(const void *)fake_request(fake_call_of("Heads"));
    assert_int_equal(request->n_thread_ids, 2);
    assert_int_equal(request->since_us, 0);
    fake_answer_heads((const struct fake_head[]){{1, 7, 0, 0}, {2, 5, 0, 0}}, 2, 0);
    assert_int_equal(fake_calls("History"), 1);
    fake_answer_history(6, 7, 7);
    fake_turn();
    assert_seqs(fake_written(one), 6, 7);
    assert_int_equal(fake_frames(two), 0);
}

static void test_a_check_that_failed_is_done_again(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_ANALYST, 1);
    fake_subscribe_live(session, 1, 5);
    resync_check(&fake_gateway, NULL, 77);
    fake_pass(100);
    fake_fail(fake_call_of("Heads"), STATUS_UNAVAILABLE);
    fake_pass(100);
    assert_int_equal(fake_calls("Heads"), 0); /* not at once */
    fake_pass(500);
    const Threads__HeadsRequest *request =
        (const Threads__HeadsRequest *)(const void *)fake_request(fake_call_of("Heads"));
    assert_int_equal(request->n_thread_ids, 1);
    assert_int_equal(request->since_us, 77);
    /* More than one answer holds: asked for the rest, without the rooms. */
    fake_answer_heads((const struct fake_head[]){{1, 6, 0, 0}}, 1, 99);
    request = (const Threads__HeadsRequest *)(const void *)fake_request(fake_call_of("Heads"));
    assert_int_equal(request->n_thread_ids, 0);
    assert_int_equal(request->since_us, 99);
    fake_answer_heads(NULL, 0, 0);
    fake_answer_history(6, 6, 6);
    fake_turn();
    assert_seqs(fake_written(session), 6, 6);
    assert_int_equal(fake_calls("Heads"), 0);
}

static void test_a_tenant_that_ends_is_not_checked_any_more(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_ANALYST, 1);
    fake_subscribe_live(session, 1, 5);
    resync_check(&fake_gateway, NULL, 0);
    fake_hang_up(session);
    fake_pass(100);
    assert_int_equal(fake_calls("Heads"), 0);
    session = fake_session("acme", ROLE_ANALYST, 1);
    fake_subscribe_live(session, 1, 5);
    resync_check(&fake_gateway, NULL, 0);
    fake_pass(100);
    fake_hang_up(session);
    fake_answer_heads((const struct fake_head[]){{1, 7, 1, 0}}, 1, 0);
    assert_int_equal(fake_calls("History"), 0);
}

static void test_rooms_are_compared_from_time_to_time_in_any_case(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_ANALYST, 1);
    fake_session("globex", ROLE_ANALYST, 2); /* nobody in a room: nothing to ask */
    fake_subscribe_live(session, 1, 5);
    fake_pass(13000);
    resync_sweep(&fake_gateway);
    fake_pass(100);
    assert_int_equal(fake_calls("Heads"), 0);
    fake_pass(2000);
    resync_sweep(&fake_gateway);
    fake_pass(100);
    assert_int_equal(fake_calls("Heads"), 1);
}

static void test_a_service_that_could_not_publish_makes_us_look(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_ANALYST, 1);
    struct session *other = fake_session("globex", ROLE_ANALYST, 2);
    fake_subscribe_live(session, 1, 5);
    fake_subscribe_live(other, 2, 5);
    fake_lost("acme", 50000000);
    fake_pass(100);
    assert_int_equal(fake_calls("Heads"), 1);
    const Threads__HeadsRequest *request =
        (const Threads__HeadsRequest *)(const void *)fake_request(fake_call_of("Heads"));
    assert_int_equal(request->since_us, 50000000 - CLOCKS_APART_US);
    assert_int_equal(request->thread_ids[0].data[15], 1);
}

static void test_many_refills_wait_in_line(void **state)
{
    (void)state;
    enum { COUNT = 60 };
    struct session *sessions[COUNT];
    for (int i = 0; i < COUNT; i++) {
        sessions[i] = fake_session("acme", ROLE_ANALYST, (uint8_t)i);
        subscribe(sessions[i], 1, 0);
        subscribe(sessions[i], 2, 0);
    }
    assert_int_equal(fake_calls("History"), RESYNC_IN_FLIGHT_MAX);
    while (fake_call_of("History"))
        fake_answer_history(1, 1, 1);
    fake_turn();
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(session_is_open(sessions[i]), true);
        assert_non_null(strstr(fake_written(sessions[i]), "\"seq\":1"));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_open, fake_close)
    const struct CMUnitTest tests[] = {
        TEST(test_subscribed_comes_first_then_the_replay_then_live),
        TEST(test_live_messages_during_the_replay_are_neither_lost_nor_repeated),
        TEST(test_what_was_already_sent_is_not_sent_again),
        TEST(test_a_gap_is_filled_from_the_history),
        TEST(test_a_partial_overlap_is_filled_without_a_repeat),
        TEST(test_a_history_that_lags_behind_is_asked_again),
        TEST(test_batches_of_one_turn_are_one_frame_with_the_same_bytes_for_all),
        TEST(test_a_busy_room_is_written_each_turn_while_writing_is_cheap),
        TEST(test_a_busy_room_waits_when_writing_takes_more_than_its_share),
        TEST(test_a_room_that_empties_takes_its_unwritten_messages_along),
        TEST(test_rooms_and_tenants_do_not_mix),
        TEST(test_a_thread_that_is_not_there_is_an_error_and_no_subscription),
        TEST(test_nothing_is_delivered_before_the_service_has_said_yes),
        TEST(test_an_overloaded_service_is_asked_again_and_then_given_up),
        TEST(test_without_after_seq_it_starts_at_the_end),
        TEST(test_an_after_seq_beyond_the_end_starts_at_the_end),
        TEST(test_a_second_subscribe_starts_again_and_the_first_answer_is_dropped),
        TEST(test_subscriptions_of_one_socket_are_bounded),
        TEST(test_a_socket_that_ends_while_it_is_filled),
        TEST(test_after_a_lost_channel_only_who_is_behind_is_refilled),
        TEST(test_a_check_that_failed_is_done_again),
        TEST(test_a_tenant_that_ends_is_not_checked_any_more),
        TEST(test_rooms_are_compared_from_time_to_time_in_any_case),
        TEST(test_a_service_that_could_not_publish_makes_us_look),
        TEST(test_many_refills_wait_in_line)};
    return cmocka_run_group_tests_name("fanout", tests, NULL, NULL) + run_outbox_tests() +
           run_thread_list_tests() + run_fairness_tests();
}
