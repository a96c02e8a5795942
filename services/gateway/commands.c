/* One function an op. Next: revocation.h */
#include "commands.h"

#include <stdlib.h>
#include "core/limits.h"
#include "counters.h"
#include "events.h"
#include "fanout.h"
#include "flows.h"
#include "presence.h"
#include "quota.h"
#include "read_marks.h"
#include "resync.h"
#include "rpc.h"
#include "typing.h"

/* A call that answers a command when it comes back. */
struct asked {
    struct session *session; /* kept */
    struct thread_id thread;
    char ref[UUID_TEXT_SIZE]; /* "" : none */
    bool is_post;
};

static bool thread_of(const Socket__Command *command, struct thread_id *ret)
{
    return uuid_from_bytes(bytes_of(command->thread_id.data, command->thread_id.len), &ret->u);
}

static void fail(struct session *session, const Socket__Command *command, enum status status,
                 const char *detail)
{
    struct thread_id thread;
    bool has_thread = thread_of(command, &thread);
    event_error(session_event(session), command->ref, has_thread ? &thread : NULL, status, detail);
}

static struct asked *asked_new(struct session *session, const struct thread_id *thread,
                               const char *ref)
{
    struct asked *asked = calloc(1, sizeof *asked);
    if (!asked)
        return NULL;
    asked->session = session_keep(session);
    asked->thread = *thread;
    strncpy(asked->ref, ref, sizeof asked->ref - 1);
    return asked;
}

static void asked_free(struct asked *asked)
{
    if (asked->is_post)
        asked->session->posts_in_flight--;
    session_drop(asked->session);
    free(asked);
}

static bool may_answer(const struct asked *asked)
{
    enum session_state state = asked->session->state;
    return state == SESSION_OPEN || state == SESSION_LAGGING;
}

static void on_failure(struct asked *asked, const struct bus_reply *reply)
{
    const char *detail = reply->error_count > 0 ? reply->errors[0].detail : reply->detail;
    event_error(session_event(asked->session), asked->ref, &asked->thread, reply->status, detail);
}

/* `ack` for a post; one arena serves them all, since the reply is read at once. */
static void on_post_reply(void *data, const struct bus_reply *reply)
{
    static struct arena *arena;
    struct asked *asked = data;
    if (!arena)
        arena = arena_new(REQUEST_ARENA_BYTES_MAX);
    if (may_answer(asked) && reply->status != OK) {
        on_failure(asked, reply);
    } else if (may_answer(asked) && arena) {
        Threads__PostReply *post = threads__post_reply__unpack(
            arena_allocator(arena), reply->payload.len, reply->payload.data);
        if (post && post->message)
            event_ack(session_event(asked->session), asked->ref, post->message);
        else
            event_error(session_event(asked->session), asked->ref, &asked->thread, STATUS_INTERNAL,
                        "");
        arena_reset(arena);
    }
    asked_free(asked);
}

static void do_subscribe(struct session *session, const Socket__Command *command)
{
    struct thread_id thread;
    bool has_start = false;
    for (size_t i = 0; i < command->n_set_fields; i++)
        has_start |= strcmp(command->set_fields[i], "after_seq") == 0;
    if (!thread_of(command, &thread) || command->after_seq < 0)
        fail(session, command, STATUS_VALIDATION_FAILED, "/after_seq: must not be negative");
    else
        resync_subscribe(session, &thread, has_start, command->after_seq);
}

static void do_unsubscribe(struct session *session, const Socket__Command *command)
{
    struct thread_id thread = {0};
    struct subscription *subscription =
        thread_of(command, &thread) ? fanout_find(session, &thread) : NULL;
    if (subscription)
        fanout_unsubscribe(subscription);
    event_thread(session_event(session), "unsubscribed", &thread);
}

