/* Shared transactions, over a real PostgreSQL and Redis (tools/testenv). Next: ../../bench */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "channel/channel.h"
#include "core/clock.h"
#include "events.pb-c.h"
#include "fixture.h"
#include "support/database.h"

static struct test_database database;
static struct echo echo;
static uv_loop_t loop;
static struct bus_client *gateway;
static char *acme, *beta;
static char url[600], redis[256], gate[300];

static void migrate(void)
{
    pid_t child = fork();
    if (child == 0) {
        char set[600];
        snprintf(set, sizeof set, "WARDROOM_DATABASE_URL=%s", database.migrator);
        putenv(set);
        (void)!freopen("/dev/null", "w", stdout);
        setenv("ECHO_DATABASE", "1", 1);
        execl(BINARY_DIR "/echo_service", "echo_service", "--migrate", (char *)NULL);
        _exit(127);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void start(void)
{
    const char *env[] = {"ECHO_DATABASE=1", url, redis, NULL};
    echo_start(&echo, env);
    wait_alive(&loop, gateway, 1);
}

static int open_all(void **state)
{
    (void)state;
    echo_prepare(&echo);
    migrate();
    snprintf(url, sizeof url, "WARDROOM_DATABASE_URL=%s", database.runtime);
    snprintf(redis, sizeof redis, "REDIS_URL=%s", getenv("WARDROOM_TEST_REDIS_URL"));
    snprintf(gate, sizeof gate, "%s/gate", echo.trust.dir);
    assert_int_equal(mkfifo(gate, 0600), 0);
    uv_loop_init(&loop);
    gateway = client_open(&loop, &echo, "gateway");
    acme = token_for(&echo, ROLE_MEMBER, "acme");
    beta = token_for(&echo, ROLE_MEMBER, "beta");
    start();
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
    unlink(gate);
    echo_close(&echo);
    return 0;
}

struct added {
    unsigned *open;
    bool *all;
    bool adds;
    enum status status;
    int64_t total;
    uint32_t together, forgotten;
};

static void note(void *data, const struct bus_reply *reply)
{
    struct added *added = data;
    added->status = reply->status;
    /* The call that holds the writer is a Write and has another reply. */
    Echo__AddReply *sum = NULL;
    if (reply->status == OK && added->adds) {
        sum = echo__add_reply__unpack(NULL, reply->payload.len, reply->payload.data);
        assert_non_null(sum);
        added->total = sum->total;
        added->together = sum->together;
        added->forgotten = sum->forgotten;
        echo__add_reply__free_unpacked(sum, NULL);
    }
    *added->all = --*added->open == 0;
}

static int64_t next_id = 1;

static int64_t add(const char *token, int64_t amount, struct added *added)
{
    Echo__AddRequest input = ECHO__ADD_REQUEST__INIT;
    input.id = next_id++;
    input.amount = amount;
    added->status = STATUS_COUNT;
    added->adds = true;
    ++*added->open;
    (void)call_begin(gateway,
                     (struct call_spec){.method = "Add",
                                        .input = &input.base,
                                        .token = token,
                                        .key = "one",
                                        .timeout_ms = 9000},
                     note, added);
    return input.id;
}

/* Until `least` to `most` calls wait in the writer's queue. */
static void wait_for_depth(long least, long most)
{
    int64_t until_ms = clock_monotonic_ms() + WAIT_MS_MAX;
    long depth;
    do {
        uv_run(&loop, UV_RUN_NOWAIT);
        assert_true(clock_monotonic_ms() < until_ms);
        depth = metric_value(&echo, "wardroom_queue_depth{actors=\"write\",queue=\"0\"} ");
    } while (depth < least || depth > most);
}

/* Hold the writer until `let_go`, so that what follows meets in one batch. */
static void hold(struct added *held)
{
    Echo__EchoRequest input = ECHO__ECHO_REQUEST__INIT;
    input.text = gate;
    ++*held->open;
    (void)call_begin(gateway,
                     (struct call_spec){.method = "Write",
                                        .input = &input.base,
                                        .token = acme,
                                        .key = "one",
                                        .timeout_ms = 9000},
                     note, held);
    /* The Write has been handed over before this Echo is answered. */
    call(&loop, gateway, (struct call_spec){.method = "Echo", .token = acme});
    wait_for_depth(0, 0);
}

/* Once `count` calls wait in the writer's queue. */
static void let_go(long count)
{
    int64_t until_ms = clock_monotonic_ms() + WAIT_MS_MAX;
    int fd;
    wait_for_depth(count, count);
    /* Nobody reads yet while the writer has not begun with the Write. */
    while ((fd = open(gate, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) < 0) {
        assert_int_equal(errno, ENXIO);
        assert_true(clock_monotonic_ms() < until_ms);
    }
    close(fd);
}

static int64_t rows_of(const char *token)
{
    struct answer *answer =
        call(&loop, gateway, (struct call_spec){.method = "Count", .token = token});
    assert_int_equal(answer->status, OK);
    Echo__AddReply *sum = echo__add_reply__unpack(NULL, answer->payload_len, answer->payload);
    int64_t total = sum->total;
    echo__add_reply__free_unpacked(sum, NULL);
    return total;
}

#define CALLS 40

static void test_what_waits_together_is_committed_together_by_tenant(void **state)
{
    (void)state;
    unsigned open = 0;
    bool all = false;
    struct added held = {.open = &open, .all = &all}, added[2 * CALLS];
    int64_t acme_before = rows_of(acme), beta_before = rows_of(beta);
    hold(&held);
    for (int i = 0; i < 2 * CALLS; i++) {
        added[i] = (struct added){.open = &open, .all = &all};
        (void)add(i % 2 == 0 ? acme : beta, 5, &added[i]);
    }
    let_go(2 * CALLS);
    wait_for(&loop, &all);
    for (int i = 0; i < 2 * CALLS; i++) {
        assert_int_equal(added[i].status, OK);
        assert_int_equal(added[i].together, CALLS);
        /* In the order they were sent, each tenant's by itself. */
        assert_int_equal(added[i].total, (i % 2 == 0 ? acme_before : beta_before) + i / 2 + 1);
    }
    assert_int_equal(rows_of(acme), acme_before + CALLS);
    assert_int_equal(rows_of(beta), beta_before + CALLS);
}

static void test_one_bad_call_fails_alone(void **state)
{
    (void)state;
    unsigned open = 0;
    bool all = false;
    struct added held = {.open = &open, .all = &all}, added[CALLS];
    int64_t before = rows_of(acme);
    struct added one = {.open = &open, .all = &all};
    (void)add(acme, 5, &one);
    wait_for(&loop, &all);
    uint32_t forgotten = one.forgotten;
    all = false;
    long replayed = metric_value(&echo, "wardroom_replayed_total ");
    hold(&held);
    for (int i = 0; i < CALLS; i++) {
        added[i] = (struct added){.open = &open, .all = &all};
        (void)add(acme, i == 17 ? -1 : 5, &added[i]);
    }
    let_go(CALLS);
    wait_for(&loop, &all);
    for (int i = 0; i < CALLS; i++) {
        assert_int_equal(added[i].status, i == 17 ? STATUS_INTERNAL : OK);
        assert_int_equal(i == 17 ? 1 : added[i].together, 1);
    }
    assert_int_equal(rows_of(acme), before + 1 + CALLS - 1);
    assert_int_equal(metric_value(&echo, "wardroom_replayed_total "), replayed + CALLS);
    /* Once for the batch, and once more for the bad call by itself. */
    assert_int_equal(added[16].forgotten, forgotten + 1);
    assert_int_equal(added[18].forgotten, forgotten + 2);
}

static void test_another_writer_costs_a_batch_one_more_try_together(void **state)
{
    (void)state;
    unsigned open = 0;
    bool all = false;
    struct added held = {.open = &open, .all = &all}, added[CALLS];
    int64_t before = rows_of(acme);
    long replayed = metric_value(&echo, "wardroom_replayed_total ");
    long retried = metric_value(&echo, "wardroom_batches_retried_total ");
    hold(&held);
    for (int i = 0; i < CALLS; i++) {
        added[i] = (struct added){.open = &open, .all = &all};
        (void)add(acme, i == 17 ? 77 : 5, &added[i]); /* echo_service.c: CONFLICTS_ONCE */
    }
    let_go(CALLS);
    wait_for(&loop, &all);
    for (int i = 0; i < CALLS; i++) {
        assert_int_equal(added[i].status, OK);
        assert_int_equal(added[i].together, CALLS);
        assert_int_equal(added[i].total, before + i + 1);
    }
    assert_int_equal(rows_of(acme), before + CALLS);
    assert_int_equal(metric_value(&echo, "wardroom_replayed_total "), replayed);
    assert_int_equal(metric_value(&echo, "wardroom_batches_retried_total "), retried + 1);
}

static void test_a_call_refused_by_its_handler_leaves_its_neighbours_their_batch(void **state)
{
    (void)state;
    unsigned open = 0;
    bool all = false;
    struct added held = {.open = &open, .all = &all}, added[CALLS];
    int64_t before = rows_of(acme);
    hold(&held);
    for (int i = 0; i < CALLS; i++) {
        added[i] = (struct added){.open = &open, .all = &all};
        (void)add(acme, i == 3 ? 0 : 5, &added[i]);
    }
    let_go(CALLS);
    wait_for(&loop, &all);
    for (int i = 0; i < CALLS; i++) {
        assert_int_equal(added[i].status, i == 3 ? STATUS_CONFLICT : OK);
        assert_int_equal(i == 3 ? CALLS : added[i].together, CALLS);
    }
    assert_int_equal(rows_of(acme), before + CALLS - 1);
}

/* ---- events */

struct heard {
    bool connected, some;
    struct tenant_id tenant;
    size_t events;
    int64_t last;
};

static void on_batch(void *data, const struct tenant_id *tenant, struct bytes packed)
{
    struct heard *heard = data;
    Events__Batch *batch = events__batch__unpack(NULL, packed.len, packed.data);
    assert_non_null(batch);
    assert_string_equal(batch->tenant_id, tenant->text);
    assert_true(batch->published_at_us > 0);
    for (size_t i = 0; i < batch->n_events; i++) {
        assert_int_equal(batch->events[i]->of_case, EVENTS__EVENT__OF_READ);
        assert_true(batch->events[i]->read->seq > heard->last);
        heard->last = batch->events[i]->read->seq;
    }
    heard->events += batch->n_events;
    heard->tenant = *tenant;
    heard->some = true;
    events__batch__free_unpacked(batch, NULL);
}

static void on_state(void *data, bool connected)
{
    ((struct heard *)data)->connected = connected;
}

static void test_events_of_committed_calls_are_published_once_in_order(void **state)
{
    (void)state;
    struct heard heard = {0};
    struct keyring keys;
    struct subscriber *subscriber;
    struct tenant_id tenant = {"beta"};
    uv_loop_t own;
    uv_loop_init(&own);
    assert_int_equal(keyring_parse("1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", &keys), OK);
    assert_int_equal(subscriber_new(&own, getenv("WARDROOM_TEST_REDIS_URL"), &keys, "default",
                                    (struct subscriber_handlers){
                                        .on_batch = on_batch, .on_state = on_state, .data = &heard},
                                    &subscriber),
                     OK);
    subscriber_add(subscriber, &tenant);
    wait_for(&own, &heard.connected);

    unsigned open = 0;
    bool all = false;
    struct added held = {.open = &open, .all = &all}, added[CALLS];
    int64_t last = 0;
    hold(&held);
    for (int i = 0; i < CALLS; i++) {
        added[i] = (struct added){.open = &open, .all = &all};
        /* One of each is another tenant's, and one fails. */
        int64_t id = add(i == 5 ? acme : beta, i == 7 ? 0 : 5, &added[i]);
        last = i != 5 && i != 7 ? id : last;
    }
    let_go(CALLS);
    wait_for(&loop, &all);
    int64_t until_ms = clock_monotonic_ms() + WAIT_MS_MAX;
    while (heard.last < last && clock_monotonic_ms() < until_ms) {
        uv_run(&own, UV_RUN_NOWAIT);
    }
    assert_int_equal(heard.last, last);
    assert_int_equal(heard.events, CALLS - 2);
    assert_string_equal(heard.tenant.text, "beta");
    subscriber_close(subscriber);
    uv_run(&own, UV_RUN_DEFAULT);
    uv_loop_close(&own);
}

/* ---- without a database */

static void test_a_service_whose_database_is_away_lives_and_is_not_ready(void **state)
{
    (void)state;
    int code;
    char away[] = "WARDROOM_DATABASE_URL=host=/nonexistent port=5432 dbname=wardroom_echo";
    const char *env[] = {"ECHO_DATABASE=1", away, redis, NULL};
    struct echo other = echo;
    snprintf(other.endpoint, sizeof other.endpoint, "ipc://%.80s/other.sock", echo.trust.dir);
    echo_start(&other, env);
    int64_t until_ms = clock_monotonic_ms() + WAIT_MS_MAX;
    do {
        ops_get(&other, "/livez", &code);
        assert_true(clock_monotonic_ms() < until_ms);
        usleep(5000);
    } while (code != 200);
    assert_string_equal(ops_get(&other, "/readyz", &code), "an actor has no database\n");
    assert_int_equal(code, 503);
    assert_int_equal(bus_client_alive(gateway, "echo"), 1);
    assert_int_equal(echo_stop(&other, SIGTERM), 0);
    char path[300];
    snprintf(path, sizeof path, "%s/other.sock", echo.trust.dir);
    unlink(path);
}

int main(void)
{
    if (!test_database_make("echo", &database)) {
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_waits_together_is_committed_together_by_tenant),
        cmocka_unit_test(test_one_bad_call_fails_alone),
        cmocka_unit_test(test_another_writer_costs_a_batch_one_more_try_together),
        cmocka_unit_test(test_a_call_refused_by_its_handler_leaves_its_neighbours_their_batch),
        cmocka_unit_test(test_events_of_committed_calls_are_published_once_in_order),
        cmocka_unit_test(test_a_service_whose_database_is_away_lives_and_is_not_ready),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
