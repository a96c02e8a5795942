/* Next: test_handlers.c */
#include "fake_call.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"

static const struct keyring ring = {.count = 1, .keys = {{.id = 1, .bytes = {1, 2, 3}}}};
static enum { COMMIT, ROLL_BACK, ROLL_BACK_UNTOLD } next_end;

static struct fake_call *fake_of(struct call *call)
{
    return (struct fake_call *)call;
}

void call_reply(struct call *call, const ProtobufCMessage *reply)
{
    struct fake_call *fake = fake_of(call);
    if (fake->status != OK) {
        return;
    }
    size_t len = protobuf_c_message_get_packed_size(reply);
    uint8_t *bytes = arena_alloc(call->arena, len + 1);
    protobuf_c_message_pack(reply, bytes);
    fake->replied = true;
    fake->reply =
        protobuf_c_message_unpack(reply->descriptor, arena_allocator(call->arena), len, bytes);
    assert_non_null(fake->reply);
}

void call_fail(struct call *call, enum status status, const char *format, ...)
{
    struct fake_call *fake = fake_of(call);
    va_list args;
    va_start(args, format);
    vsnprintf(fake->detail, sizeof fake->detail, format, args);
    va_end(args);
    fake->status = status;
}

void call_field_error(struct call *call, const char *pointer, const char *detail)
{
    call_fail(call, STATUS_VALIDATION_FAILED, "%s", detail);
    snprintf(fake_of(call)->pointer, sizeof fake_of(call)->pointer, "%s", pointer);
}

bool call_failed(const struct call *call)
{
    return ((const struct fake_call *)call)->status != OK;
}

enum status call_status(const struct call *call)
{
    return ((const struct fake_call *)call)->status;
}

void call_publish(struct call *call, const ProtobufCMessage *event)
{
    struct fake_call *fake = fake_of(call);
    assert_true(fake->event_count < FAKE_EVENTS_MAX);
    size_t len = protobuf_c_message_get_packed_size(event);
    uint8_t *bytes = arena_alloc(call->arena, len + 1);
    protobuf_c_message_pack(event, bytes);
    fake->events[fake->event_count++] =
        events__event__unpack(arena_allocator(call->arena), len, bytes);
}

void fake_actor_open(struct fake_actor *actor, const struct test_database *base, bool reads_only)
{
    *actor = (struct fake_actor){.reads_only = reads_only};
    assert_int_equal(db_open(base->runtime, "threads", &actor->db), OK);
    struct actor_env env = {.service = "threads",
                            .kind = reads_only ? ACTOR_READ : ACTOR_WRITE,
                            .db = actor->db,
                            .keys = &ring};
    assert_int_equal(threads_actor_open(&env, &actor->state), OK);
}

void fake_actor_close(struct fake_actor *actor)
{
    threads_actor_close(actor->state);
    db_close(actor->db);
}

struct principal fake_person(const char *tenant, const char *name, enum role role)
{
    struct principal who = {.user = {uuid_new()}, .role = role};
    snprintf(who.tenant.text, sizeof who.tenant.text, "%s", tenant);
    snprintf(who.name, sizeof who.name, "%s", name);
    return who;
}

static struct fake_call *fake_new(struct fake_actor *actor, const struct principal *who,
                                  const ProtobufCMessage *in)
{
    struct fake_call *fake = calloc(1, sizeof *fake);
    assert_non_null(fake);
    fake->who = *who;
    fake->call = (struct call){.who = &fake->who,
                               .caller = CALLER_USER,
                               .tenant = who->tenant,
                               .arena = arena_new(REQUEST_ARENA_BYTES_MAX),
                               .input = in,
                               .state = actor->state,
                               .deadline_ms = clock_monotonic_ms() + 10000};
    return fake;
}

void fake_free(struct fake_call *fake)
{
    arena_free(fake->call.arena);
    free(fake);
}

void fake_roll_back_next(bool tell)
{
    next_end = tell ? ROLL_BACK : ROLL_BACK_UNTOLD;
}

static enum status end(struct fake_actor *actor, struct tenant_tx *tx, enum status status)
{
    bool tell = next_end != ROLL_BACK_UNTOLD;
    if (status == OK && next_end == COMMIT) {
        status = tenant_tx_commit(tx);
    } else {
        tenant_tx_rollback(tx);
        if (tell) {
            threads_actor_forget(actor->state);
        }
    }
    next_end = COMMIT;
    return status;
}

static void closure(const ProtobufCMessage *reply, void *call)
{
    call_reply(call, reply);
}

static void invoke(struct fake_call *fake, const char *method)
{
    const ProtobufCServiceDescriptor *api = &threads__api__descriptor;
    for (unsigned i = 0; i < api->n_methods; i++) {
        if (strcmp(api->methods[i].name, method) == 0) {
            threads_vtable.base.invoke(&threads_vtable.base, i, fake->call.input, closure,
                                       &fake->call);
            return;
        }
    }
    fail_msg("no rpc %s", method);
}

enum status fake_run_posts(struct fake_actor *actor, const struct principal *const *who,
                           const Threads__PostRequest *const *in, size_t count,
                           struct fake_call **ret)
{
    const ProtobufCMessage *messages[BATCH_CALLS_MAX];
    for (size_t i = 0; i < count; i++) {
        messages[i] = &in[i]->base;
    }
    return fake_run_batch(actor, who, messages, count, false, ret);
}

enum status fake_run_batch(struct fake_actor *actor, const struct principal *const *who,
                           const ProtobufCMessage *const *in, size_t count, bool again,
                           struct fake_call **ret)
{
    struct call *calls[BATCH_CALLS_MAX];
    struct tenant_tx *tx;
    assert_int_equal(tenant_tx_begin(actor->db, false, &tx), OK);
    assert_int_equal(tenant_tx_enter(tx, &who[0]->tenant), OK);
    for (size_t i = 0; i < count; i++) {
        ret[i] = fake_new(actor, who[i], in[i]);
        ret[i]->call.tx = tx;
        ret[i]->call.again = again;
        calls[i] = &ret[i]->call;
    }
    enum status status = threads_write_batch(calls, count);
    return end(actor, tx, status);
}

/* A batch of one, as the runtime makes it, and again when that was rolled back. */
static struct fake_call *run_alone(struct fake_actor *actor, const struct principal *who,
                                   const ProtobufCMessage *in)
{
    struct fake_call *fake;
    enum status status = fake_run_batch(actor, &who, &in, 1, false, &fake);
    if (status != OK) {
        fake_free(fake);
        status = fake_run_batch(actor, &who, &in, 1, true, &fake);
    }
    if (status != OK) {
        fake->status = status;
    }
    return fake;
}

struct fake_call *fake_run(struct fake_actor *actor, const struct principal *who,
                           const char *method, const ProtobufCMessage *in)
{
    if (strcmp(method, "Post") == 0 || strcmp(method, "Acknowledge") == 0 ||
        strcmp(method, "Read") == 0) {
        return run_alone(actor, who, in);
    }
    struct fake_call *fake = fake_new(actor, who, in);
    assert_int_equal(tenant_tx_begin(actor->db, actor->reads_only, &fake->call.tx), OK);
    assert_int_equal(tenant_tx_enter(fake->call.tx, &who->tenant), OK);
    invoke(fake, method);
    assert_true(fake->replied || fake->status != OK);
    enum status status = end(actor, fake->call.tx, fake->status);
    assert_true(status == OK || fake->status == status);
    return fake;
}
