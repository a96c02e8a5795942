/* The merged view of all gateways, with a clock of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "core/limits.h"
#include "presence_suites.h"
#include "presence_table.h"

#define START_MS 1000000

static struct presence_table table;
static int64_t now_ms;
static struct uuid own = {{[0] = 1}}, second = {{[0] = 2}}, third = {{[0] = 3}};

static int open_table(void **state)
{
    (void)state;
    presence_table_init(&table);
    now_ms = START_MS;
    return 0;
}

static int close_table(void **state)
{
    (void)state;
    presence_table_fini(&table);
    return 0;
}

static struct user_id user(uint8_t number)
{
    return (struct user_id){{{[14] = 0xcc, [15] = number}}};
}

static void say(const struct uuid *gateway, uint8_t number, enum presence_state state)
{
    struct user_id id = user(number);
    struct presence_gateway *found =
        presence_table_gateway(&table, gateway, gateway == &own, now_ms);
    assert_non_null(found);
    assert_true(presence_table_say(&table, found, &id, state, now_ms));
}

static void pass(int64_t ms)
{
    now_ms += ms;
    presence_table_look(&table, now_ms);
}

/* The next change is this one. */
static void expect(uint8_t number, enum presence_state state)
{
    struct user_id changed, id = user(number);
    enum presence_state told;
    assert_true(presence_table_next_change(&table, &changed, &told));
    assert_true(uuid_equal(&changed.u, &id.u));
    assert_int_equal(told, state);
}

static void expect_nothing(void)
{
    struct user_id changed;
    enum presence_state told;
    assert_false(presence_table_next_change(&table, &changed, &told));
}

static void test_a_user_is_as_good_as_the_best_word_of_all_gateways(void **state)
{
    (void)state;
    struct user_id id = user(1);
    say(&own, 1, PRESENCE_AWAY);
    expect(1, PRESENCE_AWAY);
    say(&second, 1, PRESENCE_ONLINE);
    expect(1, PRESENCE_ONLINE);
    say(&third, 1, PRESENCE_AWAY);
    expect_nothing();
    say(&second, 1, PRESENCE_OFFLINE);
    expect(1, PRESENCE_AWAY);
    assert_int_equal(presence_table_of(&table, &id), PRESENCE_AWAY);
}

static void test_offline_is_told_five_seconds_late(void **state)
{
    (void)state;
    say(&own, 1, PRESENCE_ONLINE);
    expect(1, PRESENCE_ONLINE);
    say(&own, 1, PRESENCE_OFFLINE);
    expect_nothing();
    pass(PRESENCE_OFFLINE_LATE_MS - 1);
    expect_nothing();
    pass(1);
    expect(1, PRESENCE_OFFLINE);
    expect_nothing();
    assert_int_equal(table.users.count, 0);
}

static void test_who_comes_back_within_five_seconds_never_went(void **state)
{
    (void)state;
    say(&own, 1, PRESENCE_ONLINE);
    expect(1, PRESENCE_ONLINE);
    say(&own, 1, PRESENCE_OFFLINE);
    pass(PRESENCE_OFFLINE_LATE_MS - 1);
    say(&second, 1, PRESENCE_ONLINE);
    pass(PRESENCE_OFFLINE_LATE_MS);
    expect_nothing();
}

static void test_the_five_seconds_begin_anew_each_time(void **state)
{
    (void)state;
    say(&own, 1, PRESENCE_ONLINE);
    expect(1, PRESENCE_ONLINE);
    for (int i = 0; i < 10; i++) {
        say(&own, 1, PRESENCE_OFFLINE);
        pass(PRESENCE_OFFLINE_LATE_MS - 1);
        say(&own, 1, PRESENCE_ONLINE);
    }
    expect_nothing();
    assert_int_equal(table.leaving_count, 0);
}

static void test_a_gateway_that_is_silent_is_forgotten_with_its_users(void **state)
{
    (void)state;
    say(&second, 1, PRESENCE_ONLINE);
    say(&second, 2, PRESENCE_ONLINE);
    say(&third, 2, PRESENCE_AWAY);
    say(&own, 3, PRESENCE_ONLINE);
    expect(1, PRESENCE_ONLINE);
    expect(2, PRESENCE_ONLINE);
    expect(3, PRESENCE_ONLINE);
    pass(PRESENCE_FORGET_MS - 1);
    expect_nothing();
    assert_true(
        presence_gateway_hear(presence_table_gateway(&table, &third, false, now_ms), 1, now_ms));
    pass(1);
    /* In any order: who was only there, and who is only away elsewhere. */
    struct user_id changed;
    enum presence_state told;
    for (int i = 0; i < 2; i++) {
        assert_true(presence_table_next_change(&table, &changed, &told));
        assert_int_equal(told, changed.u.b[15] == 1 ? PRESENCE_OFFLINE : PRESENCE_AWAY);
    }
    expect_nothing();
    assert_int_equal(table.gateway_count, 2);
}

static void test_who_moved_to_another_gateway_does_not_flicker_when_the_old_one_dies(void **state)
{
    (void)state;
    say(&second, 1, PRESENCE_ONLINE);
    expect(1, PRESENCE_ONLINE);
    pass(3000);
    say(&third, 1, PRESENCE_ONLINE);
    for (int i = 0; i < 60; i++) {
        pass(1000);
        presence_gateway_hear(presence_table_gateway(&table, &third, false, now_ms),
                              (uint64_t)i + 1, now_ms);
    }
    expect_nothing();
    assert_int_equal(table.gateway_count, 1);
}

