/* Who is told of whom, what is said to the other gateways, and what is heard from them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include "core/limits.h"
#include "fake.h"
#include "presence.h"
#include "presence_suites.h"

#define ONLINE  EVENTS__PRESENCE_STATUS__PRESENCE_STATUS_ONLINE
#define AWAY    EVENTS__PRESENCE_STATUS__PRESENCE_STATUS_AWAY
#define OFFLINE EVENTS__PRESENCE_STATUS__PRESENCE_STATUS_OFFLINE

/* One word of gateway number `gateway` about user number `user` (0: none), as message `number`. */
static void hear(const char *tenant, uint8_t gateway, uint64_t number, uint8_t user, int status,
                 const Events__GatewayPresence *flags)
{
    struct uuid id = {{[0] = gateway}}, person = {{[15] = user}};
    Events__GatewayPresence words =
        flags ? *flags : (Events__GatewayPresence)EVENTS__GATEWAY_PRESENCE__INIT;
    Events__PresenceEntry entry = EVENTS__PRESENCE_ENTRY__INIT, *entries[1] = {&entry};
    Events__Event event = EVENTS__EVENT__INIT, *events[1] = {&event};
    entry.user_id = (ProtobufCBinaryData){16, person.b};
    entry.status = (Events__PresenceStatus)status;
    words.gateway_id = (ProtobufCBinaryData){16, id.b};
    words.number = number;
    words.entries = entries;
    words.n_entries = user > 0;
    event.of_case = EVENTS__EVENT__OF_GATEWAY_PRESENCE;
    event.gateway_presence = &words;
    fake_deliver(tenant, events, 1);
    fake_live_pass(100);
}

/* Was the session told exactly once since the last look that a user is so? Forgets what it read. */
static unsigned times_told(struct session *session, uint8_t user, const char *status)
{
    char needle[128];
    unsigned count = 0;
    snprintf(needle, sizeof needle,
             "{\"type\":\"presence\",\"user_id\":\"00000000-0000-0000-0000-0000000000%02x\","
             "\"status\":\"%s\"}",
             user, status);
    for (const char *at = fake_written(session); (at = strstr(at, needle)); at++)
        count++;
    return count;
}

static void forget_written(struct session *session)
{
    fake_written(session);
}

static struct session *greeted(const char *tenant, enum role role, uint8_t user)
{
    struct session *session = fake_session(tenant, role, user);
    fake_live_pass(100);
    forget_written(session);
    return session;
}

/* Answer the oldest List with one thread of these two, the last page. */
static void answer_list(uint8_t number, uint8_t first, uint8_t second)
{
    struct thread_id id = fake_thread(number);
    struct uuid users[2] = {{{[15] = first}}, {{[15] = second}}};
    Threads__Participant people[2], *list[2] = {&people[0], &people[1]};
    Threads__Thread thread = THREADS__THREAD__INIT, *threads[1] = {&thread};
    Threads__ListReply reply = THREADS__LIST_REPLY__INIT;
    for (int i = 0; i < 2; i++) {
        threads__participant__init(&people[i]);
        people[i].user_id = (ProtobufCBinaryData){16, users[i].b};
    }
    thread.id = (ProtobufCBinaryData){16, id.u.b};
    thread.participants = list;
    thread.n_participants = 2;
    reply.results = threads;
    reply.n_results = number > 0;
    fake_answer(fake_call_of("List"), &reply.base);
    fake_turn();
}

static void test_the_soc_is_told_of_everybody_and_members_of_nobody_else(void **state)
{
    (void)state;
    struct session *analyst = greeted("acme", ROLE_ANALYST, 1);
    struct session *auditor = greeted("acme", ROLE_AUDITOR, 2);
    struct session *member = greeted("acme", ROLE_MEMBER, 3);
    struct session *elsewhere = greeted("globex", ROLE_ADMIN, 4);
    answer_list(1, 3, 1);
    forget_written(analyst);
    forget_written(auditor);
    forget_written(member);
    greeted("acme", ROLE_MEMBER, 5);
    assert_int_equal(times_told(analyst, 5, "online"), 1);
    assert_int_equal(times_told(auditor, 5, "online"), 1);
    assert_int_equal(fake_frames(member), 0);
    assert_int_equal(fake_frames(elsewhere), 0);
}

