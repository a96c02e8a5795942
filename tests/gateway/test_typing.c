/* Who is told who types, how often, and when it is over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "core/limits.h"
#include "fake.h"
#include "presence_suites.h"
#include "typing.h"

static void say(struct session *session, bool is_active)
{
    struct thread_id thread = fake_thread(1);
    typing_say(fanout_find(session, &thread), is_active);
}

static bool is_told(struct session *session, const char *active)
{
    const char *text = fake_written(session);
    const char *at = strstr(text, "\"type\":\"typing\"");
    return at && strstr(at, active);
}

static struct session *subscribed(enum role role, uint8_t user)
{
    struct session *session = fake_session("acme", role, user);
    fake_subscribe_live(session, 1, 0);
    return session;
}

static void test_typing_reaches_the_others_in_the_room_and_nobody_else(void **state)
{
    (void)state;
    struct session *writer = subscribed(ROLE_MEMBER, 3), *tab = subscribed(ROLE_MEMBER, 3);
    struct session *reader = subscribed(ROLE_ANALYST, 1);
    struct session *outside = fake_session("acme", ROLE_ANALYST, 2);
    struct session *elsewhere = fake_session("globex", ROLE_ANALYST, 1);
    fake_subscribe_live(elsewhere, 1, 0); /* a thread of the same number */
    fake_forget_published();
    say(writer, true);
    fake_loop_back();
    assert_true(is_told(reader, "\"active\":true"));
    assert_int_equal(fake_frames(writer), 0);
    assert_int_equal(fake_frames(tab), 0);
    assert_int_equal(fake_frames(outside), 0);
    assert_int_equal(fake_frames(elsewhere), 0);
    say(writer, false);
    fake_loop_back();
    assert_true(is_told(reader, "\"active\":false"));
    say(writer, false);
    assert_int_equal(fake_published_count(), 0);
}

static void test_more_than_one_a_second_is_dropped(void **state)
{
    (void)state;
    struct session *writer = subscribed(ROLE_MEMBER, 3);
    fake_forget_published();
    for (int i = 0; i < 30; i++) {
        say(writer, true);
        fake_pass(100);
    }
    assert_int_equal(fake_published_count(), 3);
}

static void test_it_is_over_six_seconds_after_the_last_word(void **state)
{
    (void)state;
    struct session *writer = subscribed(ROLE_MEMBER, 3), *reader = subscribed(ROLE_ANALYST, 1);
    say(writer, true);
    fake_loop_back();
    fake_live_pass(3000);
    say(writer, true);
    fake_loop_back();
    fake_written(reader);
    fake_live_pass(TYPING_LIFE_MS - 1);
    assert_false(is_told(reader, "\"active\":false"));
    fake_live_pass(1);
    assert_true(is_told(reader, "\"active\":false"));
    fake_live_pass(TYPING_LIFE_MS);
    assert_false(is_told(reader, "\"active\":false"));
}

static void test_the_end_of_a_socket_ends_it_but_not_that_of_one_of_two_tabs(void **state)
{
    (void)state;
    struct session *first = subscribed(ROLE_MEMBER, 3), *second = subscribed(ROLE_MEMBER, 3);
    struct session *reader = subscribed(ROLE_ANALYST, 1);
    say(first, true);
    say(second, true);
    fake_loop_back();
    fake_written(reader);
    fake_hang_up(first);
    fake_loop_back();
    assert_false(is_told(reader, "\"active\":false"));
    fake_hang_up(second);
    fake_loop_back();
    assert_true(is_told(reader, "\"active\":false"));
}

static void test_an_unsubscribed_writer_types_no_more(void **state)
{
    (void)state;
    struct session *writer = subscribed(ROLE_MEMBER, 3), *reader = subscribed(ROLE_ANALYST, 1);
    struct thread_id thread = fake_thread(1);
    say(writer, true);
    fake_loop_back();
    fanout_unsubscribe(fanout_find(writer, &thread));
    fake_loop_back();
    assert_true(is_told(reader, "\"active\":false"));
}

/* From another gateway, of any person. */
static void hear(uint8_t user, bool is_active)
{
    struct uuid person = {{[15] = user}};
    struct thread_id thread = fake_thread(1);
    Threads__Author author = THREADS__AUTHOR__INIT;
    Events__Typing typing = EVENTS__TYPING__INIT;
    Events__Event event = EVENTS__EVENT__INIT, *events[1] = {&event};
    author.id = (ProtobufCBinaryData){16, person.b};
    typing.thread_id = (ProtobufCBinaryData){16, thread.u.b};
    typing.user = &author;
    typing.active = is_active;
    event.of_case = EVENTS__EVENT__OF_TYPING;
    event.typing = &typing;
    fake_deliver("acme", events, 1);
}

static void test_what_a_gateway_that_died_left_typing_ends_by_itself(void **state)
{
    (void)state;
    struct session *reader = subscribed(ROLE_ANALYST, 1);
    hear(7, true);
    assert_true(is_told(reader, "\"active\":true"));
    fake_live_pass(TYPING_LIFE_MS);
    assert_true(is_told(reader, "\"active\":false"));
}

static void test_the_typers_of_a_room_are_bounded(void **state)
{
    (void)state;
    struct session *reader = subscribed(ROLE_ANALYST, 1);
    for (uint8_t i = 0; i <= TYPERS_MAX; i++)
        hear((uint8_t)(10 + i), true);
    assert_int_equal(fake_frames(reader), TYPERS_MAX);
    hear(10, false);
    hear(10 + TYPERS_MAX, true);
    assert_int_equal(fake_frames(reader), TYPERS_MAX + 2);
}

static void test_a_room_that_ends_takes_its_typers_along(void **state)
{
    (void)state;
    struct session *reader = subscribed(ROLE_ANALYST, 1);
    hear(7, true);
    fake_hang_up(reader);
    fake_live_pass(TYPING_LIFE_MS);
}

int run_typing_tests(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_open, fake_close)
    const struct CMUnitTest tests[] = {
        TEST(test_typing_reaches_the_others_in_the_room_and_nobody_else),
        TEST(test_more_than_one_a_second_is_dropped),
        TEST(test_it_is_over_six_seconds_after_the_last_word),
        TEST(test_the_end_of_a_socket_ends_it_but_not_that_of_one_of_two_tabs),
        TEST(test_an_unsubscribed_writer_types_no_more),
        TEST(test_what_a_gateway_that_died_left_typing_ends_by_itself),
        TEST(test_the_typers_of_a_room_are_bounded),
        TEST(test_a_room_that_ends_takes_its_typers_along)};
    return cmocka_run_group_tests_name("typing", tests, NULL, NULL);
}
