/* Parts of the client by themselves: endpoints, rendezvous, deadlines; keys; the queue's shares.
 *
 * Next: test_service.c */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "bus/client_private.h"
#include "core/clock.h"

static void test_an_endpoint_is_a_folder_a_path_or_a_host_and_port(void **state)
{
    (void)state;
    static const struct {
        const char *endpoint;
        bool right;
    } cases[] = {{"dir:/run/x", true},           {"dir:relative", false},
                 {"ipc:///run/x.sock", true},    {"ipc://x.sock", false},
                 {"tcp://threads:5603", true},   {"tcp://[::1]:5603", true},
                 {"tcp://10.0.0.1:32767", true}, {"tcp://10.0.0.1:32768", false},
                 {"tcp://threads", false},       {"tcp://threads:", false},
                 {"tcp://:5603", false},         {"tcp://threads:0", false},
                 {"tcp://threads:12x", false},   {"tcp://threads:123456", false},
                 {"http://threads:80", false},   {"", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (discovery_check(cases[i].endpoint) != (cases[i].right ? OK : STATUS_INVALID)) {
            fail_msg("\"%s\" was judged wrongly", cases[i].endpoint);
        }
    }
}

/* ---- rendezvous */

#define REPLICAS 4
#define KEYS     4000

struct cluster {
    struct bus_client client;
    struct peer peer;
    struct replica replicas[REPLICAS];
};

static void cluster_init(struct cluster *cluster)
{
    memset(cluster, 0, sizeof *cluster);
    cluster->peer.client = &cluster->client;
    LIST_INIT(&cluster->peer.replicas);
    for (size_t i = 0; i < REPLICAS; i++) {
        struct replica *replica = &cluster->replicas[i];
        snprintf(replica->endpoint, sizeof replica->endpoint, "ipc:///run/threads-%zu.sock", i);
        replica->hash = hash_bytes(bytes_text(replica->endpoint), 0);
        replica->connected = replica->ready = replica->listed = true;
        replica->pong_ms = clock_monotonic_ms();
        LIST_INSERT_HEAD(&cluster->peer.replicas, replica, link);
    }
}

static uint64_t key_of(int i)
{
    return hash_bytes(bytes_of(&i, sizeof i), 0);
}

static void test_keys_spread_evenly_over_replicas(void **state)
{
    (void)state;
    static struct cluster cluster;
    unsigned counts[REPLICAS] = {0};
    cluster_init(&cluster);
    for (int i = 0; i < KEYS; i++) {
        counts[peer_choose(&cluster.peer, key_of(i)) - cluster.replicas]++;
    }
    for (size_t i = 0; i < REPLICAS; i++) {
        assert_in_range(counts[i], KEYS / REPLICAS * 8 / 10, KEYS / REPLICAS * 12 / 10);
    }
}

static void test_a_lost_replica_moves_only_its_own_keys(void **state)
{
    (void)state;
    static struct cluster cluster;
    cluster_init(&cluster);
    for (int i = 0; i < KEYS; i++) {
        cluster.replicas[2].connected = true;
        struct replica *before = peer_choose(&cluster.peer, key_of(i));
        cluster.replicas[2].connected = false;
        struct replica *after = peer_choose(&cluster.peer, key_of(i));
        assert_ptr_not_equal(after, &cluster.replicas[2]);
        if (before != &cluster.replicas[2]) {
            assert_ptr_equal(before, after);
        }
    }
}

static void test_a_replica_is_alive_while_connected_ready_listed_and_heard(void **state)
{
    (void)state;
    static struct cluster cluster;
    int64_t now_ms = clock_monotonic_ms();
    struct replica *replica = &cluster.replicas[0];
    cluster_init(&cluster);
    assert_true(replica_alive(replica, now_ms));
    assert_true(replica_alive(replica, replica->pong_ms + REPLICA_SILENT_MS - 1));
    assert_false(replica_alive(replica, replica->pong_ms + REPLICA_SILENT_MS));
    replica->ready = false;
    assert_false(replica_alive(replica, now_ms));
    replica->ready = true;
    replica->listed = false;
    assert_false(replica_alive(replica, now_ms));
}

static void test_calls_without_a_key_go_around(void **state)
{
    (void)state;
    static struct cluster cluster;
    unsigned counts[REPLICAS] = {0};
    cluster_init(&cluster);
    for (int i = 0; i < 400; i++) {
        counts[peer_choose(&cluster.peer, 0) - cluster.replicas]++;
    }
    for (size_t i = 0; i < REPLICAS; i++) {
        assert_true(counts[i] > 50);
    }
}

/* ---- calls in flight */

static unsigned told;
static enum status last_status;

static void tell(void *data, const struct bus_reply *reply)
{
    (void)data;
    told++;
    last_status = reply->status;
}

static struct bus_client *table_new(void)
{
    struct bus_client *client = calloc(1, sizeof *client);
    client->closing = true; /* it has no loop to keep awake */
    pending_table_init(client);
    told = 0;
    return client;
}

static void table_free(struct bus_client *client)
{
    pending_table_fini(client);
    free(client);
}

static struct pending *begin(struct bus_client *client, struct pending_list *sent,
                             int64_t deadline_ms)
{
    struct pending *pending = pending_new(client, deadline_ms);
    pending->done = tell;
    pending_put(sent, pending, PENDING_SENT);
    return pending;
}

static void test_a_deadline_is_told_once_and_not_early(void **state)
{
    (void)state;
    struct bus_client *client = table_new();
    struct pending_list sent = TAILQ_HEAD_INITIALIZER(sent);
    int64_t now_ms = clock_monotonic_ms();
    const int64_t spans_ms[] = {1, 100, 1000, WHEEL_SLOTS * WHEEL_SLOT_MS + 500, DEADLINE_MS_MAX};
    const size_t count = sizeof spans_ms / sizeof spans_ms[0];
    for (size_t i = 0; i < count; i++) {
        (void)begin(client, &sent, now_ms + spans_ms[i]);
    }
    for (size_t i = 0; i < count; i++) {
        pending_expire(client, now_ms + spans_ms[i] - 1);
        pending_tell_failed(client);
        assert_int_equal(told, i);
        pending_expire(client, now_ms + spans_ms[i] + 2 * WHEEL_SLOT_MS);
        pending_tell_failed(client);
        assert_int_equal(told, i + 1);
        assert_int_equal(last_status, STATUS_DEADLINE_EXCEEDED);
    }
    assert_int_equal(client->pending_count, 0);
    table_free(client);
}

static void test_an_id_is_not_used_for_two_calls(void **state)
{
    (void)state;
    struct bus_client *client = table_new();
    struct pending_list sent = TAILQ_HEAD_INITIALIZER(sent);
    int64_t now_ms = clock_monotonic_ms();
    uint64_t first = begin(client, &sent, now_ms + 1000)->id;
    pending_drop(client, pending_find(client, first));
    assert_null(pending_find(client, first));
    uint64_t second = begin(client, &sent, now_ms + 1000)->id;
    assert_true(first != second && first != 0 && second != 0);
    assert_null(pending_find(client, first));
    assert_non_null(pending_find(client, second));
    assert_null(pending_find(client, 0));
    assert_null(pending_find(client, UINT64_MAX));
    pending_fail_all(client, &sent, STATUS_UNAVAILABLE);
    pending_tell_failed(client);
    assert_int_equal(told, 1);
    table_free(client);
}

static void test_more_calls_than_may_be_in_flight_still_have_their_end(void **state)
{
    (void)state;
    struct bus_client *client = table_new();
    struct pending_list sent = TAILQ_HEAD_INITIALIZER(sent);
    for (unsigned i = 0; i < CLIENT_PENDING_MAX + 5000; i++) {
        (void)begin(client, &sent, clock_monotonic_ms() + 1000);
    }
    pending_fail_all(client, &sent, STATUS_UNAVAILABLE);
    while (client->pending_count > 0) {
        pending_tell_failed(client);
    }
    assert_int_equal(told, CLIENT_PENDING_MAX + 5000);
    table_free(client);
}

static void test_a_full_table_is_an_error_and_not_the_end(void **state)
{
    (void)state;
    struct bus_client *client = table_new();
    struct pending_list sent = TAILQ_HEAD_INITIALIZER(sent);
    int64_t now_ms = clock_monotonic_ms();
    struct pending *last = begin(client, &sent, now_ms + 1000);
    client->slot_top = SLOT_BLOCK * SLOT_BLOCKS_MAX; /* as if all of them were taken */
    assert_null(pending_new(client, now_ms + 1000));
    assert_int_equal(client->pending_count, 1);
    pending_drop(client, last);
    pending_drop(client, begin(client, &sent, now_ms + 1000));
    assert_int_equal(client->pending_count, 0);
    table_free(client);
}

/* ---- keys */

static void test_a_pair_is_made_once_with_its_modes(void **state)
{
    (void)state;
    char dir[] = "/tmp/wardroom-curve-XXXXXX", path[128], key[CURVE_TEXT_SIZE];
    struct curve_pair first, second;
    struct stat info;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(curve_load_pair(dir, "threads", &first), STATUS_INVALID);
    assert_int_equal(curve_make_pair(dir, "threads"), OK);
    assert_int_equal(curve_load_pair(dir, "threads", &first), OK);
    assert_int_equal(curve_make_pair(dir, "threads"), OK);
    assert_int_equal(curve_load_pair(dir, "threads", &second), OK);
    assert_memory_equal(&first, &second, sizeof first);
    assert_int_equal(curve_load_public(dir, "threads", key), OK);
    assert_string_equal(key, first.public_key);
    snprintf(path, sizeof path, "%s/public/threads.pub", dir);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0644);
    /* A public half that was lost or spoiled is made again from the secret. */
    assert_int_equal(truncate(path, 10), 0);
    assert_int_equal(curve_load_public(dir, "threads", key), STATUS_INVALID);
    assert_int_equal(curve_make_pair(dir, "threads"), OK);
    assert_int_equal(curve_load_public(dir, "threads", key), OK);
    unlink(path);
    snprintf(path, sizeof path, "%s/threads.secret", dir);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    unlink(path);
    snprintf(path, sizeof path, "%s/public", dir);
    rmdir(path);
    rmdir(dir);
}

static void test_a_program_is_no_path(void **state)
{
    (void)state;
    struct curve_pair pair;
    assert_int_equal(curve_load_pair("/tmp", "../etc/x", &pair), STATUS_INVALID);
    assert_int_equal(curve_load_pair("/tmp", "", &pair), STATUS_INVALID);
    assert_int_equal(curve_make_pair("/tmp", "a/b"), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_endpoint_is_a_folder_a_path_or_a_host_and_port),
        cmocka_unit_test(test_keys_spread_evenly_over_replicas),
        cmocka_unit_test(test_a_lost_replica_moves_only_its_own_keys),
        cmocka_unit_test(test_a_replica_is_alive_while_connected_ready_listed_and_heard),
        cmocka_unit_test(test_calls_without_a_key_go_around),
        cmocka_unit_test(test_a_deadline_is_told_once_and_not_early),
        cmocka_unit_test(test_an_id_is_not_used_for_two_calls),
        cmocka_unit_test(test_more_calls_than_may_be_in_flight_still_have_their_end),
        cmocka_unit_test(test_a_full_table_is_an_error_and_not_the_end),
        cmocka_unit_test(test_a_pair_is_made_once_with_its_modes),
        cmocka_unit_test(test_a_program_is_no_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
