/* What waits for a socket, and what becomes of sockets that are too slow, too fast or too long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include "core/limits.h"
#include "events.h"
#include "fake.h"
#include "suites.h"

static void receive(struct session *session, const char *text)
{
    session_on_receive(
        session,
        &(struct received){.data = bytes_text(text), .ends_fragment = true, .ends_message = true});
}

static void test_acks_of_one_turn_are_one_frame(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_MEMBER, 1);
    for (int i = 0; i < 8; i++)
        event_pong(session_event(session), "x");
    fake_turn();
    assert_int_equal(fake_frames(session), 1);
}

static void test_private_events_keep_their_place_before_shared_ones(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_MEMBER, 1);
    fake_subscribe_live(session, 1, 0);
    event_pong(session_event(session), "before");
    fake_batch("acme", 1, 1, 1);
    fake_turn();
    const char *text = fake_written(session);
    assert_true(strstr(text, "before") < strstr(text, "\"seq\":1"));
}

static void test_a_blocked_socket_gets_everything_later_in_order(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_MEMBER, 1);
    fake_subscribe_live(session, 1, 0);
    fake_block(session, true);
    for (int i = 1; i <= 20; i++) {
        fake_batch("acme", 1, i, i);
        fake_turn();
    }
    assert_int_equal(fake_frames(session), 0);
    fake_block(session, false);
    assert_seqs(fake_written(session), 1, 20);
    assert_int_equal(session->queue_bytes, 0);
}

/* Shared frames until its queue is over the bound. */
static void overflow(struct session *session, int64_t *seq)
{
    fake_block(session, true);
    while (session->subscription_count > 0) {
        fake_batch("acme", 1, *seq + 1, *seq + 100);
        *seq += 100;
        fake_turn();
    }
}

static void test_a_full_queue_is_dropped_and_the_client_told_to_ask_again(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_MEMBER, 1);
    int64_t seq = 0;
    fake_subscribe_live(session, 1, 0);
    fake_block(session, true);
    event_pong(session_event(session), "an-ack");
    fake_turn();
    overflow(session, &seq);
    assert_int_equal(fake_closed(session), 0);
    assert_true(session->queue_bytes < 4096);
    fake_block(session, false);
    const char *text = fake_written(session);
    assert_non_null(strstr(text, "an-ack"));
    assert_non_null(strstr(text, "\"type\":\"resync\",\"thread_id\":\"00000000-0000-0000-0000-"
                                 "00000000ee01\""));
    assert_null(strstr(text, "\"seq\""));
}

static void test_who_lags_twice_without_catching_up_is_closed(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_MEMBER, 1);
    int64_t seq = 0;
    fake_subscribe_live(session, 1, 0);
    overflow(session, &seq);
    struct thread_id thread = fake_thread(1);
    resync_subscribe(session, &thread, true, seq);
    fake_answer_history(1, 0, seq);
    for (int i = 0; i < 100 && fake_closed(session) == 0; i++) {
        fake_batch("acme", 1, seq + 1, seq + 100);
        seq += 100;
        fake_turn();
    }
    assert_int_equal(fake_closed(session), CLOSE_TOO_SLOW);
}

static void test_who_catches_up_may_lag_again(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_MEMBER, 1);
    int64_t seq = 0;
    for (int round = 0; round < 3; round++) {
        fake_block(session, false);
        fake_turn();
        fake_subscribe_live(session, 1, seq);
        overflow(session, &seq);
    }
    assert_int_equal(fake_closed(session), 0);
}

static void test_a_queue_without_progress_is_closed(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_MEMBER, 1);
    fake_subscribe_live(session, 1, 0);
    fake_block(session, true);
    fake_batch("acme", 1, 1, 1);
    fake_turn();
    fake_pass(16000);
    session->heard_ms = gateway_now_ms(&fake_gateway);
    session_look(session, gateway_now_ms(&fake_gateway), 0);
    fake_turn();
    assert_int_equal(fake_closed(session), CLOSE_TOO_SLOW);
}

static void test_a_silent_peer_is_pinged_and_then_closed(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_MEMBER, 1);
    fake_pass(26000);
    session_look(session, gateway_now_ms(&fake_gateway), 0);
    assert_true(session->is_pinged);
    session_on_pong(session);
    fake_pass(59000);
    session_look(session, gateway_now_ms(&fake_gateway), 0);
    fake_turn();
    assert_int_equal(fake_closed(session), 0);
    fake_pass(2000);
    session_look(session, gateway_now_ms(&fake_gateway), 0);
    fake_turn();
    assert_int_equal(fake_closed(session), CLOSE_GOING_AWAY);
}

