/* One engine: N lookups at once, then one call. Next: content.h */
#include "flows.h"

#include <stdio.h>
#include <stdlib.h>
#include "auth.pb-c.h"
#include "core/limits.h"
#include "dispatch.h"
#include "files.pb-c.h"
#include "quota.h"
#include "rpc.h"

struct flow {
    struct gateway *gateway;
    struct arena *arena; /* owned; everything here lives in it, the flow too */
    struct bytes token;
    const char *traceparent;
    const struct rpc *lookup, *target;
    ProtobufCMessage *request;
    struct bytes shard_key;
    const char *pointer; /* JSON pointer of the list of ids, "/attachments/%zu" */
    size_t waiting;
    enum status failed;
    char failed_pointer[64], failed_detail[160];
    uint32_t retry_after_ms;
    /* Put what the n-th lookup found into the request; false: out of memory. */
    bool (*fill)(struct flow *flow, size_t n, ProtobufCMessage *found);
    void (*done)(void *data, const struct bus_reply *reply);
    void *data;
};
struct lookup {
    struct flow *flow;
    size_t n;
};

static void flow_end(struct flow *flow, const struct bus_reply *reply)
{
    if (flow->done)
        flow->done(flow->data, reply);
    arena_free(flow->arena);
}

static void on_target_reply(void *data, const struct bus_reply *reply)
{
    flow_end(data, reply);
}

static void end_with_status(struct flow *flow, enum status status, const char *detail)
{
    const struct bus_field_error field = {flow->failed_pointer, flow->failed_detail};
    bool has_field = flow->failed_pointer[0] != '\0';
    flow_end(flow, &(struct bus_reply){.status = status,
                                       .detail = detail,
                                       .errors = has_field ? &field : NULL,
                                       .error_count = has_field,
                                       .retry_after_ms = flow->retry_after_ms});
}

/* Every lookup is answered. */
static void call_target(struct flow *flow)
{
    if (flow->failed != OK) {
        end_with_status(flow, flow->failed, flow->failed_pointer[0] ? "" : flow->failed_detail);
        return;
    }
    const struct rpc_call call = {.rpc = flow->target,
                                  .request = flow->request,
                                  .token = flow->token,
                                  .shard_key = flow->shard_key,
                                  .traceparent = flow->traceparent};
    if (!rpc_start(flow->gateway, &call, on_target_reply, flow, NULL))
        end_with_status(flow, STATUS_TOO_LARGE, "");
}

static void note_failure(struct flow *flow, size_t n, const struct bus_reply *reply)
{
    if (flow->failed != OK)
        return;
    flow->failed = reply->status;
    flow->retry_after_ms = reply->retry_after_ms;
    snprintf(flow->failed_detail, sizeof flow->failed_detail, "%s", reply->detail);
    if (reply->status == STATUS_NOT_FOUND) {
        flow->failed = STATUS_VALIDATION_FAILED;
        snprintf(flow->failed_pointer, sizeof flow->failed_pointer, "%s/%zu", flow->pointer, n);
        snprintf(flow->failed_detail, sizeof flow->failed_detail, "there is no such one here");
    }
}

static void on_lookup_reply(void *data, const struct bus_reply *reply)
{
    struct lookup *lookup = data;
    struct flow *flow = lookup->flow;
    if (reply->status != OK) {
        note_failure(flow, lookup->n, reply);
    } else {
        ProtobufCMessage *found = rpc_unpack(flow->lookup, reply->payload, flow->arena);
        if (!found || !flow->fill(flow, lookup->n, found))
            note_failure(flow, lookup->n,
                         &(struct bus_reply){.status = STATUS_INTERNAL, .detail = ""});
    }
    if (--flow->waiting == 0)
        call_target(flow);
}

/* Ask for `count` ids; `make` writes the request of the n-th. False: none went out. */
static bool start_lookups(struct flow *flow, const ProtobufCBinaryData *ids, size_t count,
                          ProtobufCMessage *request, ProtobufCBinaryData *id_member)
{
    struct lookup *lookups = arena_alloc(flow->arena, (count + 1) * sizeof *lookups);
    if (!lookups)
        return false;
    for (size_t i = 0; i < count; i++) {
        lookups[i] = (struct lookup){flow, i};
        *id_member = ids[i];
        const struct rpc_call call = {.rpc = flow->lookup,
                                      .request = request,
                                      .token = flow->token,
                                      .shard_key = bytes_of(ids[i].data, ids[i].len),
                                      .traceparent = flow->traceparent};
        if (rpc_start(flow->gateway, &call, on_lookup_reply, &lookups[i], NULL))
            flow->waiting++;
        else
            flow->failed = STATUS_RESOURCE_EXHAUSTED;
    }
    return flow->waiting > 0;
}

