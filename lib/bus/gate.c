/* May this request be served? The checks in their order, each with its status, words and counter,
 * then the queue it belongs to.
 *
 * Nothing here trusts the sender, although CURVE knows which program it is. Next: queue.c
 */
#include "bus/runtime.h"

#include "bus/wire.h"
#include "core/cleanup.h"

static bool refuse(struct runtime *runtime, struct call_private *call, enum refusal why,
                   enum status status, const char *words)
{
    metric_add(&runtime->stats.refused[why], 1);
    call_fail(&call->call, status, "%s", words);
    return false;
}

static bool check_envelope(struct runtime *runtime, struct call_private *call, struct bytes frame)
{
    call->frame_bytes = frame.len;
    if (frame.len > ENVELOPE_BYTES_MAX) {
        call->has_request_id = envelope_peek_id(frame, call->request_id);
        return refuse(runtime, call, REFUSED_SIZE, STATUS_TOO_LARGE, "the envelope is too large");
    }
    if (envelope_unpack(frame, call->arena, &call->envelope) != OK) {
        call->envelope = NULL;
        call->has_request_id = envelope_peek_id(frame, call->request_id);
        return refuse(runtime, call, REFUSED_MALFORMED, STATUS_INVALID,
                      "not an envelope of this version");
    }
    call->has_request_id = true;
    memcpy(call->request_id, call->envelope->request_id.data, sizeof call->request_id);
    return true;
}

static struct method *find_method(struct runtime *runtime, const char *name)
{
    const ProtobufCServiceDescriptor *service = runtime->spec->vtable->descriptor;
    size_t package_len = strlen(service->package);
    if (strncmp(name, service->package, package_len) != 0 || name[package_len] != '.') {
        return NULL;
    }
    const ProtobufCMethodDescriptor *found =
        protobuf_c_service_descriptor_get_method_by_name(service, name + package_len + 1);
    return found != NULL ? &runtime->methods[found - service->methods] : NULL;
}

static bool check_method(struct runtime *runtime, struct call_private *call)
{
    call->method = find_method(runtime, call->envelope->method);
    if (call->method == NULL) {
        return refuse(runtime, call, REFUSED_METHOD, STATUS_UNIMPLEMENTED,
                      "this service has no such method");
    }
    return true;
}

static enum caller_bit caller_of(const struct call_private *call)
{
    bool token = call->envelope->token[0] != '\0';
    if (strcmp(call->program, "gateway") == 0) {
        return token ? CALLER_USER : CALLER_GATEWAY;
    }
    if (token) {
        return 0; /* only the gateway speaks for users */
    }
    if (strcmp(call->program, "retention") == 0) {
        return CALLER_RETENTION;
    }
    return strcmp(call->program, "admin") == 0 ? CALLER_ADMIN : 0;
}

static bool check_caller(struct runtime *runtime, struct call_private *call)
{
    unsigned callers = call->method->rule->callers;
    call->call.caller = caller_of(call);
    if ((callers & (unsigned)call->call.caller) != 0) {
        return true;
    }
    if (call->call.caller == CALLER_GATEWAY && (callers & CALLER_USER) != 0) {
        return refuse(runtime, call, REFUSED_TOKEN, STATUS_INVALID_TOKEN, "a token is needed");
    }
    return refuse(runtime, call, REFUSED_CALLER, STATUS_FORBIDDEN,
                  "this caller may not call this method");
}

static bool check_deadline(struct runtime *runtime, struct call_private *call)
{
    uint32_t left_ms = call->envelope->time_left_ms;
    left_ms = left_ms < DEADLINE_MS_MAX ? left_ms : DEADLINE_MS_MAX;
    call->call.deadline_ms = call->arrived_us / 1000 + left_ms;
    if (left_ms == 0) {
        return refuse(runtime, call, REFUSED_EXPIRED, STATUS_DEADLINE_EXCEEDED,
                      "the deadline had passed on arrival");
    }
    return true;
}

static bool check_user(struct runtime *runtime, struct call_private *call)
{
    struct bytes token = bytes_text(call->envelope->token);
    if (token_verify(runtime->verifier, token, TOKEN_ACCESS, &call->who) != OK) {
        return refuse(runtime, call, REFUSED_TOKEN, STATUS_INVALID_TOKEN,
                      status_meaning(STATUS_INVALID_TOKEN));
    }
    call->call.who = &call->who;
    call->call.tenant = call->who.tenant;
    if ((call->method->rule->roles & ROLE_BIT(call->who.role)) == 0) {
        return refuse(runtime, call, REFUSED_ROLE, STATUS_FORBIDDEN,
                      "this role may not call this method");
    }
    return true;
}

/* Whom the call is for: a token's user and tenant, or the tenant that a program names. */
static bool check_principal(struct runtime *runtime, struct call_private *call)
{
    if (call->call.caller == CALLER_USER) {
        return check_user(runtime, call);
    }
    struct bytes tenant = bytes_text(call->envelope->tenant_id);
    if (tenant.len > 0 && !tenant_id_parse(tenant, &call->call.tenant)) {
        return refuse(runtime, call, REFUSED_TENANT, STATUS_INVALID, "not a tenant id");
    }
    if (tenant.len == 0 && call->method->rule->scope == SCOPE_TENANT) {
        return refuse(runtime, call, REFUSED_TENANT, STATUS_INVALID, "this call needs a tenant");
    }
    return true;
}