static void test_a_member_hears_of_those_it_shares_a_thread_with(void **state)
{
    (void)state;
    struct session *member = greeted("acme", ROLE_MEMBER, 3);
    answer_list(1, 3, 1);
    struct session *analyst = greeted("acme", ROLE_ANALYST, 1);
    assert_int_equal(times_told(member, 1, "online"), 1);
    presence_set_away(analyst, true);
    fake_live_pass(1000);
    assert_int_equal(times_told(member, 1, "away"), 1);
    hear("acme", 9, 1, 1, ONLINE, NULL);
    assert_int_equal(times_told(member, 1, "online"), 1);
    hear("acme", 9, 2, 7, ONLINE, NULL);
    assert_int_equal(fake_frames(member), 0);
}

static void test_when_it_opens_a_socket_is_told_who_is_there_once(void **state)
{
    (void)state;
    hear("acme", 9, 1, 0, 0, NULL);
    struct session *first = greeted("acme", ROLE_ANALYST, 1);
    hear("acme", 9, 2, 7, ONLINE, NULL);
    hear("acme", 9, 3, 8, AWAY, NULL);
    forget_written(first);
    struct session *second = fake_session("acme", ROLE_ADMIN, 2);
    fake_live_pass(100);
    assert_int_equal(fake_frames(first), 1); /* of the second one only */
    const char *text = fake_written(second);
    assert_non_null(strstr(text, "\"status\":\"away\""));
    struct session *member = fake_session("acme", ROLE_MEMBER, 3);
    fake_live_pass(100);
    assert_int_equal(fake_frames(member), 0);
    answer_list(1, 3, 7);
    assert_int_equal(times_told(member, 7, "online"), 1);
    assert_int_equal(times_told(second, 7, "online"), 0);
}

static void test_who_is_taken_into_a_thread_is_told_who_is_in_it(void **state)
{
    (void)state;
    struct session *member = greeted("acme", ROLE_MEMBER, 3);
    answer_list(0, 3, 0);
    hear("acme", 9, 1, 7, ONLINE, NULL);
    assert_int_equal(fake_frames(member), 0);
    fake_thread_event("acme", 2, 3, 7);
    fake_turn();
    assert_int_equal(times_told(member, 7, "online"), 1);
    fake_thread_event("acme", 2, 7, 0); /* and taken out again */
    fake_turn();
    forget_written(member);
    hear("acme", 9, 2, 7, AWAY, NULL);
    assert_int_equal(fake_frames(member), 0);
}

static void test_a_removal_is_told_to_who_is_only_known_from_its_own_list(void **state)
{
    (void)state;
    struct session *member = greeted("acme", ROLE_MEMBER, 3);
    answer_list(1, 3, 7);
    forget_written(member);
    fake_thread_event("acme", 1, 7, 0);
    fake_turn();
    assert_non_null(strstr(fake_written(member), "\"change\":\"removed\""));
    fake_thread_event("acme", 1, 7, 0);
    fake_turn();
    assert_int_equal(fake_frames(member), 0);
}

static void test_lists_are_asked_once_a_person_and_again_after_a_loss(void **state)
{
    (void)state;
    greeted("acme", ROLE_MEMBER, 3);
    greeted("acme", ROLE_MEMBER, 3);
    assert_int_equal(fake_calls("List"), 1);
    answer_list(1, 3, 1);
    greeted("acme", ROLE_MEMBER, 3);
    greeted("acme", ROLE_ANALYST, 1);
    assert_int_equal(fake_calls("List"), 0);
    struct tenant_id id;
    assert_true(tenant_id_parse(bytes_text("acme"), &id));
    circle_list_again(fanout_tenant(&fake_gateway, &id));
    fake_live_pass(100);
    assert_int_equal(fake_calls("List"), 1);
    fake_fail(fake_call_of("List"), STATUS_UNAVAILABLE);
    assert_int_equal(fake_calls("List"), 0);
    fake_live_pass(100);
    assert_int_equal(fake_calls("List"), 1);
    answer_list(1, 3, 1);
}

