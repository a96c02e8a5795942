/* The fakes of fake.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include "auth.pb-c.h"
#include "commands.h"
#include "core/arena.h"
#include "core/clock.h"
#include "events.pb-c.h"
#include "files.pb-c.h"
#include "presence.h"
#include "read_marks.h"
#include "rpc.h"
#include "typing.h"
#include "wire.h"

#define CALLS_MAX     4096
#define OUT_MAX       (64 * 1024)
#define SOCKETS_MAX   320
#define PUBLISHED_MAX 256

struct lws {
    char out[OUT_MAX];
    size_t len;
    unsigned frames;
    bool is_blocked, wants_writable;
    uint16_t close_code;
};
struct fake_call {
    char method[32];
    ProtobufCMessage *request;
    void (*done)(void *data, const struct bus_reply *reply);
    void *data;
    bool is_open;
};

struct gateway fake_gateway;
static uv_loop_t loop;
static struct settings settings;
static struct fake_call calls[CALLS_MAX];
static size_t call_count;
static struct lws *sockets[SOCKETS_MAX];
static struct session *sessions[SOCKETS_MAX];
static size_t socket_count;
static int64_t slow_writes_us;
static struct buf published[PUBLISHED_MAX];
static struct tenant_id published_by[PUBLISHED_MAX];
static size_t published_count;
static bool is_channel_away;

/* --- wire.h --- */

bool wire_is_blocked(struct lws *wsi)
{
    return wsi->is_blocked;
}

bool wire_write(struct lws *wsi, struct frame *frame)
{
    int64_t until_us = clock_monotonic_us() + slow_writes_us;
    assert_false(wsi->is_blocked);
    assert_int_equal(wsi->close_code, 0);
    while (clock_monotonic_us() < until_us) {
    }
    wsi->frames++;
    if (wsi->len + frame->len + 2 < OUT_MAX) {
        memcpy(wsi->out + wsi->len, frame_text(frame), frame->len);
        wsi->len += frame->len;
        wsi->out[wsi->len++] = '\n';
        wsi->out[wsi->len] = '\0';
    }
    return true;
}

void fake_slow_writes_us(int64_t each_us)
{
    slow_writes_us = each_us;
}

bool wire_ping(struct lws *wsi)
{
    (void)wsi;
    return true;
}

void wire_ask_writable(struct lws *wsi)
{
    wsi->wants_writable = true;
}

void wire_close(struct lws *wsi, uint16_t code, const char *reason)
{
    (void)reason;
    assert_int_equal(wsi->close_code, 0);
    wsi->close_code = code;
}

void wire_kill(struct lws *wsi)
{
    wsi->close_code = 1006;
}

/* --- rpc.h --- */

const struct rpc *rpc_of(enum rpc_name name)
{
    static struct rpc found[RPC_COUNT];
    static const struct {
        const ProtobufCServiceDescriptor *service;
        const char *method;
    } names[RPC_COUNT] = {
#define RPC(row, package, method) [RPC_##row] = {&package##__api__descriptor, method},
#include "rpc.def"
#undef RPC
    };
    assert_true(rpc_find(names[name].service, names[name].method, &found[name]));
    return &found[name];
}

bool rpc_find(const ProtobufCServiceDescriptor *service, const char *method, struct rpc *ret)
{
    ret->service = service;
    ret->method = protobuf_c_service_descriptor_get_method_by_name(service, method);
    return ret->method != NULL;
}

bool rpc_start(struct gateway *gateway, const struct rpc_call *call,
               void (*done)(void *data, const struct bus_reply *reply), void *data,
               uint64_t *ret_id)
{
    (void)gateway;
    assert_true(call_count < CALLS_MAX);
    struct fake_call *kept = &calls[call_count++];
    size_t len = protobuf_c_message_get_packed_size(call->request);
    uint8_t *packed = malloc(len + 1);
    assert_non_null(packed);
    protobuf_c_message_pack(call->request, packed);
    *kept = (struct fake_call){.done = done, .data = data, .is_open = true};
    kept->request = protobuf_c_message_unpack(call->request->descriptor, NULL, len, packed);
    snprintf(kept->method, sizeof kept->method, "%s", call->rpc->method->name);
    free(packed);
    if (ret_id)
        *ret_id = call_count;
    return true;
}

ProtobufCMessage *rpc_unpack(const struct rpc *rpc, struct bytes payload, struct arena *arena)
{
    return protobuf_c_message_unpack(rpc->method->output, arena_allocator(arena), payload.len,
                                     payload.data);
}

