/* Two replicas of bin/wardroom-threads on one database write one thread at once, each post is sent
 * to both, and one of them is killed meanwhile: every post is there once, and every answer to it is
 * the same.
 */
#include "support/service_process.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "core/clock.h"
#include "threads.pb-c.h"

enum { POSTS = 150, TIMES = 4, ROUNDS_MAX = 20 };

/* Each with a client that knows only it. */
static struct test_service replicas[2];
static struct test_client clients[2];
static struct tenant_id acme;
static char *token;
static struct uuid thread;
static char listen_option[2][160], announce_option[2][160];
static const char *options[2][4] = {
    {"WARDROOM_CHANNEL_KEY=1:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
    {"WARDROOM_CHANNEL_KEY=1:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}};

static void start(size_t number)
{
    struct test_service *service = &replicas[number];
    char path[80];
    snprintf(path, sizeof path, "%s/announce%zu", service->dir, number);
    (void)!mkdir(path, 0700); /* again after a kill */
    snprintf(service->endpoint, sizeof service->endpoint, "dir:%s", path);
    snprintf(listen_option[number], sizeof listen_option[number],
             "WARDROOM_LISTEN=ipc://%s/bus%zu.sock", service->dir, number);
    snprintf(announce_option[number], sizeof announce_option[number], "WARDROOM_ANNOUNCE_DIR=%s",
             path);
    options[number][1] = listen_option[number];
    options[number][2] = announce_option[number];
    test_service_start(service, options[number]);
}

static ProtobufCBinaryData field_of(const struct uuid *id)
{
    return (ProtobufCBinaryData){16, (uint8_t *)(uintptr_t)id->b};
}

static struct test_reply call(size_t replica, const char *method, const ProtobufCMessage *request)
{
    return test_call(&clients[replica], &threads__api__descriptor, method, request, token, NULL);
}

static int open_replicas(void **state)
{
    (void)state;
    acme = test_tenant_new("acme");
    replicas[1] = replicas[0];
    for (size_t i = 0; i < 2; i++) {
        start(i);
        test_client_open(&clients[i], &replicas[i], "gateway");
    }
    const struct test_token wanted = {
        .tenant = acme, .role = ROLE_ANALYST, .user = {uuid_new()}, .name = "Dana Reyes"};
    token = test_token_mint(&replicas[0].trust, &wanted);
    Threads__CreateRequest in = THREADS__CREATE_REQUEST__INIT;
    in.title = (char *)"Two replicas";
    struct test_reply reply = call(0, "Create", &in.base);
    assert_int_equal(reply.status, OK);
    memcpy(thread.b, ((Threads__Thread *)reply.message)->id.data, sizeof thread.b);
    test_reply_free(&reply);
    return 0;
}

static int close_replicas(void **state)
{
    (void)state;
    free(token);
    test_client_close(&clients[0]);
    test_client_close(&clients[1]);
    test_service_stop(&replicas[1]);
    test_service_close(&replicas[0]); /* keys and folder are shared */
    return 0;
}

/* One post, and what was answered to each time it was sent. */
struct post {
    struct uuid client;
    int64_t seq; /* 0: no answer yet */
    uint8_t hash[32];
    bool is_acknowledgement;
};
static struct post posts[POSTS];
static size_t under_way, refused;

static void answered(void *data, const struct bus_reply *reply)
{
    struct post *post = data;
    under_way--;
    if (reply->status != OK) {
        /* Only what says "try again": an answer that was lost, or a writer that came first twice.
         */
        assert_true(status_retryable(reply->status));
        refused++;
        return;
    }
    Threads__PostReply *out =
        threads__post_reply__unpack(NULL, reply->payload.len, reply->payload.data);
    assert_non_null(out);
    assert_int_equal(out->message->hash.len, sizeof post->hash);
    if (post->seq == 0) {
        post->seq = out->message->seq;
        memcpy(post->hash, out->message->hash.data, sizeof post->hash);
    }
    assert_int_equal(out->message->seq, post->seq);
    assert_memory_equal(out->message->hash.data, post->hash, sizeof post->hash);
    threads__post_reply__free_unpacked(out, NULL);
}

static void send_post(size_t replica, struct post *post)
{
    uint8_t packed[256];
    Threads__PostRequest in = THREADS__POST_REQUEST__INIT;
    Threads__AcknowledgeRequest seen = THREADS__ACKNOWLEDGE_REQUEST__INIT;
    in.thread_id = seen.thread_id = field_of(&thread);
    in.client_id = field_of(&post->client);
    in.body = (char *)"the same each time";
    seen.seq = 2;
    const ProtobufCMessage *message = post->is_acknowledgement ? &seen.base : &in.base;
    const struct bus_request request = {
        .service = &threads__api__descriptor,
        .method = protobuf_c_service_descriptor_get_method_by_name(
            &threads__api__descriptor, post->is_acknowledgement ? "Acknowledge" : "Post"),
        .payload = bytes_of(packed, protobuf_c_message_pack(message, packed)),
        .token = bytes_text(token),
        .shard_key = uuid_bytes(&thread),
        .timeout_ms = 20000,
    };
    under_way++;
    assert_int_equal(bus_call(clients[replica].bus, &request, answered, post, NULL), OK);
}

static void turn_loops(void)
{
    uv_run(&clients[0].loop, UV_RUN_NOWAIT);
    uv_run(&clients[1].loop, UV_RUN_NOWAIT);
}

static void wait_for_all(void)
{
    int64_t until_ms = clock_monotonic_ms() + 60000;
    while (under_way > 0) {
        turn_loops();
        assert_true(clock_monotonic_ms() < until_ms);
    }
}

/* The first is a message both can acknowledge, the last the acknowledgement. */
static void begin(void)
{
    for (size_t i = 0; i < POSTS; i++) {
        posts[i] = (struct post){.client = uuid_new(), .is_acknowledgement = i == POSTS - 1};
    }
    send_post(0, &posts[0]);
    wait_for_all();
    refused = 0;
}

/* Each to both replicas in turns, all in flight together. */
static void send_all(void)
{
    for (size_t time = 0; time < TIMES; time++) {
        for (size_t i = 0; i < POSTS; i++) {
            send_post((time + i) % 2, &posts[i]);
        }
        turn_loops();
    }
}

/* Whoever was told to try again does, and in the end all have their answer. */
static void settle(void)
{
    for (int round = 0; round < ROUNDS_MAX; round++) {
        bool whole = true;
        wait_for_all();
        for (size_t i = 0; i < POSTS; i++) {
            whole = whole && posts[i].seq != 0;
            if (posts[i].seq == 0) {
                send_post((size_t)round % 2, &posts[i]);
            }
        }
        if (whole) {
            return;
        }
    }
    fail_msg("posts without an answer after %d rounds", ROUNDS_MAX);
}

static void check_thread(int64_t before)
{
    Threads__GetRequest get = THREADS__GET_REQUEST__INIT;
    bool taken[POSTS] = {false};
    get.thread_id = field_of(&thread);
    for (size_t i = 0; i < POSTS; i++) {
        assert_in_range(posts[i].seq, before + 1, before + POSTS);
        assert_false(taken[posts[i].seq - before - 1]);
        taken[posts[i].seq - before - 1] = true;
    }
    struct test_reply reply = call(1, "Verify", &get.base);
    assert_int_equal(reply.status, OK);
    const Threads__VerifyReply *verified = (const Threads__VerifyReply *)reply.message;
    assert_string_equal(verified->detail, "");
    assert_int_equal(verified->size, before + POSTS);
    test_reply_free(&reply);
}

static void test_repeats_through_both_replicas_are_one_message_each(void **state)
{
    (void)state;
    begin();
    send_all();
    settle();
    check_thread(1);
    /* The second try of a batch takes locks: hardly any needed the client to try again. */
    assert_in_range(refused, 0, POSTS);
}

static void test_a_replica_killed_meanwhile_loses_and_doubles_nothing(void **state)
{
    (void)state;
    begin();
    /* This person has acknowledged seq 2 in the test before: the same record again. */
    posts[POSTS - 1].is_acknowledgement = false;
    send_all();
    while (under_way > POSTS * TIMES * 3 / 4) {
        turn_loops();
    }
    assert_int_equal(kill(replicas[0].pid, SIGKILL), 0);
    assert_int_equal(waitpid(replicas[0].pid, NULL, 0), replicas[0].pid);
    start(0);
    settle();
    check_thread(1 + POSTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repeats_through_both_replicas_are_one_message_each),
        cmocka_unit_test(test_a_replica_killed_meanwhile_loses_and_doubles_nothing),
    };
    if (!test_service_open(&replicas[0], "threads")) {
        return 0;
    }
    return cmocka_run_group_tests_name("threads replicas", tests, open_replicas, close_replicas);
}
