/* bin/wardroom-threads over real CURVE sockets: what was acknowledged is there, whatever happens to
 * the process, and nothing of it can be read or changed beside it. */
#include "support/service_process.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "db/db.h"
#include "threads.pb-c.h"

static struct test_service service;
static struct test_client client;
static struct tenant_id acme, globex;

/* Its events go out sealed; nobody listens here. */
static const char *const options[] = {
    "WARDROOM_CHANNEL_KEY=1:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    NULL};

/* Somebody with a token. */
struct person {
    struct user_id user;
    enum role role;
    const char *name;
    char *token;
};
static struct person analyst, member, outsider, stranger;

static struct person person_new(const struct tenant_id *tenant, const char *name, enum role role)
{
    struct person person = {.user = {uuid_new()}, .role = role, .name = name};
    const struct test_token token = {
        .tenant = *tenant, .role = role, .user = person.user, .name = name};
    person.token = test_token_mint(&service.trust, &token);
    return person;
}

static int open_service(void **state)
{
    (void)state;
    acme = test_tenant_new("acme");
    globex = test_tenant_new("globex");
    analyst = person_new(&acme, "Dana Reyes", ROLE_ANALYST);
    member = person_new(&acme, "Samuel Okoro", ROLE_MEMBER);
    outsider = person_new(&acme, "Lee Park", ROLE_MEMBER);
    stranger = person_new(&globex, "Eve Else", ROLE_ADMIN);
    test_service_start(&service, options);
    test_client_open(&client, &service, "gateway");
    return 0;
}

static int close_service(void **state)
{
    (void)state;
    struct person *const people[] = {&analyst, &member, &outsider, &stranger};
    for (size_t i = 0; i < 4; i++) {
        free(people[i]->token);
    }
    test_client_close(&client);
    test_service_close(&service);
    return 0;
}

static ProtobufCBinaryData field_of(const struct uuid *id)
{
    return (ProtobufCBinaryData){16, (uint8_t *)(uintptr_t)id->b};
}

static struct test_reply call(const struct person *who, const char *method,
                              const ProtobufCMessage *request)
{
    return test_call(&client, &threads__api__descriptor, method, request, who->token, NULL);
}

static enum status status_of(const struct person *who, const char *method,
                             const ProtobufCMessage *request)
{
    struct test_reply reply = call(who, method, request);
    enum status status = reply.status;
    test_reply_free(&reply);
    return status;
}

/* A thread of the analyst's in which the member takes part. */
static struct uuid make_thread(const char *title)
{
    Threads__CreateRequest in = THREADS__CREATE_REQUEST__INIT;
    Threads__Participant person = THREADS__PARTICIPANT__INIT, *people[] = {&person};
    ProtobufCBinaryData ids[] = {field_of(&member.user.u)};
    struct uuid id;
    in.title = (char *)(uintptr_t)title;
    person.user_id = ids[0];
    person.name = (char *)(uintptr_t)member.name;
    person.role = AUTH__ROLE__ROLE_MEMBER;
    in.n_participants_uuids = in.n_participants_filled = 1;
    in.participants_uuids = ids;
    in.participants_filled = people;
    struct test_reply reply = call(&analyst, "Create", &in.base);
    assert_int_equal(reply.status, OK);
    memcpy(id.b, ((Threads__Thread *)reply.message)->id.data, sizeof id.b);
    test_reply_free(&reply);
    return id;
}

struct posting {
    Threads__PostRequest in;
    struct uuid client;
};

static void posting_init(struct posting *posting, const struct uuid *thread, const char *body)
{
    threads__post_request__init(&posting->in);
    posting->client = uuid_new();
    posting->in.thread_id = field_of(thread);
    posting->in.client_id = field_of(&posting->client);
    posting->in.body = (char *)(uintptr_t)body;
}

static int64_t seq_of(struct test_reply reply)
{
    assert_int_equal(reply.status, OK);
    int64_t seq = ((Threads__PostReply *)reply.message)->message->seq;
    test_reply_free(&reply);
    return seq;
}

static bool verified(const struct uuid *thread)
{
    Threads__GetRequest in = THREADS__GET_REQUEST__INIT;
    in.thread_id = field_of(thread);
    struct test_reply reply = call(&analyst, "Verify", &in.base);
    assert_int_equal(reply.status, OK);
    bool ok = ((Threads__VerifyReply *)reply.message)->ok;
    test_reply_free(&reply);
    return ok;
}

static void test_post_repeat_and_conflict(void **state)
{
    (void)state;
    struct uuid thread = make_thread("Post");
    struct posting posting;
    posting_init(&posting, &thread, "once");
    assert_int_equal(seq_of(call(&member, "Post", &posting.in.base)), 2);
    struct test_reply again = call(&member, "Post", &posting.in.base);
    assert_true(((Threads__PostReply *)again.message)->repeated_post);
    assert_int_equal(seq_of(again), 2);
    posting.in.body = (char *)"twice";
    assert_int_equal(status_of(&member, "Post", &posting.in.base), STATUS_CONFLICT);
    assert_true(verified(&thread));
}

static void test_who_may_not_see_finds_nothing(void **state)
{
    (void)state;
    struct uuid thread = make_thread("Not yours");
    Threads__GetRequest get = THREADS__GET_REQUEST__INIT;
    get.thread_id = field_of(&thread);
    struct posting posting;
    posting_init(&posting, &thread, "hello");
    const struct person *const nobody[] = {&outsider, &stranger};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(status_of(nobody[i], "Get", &get.base), STATUS_NOT_FOUND);
        assert_int_equal(status_of(nobody[i], "Post", &posting.in.base), STATUS_NOT_FOUND);
    }
}