/* Posts with files take the long way, with an arena that the flow owns. */
static bool start_with_files(struct session *session, const Threads__PostRequest *post,
                             struct asked *asked)
{
    struct arena *arena = arena_new(REQUEST_ARENA_BYTES_MAX);
    size_t len = threads__post_request__get_packed_size(post);
    uint8_t *packed = arena ? arena_alloc(arena, len + 1) : NULL;
    Threads__PostRequest *copy = NULL;
    if (packed) {
        threads__post_request__pack(post, packed);
        copy = threads__post_request__unpack(arena_allocator(arena), len, packed);
    }
    if (copy &&
        flow_post(session->gateway, arena, session_token(session), copy, on_post_reply, asked))
        return true;
    arena_free(arena);
    return false;
}

static bool start_post(struct session *session, const Threads__PostRequest *post,
                       struct asked *asked)
{
    if (post->n_attachments_uuids > 0)
        return start_with_files(session, post, asked);
    const struct rpc_call call = {.rpc = rpc_of(RPC_THREADS_POST),
                                  .request = &post->base,
                                  .token = session_token(session),
                                  .shard_key = uuid_bytes(&asked->thread.u)};
    return rpc_start(session->gateway, &call, on_post_reply, asked, NULL);
}

/* What `ack` will answer: one of a bounded number under way. NULL: refused, and said so. */
static struct asked *asked_for_ack(struct session *session, const Socket__Command *command,
                                   struct uuid *ret_ref)
{
    struct thread_id thread;
    if (!uuid_parse(bytes_text(command->ref), ret_ref) || !thread_of(command, &thread)) {
        fail(session, command, STATUS_VALIDATION_FAILED, "/ref: is not a UUID");
        return NULL;
    }
    if (session->is_leaving) {
        fail(session, command, STATUS_UNAVAILABLE, "this gateway is stopping");
        return NULL;
    }
    struct asked *asked = session->posts_in_flight < POSTS_IN_FLIGHT_MAX
                              ? asked_new(session, &thread, command->ref)
                              : NULL;
    if (!asked) {
        fail(session, command, STATUS_RESOURCE_EXHAUSTED, "too many posts under way");
        return NULL;
    }
    asked->is_post = true;
    session->posts_in_flight++;
    return asked;
}

static void do_post(struct session *session, const Socket__Command *command)
{
    struct uuid ref;
    count(COUNT_POSTS);
    if (command->n_attachments_uuids > ATTACHMENTS_MAX) {
        fail(session, command, STATUS_VALIDATION_FAILED, "/attachments: more than a message takes");
        return;
    }
    struct asked *asked = asked_for_ack(session, command, &ref);
    if (!asked)
        return;
    struct subscription *subscription = fanout_find(session, &asked->thread);
    if (subscription)
        typing_end(subscription);
    Threads__PostRequest post = THREADS__POST_REQUEST__INIT;
    post.thread_id = command->thread_id;
    post.client_id = (ProtobufCBinaryData){16, ref.b};
    post.body = command->body;
    post.n_attachments_uuids = command->n_attachments_uuids;
    post.attachments_uuids = command->attachments_uuids;
    post.reply_to = command->reply_to;
    post.corrects = command->corrects;
    if (!start_post(session, &post, asked)) {
        asked_free(asked);
        fail(session, command, STATUS_RESOURCE_EXHAUSTED, "");
    }
}

/* The record's own name follows from what it acknowledges; `ref` only finds the way back. */
static void do_acknowledge(struct session *session, const Socket__Command *command)
{
    struct uuid ref;
    struct asked *asked = asked_for_ack(session, command, &ref);
    if (!asked)
        return;
    Threads__AcknowledgeRequest acknowledge = THREADS__ACKNOWLEDGE_REQUEST__INIT;
    acknowledge.thread_id = command->thread_id;
    acknowledge.seq = command->seq;
    const struct rpc_call call = {.rpc = rpc_of(RPC_THREADS_ACKNOWLEDGE),
                                  .request = &acknowledge.base,
                                  .token = session_token(session),
                                  .shard_key = uuid_bytes(&asked->thread.u)};
    if (!rpc_start(session->gateway, &call, on_post_reply, asked, NULL)) {
        asked_free(asked);
        fail(session, command, STATUS_RESOURCE_EXHAUSTED, "");
    }
}