static bool check_body(struct runtime *runtime, struct call_private *call)
{
    if (call->envelope->payload.len > call->method->rule->body_bytes_max) {
        return refuse(runtime, call, REFUSED_BODY, STATUS_TOO_LARGE,
                      "the body is over this method's limit");
    }
    return true;
}

static struct queue *choose_queue(struct runtime *runtime, struct call_private *call)
{
    enum rpc_actor kind = call->method->rule->actor;
    struct bytes key = bytes_of(call->envelope->shard_key.data, call->envelope->shard_key.len);
    call->key_hash = key.len > 0 ? hash_bytes(key, 0) : hash_bytes(key, ++runtime->turn);
    call->tenant_hash = hash_bytes(bytes_text(call->call.tenant.text), 0);
    return &runtime
                ->queues[runtime->queue_first[kind] + call->key_hash % runtime->queue_count[kind]];
}

static bool check_room(struct runtime *runtime, struct call_private *call)
{
    const struct mailbox *mailbox = &runtime->mailbox;
    struct queue *queue = choose_queue(runtime, call);
    bool is_work = call->method->rule->actor == ACTOR_WORK;
    if (atomic_load(&queue->serving) == 0) {
        return refuse(runtime, call, REFUSED_STOPPING, STATUS_UNAVAILABLE,
                      "this replica is not ready");
    }
    if (mailbox->pending >= MAILBOX_PENDING_MAX ||
        mailbox->pending_bytes + call->frame_bytes > MAILBOX_BYTES_MAX ||
        queue->held >= (is_work ? WORK_QUEUE_MAX : SHARD_QUEUE_MAX)) {
        return refuse(runtime, call, REFUSED_FULL, STATUS_RESOURCE_EXHAUSTED,
                      status_meaning(STATUS_RESOURCE_EXHAUSTED));
    }
    if (queue_share(queue, call->tenant_hash) >= SHARD_TENANT_SHARE_MAX) {
        return refuse(runtime, call, REFUSED_SHARE, STATUS_RESOURCE_EXHAUSTED,
                      "too many requests of this tenant wait, retry later");
    }
    queue_admit(queue, call);
    return true;
}

void gate_answer_info(struct runtime *runtime, struct call_private *call)
{
    const char *why;
    Wardroom__InfoReply info = WARDROOM__INFO_REPLY__INIT;
    info.service = (char *)runtime->spec->name;
    info.version = (char *)WARDROOM_VERSION;
    info.started_at_us = runtime->started_at_us;
    info.ready = runtime_ready(runtime, &why);
    call_reply(&call->call, &info.base);
}

static void answer_stats(struct runtime *runtime, struct call_private *call)
{
    CLEANUP(buf_fini) struct buf text = {.max = LIST_BYTES_MAX};
    (void)runtime;
    metrics_print(&text);
    buf_u8(&text, 0);
    Wardroom__StatsReply stats = WARDROOM__STATS_REPLY__INIT;
    stats.metrics = (char *)(text.failed ? (uint8_t *)"" : text.data);
    call_reply(&call->call, &stats.base);
}

static void answer_ping(struct runtime *runtime, struct call_private *call)
{
    drain_remember(runtime, call);
    gate_answer_info(runtime, call);
}

/* What the runtime answers by itself, to every program that may connect. */
static bool answer_common(struct runtime *runtime, struct call_private *call)
{
    static const struct common {
        const char *method;
        void (*answer)(struct runtime *runtime, struct call_private *call);
    } commons[] = {{"common.Ping", answer_ping},
                   {"common.Info", gate_answer_info},
                   {"common.Stats", answer_stats}};
    for (size_t i = 0; i < sizeof commons / sizeof commons[0]; i++) {
        if (strcmp(call->envelope->method, commons[i].method) == 0) {
            commons[i].answer(runtime, call);
            return true;
        }
    }
    return false;
}

bool gate_admit(struct runtime *runtime, struct call_private *call, struct bytes frame)
{
    if (!check_envelope(runtime, call, frame)) {
        return false;
    }
    if (strncmp(call->envelope->method, "common.", strlen("common.")) == 0 &&
        answer_common(runtime, call)) {
        return false;
    }
    return check_method(runtime, call) && check_caller(runtime, call) &&
           check_deadline(runtime, call) && check_principal(runtime, call) &&
           check_body(runtime, call) && check_room(runtime, call);
}

const char *const *gate_programs(const struct service_spec *spec)
{
    static const struct {
        const char *program;
        unsigned callers;
    } programs[] = {{"gateway", CALLER_USER | CALLER_GATEWAY},
                    {"retention", CALLER_RETENTION},
                    {"admin", CALLER_ADMIN}};
    static const char *admitted[sizeof programs / sizeof programs[0] + 1];
    unsigned callers = 0;
    size_t count = 0;
    for (const struct rpc_rule *rule = spec->rules; rule->method != NULL; rule++) {
        callers |= rule->callers;
    }
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        if ((callers & programs[i].callers) != 0) {
            admitted[count++] = programs[i].program;
        }
    }
    admitted[count] = NULL;
    return admitted;
}