static void test_removed_member_is_out_at_once(void **state)
{
    (void)state;
    struct uuid thread = make_thread("Removal");
    struct posting posting;
    posting_init(&posting, &thread, "still here");
    assert_int_equal(status_of(&member, "Post", &posting.in.base), OK);
    Threads__RemoveParticipantRequest removal = THREADS__REMOVE_PARTICIPANT_REQUEST__INIT;
    removal.thread_id = field_of(&thread);
    removal.user_id = field_of(&member.user.u);
    assert_int_equal(status_of(&member, "RemoveParticipant", &removal.base), STATUS_FORBIDDEN);
    assert_int_equal(status_of(&analyst, "RemoveParticipant", &removal.base), OK);
    posting_init(&posting, &thread, "and now?");
    assert_int_equal(status_of(&member, "Post", &posting.in.base), STATUS_NOT_FOUND);
    assert_true(verified(&thread));
}

static void test_closed_thread_refuses(void **state)
{
    (void)state;
    struct uuid thread = make_thread("Closing");
    char *fields[] = {(char *)"status"};
    Threads__PatchRequest patch = THREADS__PATCH_REQUEST__INIT;
    patch.thread_id = field_of(&thread);
    patch.n_set_fields = 1;
    patch.set_fields = fields;
    patch.status = THREADS__THREAD_STATUS__THREAD_STATUS_CLOSED;
    assert_int_equal(status_of(&analyst, "Patch", &patch.base), OK);
    struct posting posting;
    posting_init(&posting, &thread, "one more thing");
    assert_int_equal(status_of(&member, "Post", &posting.in.base), STATUS_CONFLICT);
}

static void test_wrong_fields_are_named(void **state)
{
    (void)state;
    struct uuid thread = make_thread("Fields");
    struct posting posting;
    posting_init(&posting, &thread, "");
    struct test_reply reply = call(&member, "Post", &posting.in.base);
    assert_int_equal(reply.status, STATUS_VALIDATION_FAILED);
    assert_string_equal(reply.pointer, "/body");
    test_reply_free(&reply);
}