static void test_a_thread_that_a_list_does_not_name_any_more_is_left(void **state)
{
    (void)state;
    struct session *member = greeted("acme", ROLE_MEMBER, 3);
    struct tenant *tenant = member->tenant;
    answer_list(1, 3, 7);
    fake_live_pass(100);
    circle_list_again(tenant); /* the event that took it out was lost with Redis */
    fake_live_pass(100);
    answer_list(0, 3, 0);
    forget_written(member);
    hear("acme", 9, 1, 7, ONLINE, NULL);
    assert_int_equal(fake_frames(member), 0);
}

/* The other one has no socket here, so nobody here could ask for the thread. */
static void test_who_was_taken_out_while_events_were_lost_hears_of_nobody_there(void **state)
{
    (void)state;
    struct session *member = greeted("acme", ROLE_MEMBER, 3);
    answer_list(1, 3, 7);
    fake_lost("acme", 1000000000);
    fake_live_pass(1000);
    fake_answer_heads(&(struct fake_head){.thread = 1, .last = 9, .first = 7}, 1, 0);
    fake_live_pass(100);
    assert_non_null(strstr(fake_written(member), "\"change\":\"removed\""));
    hear("acme", 9, 1, 7, ONLINE, NULL);
    assert_int_equal(fake_frames(member), 0);
}

static void test_however_often_redis_brings_rubbish_lists_are_asked_now_and_then(void **state)
{
    (void)state;
    struct session *member = greeted("acme", ROLE_MEMBER, 3);
    unsigned asked = 0;
    answer_list(1, 3, 7);
    fake_forget_published();
    for (int i = 0; i < 2 * PRESENCE_START_OVER_MS / 100; i++) {
        presence_start_over(member->tenant);
        fake_live_pass(100);
        if (fake_call_of("List")) {
            answer_list(1, 3, 7);
            asked++;
        }
    }
    assert_in_range(asked, 1, 3);
    assert_in_range(fake_published_count(), 1, 5);
}

static void test_several_tabs_are_one_person_and_the_best_of_them_counts(void **state)
{
    (void)state;
    struct session *watcher = greeted("acme", ROLE_ANALYST, 1);
    struct session *first = greeted("acme", ROLE_MEMBER, 3);
    struct session *second = greeted("acme", ROLE_MEMBER, 3);
    assert_int_equal(times_told(watcher, 3, "online"), 1);
    fake_live_pass(2000);
    presence_set_away(first, true);
    fake_live_pass(2000);
    assert_int_equal(fake_frames(watcher), 0);
    presence_set_away(second, true);
    fake_live_pass(2000);
    assert_int_equal(times_told(watcher, 3, "away"), 1);
    fake_hang_up(first);
    fake_live_pass(10000);
    assert_int_equal(fake_frames(watcher), 0);
    fake_hang_up(second);
    fake_live_pass(4000);
    assert_int_equal(fake_frames(watcher), 0);
    fake_live_pass(1100);
    assert_int_equal(times_told(watcher, 3, "offline"), 1);
}

static void test_a_page_that_flaps_is_told_once_a_second_and_ends_right(void **state)
{
    (void)state;
    struct session *watcher = greeted("acme", ROLE_ANALYST, 1);
    struct session *session = greeted("acme", ROLE_MEMBER, 3);
    forget_written(watcher);
    fake_forget_published();
    for (int i = 0; i < 50; i++) {
        presence_set_away(session, i % 2 == 0);
        fake_live_pass(20);
    }
    presence_set_away(session, true);
    assert_in_range(fake_published_count(), 1, 2);
    assert_in_range(fake_frames(watcher), 1, 2);
    fake_live_pass(1000);
    assert_int_equal(session->person->said, PRESENCE_AWAY);
}

