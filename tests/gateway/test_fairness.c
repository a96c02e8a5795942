/* A large room is written in parts, one a turn, and nobody in it or beside it notices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "core/limits.h"
#include "fake.h"
#include "suites.h"

#define PEOPLE (2 * FANOUT_WRITES_MAX + 10)

static struct session *people[PEOPLE];

/* Everybody is at seq 5 of thread 1 of tenant noisy. */
static void open_room(void)
{
    for (int i = 0; i < PEOPLE; i++) {
        people[i] = fake_session("noisy", ROLE_ANALYST, (uint8_t)i);
        fake_subscribe_live(people[i], 1, 5);
    }
}

static int have_it(void)
{
    int count = 0;
    for (int i = 0; i < PEOPLE; i++)
        count += people[i] && fake_frames(people[i]) > 0;
    return count;
}

static void hang_up(int person)
{
    fake_hang_up(people[person]);
    people[person] = NULL;
}

static void expect_all(long from, long to)
{
    for (int i = 0; i < PEOPLE; i++)
        if (people[i])
            assert_seqs(fake_written(people[i]), from, to);
    assert_int_equal(fake_calls("History"), 0); /* nobody had to be refilled */
}

static void test_a_turn_writes_a_part_and_the_next_goes_on(void **state)
{
    (void)state;
    open_room();
    fake_batch("noisy", 1, 6, 6);
    fake_turn();
    assert_int_equal(have_it(), FANOUT_WRITES_MAX);
    fake_turn();
    assert_int_equal(have_it(), 2 * FANOUT_WRITES_MAX);
    fake_turn();
    assert_int_equal(have_it(), PEOPLE);
    expect_all(6, 6);
}

static void test_another_tenant_is_served_in_the_same_turn(void **state)
{
    (void)state;
    struct session *quiet = fake_session("quiet", ROLE_MEMBER, 1);
    fake_subscribe_live(quiet, 2, 0);
    open_room();
    fake_batch("noisy", 1, 6, 6);
    fake_batch("quiet", 2, 1, 1);
    fake_turn();
    assert_int_equal(have_it(), FANOUT_WRITES_MAX);
    assert_seqs(fake_written(quiet), 1, 1);
}

static void test_rooms_of_one_tenant_share_its_part(void **state)
{
    (void)state;
    struct session *other = fake_session("noisy", ROLE_ANALYST, 1);
    fake_subscribe_live(other, 2, 0);
    open_room();
    fake_batch("noisy", 1, 6, 6);
    fake_batch("noisy", 2, 1, 1);
    fake_turn();
    assert_int_equal(have_it(), FANOUT_WRITES_MAX);
    assert_int_equal(fake_frames(other), 0);
    fake_turn();
    fake_turn();
    assert_int_equal(have_it(), PEOPLE);
    assert_seqs(fake_written(other), 1, 1);
}

static void test_messages_that_come_meanwhile_make_the_next_frame(void **state)
{
    (void)state;
    open_room();
    fake_batch("noisy", 1, 6, 6);
    fake_turn();
    fake_batch("noisy", 1, 7, 8);
    fake_turn();
    fake_batch("noisy", 1, 9, 9);
    for (int i = 0; i < 5; i++)
        fake_pass(30);
    for (int i = 0; i < PEOPLE; i++)
        assert_int_equal(fake_frames(people[i]), 2);
    expect_all(6, 9);
}

static void test_a_gap_while_a_frame_leaves_keeps_the_order(void **state)
{
    (void)state;
    open_room();
    fake_batch("noisy", 1, 6, 6);
    fake_turn();
    fake_batch("noisy", 1, 7, 7);
    fake_batch("noisy", 1, 9, 9); /* 8 is lost: what came before must be out first */
    for (int i = 0; i < 5; i++)
        fake_pass(30);
    for (int i = 0; i < PEOPLE; i++)
        assert_seqs(fake_written(people[i]), 6, 7);
    assert_int_equal(fake_calls("History") > 0, 1);
}

static void test_those_who_leave_meanwhile_take_nobody_else_along(void **state)
{
    (void)state;
    open_room();
    fake_batch("noisy", 1, 6, 6);
    fake_turn();
    hang_up(0);                     /* has the frame */
    hang_up(FANOUT_WRITES_MAX - 1); /* the last who has it */
    hang_up(FANOUT_WRITES_MAX);     /* the next who would get it */
    hang_up(PEOPLE - 1);            /* the last of all */
    for (int i = 0; i < 4; i++)
        fake_turn();
    expect_all(6, 6);
}

static void test_who_has_the_frame_may_leave_when_nobody_waits_for_it_any_more(void **state)
{
    (void)state;
    open_room();
    fake_batch("noisy", 1, 6, 6);
    fake_turn();
    fake_turn();
    for (int i = 2 * FANOUT_WRITES_MAX; i < PEOPLE; i++)
        hang_up(i); /* all who still waited for it */
    hang_up(0);
    hang_up(2 * FANOUT_WRITES_MAX - 1); /* who was last, and took the place of the one before */
    fake_batch("noisy", 1, 7, 7);
    for (int i = 0; i < 5; i++)
        fake_pass(30);
    expect_all(6, 7);
}

static void test_who_comes_meanwhile_gets_each_message_once(void **state)
{
    (void)state;
    open_room();
    fake_batch("noisy", 1, 6, 6);
    fake_turn();
    struct session *late = fake_session("noisy", ROLE_ANALYST, 200);
    fake_subscribe_live(late, 1, 6);
    for (int i = 0; i < 4; i++)
        fake_turn();
    fake_batch("noisy", 1, 7, 7);
    for (int i = 0; i < 5; i++)
        fake_pass(30);
    assert_seqs(fake_written(late), 7, 7);
    expect_all(6, 7);
}

static void test_a_room_that_ends_while_its_frame_leaves_is_let_go(void **state)
{
    (void)state;
    open_room();
    fake_batch("noisy", 1, 6, 6);
    fake_turn();
    for (int i = 0; i < PEOPLE; i++)
        hang_up(i);
    fake_turn();
    assert_int_equal(fake_gateway.tenants.count, 0);
}

int run_fairness_tests(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_open, fake_close)
    const struct CMUnitTest tests[] = {
        TEST(test_a_turn_writes_a_part_and_the_next_goes_on),
        TEST(test_another_tenant_is_served_in_the_same_turn),
        TEST(test_rooms_of_one_tenant_share_its_part),
        TEST(test_messages_that_come_meanwhile_make_the_next_frame),
        TEST(test_a_gap_while_a_frame_leaves_keeps_the_order),
        TEST(test_those_who_leave_meanwhile_take_nobody_else_along),
        TEST(test_who_has_the_frame_may_leave_when_nobody_waits_for_it_any_more),
        TEST(test_who_comes_meanwhile_gets_each_message_once),
        TEST(test_a_room_that_ends_while_its_frame_leaves_is_let_go)};
    return cmocka_run_group_tests_name("fairness", tests, NULL, NULL);
}