static struct flow *flow_new(struct gateway *gateway, struct arena *arena, struct bytes token,
                             void (*done)(void *data, const struct bus_reply *reply), void *data)
{
    struct flow *flow = arena_alloc(arena, sizeof *flow);
    const uint8_t *copy = flow ? arena_copy(arena, token.data, token.len) : NULL;
    if (!copy)
        return NULL;
    *flow = (struct flow){.gateway = gateway,
                          .arena = arena,
                          .token = bytes_of(copy, token.len),
                          .done = done,
                          .data = data};
    return flow;
}

void flow_abandon(struct flow *flow)
{
    flow->done = NULL;
}

static bool fill_attachment(struct flow *flow, size_t n, ProtobufCMessage *found)
{
    Threads__PostRequest *request = (Threads__PostRequest *)(void *)flow->request;
    const Files__File *file = (const Files__File *)(const void *)found;
    Threads__Attachment *attachment = arena_alloc(flow->arena, sizeof *attachment);
    if (!attachment)
        return false;
    threads__attachment__init(attachment);
    attachment->tenant_id = file->tenant_id;
    attachment->id = file->id;
    attachment->name = file->name;
    attachment->size = file->size;
    attachment->media_type = file->media_type;
    attachment->sha256 = file->sha256;
    request->attachments_filled[n] = attachment;
    return true;
}

struct flow *flow_post(struct gateway *gateway, struct arena *arena, struct bytes token,
                       Threads__PostRequest *request,
                       void (*done)(void *data, const struct bus_reply *reply), void *data)
{
    struct flow *flow = flow_new(gateway, arena, token, done, data);
    size_t count = request->n_attachments_uuids;
    Threads__Attachment **filled = arena_alloc(arena, (count + 1) * sizeof *filled);
    Files__GetRequest get = FILES__GET_REQUEST__INIT;
    if (!flow || !filled)
        return NULL;
    request->attachments_filled = filled;
    request->n_attachments_filled = count;
    flow->lookup = rpc_of(RPC_FILES_GET);
    flow->target = rpc_of(RPC_THREADS_POST);
    flow->request = &request->base;
    flow->shard_key = bytes_of(request->thread_id.data, request->thread_id.len);
    flow->pointer = "/attachments";
    flow->fill = fill_attachment;
    return start_lookups(flow, request->attachments_uuids, count, &get.base, &get.file_id) ? flow
                                                                                           : NULL;
}

static bool fill_participant(struct flow *flow, size_t n, ProtobufCMessage *found)
{
    Threads__CreateRequest *request = (Threads__CreateRequest *)(void *)flow->request;
    const Auth__DirectoryEntry *person = (const Auth__DirectoryEntry *)(const void *)found;
    Threads__Participant *participant = arena_alloc(flow->arena, sizeof *participant);
    if (!participant)
        return false;
    threads__participant__init(participant);
    participant->user_id = person->id;
    participant->name = person->name;
    participant->role = person->role;
    request->participants_filled[n] = participant;
    return true;
}

static struct flow *start_create(struct exchange *exchange, struct arena *arena,
                                 Threads__CreateRequest *request,
                                 void (*done)(void *data, const struct bus_reply *reply))
{
    struct flow *flow = flow_new(exchange->gateway, arena, exchange->token, done, exchange);
    size_t count = request->n_participants_uuids;
    Threads__Participant **filled = arena_alloc(arena, (count + 1) * sizeof *filled);
    Auth__GetUserRequest get = AUTH__GET_USER_REQUEST__INIT;
    if (!flow || !filled)
        return NULL;
    request->participants_filled = filled;
    request->n_participants_filled = count;
    flow->lookup = rpc_of(RPC_AUTH_GET_USER);
    flow->target = rpc_of(RPC_THREADS_CREATE);
    flow->request = &request->base;
    flow->pointer = "/participants";
    flow->fill = fill_participant;
    return start_lookups(flow, request->participants_uuids, count, &get.base, &get.user_id) ? flow
                                                                                            : NULL;
}

static bool fill_added(struct flow *flow, size_t n, ProtobufCMessage *found)
{
    Threads__AddParticipantRequest *request =
        (Threads__AddParticipantRequest *)(void *)flow->request;
    const Auth__DirectoryEntry *person = (const Auth__DirectoryEntry *)(const void *)found;
    (void)n;
    request->name_filled = person->name;
    request->role_filled = person->role;
    return true;
}