/* ---- many posts in flight, and a process that dies */

enum { FLIGHTS = 400, FLIGHT_THREADS = 5 };
struct flight {
    struct posting posting;
    struct uuid thread;
    bool over;
    int64_t seq; /* 0: not acknowledged */
};
static struct flight flights[FLIGHTS];
static size_t landed;

static void land(void *data, const struct bus_reply *reply)
{
    struct flight *flight = data;
    flight->over = true;
    landed++;
    if (reply->status == OK) {
        Threads__PostReply *out =
            threads__post_reply__unpack(NULL, reply->payload.len, reply->payload.data);
        flight->seq = out->message->seq;
        threads__post_reply__free_unpacked(out, NULL);
    }
}

static void take_off(const struct uuid *threads)
{
    uint8_t packed[512];
    landed = 0;
    for (size_t i = 0; i < FLIGHTS; i++) {
        struct flight *flight = &flights[i];
        flight->thread = threads[i % FLIGHT_THREADS];
        flight->over = false;
        flight->seq = 0;
        posting_init(&flight->posting, &flight->thread, "in flight");
        size_t len = threads__post_request__pack(&flight->posting.in, packed);
        const struct bus_request request = {
            .service = &threads__api__descriptor,
            .method =
                protobuf_c_service_descriptor_get_method_by_name(&threads__api__descriptor, "Post"),
            .payload = bytes_of(packed, len),
            .token = bytes_text(member.token),
            .shard_key = uuid_bytes(&flight->thread),
            .timeout_ms = 5000,
        };
        assert_int_equal(bus_call(client.bus, &request, land, flight, NULL), OK);
    }
}

/* Every acknowledged post is in its thread at its seq, and the trees verify. */
static void check_flights(const struct uuid *threads)
{
    for (size_t i = 0; i < FLIGHTS; i++) {
        struct flight *flight = &flights[i];
        if (flight->seq > 0) {
            Threads__HistoryRequest in = THREADS__HISTORY_REQUEST__INIT;
            in.thread_id = field_of(&flight->thread);
            in.after_seq = flight->seq - 1;
            in.limit = 1;
            struct test_reply reply = call(&member, "History", &in.base);
            assert_int_equal(reply.status, OK);
            Threads__HistoryReply *page = (Threads__HistoryReply *)reply.message;
            assert_int_equal(page->n_results, 1);
            assert_int_equal(page->results[0]->seq, flight->seq);
            assert_memory_equal(page->results[0]->client_id.data, flight->posting.client.b, 16);
            test_reply_free(&reply);
        }
    }
    for (size_t i = 0; i < FLIGHT_THREADS; i++) {
        assert_true(verified(&threads[i]));
    }
}

static void test_many_posts_in_flight_are_all_there(void **state)
{
    (void)state;
    struct uuid threads[FLIGHT_THREADS];
    for (size_t i = 0; i < FLIGHT_THREADS; i++) {
        threads[i] = make_thread("Load");
    }
    take_off(threads);
    while (landed < FLIGHTS) {
        uv_run(&client.loop, UV_RUN_ONCE);
    }
    for (size_t i = 0; i < FLIGHTS; i++) {
        assert_int_not_equal(flights[i].seq, 0);
    }
    check_flights(threads);
}

