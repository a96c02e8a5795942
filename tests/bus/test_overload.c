/* Bounds: what happens when more is asked than can be done, on both ends. Next: test_lifecycle.c */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/limits.h"
#include "fixture.h"

static struct echo echo;
static uv_loop_t loop;
static struct bus_client *gateway;
static char *acme, *beta;

static int open_all(void **state)
{
    (void)state;
    echo_prepare(&echo);
    echo_start(&echo, NULL);
    uv_loop_init(&loop);
    gateway = client_open(&loop, &echo, "gateway");
    acme = token_for(&echo, ROLE_MEMBER, "acme");
    beta = token_for(&echo, ROLE_MEMBER, "beta");
    wait_alive(&loop, gateway, 1);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    client_close(&loop, gateway);
    assert_int_equal(echo_stop(&echo, SIGTERM), 0);
    uv_loop_close(&loop);
    free(acme);
    free(beta);
    echo_close(&echo);
    return 0;
}

/* How many of a flood ended how. */
struct tally {
    unsigned begun, ended, by_status[STATUS_COUNT];
    uint32_t retry_after_ms;
    bool all;
};

static void count(void *data, const struct bus_reply *reply)
{
    struct tally *tally = data;
    tally->by_status[reply->status]++;
    if (reply->status == STATUS_RESOURCE_EXHAUSTED) {
        tally->retry_after_ms = reply->retry_after_ms;
    }
    tally->all = ++tally->ended == tally->begun;
}

static void flood(struct tally *tally, const char *token, unsigned calls)
{
    tally->begun += calls;
    tally->all = false;
    struct call_spec spec = {.method = "Write", .token = token, .key = "one", .timeout_ms = 9000};
    for (unsigned i = 0; i < calls; i++) {
        (void)call_begin(gateway, spec, count, tally);
    }
}

/* Hold the only write actor, and know that it is held: a read that was sent after it came back. */
static void hold_writer(struct tally *tally, uint32_t ms)
{
    Echo__EchoRequest input = ECHO__ECHO_REQUEST__INIT;
    input.sleep_ms = ms;
    tally->begun++;
    (void)call_begin(gateway,
                     (struct call_spec){.method = "Write",
                                        .input = &input.base,
                                        .token = acme,
                                        .key = "one",
                                        .timeout_ms = 9000},
                     count, tally);
    call(&loop, gateway, (struct call_spec){.method = "Echo", .token = acme});
}

static void test_a_full_queue_refuses_one_tenant_before_the_others(void **state)
{
    (void)state;
    struct tally held = {0}, noisy = {0}, quiet = {0}, late = {0};
    hold_writer(&held, 1500);
    flood(&noisy, acme, SHARD_TENANT_SHARE_MAX + 100);
    flood(&quiet, beta, 100);
    flood(&late, beta, SHARD_QUEUE_MAX);
    wait_for(&loop, &noisy.all);
    wait_for(&loop, &quiet.all);
    wait_for(&loop, &late.all);
    wait_for(&loop, &held.all);
    /* The call that holds the writer is one of the tenant's share. */
    assert_int_equal(noisy.by_status[OK], SHARD_TENANT_SHARE_MAX - 1);
    assert_int_equal(noisy.by_status[STATUS_RESOURCE_EXHAUSTED], 101);
    assert_true(noisy.retry_after_ms > 0);
    assert_int_equal(quiet.by_status[OK], 100);
    assert_int_equal(late.by_status[OK], SHARD_QUEUE_MAX - SHARD_TENANT_SHARE_MAX - 100);
    assert_int_equal(late.by_status[STATUS_RESOURCE_EXHAUSTED], SHARD_TENANT_SHARE_MAX + 100);
    assert_int_equal(held.by_status[OK], 1);
    assert_int_equal(metric_value(&echo, "wardroom_refused_total{why=\"share\"} "), 101);
    assert_true(metric_value(&echo, "wardroom_refused_total{why=\"full\"} ") > 0);
}

static void test_a_call_that_waits_past_its_deadline_is_dropped_unworked(void **state)
{
    (void)state;
    struct tally held = {0};
    long before = metric_value(&echo, "wardroom_expired_total ");
    hold_writer(&held, 500);
    struct call_spec spec = {.method = "Write", .token = acme, .key = "one", .timeout_ms = 100};
    assert_int_equal(call(&loop, gateway, spec)->status, STATUS_DEADLINE_EXCEEDED);
    wait_for(&loop, &held.all);
    /* The next call on that shard comes after the dropped one. */
    spec.timeout_ms = 5000;
    assert_int_equal(call(&loop, gateway, spec)->status, OK);
    assert_int_equal(metric_value(&echo, "wardroom_expired_total "), before + 1);
}

static void test_reads_go_on_while_the_writer_is_held(void **state)
{
    (void)state;
    struct tally held = {0};
    hold_writer(&held, 400);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(
            call(&loop, gateway, (struct call_spec){.method = "Echo", .token = acme})->status, OK);
    }
    assert_false(held.all);
    wait_for(&loop, &held.all);
}

static void test_a_client_with_too_much_in_flight_refuses_by_itself(void **state)
{
    (void)state;
    struct tally tally = {0};
    flood(&tally, acme, CLIENT_PENDING_MAX + 10);
    assert_int_equal(tally.ended, 0); /* never from inside bus_call */
    wait_for(&loop, &tally.all);
    assert_int_equal(tally.ended, CLIENT_PENDING_MAX + 10);
    assert_true(tally.by_status[STATUS_RESOURCE_EXHAUSTED] >= 10);
    assert_int_equal(tally.by_status[OK] + tally.by_status[STATUS_RESOURCE_EXHAUSTED],
                     CLIENT_PENDING_MAX + 10);
    assert_int_equal(
        call(&loop, gateway, (struct call_spec){.method = "Echo", .token = acme})->status, OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_full_queue_refuses_one_tenant_before_the_others),
        cmocka_unit_test(test_a_call_that_waits_past_its_deadline_is_dropped_unworked),
        cmocka_unit_test(test_reads_go_on_while_the_writer_is_held),
        cmocka_unit_test(test_a_client_with_too_much_in_flight_refuses_by_itself),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
