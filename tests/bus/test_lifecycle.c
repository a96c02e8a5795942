/* Replicas that come, go, hang and die; and a service that may not start. Next: test_batch.c */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "fixture.h"

struct suite {
    struct echo echo;
    uv_loop_t loop;
    struct bus_client *gateway;
    char *token;
};
static struct suite suite;

static int open_one(void **state)
{
    (void)state;
    echo_prepare(&suite.echo);
    uv_loop_init(&suite.loop);
    suite.gateway = client_open(&suite.loop, &suite.echo, "gateway");
    suite.token = token_for(&suite.echo, ROLE_MEMBER, "acme");
    return 0;
}

static int close_one(void **state)
{
    (void)state;
    client_close(&suite.loop, suite.gateway);
    uv_loop_close(&suite.loop);
    free(suite.token);
    echo_close(&suite.echo);
    return 0;
}

static struct answer *say(const char *key, uint32_t timeout_ms)
{
    return call(&suite.loop, suite.gateway,
                (struct call_spec){
                    .method = "Echo", .token = suite.token, .key = key, .timeout_ms = timeout_ms});
}

static unsigned files_announced(void)
{
    unsigned count = 0;
    DIR *dir = opendir(suite.echo.announce);
    const struct dirent *entry = dir != NULL ? readdir(dir) : NULL;
    for (; entry != NULL; entry = readdir(dir)) {
        count += entry->d_name[0] != '.';
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return count;
}

static void keep(void *data, const struct bus_reply *reply)
{
    struct answer *answer = data;
    answer->status = reply->status;
    answer->done = true;
}

static struct answer slow;

/* A call that holds a reader for `ms`, under way: a second one has come back. */
static void begin_slow(uint32_t ms)
{
    Echo__EchoRequest input = ECHO__ECHO_REQUEST__INIT;
    input.sleep_ms = ms;
    slow.done = false;
    (void)call_begin(
        suite.gateway,
        (struct call_spec){
            .method = "Echo", .input = &input.base, .token = suite.token, .timeout_ms = 9000},
        keep, &slow);
    assert_int_equal(say("", 5000)->status, OK);
}

static void test_a_first_call_waits_for_a_service_that_is_starting(void **state)
{
    (void)state;
    echo_start(&suite.echo, NULL);
    assert_int_equal(say("k", 5000)->status, OK);
}

static void test_without_a_replica_a_call_ends_by_itself(void **state)
{
    (void)state;
    int64_t began_ms = clock_monotonic_ms();
    assert_int_equal(say("k", 300)->status, STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(say("k", 5000)->status, STATUS_UNAVAILABLE);
    assert_true(clock_monotonic_ms() - began_ms < 4000);
}

static void test_a_killed_service_fails_its_calls_at_once_and_is_back_within_3_s(void **state)
{
    (void)state;
    echo_start(&suite.echo, NULL);
    wait_alive(&suite.loop, suite.gateway, 1);
    begin_slow(8000);
    int64_t began_ms = clock_monotonic_ms();
    (void)echo_stop(&suite.echo, SIGKILL);
    wait_for(&suite.loop, &slow.done);
    assert_int_equal(slow.status, STATUS_UNAVAILABLE);
    assert_true(clock_monotonic_ms() - began_ms < 1000);
    began_ms = clock_monotonic_ms();
    echo_start(&suite.echo, NULL);
    while (say("k", 1000)->status != OK) {
        assert_true(clock_monotonic_ms() - began_ms < 3000);
    }
    assert_int_equal(files_announced(), 1);
}

/* However quickly it is back: who looks at the number of replicas only now and then would miss it.
 */
static void test_a_replica_that_comes_or_goes_is_counted(void **state)
{
    (void)state;
    uint64_t before = bus_client_changes(suite.gateway, "echo");
    echo_start(&suite.echo, NULL);
    wait_alive(&suite.loop, suite.gateway, 1);
    uint64_t first = bus_client_changes(suite.gateway, "echo");
    assert_true(first > before);
    assert_int_equal(say("k", 1000)->status, OK);
    assert_int_equal(bus_client_changes(suite.gateway, "echo"), first);
    begin_slow(8000);
    (void)echo_stop(&suite.echo, SIGKILL);
    echo_start(&suite.echo, NULL);
    wait_for(&suite.loop, &slow.done);
    wait_alive(&suite.loop, suite.gateway, 1);
    assert_true(bus_client_changes(suite.gateway, "echo") >= first + 2);
    assert_int_equal(bus_client_changes(suite.gateway, "nobody"), 0);
}

static void test_a_stopped_service_ends_what_it_has_and_goes(void **state)
{
    (void)state;
    echo_start(&suite.echo, NULL);
    wait_alive(&suite.loop, suite.gateway, 1);
    assert_int_equal(files_announced(), 1);
    begin_slow(700);
    kill(suite.echo.pid, SIGTERM);
    wait_alive(&suite.loop, suite.gateway, 0); /* it said goodbye, long before it went */
    assert_false(slow.done);
    assert_int_equal(files_announced(), 0);
    wait_for(&suite.loop, &slow.done);
    assert_int_equal(slow.status, OK);
    assert_int_equal(echo_wait(&suite.echo), 0);
}

static void test_a_second_signal_ends_it_at_once(void **state)
{
    (void)state;
    echo_start(&suite.echo, NULL);
    wait_alive(&suite.loop, suite.gateway, 1);
    begin_slow(4000);
    int64_t began_ms = clock_monotonic_ms();
    kill(suite.echo.pid, SIGTERM);
    wait_alive(&suite.loop, suite.gateway, 0);
    kill(suite.echo.pid, SIGTERM);
    assert_int_equal(echo_wait(&suite.echo), 1);
    assert_true(clock_monotonic_ms() - began_ms < 2000);
}

static void test_a_service_that_hangs_is_left_out_until_it_answers(void **state)
{
    (void)state;
    echo_start(&suite.echo, NULL);
    wait_alive(&suite.loop, suite.gateway, 1);
    begin_slow(1);
    int64_t began_ms = clock_monotonic_ms();
    kill(suite.echo.pid, SIGSTOP);
    assert_int_equal(say("k", 9000)->status, STATUS_UNAVAILABLE);
    assert_true(clock_monotonic_ms() - began_ms < 5000);
    wait_alive(&suite.loop, suite.gateway, 0);
    kill(suite.echo.pid, SIGCONT);
    wait_alive(&suite.loop, suite.gateway, 1);
    assert_int_equal(say("k", 5000)->status, OK);
}

static void test_calls_of_one_key_stay_with_one_of_two_replicas(void **state)
{
    (void)state;
    struct echo second = suite.echo;
    snprintf(second.endpoint, sizeof second.endpoint, "ipc://%.80s/second.sock",
             suite.echo.trust.dir);
    echo_start(&suite.echo, NULL);
    wait_alive(&suite.loop, suite.gateway, 1);
    echo_start(&second, NULL);
    wait_alive(&suite.loop, suite.gateway, 2);
    static const char line[] = "wardroom_requests_total{method=\"echo.Echo\",class=\"ok\"} ";
    for (int i = 0; i < 20; i++) {
        assert_int_equal(say("one key", 5000)->status, OK);
    }
    long one = metric_value(&suite.echo, line), two = metric_value(&second, line);
    assert_true((one == 20 && two == 0) || (one == 0 && two == 20));
    for (int i = 0; i < 64; i++) {
        char key[16];
        snprintf(key, sizeof key, "key %d", i);
        assert_int_equal(say(key, 5000)->status, OK);
    }
    assert_true(metric_value(&suite.echo, line) - one > 10);
    assert_true(metric_value(&second, line) - two > 10);
    /* With one gone its keys move to the other. */
    assert_int_equal(echo_stop(&second, SIGTERM), 0);
    wait_alive(&suite.loop, suite.gateway, 1);
    for (int i = 0; i < 8; i++) {
        char key[16];
        snprintf(key, sizeof key, "key %d", i);
        assert_int_equal(say(key, 5000)->status, OK);
    }
    char path[300];
    snprintf(path, sizeof path, "%s/second.sock", suite.echo.trust.dir);
    unlink(path);
}

/* Calls that follow each other, so many at a time, over many keys. */
struct stream {
    unsigned begun, ended, failed, total;
    bool half, all;
};

static void stream_next(void *data, const struct bus_reply *reply)
{
    struct stream *stream = data;
    if (reply != NULL) {
        stream->failed += reply->status != OK;
        stream->half = ++stream->ended >= stream->total / 2;
        stream->all = stream->ended == stream->total;
    }
    if (stream->begun < stream->total) {
        char key[16];
        snprintf(key, sizeof key, "key %u", stream->begun++);
        (void)call_begin(suite.gateway,
                         (struct call_spec){.method = "Echo", .token = suite.token, .key = key},
                         stream_next, stream);
    }
}

static void test_a_replica_stopped_under_load_fails_no_call(void **state)
{
    (void)state;
    struct stream stream = {.total = 6000};
    struct echo second = suite.echo;
    snprintf(second.endpoint, sizeof second.endpoint, "ipc://%.80s/second.sock",
             suite.echo.trust.dir);
    echo_start(&suite.echo, NULL);
    echo_start(&second, NULL);
    wait_alive(&suite.loop, suite.gateway, 2);
    for (int i = 0; i < 50; i++) {
        stream_next(&stream, NULL);
    }
    wait_for(&suite.loop, &stream.half);
    kill(second.pid, SIGTERM);
    wait_for(&suite.loop, &stream.all);
    assert_int_equal(stream.failed, 0);
    assert_int_equal(echo_wait(&second), 0);
}

static void test_a_host_name_leads_to_a_service_on_tcp(void **state)
{
    (void)state;
    static char host[64];
    struct echo tcp = suite.echo;
    int port = 20000 + getpid() % 12000;
    snprintf(tcp.endpoint, sizeof tcp.endpoint, "tcp://127.0.0.1:%d", port);
    snprintf(host, sizeof host, "tcp://localhost:%d", port);
    echo_start(&tcp, NULL);
    uv_loop_t own;
    uv_loop_init(&own);
    struct bus_peer peer = {"echo", host};
    struct bus_client_spec spec = {&own, "gateway", tcp.trust.dir, &peer, 1};
    struct bus_client *client;
    assert_int_equal(bus_client_new(&spec, &client), OK);
    assert_string_equal(
        answer_echo(call(&own, client, (struct call_spec){.method = "Poll"}))->caller, "gateway");
    client_close(&own, client);
    uv_loop_close(&own);
    assert_int_equal(echo_stop(&tcp, SIGTERM), 0);
}

static void test_a_service_does_not_start_without_what_it_needs(void **state)
{
    (void)state;
    static const char *const wrong[] = {"WARDROOM_LISTEN=tcp://127.0.0.1:40000",
                                        "WARDROOM_LISTEN=ipc://relative",
                                        "WARDROOM_LISTEN=nonsense",
                                        "WARDROOM_ENV=staging",
                                        "WARDROOM_LOG_LEVEL=loud",
                                        "WARDROOM_WRITE_ACTORS=0",
                                        "WARDROOM_READ_ACTORS=17",
                                        "WARDROOM_SERVICE_KEYS=1:short",
                                        "WARDROOM_TRUST_DIR=/nonexistent",
                                        "WARDROOM_OPS_LISTEN=nonsense",
                                        "WARDROOM_LISTEN=ipc:///nonexistent/x.s",
                                        "WARDROOM_CHANNEL_KEY=nonsense"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *env[] = {wrong[i], NULL};
        echo_start(&suite.echo, env);
        if (echo_wait(&suite.echo) != 1) {
            fail_msg("it started with %s", wrong[i]);
        }
    }
}

static void test_production_refuses_to_start_without_its_key(void **state)
{
    (void)state;
    static const char *const env[] = {"WARDROOM_ENV=production", "WARDROOM_SERVICE_KEYS=", NULL};
    echo_start(&suite.echo, env);
    assert_int_equal(echo_wait(&suite.echo), 1);
}

static void test_development_keeps_a_key_of_its_own(void **state)
{
    (void)state;
    char path[300];
    static const char *const env[] = {"WARDROOM_SERVICE_KEYS=", NULL};
    snprintf(path, sizeof path, "%s/echo.development_key", suite.echo.trust.dir);
    for (int i = 0; i < 2; i++) {
        echo_start(&suite.echo, env);
        wait_alive(&suite.loop, suite.gateway, 1);
        assert_int_equal(access(path, R_OK), 0);
        assert_int_equal(echo_stop(&suite.echo, SIGTERM), 0);
        wait_alive(&suite.loop, suite.gateway, 0);
    }
    unlink(path);
}

int main(void)
{
#define WITH_SUITE(test) cmocka_unit_test_setup_teardown(test, open_one, close_one)
    const struct CMUnitTest tests[] = {
        WITH_SUITE(test_a_first_call_waits_for_a_service_that_is_starting),
        WITH_SUITE(test_without_a_replica_a_call_ends_by_itself),
        WITH_SUITE(test_a_killed_service_fails_its_calls_at_once_and_is_back_within_3_s),
        WITH_SUITE(test_a_replica_that_comes_or_goes_is_counted),
        WITH_SUITE(test_a_stopped_service_ends_what_it_has_and_goes),
        WITH_SUITE(test_a_second_signal_ends_it_at_once),
        WITH_SUITE(test_a_service_that_hangs_is_left_out_until_it_answers),
        WITH_SUITE(test_calls_of_one_key_stay_with_one_of_two_replicas),
        WITH_SUITE(test_a_replica_stopped_under_load_fails_no_call),
        WITH_SUITE(test_a_host_name_leads_to_a_service_on_tcp),
        WITH_SUITE(test_a_service_does_not_start_without_what_it_needs),
        WITH_SUITE(test_production_refuses_to_start_without_its_key),
        WITH_SUITE(test_development_keeps_a_key_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