struct fake_call *fake_call_of(const char *method)
{
    for (size_t i = 0; i < call_count; i++) {
        if (calls[i].is_open && strcmp(calls[i].method, method) == 0)
            return &calls[i];
    }
    return NULL;
}

unsigned fake_calls(const char *method)
{
    unsigned count = 0;
    for (size_t i = 0; i < call_count; i++)
        count += calls[i].is_open && strcmp(calls[i].method, method) == 0;
    return count;
}

const ProtobufCMessage *fake_request(const struct fake_call *call)
{
    assert_non_null(call);
    return call->request;
}

void fake_answer(struct fake_call *call, const ProtobufCMessage *reply)
{
    assert_non_null(call);
    size_t len = protobuf_c_message_get_packed_size(reply);
    uint8_t *packed = malloc(len + 1);
    assert_non_null(packed);
    protobuf_c_message_pack(reply, packed);
    call->is_open = false;
    call->done(call->data, &(struct bus_reply){.detail = "", .payload = bytes_of(packed, len)});
    free(packed);
}

void fake_fail(struct fake_call *call, enum status status)
{
    assert_non_null(call);
    call->is_open = false;
    call->done(call->data, &(struct bus_reply){.status = status, .detail = "because"});
}

/* --- the rest that is not under test --- */

void subscriber_add(struct subscriber *subscriber, const struct tenant_id *tenant)
{
    (void)subscriber;
    (void)tenant;
}

void subscriber_remove(struct subscriber *subscriber, const struct tenant_id *tenant)
{
    (void)subscriber;
    (void)tenant;
}

bool subscriber_publish(struct subscriber *subscriber, const struct tenant_id *tenant,
                        struct bytes batch)
{
    (void)subscriber;
    if (is_channel_away)
        return false;
    if (published_count == PUBLISHED_MAX)
        fake_forget_published();
    published_by[published_count] = *tenant;
    struct buf *kept = &published[published_count++];
    *kept = (struct buf){0};
    buf_append(kept, batch.data, batch.len);
    return true;
}

bool subscriber_reaches(const struct subscriber *subscriber, const struct tenant_id *tenant)
{
    (void)subscriber;
    (void)tenant;
    return !is_channel_away;
}

void command_run(struct session *session, struct bytes text)
{
    struct buf *out = session_event(session);
    buf_text(out, "{\"echo\":");
    buf_append(out, text.data, text.len);
    buf_text(out, "}");
}

void fake_channel_away(bool is_away)
{
    is_channel_away = is_away;
}

void fake_forget_published(void)
{
    for (size_t i = 0; i < published_count; i++)
        buf_fini(&published[i]);
    published_count = 0;
}

size_t fake_published_count(void)
{
    return published_count;
}

Events__Batch *fake_published(size_t at)
{
    assert_true(at < published_count);
    Events__Batch *batch = events__batch__unpack(NULL, published[at].len, published[at].data);
    assert_non_null(batch);
    return batch;
}

void fake_loop_back(void)
{
    for (size_t i = 0; i < published_count; i++)
        fanout_on_batch(&fake_gateway, &published_by[i], buf_bytes(&published[i]));
    fake_forget_published();
    fake_turn();
}

/* --- the gateway --- */

int fake_open(void **state)
{
    (void)state;
    settings = (struct settings){.frames_per_s = 50, .subscriptions_max = 5};
    is_channel_away = false;
    int result = uv_loop_init(&loop);
    fake_gateway = (struct gateway){
        .loop = &loop, .settings = &settings, .bus = (struct bus_client *)(void *)&settings};
    return result;
}

int fake_close(void **state)
{
    (void)state;
    for (size_t i = 0; i < socket_count; i++) {
        if (sessions[i])
            fake_hang_up(sessions[i]);
        free(sockets[i]);
    }
    socket_count = 0;
    fake_turn();
    for (size_t i = 0; i < call_count; i++) {
        if (calls[i].is_open)
            fake_fail(&calls[i], STATUS_UNAVAILABLE);
        protobuf_c_message_free_unpacked(calls[i].request, NULL);
    }
    call_count = 0;
    fake_turn();
    fake_forget_published();
    assert_int_equal(fake_gateway.tenants.count, 0);
    index_fini(&fake_gateway.tenants);
    return uv_loop_close(&loop);
}