static void test_a_token_that_runs_out_is_announced_and_then_closes(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_MEMBER, 1);
    session->credential->who.expires_at_s = 1000;
    session_look(session, gateway_now_ms(&fake_gateway), 939);
    fake_turn();
    assert_int_equal(fake_frames(session), 0);
    session_look(session, gateway_now_ms(&fake_gateway), 940);
    session_look(session, gateway_now_ms(&fake_gateway), 941);
    fake_turn();
    assert_int_equal(fake_frames(session), 1);
    assert_non_null(
        strstr(fake_written(session),
               "{\"type\":\"expiring\",\"expires_at\":\"1970-01-01T00:16:40.000000Z\"}"));
    session_look(session, gateway_now_ms(&fake_gateway), 1000);
    fake_turn();
    assert_int_equal(fake_closed(session), CLOSE_TOKEN);
}

static void test_a_message_in_parts_is_one_message(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_MEMBER, 1);
    session_on_receive(session, &(struct received){.data = bytes_text("\"a"), .announced = 1});
    session_on_receive(session, &(struct received){.data = bytes_text("b"), .ends_fragment = true});
    receive(session, "c\"");
    fake_turn();
    assert_string_equal(fake_written(session), "[{\"echo\":\"abc\"}]\n");
    assert_null(session->inbox.data);
}

static void test_both_sides_of_the_size_of_a_message(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_MEMBER, 1);
    char *text = calloc(1, FRAME_IN_BYTES_MAX + 2);
    memset(text, 'x', FRAME_IN_BYTES_MAX);
    receive(session, text);
    fake_turn();
    assert_int_equal(fake_closed(session), 0);
    text[FRAME_IN_BYTES_MAX] = 'x';
    receive(session, text);
    fake_turn();
    assert_int_equal(fake_closed(session), CLOSE_TOO_BIG);
    free(text);
}

static void test_a_frame_that_announces_2_to_62_bytes_is_closed_at_once(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_MEMBER, 1);
    session_on_receive(session,
                       &(struct received){.data = bytes_text("x"), .announced = (size_t)1 << 62});
    fake_turn();
    assert_int_equal(fake_closed(session), CLOSE_TOO_BIG);
}

static void test_both_sides_of_the_number_of_fragments(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_MEMBER, 1);
    for (int i = 0; i < FRAME_FRAGMENTS_MAX; i++)
        session_on_receive(session,
                           &(struct received){.data = bytes_text("1"), .ends_fragment = true});
    fake_turn();
    assert_int_equal(fake_closed(session), 0);
    session_on_receive(session, &(struct received){.data = bytes_text("1"), .ends_fragment = true});
    fake_turn();
    assert_int_equal(fake_closed(session), CLOSE_TOO_BIG);
}

static void test_binary_is_1003(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_MEMBER, 1);
    session_on_receive(session, &(struct received){.data = bytes_text("x"), .is_binary = true});
    fake_turn();
    assert_int_equal(fake_closed(session), CLOSE_BINARY);
}

static void test_too_many_messages_are_4429(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_MEMBER, 1);
    for (int i = 0; i < 100; i++)
        receive(session, "1");
    fake_turn();
    assert_int_equal(fake_closed(session), 0);
    receive(session, "1");
    fake_turn();
    assert_int_equal(fake_closed(session), CLOSE_TOO_FAST);
}

static void test_fifty_a_second_may_go_on_for_ever(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_MEMBER, 1);
    for (int i = 0; i < 1000; i++) {
        receive(session, "1");
        fake_pass(20);
    }
    assert_int_equal(fake_closed(session), 0);
}

int run_outbox_tests(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_open, fake_close)
    const struct CMUnitTest tests[] = {
        TEST(test_acks_of_one_turn_are_one_frame),
        TEST(test_private_events_keep_their_place_before_shared_ones),
        TEST(test_a_blocked_socket_gets_everything_later_in_order),
        TEST(test_a_full_queue_is_dropped_and_the_client_told_to_ask_again),
        TEST(test_who_lags_twice_without_catching_up_is_closed),
        TEST(test_who_catches_up_may_lag_again),
        TEST(test_a_queue_without_progress_is_closed),
        TEST(test_a_silent_peer_is_pinged_and_then_closed),
        TEST(test_a_token_that_runs_out_is_announced_and_then_closes),
        TEST(test_a_message_in_parts_is_one_message),
        TEST(test_both_sides_of_the_size_of_a_message),
        TEST(test_a_frame_that_announces_2_to_62_bytes_is_closed_at_once),
        TEST(test_both_sides_of_the_number_of_fragments),
        TEST(test_binary_is_1003),
        TEST(test_too_many_messages_are_4429),
        TEST(test_fifty_a_second_may_go_on_for_ever)};
    return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