static void test_killed_service_keeps_what_it_acknowledged(void **state)
{
    (void)state;
    struct uuid threads[FLIGHT_THREADS];
    for (size_t i = 0; i < FLIGHT_THREADS; i++) {
        threads[i] = make_thread("Load");
    }
    take_off(threads);
    while (landed < FLIGHTS / 4) {
        uv_run(&client.loop, UV_RUN_ONCE);
    }
    assert_int_equal(kill(service.pid, SIGKILL), 0);
    assert_int_equal(waitpid(service.pid, NULL, 0), service.pid);
    test_service_start(&service, options);
    while (landed < FLIGHTS) {
        uv_run(&client.loop, UV_RUN_ONCE);
    }
    check_flights(threads);
    /* Whoever got no answer asks again: no post is there twice, none is lost. */
    for (size_t i = 0; i < FLIGHTS; i++) {
        int64_t seq = seq_of(call(&member, "Post", &flights[i].posting.in.base));
        assert_true(flights[i].seq == 0 || flights[i].seq == seq);
        flights[i].seq = seq;
    }
    for (size_t i = 0; i < FLIGHT_THREADS; i++) {
        Threads__GetRequest in = THREADS__GET_REQUEST__INIT;
        in.thread_id = field_of(&threads[i]);
        struct test_reply reply = call(&member, "Get", &in.base);
        assert_int_equal(((Threads__Thread *)reply.message)->last_seq,
                         1 + FLIGHTS / FLIGHT_THREADS);
        test_reply_free(&reply);
    }
    check_flights(threads);
}

/* ---- beside the service */

static void test_runtime_login_cannot_change_messages(void **state)
{
    (void)state;
    struct uuid thread = make_thread("Immutable");
    (void)thread;
    static const struct db_stmt statements[] = {
        {"s1", "UPDATE message SET sealed = NULL"},
        {"s2", "DELETE FROM message"},
        {"s3", "TRUNCATE message"},
        {"s4", "DROP TABLE message"},
        {"s5", "DELETE FROM thread_key"},
        {"s6", "UPDATE thread_key SET wrapped = ''"},
        {"s7", "DELETE FROM participant"},
        {"s8", "CREATE TABLE mine (id int)"},
    };
    struct db *db;
    assert_int_equal(db_open(service.database.runtime, "threads", &db), OK);
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        struct tenant_tx *tx;
        assert_int_equal(tenant_tx_begin(db, false, &tx), OK);
        assert_int_equal(tenant_tx_enter(tx, &acme), OK);
        assert_int_equal(tenant_tx_run(tx, &statements[i], NULL, 0, NULL), STATUS_FORBIDDEN);
        tenant_tx_rollback(tx);
    }
    db_close(db);
}

static void test_dump_of_the_database_shows_no_words(void **state)
{
    (void)state;
    static const char *const words[] = {"kestrel-title", "kestrel-body", "Samuel Okoro",
                                        "Dana Reyes"};
    struct uuid thread = make_thread("kestrel-title");
    struct posting posting;
    posting_init(&posting, &thread, "kestrel-body");
    assert_int_equal(status_of(&member, "Post", &posting.in.base), OK);
    char command[1024], line[65536];
    size_t lines = 0;
    snprintf(command, sizeof command, "pg_dump --inserts '%s'", service.database.admin);
    FILE *dump = popen(command, "r");
    assert_non_null(dump);
    while (fgets(line, sizeof line, dump) != NULL) {
        lines++;
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            char hex[64];
            hex_encode(bytes_text(words[i]), hex);
            assert_null(strstr(line, words[i]));
            assert_null(strstr(line, hex));
        }
    }
    assert_int_equal(pclose(dump), 0);
    assert_true(lines > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_post_repeat_and_conflict),
        cmocka_unit_test(test_who_may_not_see_finds_nothing),
        cmocka_unit_test(test_removed_member_is_out_at_once),
        cmocka_unit_test(test_closed_thread_refuses),
        cmocka_unit_test(test_wrong_fields_are_named),
        cmocka_unit_test(test_many_posts_in_flight_are_all_there),
        cmocka_unit_test(test_killed_service_keeps_what_it_acknowledged),
        cmocka_unit_test(test_runtime_login_cannot_change_messages),
        cmocka_unit_test(test_dump_of_the_database_shows_no_words),
    };
    if (!test_service_open(&service, "threads")) {
        return 0;
    }
    return cmocka_run_group_tests_name("threads service", tests, open_service, close_service);
}