static void expect_words(size_t at, size_t entries, uint32_t piece, bool is_ask)
{
    Events__Batch *batch = fake_published(at);
    assert_int_equal(batch->n_events, 1);
    const Events__GatewayPresence *words = batch->events[0]->gateway_presence;
    assert_int_equal(words->n_entries, entries);
    assert_int_equal(words->piece, piece);
    assert_int_equal(words->is_ask, is_ask);
    events__batch__free_unpacked(batch, NULL);
}

static void test_changes_leave_at_once_and_everything_every_ten_seconds(void **state)
{
    (void)state;
    fake_session("acme", ROLE_ANALYST, 1);
    fake_session("acme", ROLE_ANALYST, 2);
    presence_end_turn(&fake_gateway);
    assert_int_equal(fake_published_count(), 1);
    expect_words(0, 2, 0, false);
    fake_forget_published();
    fake_live_pass(8000);
    assert_int_equal(fake_published_count(), 0);
    fake_live_pass(2000);
    assert_int_equal(fake_published_count(), 1);
    expect_words(0, 2, 1, false);
}

static void test_who_asks_is_answered_soon_and_not_for_each_question(void **state)
{
    (void)state;
    Events__GatewayPresence ask = EVENTS__GATEWAY_PRESENCE__INIT;
    ask.is_ask = true;
    greeted("acme", ROLE_ANALYST, 1);
    fake_forget_published();
    for (uint8_t i = 1; i <= 20; i++)
        hear("acme", i, 1, 0, 0, &ask); /* 100 ms each */
    assert_in_range(fake_published_count(), 1, 2);
    expect_words(0, 1, 1, false);
}

static void test_what_was_said_without_redis_is_said_when_it_is_back(void **state)
{
    (void)state;
    struct session *session = greeted("acme", ROLE_ANALYST, 1);
    fake_forget_published();
    fake_channel_away(true);
    fake_session("acme", ROLE_ANALYST, 2);
    fake_live_pass(1000);
    assert_int_equal(times_told(session, 2, "online"), 1); /* here it is known all the same */
    fake_channel_away(false);
    fake_live_pass(100);
    assert_int_equal(fake_published_count(), 1);
    expect_words(0, 2, 1, true);
}

static void test_many_users_are_said_in_pieces(void **state)
{
    (void)state;
    struct session *session = greeted("acme", ROLE_ANALYST, 1);
    struct circle *circle = &session->tenant->presence->circle;
    for (uint32_t i = 0; i < PRESENCE_PIECE_USERS; i++) {
        struct user_id id = {{{[0] = 7, [14] = (uint8_t)(i >> 8), [15] = (uint8_t)i}}};
        circle_hold(circle, &id)->said = PRESENCE_ONLINE;
    }
    fake_forget_published();
    fake_live_pass(PRESENCE_SNAPSHOT_MS);
    assert_int_equal(fake_published_count(), 2);
    expect_words(0, PRESENCE_PIECE_USERS, 1, false);
    expect_words(1, 1, 2, false);
}

static void test_the_last_session_of_a_tenant_says_goodbye(void **state)
{
    (void)state;
    struct session *session = greeted("acme", ROLE_ANALYST, 1);
    fake_forget_published();
    fake_hang_up(session);
    Events__Batch *batch = fake_published(fake_published_count() - 1);
    assert_true(batch->events[0]->gateway_presence->is_goodbye);
    events__batch__free_unpacked(batch, NULL);
}