static void do_read(struct session *session, const Socket__Command *command)
{
    struct thread_id thread;
    if (!thread_of(command, &thread) || command->seq < 1) {
        fail(session, command, STATUS_VALIDATION_FAILED, "/seq: must be at least 1");
        return;
    }
    enum status status = read_marks_put(session, &thread, command->seq);
    if (status != OK)
        fail(session, command, status, "too many read marks under way");
}

static void do_typing(struct session *session, const Socket__Command *command)
{
    struct thread_id thread;
    struct subscription *subscription =
        thread_of(command, &thread) ? fanout_find(session, &thread) : NULL;
    if (!subscription || subscription->state == SUBSCRIPTION_OPENING)
        fail(session, command, STATUS_CONFLICT, "subscribe to the thread first");
    else if (session_who(session)->role == ROLE_AUDITOR)
        fail(session, command, STATUS_FORBIDDEN, "auditors only read");
    else
        typing_say(subscription, command->active);
}

static void do_presence(struct session *session, const Socket__Command *command)
{
    bool is_away = strcmp(command->status, "away") == 0;
    if (is_away || strcmp(command->status, "online") == 0)
        presence_set_away(session, is_away);
    else
        fail(session, command, STATUS_VALIDATION_FAILED, "/status: must be online or away");
}

static void do_authenticate(struct session *session, const Socket__Command *command)
{
    struct credential *fresh;
    enum status status =
        credential_new(session->gateway->verifier, bytes_text(command->token), &fresh);
    if (status != OK) {
        count(COUNT_REFUSED_TOKEN);
        fail(session, command, status, "");
        return;
    }
    const struct principal *old = session_who(session);
    if (!uuid_equal(&old->user.u, &fresh->who.user.u) ||
        !tenant_id_equal(&old->tenant, &fresh->who.tenant)) {
        credential_drop(fresh);
        session_close(session, CLOSE_FORBIDDEN, "token of another account");
        return;
    }
    bool is_other_role = old->role != fresh->who.role;
    credential_drop(session->credential);
    session->credential = fresh;
    session->is_warned = false;
    if (is_other_role)
        presence_greet(session);
    event_expiry(session_event(session), "authenticated", fresh->who.expires_at_s);
}

static void do_ping(struct session *session, const Socket__Command *command)
{
    event_pong(session_event(session), command->ref);
}

static void do_later(struct session *session, const Socket__Command *command)
{
    fail(session, command, STATUS_UNIMPLEMENTED, "");
}

static const struct {
    const char *op;
    void (*run)(struct session *session, const Socket__Command *command);
    bool is_write; /* counts against the quota of user and tenant */
} ops[] = {{"post", do_post, true},
           {"subscribe", do_subscribe, false},
           {"unsubscribe", do_unsubscribe, false},
           {"read", do_read, false},
           {"typing", do_typing, false},
           {"presence", do_presence, false},
           {"authenticate", do_authenticate, false},
           {"ping", do_ping, false},
           {"acknowledge", do_acknowledge, true},
           {"answer", do_later, true}};

static void run_op(struct session *session, const Socket__Command *command)
{
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        if (strcmp(command->op, ops[i].op) != 0)
            continue;
        const char *refusal = ops[i].is_write ? quota_refuses_write(session) : NULL;
        if (refusal)
            fail(session, command, STATUS_RATE_LIMITED, refusal);
        else
            ops[i].run(session, command);
        return;
    }
}

void command_run(struct session *session, struct bytes text)
{
    static struct arena *arena;
    Socket__Command *command;
    char detail[COMMAND_DETAIL_SIZE];
    if (!arena)
        arena = arena_new(REQUEST_ARENA_BYTES_MAX);
    if (!arena) {
        session_close(session, CLOSE_GOING_AWAY, "overloaded");
        return;
    }
    enum status status = command_parse(text, arena, &command, detail);
    if (status == OK) {
        run_op(session, command);
    } else if (status == STATUS_INVALID) {
        count(COUNT_REFUSED_NOT_JSON);
        session_close(session, CLOSE_BAD_MESSAGE, "not JSON");
    } else {
        count(COUNT_REFUSED_COMMAND);
        event_error(session_event(session), command ? command->ref : NULL, NULL, status, detail);
    }
    arena_reset(arena);
}