static struct flow *start_add(struct exchange *exchange, struct arena *arena,
                              Threads__AddParticipantRequest *request,
                              void (*done)(void *data, const struct bus_reply *reply))
{
    struct flow *flow = flow_new(exchange->gateway, arena, exchange->token, done, exchange);
    Auth__GetUserRequest get = AUTH__GET_USER_REQUEST__INIT;
    if (!flow)
        return NULL;
    flow->lookup = rpc_of(RPC_AUTH_GET_USER);
    flow->target = rpc_of(RPC_THREADS_ADD_PARTICIPANT);
    flow->request = &request->base;
    flow->shard_key = bytes_of(request->thread_id.data, request->thread_id.len);
    flow->pointer = "/user_id";
    flow->fill = fill_added;
    return start_lookups(flow, &request->user_id, 1, &get.base, &get.user_id) ? flow : NULL;
}

static void on_flow_done(void *data, const struct bus_reply *reply)
{
    struct exchange *exchange = data;
    exchange->flow = NULL;
    dispatch_answer(exchange, reply);
}

static void too_many(struct exchange *exchange, const char *pointer, const char *detail)
{
    const struct problem_field field = {pointer, detail};
    exchange_answer_problem(
        exchange,
        &(struct problem){.status = STATUS_VALIDATION_FAILED, .fields = &field, .field_count = 1},
        0);
}

/* The flow has an arena of its own, since it may outlive the exchange; the request is copied into
 * it through its packed form. NULL: out of memory, answered. */
static ProtobufCMessage *move_request(struct exchange *exchange, const ProtobufCMessage *request,
                                      struct arena **ret_arena)
{
    struct arena *arena = arena_new(REQUEST_ARENA_BYTES_MAX);
    size_t len = protobuf_c_message_get_packed_size(request);
    uint8_t *packed = arena ? arena_alloc(arena, len + 1) : NULL;
    ProtobufCMessage *copy = NULL;
    if (packed) {
        protobuf_c_message_pack(request, packed);
        copy = protobuf_c_message_unpack(request->descriptor, arena_allocator(arena), len, packed);
    }
    if (!copy) {
        arena_free(arena);
        exchange_fail(exchange, STATUS_RESOURCE_EXHAUSTED, NULL);
        return NULL;
    }
    *ret_arena = arena;
    return copy;
}

static void follow(struct exchange *exchange, struct flow *flow, struct arena *arena)
{
    exchange->flow = flow;
    if (flow)
        return;
    arena_free(arena);
    exchange_fail(exchange, STATUS_RESOURCE_EXHAUSTED, NULL);
}

void flow_sign_in(struct exchange *exchange, ProtobufCMessage *request)
{
    Auth__TokenRequest *token = (Auth__TokenRequest *)(void *)request;
    if (!quota_admits_sign_in(exchange))
        return;
    token->address_filled = arena_text(exchange->arena, bytes_text(exchange->head->address));
    if (!token->address_filled)
        exchange_fail(exchange, STATUS_RESOURCE_EXHAUSTED, NULL);
    else
        dispatch_call(exchange, request, NULL);
}

void flow_create_thread(struct exchange *exchange, ProtobufCMessage *request)
{
    Threads__CreateRequest *create = (Threads__CreateRequest *)(void *)request;
    struct arena *arena;
    if (create->n_participants_uuids == 0) {
        dispatch_call(exchange, request, NULL);
    } else if (create->n_participants_uuids > PARTICIPANTS_MAX) {
        too_many(exchange, "/participants", "more people than a thread takes");
    } else {
        create = (Threads__CreateRequest *)(void *)move_request(exchange, request, &arena);
        if (create)
            follow(exchange, start_create(exchange, arena, create, on_flow_done), arena);
    }
}

void flow_add_participant(struct exchange *exchange, ProtobufCMessage *request)
{
    Threads__AddParticipantRequest *add = (Threads__AddParticipantRequest *)(void *)request;
    struct arena *arena;
    if (add->user_id.len == 0) {
        too_many(exchange, "/user_id", "is missing");
        return;
    }
    add = (Threads__AddParticipantRequest *)(void *)move_request(exchange, request, &arena);
    if (add)
        follow(exchange, start_add(exchange, arena, add, on_flow_done), arena);
}

void flow_post_message(struct exchange *exchange, ProtobufCMessage *request)
{
    Threads__PostRequest *post = (Threads__PostRequest *)(void *)request;
    struct arena *arena;
    if (post->n_attachments_uuids == 0) {
        dispatch_call(exchange, request, NULL);
    } else if (post->n_attachments_uuids > ATTACHMENTS_MAX) {
        too_many(exchange, "/attachments", "more files than a message takes");
    } else {
        post = (Threads__PostRequest *)(void *)move_request(exchange, request, &arena);
        if (post)
            follow(
                exchange,
                flow_post(exchange->gateway, arena, exchange->token, post, on_flow_done, exchange),
                arena);
    }
}