struct session *fake_session(const char *tenant, enum role role, uint8_t user)
{
    struct session *session = calloc(1, sizeof *session);
    struct credential *credential = calloc(1, sizeof *credential + 8);
    struct lws *socket = calloc(1, sizeof *socket);
    assert_true(session && credential && socket && socket_count < SOCKETS_MAX);
    credential->refs = 1;
    credential->who.user.u.b[15] = user;
    credential->who.role = role;
    credential->who.expires_at_s = INT64_MAX / 2;
    assert_true(tenant_id_parse(bytes_text(tenant), &credential->who.tenant));
    session->kind = OWNER_SESSION;
    session->refs = 1;
    session->gateway = &fake_gateway;
    session->wsi = socket;
    session->credential = credential;
    session->heard_ms = session->written_ms = gateway_now_ms(&fake_gateway);
    session->frames = (struct rate_bucket){.level_m = 100000, .filled_ms = session->heard_ms};
    sockets[socket_count] = socket;
    sessions[socket_count++] = session;
    session_on_open(session);
    return session;
}

void fake_hang_up(struct session *session)
{
    for (size_t i = 0; i < socket_count; i++) {
        if (sessions[i] == session)
            sessions[i] = NULL;
    }
    session_on_gone(session);
}

const char *fake_written(struct session *session)
{
    static char text[OUT_MAX];
    memcpy(text, session->wsi->out, OUT_MAX);
    session->wsi->len = 0;
    session->wsi->out[0] = '\0';
    session->wsi->frames = 0;
    return text;
}

unsigned fake_frames(struct session *session)
{
    return session->wsi->frames;
}

void fake_block(struct session *session, bool is_blocked)
{
    session->wsi->is_blocked = is_blocked;
    if (!is_blocked && session->wsi->wants_writable) {
        session->wsi->wants_writable = false;
        session_on_writable(session);
    }
}

uint16_t fake_closed(const struct session *session)
{
    return session->wsi->close_code;
}

void fake_live_pass(int64_t ms)
{
    fake_pass(ms);
    presence_tick(&fake_gateway);
    typing_tick(&fake_gateway);
    read_marks_tick(&fake_gateway);
    presence_end_turn(&fake_gateway);
    fake_turn();
}

void fake_turn(void)
{
    fanout_end_turn();
    sessions_end_turn(&fake_gateway);
}

void fake_pass(int64_t ms)
{
    loop.time += (uint64_t)ms;
    fake_gateway.ticks++;
    resync_tick(&fake_gateway);
    resync_check_tick(&fake_gateway);
    thread_list_tick(&fake_gateway);
    fake_turn();
}

struct thread_id fake_thread(uint8_t thread)
{
    return (struct thread_id){{{[14] = 0xee, [15] = thread}}};
}

static void fill_message(Threads__Message *message, struct thread_id *thread, int64_t seq)
{
    threads__message__init(message);
    message->thread_id = (ProtobufCBinaryData){16, thread->u.b};
    message->seq = seq;
}

void fake_answer_history(int64_t from, int64_t to, int64_t last)
{
    struct fake_call *call = fake_call_of("History");
    const Threads__HistoryRequest *request =
        (const Threads__HistoryRequest *)(const void *)fake_request(call);
    Threads__HistoryReply reply = THREADS__HISTORY_REPLY__INIT;
    struct thread_id thread;
    size_t count = to >= from ? (size_t)(to - from + 1) : 0;
    Threads__Message *messages = calloc(count + 1, sizeof *messages);
    Threads__Message **results = calloc(count + 1, sizeof(Threads__Message *));
    assert_true(uuid_from_bytes(bytes_of(request->thread_id.data, 16), &thread.u));
    for (size_t i = 0; i < count; i++) {
        fill_message(&messages[i], &thread, from + (int64_t)i);
        results[i] = &messages[i];
    }
    reply.results = results;
    reply.n_results = count;
    reply.last_seq = last;
    fake_answer(call, &reply.base);
    free(messages);
    free(results);
}

void fake_answer_thread(uint8_t number, int64_t last)
{
    struct thread_id thread = fake_thread(number);
    Threads__Thread reply = THREADS__THREAD__INIT;
    reply.id = (ProtobufCBinaryData){16, thread.u.b};
    reply.last_seq = last;
    fake_answer(fake_call_of("Get"), &reply.base);
}