static void test_a_goodbye_is_late_like_any_leaving(void **state)
{
    (void)state;
    say(&second, 1, PRESENCE_ONLINE);
    expect(1, PRESENCE_ONLINE);
    presence_table_forget(&table, presence_table_gateway(&table, &second, false, now_ms), now_ms);
    pass(PRESENCE_OFFLINE_LATE_MS - 1);
    expect_nothing();
    pass(1);
    expect(1, PRESENCE_OFFLINE);
}

static void say_piece(uint32_t piece, uint32_t pieces, uint8_t number)
{
    struct presence_gateway *gateway = presence_table_gateway(&table, &second, false, now_ms);
    presence_table_piece_begin(gateway, piece);
    say(&second, number, PRESENCE_ONLINE);
    presence_table_piece_end(&table, gateway, piece, pieces, now_ms);
}

static void test_everything_in_pieces_takes_back_what_is_in_none_of_them(void **state)
{
    (void)state;
    for (uint8_t i = 1; i <= 3; i++) {
        say(&second, i, PRESENCE_ONLINE);
        expect(i, PRESENCE_ONLINE);
    }
    say_piece(1, 2, 1);
    pass(PRESENCE_OFFLINE_LATE_MS);
    expect_nothing(); /* the second piece may still name them */
    say_piece(2, 2, 2);
    pass(PRESENCE_OFFLINE_LATE_MS);
    expect(3, PRESENCE_OFFLINE);
    expect_nothing();
}

static void test_a_lost_piece_takes_nobody_back(void **state)
{
    (void)state;
    for (uint8_t i = 1; i <= 3; i++) {
        say(&second, i, PRESENCE_ONLINE);
        expect(i, PRESENCE_ONLINE);
    }
    say_piece(1, 3, 1);
    say_piece(3, 3, 3);
    pass(PRESENCE_OFFLINE_LATE_MS);
    expect_nothing();
    say_piece(2, 3, 2); /* of a round whose first was lost */
    say_piece(3, 3, 3);
    pass(PRESENCE_OFFLINE_LATE_MS);
    expect_nothing();
}

static void test_a_word_that_comes_twice_or_late_is_known(void **state)
{
    (void)state;
    struct presence_gateway *gateway = presence_table_gateway(&table, &second, false, now_ms);
    assert_true(presence_gateway_hear(gateway, 7, now_ms));
    assert_false(presence_gateway_hear(gateway, 7, now_ms));
    assert_false(presence_gateway_hear(gateway, 6, now_ms));
    assert_true(presence_gateway_hear(gateway, 8, now_ms));
}

static void test_an_old_word_does_not_keep_a_gateway_alive(void **state)
{
    (void)state;
    struct presence_gateway *gateway = presence_table_gateway(&table, &second, false, now_ms);
    assert_true(presence_gateway_hear(gateway, 7, now_ms));
    now_ms += PRESENCE_FORGET_MS;
    assert_false(presence_gateway_hear(gateway, 7, now_ms));
    pass(0);
    assert_int_equal(table.gateway_count, 0);
}

static void test_gateways_and_users_are_bounded(void **state)
{
    (void)state;
    for (uint8_t i = 1; i <= PRESENCE_GATEWAYS_MAX; i++)
        assert_non_null(presence_table_gateway(&table, &(struct uuid){{[0] = i}}, false, now_ms));
    assert_null(presence_table_gateway(&table, &(struct uuid){{[1] = 1}}, false, now_ms));
    struct presence_gateway *gateway = presence_table_gateway(&table, &second, false, now_ms);
    for (uint32_t i = 0; i <= PRESENCE_USERS_MAX; i++) {
        struct user_id id = {{{[13] = (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}}};
        assert_int_equal(presence_table_say(&table, gateway, &id, PRESENCE_ONLINE, now_ms),
                         i < PRESENCE_USERS_MAX);
    }
}

static void count_one(void *data, const struct user_id *id, enum presence_state state)
{
    unsigned *counts = data;
    (void)id;
    counts[state]++;
}

static void test_only_who_is_there_is_listed(void **state)
{
    (void)state;
    unsigned counts[3] = {0};
    say(&own, 1, PRESENCE_ONLINE);
    say(&own, 2, PRESENCE_AWAY);
    say(&own, 3, PRESENCE_ONLINE);
    say(&own, 3, PRESENCE_OFFLINE);
    presence_table_each(&table, count_one, counts);
    assert_int_equal(counts[PRESENCE_OFFLINE], 0);
    assert_int_equal(counts[PRESENCE_AWAY], 1);
    assert_int_equal(counts[PRESENCE_ONLINE], 2); /* the third may be back in a moment */
}

int run_presence_table_tests(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_table, close_table)
    const struct CMUnitTest tests[] = {
        TEST(test_a_user_is_as_good_as_the_best_word_of_all_gateways),
        TEST(test_offline_is_told_five_seconds_late),
        TEST(test_who_comes_back_within_five_seconds_never_went),
        TEST(test_the_five_seconds_begin_anew_each_time),
        TEST(test_a_gateway_that_is_silent_is_forgotten_with_its_users),
        TEST(test_who_moved_to_another_gateway_does_not_flicker_when_the_old_one_dies),
        TEST(test_a_goodbye_is_late_like_any_leaving),
        TEST(test_everything_in_pieces_takes_back_what_is_in_none_of_them),
        TEST(test_a_lost_piece_takes_nobody_back),
        TEST(test_a_word_that_comes_twice_or_late_is_known),
        TEST(test_an_old_word_does_not_keep_a_gateway_alive),
        TEST(test_gateways_and_users_are_bounded),
        TEST(test_only_who_is_there_is_listed)};
    return cmocka_run_group_tests_name("presence_table", tests, NULL, NULL);
}