static void test_users_of_a_gateway_that_died_go_offline_and_those_who_moved_do_not(void **state)
{
    (void)state;
    struct session *watcher = greeted("acme", ROLE_ANALYST, 1);
    hear("acme", 9, 1, 7, ONLINE, NULL);
    hear("acme", 9, 2, 8, ONLINE, NULL);
    forget_written(watcher);
    fake_live_pass(3000);
    struct session *moved = fake_session("acme", ROLE_MEMBER, 8);
    for (int i = 0; i < 27; i++)
        fake_live_pass(1000);
    const char *text = fake_written(watcher);
    assert_non_null(strstr(text, "0007\",\"status\":\"offline\""));
    assert_null(strstr(text, "0008\""));
    assert_int_equal(
        presence_table_of(&watcher->tenant->presence->table, &session_who(moved)->user),
        PRESENCE_ONLINE);
}

static void test_words_that_break_the_rules_are_counted_and_change_nothing(void **state)
{
    (void)state;
    struct session *watcher = greeted("acme", ROLE_ANALYST, 1);
    Events__GatewayPresence odd = EVENTS__GATEWAY_PRESENCE__INIT;
    odd.piece = 2;
    odd.pieces = 1;
    hear("acme", 9, 1, 7, ONLINE, &odd);
    hear("acme", 9, 2, 7, 77, NULL);
    hear("acme", 9, 3, 7, 0, NULL);
    hear("globex", 9, 4, 7, ONLINE, NULL);
    fake_loop_back();                    /* its own words */
    hear("acme", 9, 3, 7, ONLINE, NULL); /* again */
    assert_int_equal(fake_frames(watcher), 0);
}

static void test_sockets_that_come_and_go_leave_no_people(void **state)
{
    (void)state;
    struct session *stays = greeted("acme", ROLE_ANALYST, 1);
    for (int i = 0; i < 20; i++) {
        struct session *session = greeted("acme", ROLE_MEMBER, 3);
        presence_set_away(session, true);
        fake_hang_up(session);
        if (fake_call_of("List"))
            answer_list(1, 3, 1);
        fake_live_pass(100);
    }
    for (int i = 0; i < 100; i++)
        fake_live_pass(100);
    assert_int_equal(stays->tenant->presence->circle.people.count, 1);
    assert_int_equal(stays->tenant->presence->circle.rosters.count, 0);
    assert_int_equal(stays->tenant->presence->table.users.count, 1);
    assert_int_equal(stays->tenant->presence->asking, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_open, fake_close)
    const struct CMUnitTest tests[] = {
        TEST(test_the_soc_is_told_of_everybody_and_members_of_nobody_else),
        TEST(test_a_member_hears_of_those_it_shares_a_thread_with),
        TEST(test_when_it_opens_a_socket_is_told_who_is_there_once),
        TEST(test_who_is_taken_into_a_thread_is_told_who_is_in_it),
        TEST(test_a_removal_is_told_to_who_is_only_known_from_its_own_list),
        TEST(test_lists_are_asked_once_a_person_and_again_after_a_loss),
        TEST(test_a_thread_that_a_list_does_not_name_any_more_is_left),
        TEST(test_who_was_taken_out_while_events_were_lost_hears_of_nobody_there),
        TEST(test_however_often_redis_brings_rubbish_lists_are_asked_now_and_then),
        TEST(test_several_tabs_are_one_person_and_the_best_of_them_counts),
        TEST(test_a_page_that_flaps_is_told_once_a_second_and_ends_right),
        TEST(test_changes_leave_at_once_and_everything_every_ten_seconds),
        TEST(test_who_asks_is_answered_soon_and_not_for_each_question),
        TEST(test_what_was_said_without_redis_is_said_when_it_is_back),
        TEST(test_many_users_are_said_in_pieces),
        TEST(test_the_last_session_of_a_tenant_says_goodbye),
        TEST(test_users_of_a_gateway_that_died_go_offline_and_those_who_moved_do_not),
        TEST(test_words_that_break_the_rules_are_counted_and_change_nothing),
        TEST(test_sockets_that_come_and_go_leave_no_people)};
    return cmocka_run_group_tests_name("presence", tests, NULL, NULL) + run_presence_table_tests() +
           run_circle_tests() + run_typing_tests() + run_read_marks_tests();
}