void fake_answer_heads(const struct fake_head *heads, size_t count, int64_t next_since_us)
{
    enum { HEADS = 8 };
    Threads__HeadsReply reply = THREADS__HEADS_REPLY__INIT;
    Threads__Head items[HEADS], *results[HEADS];
    struct thread_id threads[HEADS];
    struct uuid people[HEADS][2];
    assert_true(count <= HEADS);
    for (size_t i = 0; i < count; i++) {
        threads[i] = fake_thread(heads[i].thread);
        people[i][0] = (struct uuid){{[15] = heads[i].first}};
        people[i][1] = (struct uuid){{[15] = heads[i].second}};
        size_t known = (size_t)(heads[i].first != 0) + (heads[i].second != 0);
        threads__head__init(&items[i]);
        items[i].thread_id = (ProtobufCBinaryData){16, threads[i].u.b};
        items[i].last_seq = heads[i].last;
        items[i].participant_ids = (ProtobufCBinaryData){known * 16, people[i][0].b};
        results[i] = &items[i];
    }
    reply.results = results;
    reply.n_results = count;
    reply.next_since_us = next_since_us;
    fake_answer(fake_call_of("Heads"), &reply.base);
}

void fake_deliver(const char *tenant, Events__Event **events, size_t count)
{
    Events__Batch batch = EVENTS__BATCH__INIT;
    struct tenant_id id;
    char name[32];
    assert_true(tenant_id_parse(bytes_text(tenant), &id));
    snprintf(name, sizeof name, "%s", tenant);
    batch.tenant_id = name;
    batch.events = events;
    batch.n_events = count;
    size_t len = events__batch__get_packed_size(&batch);
    uint8_t *packed = malloc(len + 1);
    assert_non_null(packed);
    events__batch__pack(&batch, packed);
    fanout_on_batch(&fake_gateway, &id, bytes_of(packed, len));
    free(packed);
}

void fake_batch(const char *tenant, uint8_t number, int64_t from, int64_t to)
{
    size_t count = (size_t)(to - from + 1);
    struct thread_id thread = fake_thread(number);
    Threads__Message *messages = calloc(count, sizeof *messages);
    Events__Event *events = calloc(count, sizeof *events);
    Events__Event **list = calloc(count, sizeof(Events__Event *));
    for (size_t i = 0; i < count; i++) {
        fill_message(&messages[i], &thread, from + (int64_t)i);
        events__event__init(&events[i]);
        events[i].of_case = EVENTS__EVENT__OF_MESSAGE;
        events[i].message = &messages[i];
        list[i] = &events[i];
    }
    fake_deliver(tenant, list, count);
    free(messages);
    free(events);
    free(list);
}

void fake_lost(const char *tenant, int64_t since_us)
{
    Events__Lost lost = EVENTS__LOST__INIT;
    Events__Event event = EVENTS__EVENT__INIT, *events[1] = {&event};
    lost.since_us = since_us;
    event.of_case = EVENTS__EVENT__OF_LOST;
    event.lost = &lost;
    fake_deliver(tenant, events, 1);
}

static int64_t last_change;

void fake_thread_event(const char *tenant, uint8_t number, uint8_t first, uint8_t second)
{
    struct thread_id id = fake_thread(number);
    struct uuid users[2] = {{{[15] = first}}, {{[15] = second}}};
    Threads__Participant people[2];
    Threads__Participant *list[2] = {&people[0], &people[1]};
    Threads__Thread thread = THREADS__THREAD__INIT;
    Events__ThreadEvent change = EVENTS__THREAD_EVENT__INIT;
    Events__Event event = EVENTS__EVENT__INIT, *events[1] = {&event};
    for (int i = 0; i < 2; i++) {
        threads__participant__init(&people[i]);
        people[i].user_id = (ProtobufCBinaryData){16, users[i].b};
    }
    thread.id = (ProtobufCBinaryData){16, id.u.b};
    thread.title = (char[]){"secret title"};
    thread.participants = list;
    thread.n_participants = second ? 2 : 1;
    thread.last_seq = ++last_change;
    change.thread = &thread;
    change.change = EVENTS__CHANGE__CHANGE_UPDATED;
    event.of_case = EVENTS__EVENT__OF_THREAD;
    event.thread = &change;
    fake_deliver(tenant, events, 1);
}

void fake_subscribe_live(struct session *session, uint8_t number, int64_t last)
{
    struct thread_id thread = fake_thread(number);
    resync_subscribe(session, &thread, true, last);
    fake_answer_history(1, 0, last);
    fake_turn();
    fake_written(session);
    assert_int_equal(fanout_find(session, &thread)->state, SUBSCRIPTION_LIVE);
}
