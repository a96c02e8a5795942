/* In which order an actor is given what several tenants ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bus/runtime.h"

#define CALLS_MAX 4096

static struct queue the_queue, *queue = &the_queue;
static struct call_private calls[CALLS_MAX];
static size_t made;

static int open_queue(void **state)
{
    (void)state;
    return queue_init(queue, ACTOR_WRITE, 1, 0) == OK ? 0 : -1;
}

static int close_queue(void **state)
{
    (void)state;
    queue_fini(queue);
    return 0;
}

/* Nothing waits and nothing is held for the next test. */
static int drain(void **state)
{
    (void)state;
    const struct call_private *call;
    struct call_list rest = STAILQ_HEAD_INITIALIZER(rest);
    while (queue->depth > 0) {
        (void)queue_take(queue, 0, &rest);
    }
    STAILQ_FOREACH(call, &rest, next)
    {
        queue_release(queue, call);
    }
    made = 0;
    return 0;
}

/* "aab" are two calls of tenant a and one of tenant b, which come in one turn of the mailbox. */
static void add(const char *tenants)
{
    for (; *tenants != '\0'; tenants++) {
        struct call_private *call = &calls[made];
        call->tenant_hash = (uint64_t)(uint8_t)*tenants;
        call->order = made++;
        queue_admit(queue, call);
    }
    queue_hand_over(queue);
}

static void add_many(char tenant, size_t count)
{
    const char text[] = {tenant, '\0'};
    for (size_t i = 0; i < count; i++) {
        add(text);
    }
}

/* The tenants of the calls that are taken next, as text. */
static const char *take(void)
{
    static char text[CALLS_MAX + 1];
    size_t len = 0;
    struct call_list taken = STAILQ_HEAD_INITIALIZER(taken);
    assert_true(queue_take(queue, 0, &taken));
    const struct call_private *call;
    STAILQ_FOREACH(call, &taken, next)
    {
        text[len++] = (char)call->tenant_hash;
        queue_release(queue, call);
    }
    text[len] = '\0';
    return text;
}

static size_t count_of(const char *text, char tenant)
{
    size_t count = 0;
    for (; *text != '\0'; text++) {
        count += *text == tenant;
    }
    return count;
}

static void test_tenants_take_turns(void **state)
{
    (void)state;
    static const struct {
        const char *comes[3];
        const char *taken;
    } rows[] = {
        {{"a", "", ""}, "a"},
        {{"aaa", "", ""}, "aaa"},
        {{"aaab", "", ""}, "abaa"},
        {{"aaaa", "b", "cc"}, "abcacaa"},
        {{"abc", "abc", "abc"}, "abcabcabc"},
        {{"ba", "b", "b"}, "babb"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t k = 0; k < 3; k++) {
            add(rows[i].comes[k]);
        }
        assert_string_equal(take(), rows[i].taken);
    }
    assert_int_equal(queue->held, 0);
}

static void test_a_tenant_alone_has_the_whole_batch(void **state)
{
    (void)state;
    add_many('a', BATCH_CALLS_MAX + 10);
    assert_int_equal(strlen(take()), BATCH_CALLS_MAX);
    assert_int_equal(strlen(take()), 10);
}

static void test_a_quiet_tenant_is_in_the_next_batch_and_that_one_is_small(void **state)
{
    (void)state;
    add_many('n', 2000);
    assert_int_equal(count_of(take(), 'n'), BATCH_CALLS_MAX);
    add("q");
    const char *batch = take();
    assert_int_equal(count_of(batch, 'q'), 1);
    assert_int_equal(count_of(batch, 'n'), BATCH_SHARE_MAX);
    assert_int_equal(count_of(take(), 'n'), BATCH_CALLS_MAX);
}

static void test_many_tenants_fill_a_batch_in_equal_parts(void **state)
{
    (void)state;
    for (char tenant = 'a'; tenant < 'a' + 8; tenant++) {
        add_many(tenant, 100);
    }
    const char *batch = take();
    assert_int_equal(strlen(batch), BATCH_CALLS_MAX);
    for (char tenant = 'a'; tenant < 'a' + 8; tenant++) {
        assert_int_equal(count_of(batch, tenant), BATCH_CALLS_MAX / 8);
    }
}

static void test_a_tenant_keeps_its_order(void **state)
{
    (void)state;
    size_t last[2] = {0, 0};
    add("ababbbaabab");
    struct call_list taken = STAILQ_HEAD_INITIALIZER(taken);
    assert_true(queue_take(queue, 0, &taken));
    const struct call_private *call;
    STAILQ_FOREACH(call, &taken, next)
    {
        size_t *before = &last[call->tenant_hash - 'a'];
        assert_true(call->order >= *before);
        *before = call->order;
        queue_release(queue, call);
    }
}

static void test_a_share_counts_what_is_held_and_not_what_waits(void **state)
{
    (void)state;
    add("aab");
    assert_int_equal(queue_share(queue, 'a'), 2);
    struct call_list taken = STAILQ_HEAD_INITIALIZER(taken);
    assert_true(queue_take(queue, 0, &taken));
    assert_int_equal(queue_share(queue, 'a'), 2);
    const struct call_private *call;
    STAILQ_FOREACH(call, &taken, next)
    {
        queue_release(queue, call);
    }
    assert_int_equal(queue_share(queue, 'a'), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_tenants_take_turns, drain),
        cmocka_unit_test_teardown(test_a_tenant_alone_has_the_whole_batch, drain),
        cmocka_unit_test_teardown(test_a_quiet_tenant_is_in_the_next_batch_and_that_one_is_small,
                                  drain),
        cmocka_unit_test_teardown(test_many_tenants_fill_a_batch_in_equal_parts, drain),
        cmocka_unit_test_teardown(test_a_tenant_keeps_its_order, drain),
        cmocka_unit_test_teardown(test_a_share_counts_what_is_held_and_not_what_waits, drain),
    };
    return cmocka_run_group_tests(tests, open_queue, close_queue);
}
