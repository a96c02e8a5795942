/* Read marks of sockets: few writes, the highest wins, none is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "core/limits.h"
#include "fake.h"
#include "presence_suites.h"
#include "read_marks.h"

static void put(struct session *session, uint8_t number, int64_t seq)
{
    struct thread_id thread = fake_thread(number);
    assert_int_equal(read_marks_put(session, &thread, seq), OK);
}

/* The oldest write that was not answered is of this seq; answer it. */
static void expect_write(int64_t seq)
{
    struct fake_call *call = fake_call_of("Read");
    const Threads__ReadRequest *read =
        (const Threads__ReadRequest *)(const void *)fake_request(call);
    Threads__Receipt receipt = THREADS__RECEIPT__INIT;
    assert_int_equal(read->seq, seq);
    fake_answer(call, &receipt.base);
}

static int finish(void **state)
{
    while (fake_call_of("Read"))
        expect_write(
            ((const Threads__ReadRequest *)(const void *)fake_request(fake_call_of("Read")))->seq);
    fake_live_pass(1000);
    while (fake_call_of("Read"))
        expect_write(
            ((const Threads__ReadRequest *)(const void *)fake_request(fake_call_of("Read")))->seq);
    fake_live_pass(1000);
    assert_int_equal(read_marks_waiting(), 0);
    return fake_close(state);
}

static void test_the_first_is_written_at_once_and_the_last_of_the_rest_later(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_MEMBER, 3);
    put(session, 1, 1);
    assert_int_equal(fake_calls("Read"), 1);
    expect_write(1);
    for (int64_t seq = 2; seq <= 20; seq++)
        put(session, 1, seq);
    fake_live_pass(READ_BETWEEN_MS - 1);
    assert_int_equal(fake_calls("Read"), 0);
    fake_live_pass(1);
    assert_int_equal(fake_calls("Read"), 1);
    expect_write(20);
}

static void test_a_lower_one_is_not_written(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_MEMBER, 3);
    put(session, 1, 5);
    put(session, 1, 4);
    put(session, 1, 9);
    put(session, 1, 7);
    expect_write(5);
    fake_live_pass(READ_BETWEEN_MS);
    expect_write(9);
    fake_live_pass(READ_BETWEEN_MS);
    assert_int_equal(fake_calls("Read"), 0);
}

static void test_threads_and_sockets_do_not_wait_for_each_other(void **state)
{
    (void)state;
    struct session *first = fake_session("acme", ROLE_MEMBER, 3);
    struct session *second = fake_session("acme", ROLE_MEMBER, 3);
    put(first, 1, 1);
    put(first, 2, 1);
    put(second, 1, 2);
    assert_int_equal(fake_calls("Read"), 3);
}

static void test_closing_writes_what_waits(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_MEMBER, 3);
    put(session, 1, 1);
    expect_write(1);
    put(session, 1, 2);
    assert_int_equal(fake_calls("Read"), 0);
    fake_hang_up(session);
    expect_write(2);
}

static void test_closing_while_one_is_under_way_writes_the_rest_after_it(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_MEMBER, 3);
    put(session, 1, 1);
    put(session, 1, 2);
    fake_hang_up(session);
    assert_int_equal(fake_calls("Read"), 1);
    assert_int_equal(read_marks_waiting(), 2);
    expect_write(1);
    fake_live_pass(READ_BETWEEN_MS);
    expect_write(2);
}

static void test_unsubscribing_writes_what_waits(void **state)
{
    (void)state;
    struct thread_id thread = fake_thread(1);
    struct session *session = fake_session("acme", ROLE_MEMBER, 3);
    fake_subscribe_live(session, 1, 9);
    put(session, 1, 1);
    expect_write(1);
    put(session, 1, 2);
    fanout_unsubscribe(fanout_find(session, &thread));
    expect_write(2);
}

static void test_a_service_that_is_away_is_asked_again_even_after_the_close(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_MEMBER, 3);
    put(session, 1, 7);
    fake_hang_up(session);
    fake_fail(fake_call_of("Read"), STATUS_UNAVAILABLE);
    fake_live_pass(1000);
    assert_int_equal(fake_calls("Read"), 1);
    expect_write(7);
}

static void test_a_refusal_is_told_and_not_repeated(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_MEMBER, 3);
    put(session, 1, 7);
    fake_fail(fake_call_of("Read"), STATUS_NOT_FOUND);
    fake_live_pass(1000);
    assert_non_null(strstr(fake_written(session), "\"code\":\"not_found\""));
    assert_int_equal(fake_calls("Read"), 0);
}

static void test_marks_under_way_are_bounded(void **state)
{
    (void)state;
    struct session *session = fake_session("acme", ROLE_MEMBER, 3);
    for (uint8_t i = 0; i < READ_MARKS_MAX; i++)
        put(session, i, 1);
    struct thread_id thread = fake_thread(READ_MARKS_MAX);
    assert_int_equal(read_marks_put(session, &thread, 1), STATUS_RESOURCE_EXHAUSTED);
    for (int i = 0; i < READ_MARKS_MAX; i++)
        expect_write(1);
    fake_live_pass(READ_BETWEEN_MS);
    assert_int_equal(session->read_mark_count, 0);
    put(session, READ_MARKS_MAX, 1);
}

static void test_a_mark_is_told_to_the_room_and_to_the_readers_other_tabs(void **state)
{
    (void)state;
    struct session *reader = fake_session("acme", ROLE_MEMBER, 3);
    struct session *tab = fake_session("acme", ROLE_MEMBER, 3);
    struct session *other = fake_session("acme", ROLE_MEMBER, 4);
    struct session *outside = fake_session("acme", ROLE_ANALYST, 1);
    struct thread_id thread = fake_thread(1);
    struct uuid user = {{[15] = 3}};
    Events__Read read = EVENTS__READ__INIT;
    Events__Event event = EVENTS__EVENT__INIT, *events[1] = {&event};
    fake_subscribe_live(reader, 1, 0);
    fake_subscribe_live(other, 1, 0);
    read.thread_id = (ProtobufCBinaryData){16, thread.u.b};
    read.user_id = (ProtobufCBinaryData){16, user.b};
    read.seq = 7;
    event.of_case = EVENTS__EVENT__OF_READ;
    event.read = &read;
    fake_deliver("acme", events, 1);
    assert_int_equal(fake_frames(reader), 1);
    assert_int_equal(fake_frames(tab), 1);
    assert_non_null(strstr(fake_written(other), "\"type\":\"read\""));
    assert_int_equal(fake_frames(outside), 0);
}

int run_read_marks_tests(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_open, finish)
    const struct CMUnitTest tests[] = {
        TEST(test_the_first_is_written_at_once_and_the_last_of_the_rest_later),
        TEST(test_a_lower_one_is_not_written),
        TEST(test_threads_and_sockets_do_not_wait_for_each_other),
        TEST(test_closing_writes_what_waits),
        TEST(test_closing_while_one_is_under_way_writes_the_rest_after_it),
        TEST(test_unsubscribing_writes_what_waits),
        TEST(test_a_service_that_is_away_is_asked_again_even_after_the_close),
        TEST(test_a_refusal_is_told_and_not_repeated),
        TEST(test_marks_under_way_are_bounded),
        TEST(test_a_mark_is_told_to_the_room_and_to_the_readers_other_tabs)};
    return cmocka_run_group_tests_name("read_marks", tests, NULL, NULL);
}
