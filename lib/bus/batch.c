/* Transactions around handlers: one shared by all batchable calls that wait, one alone for each
 * other call; when the shared one fails, another try together where that may help, and then a
 * replay one by one.
 *
 * Calls of one shard key keep their order; calls of others may pass. Next: call.c
 */
#include <stdlib.h>

#include "bus/runtime.h"
#include "core/clock.h"
#include "core/failpoint.h"
#include "db/db.h"

static void forget(struct actor *actor)
{
    if (actor->runtime->spec->actor_forget != NULL) {
        actor->runtime->spec->actor_forget(actor->state);
    }
}

static void deliver(struct actor *actor, struct call_private *const *calls, size_t count)
{
    struct call_list done = STAILQ_HEAD_INITIALIZER(done);
    for (size_t i = 0; i < count; i++) {
        if (calls[i]->answer == ANSWER_NONE) {
            metric_add(&actor->runtime->stats.unanswered, 1);
            call_fail(&calls[i]->call, STATUS_INTERNAL, "no answer");
        }
        STAILQ_INSERT_TAIL(&done, calls[i], next);
    }
    actor_deliver(actor, &done);
}

/* A status that comes from below a handler replaces whatever it had answered. */
static void fail_from_below(struct call_private *call, enum status status)
{
    if (!call_failed(&call->call)) {
        call_fail(&call->call, status, "%s", status_meaning(status));
    }
}

static bool is_expired(struct actor *actor, struct call_private *call)
{
    if (clock_monotonic_ms() < call->call.deadline_ms) {
        return false;
    }
    metric_add(&actor->runtime->stats.expired, 1);
    call_fail(&call->call, STATUS_DEADLINE_EXCEEDED, "the deadline passed before work began");
    return true;
}

/* ---- one call in a transaction of its own */

static enum status invoke(struct actor *actor, struct call_private *call)
{
    const struct service_spec *spec = actor->runtime->spec;
    const struct rpc_rule *rule = call->method->rule;
    if (rule->batch != NULL) {
        struct call *public = &call->call;
        return rule->batch(&public, 1);
    }
    spec->vtable->invoke(spec->vtable, call->method->index, call->call.input, call_closure,
                         &call->call);
    return OK;
}

static enum status enter_and_invoke(struct actor *actor, struct call_private *call)
{
    enum status status = OK;
    if (call->method->rule->scope == SCOPE_TENANT) {
        status = tenant_tx_enter(call->call.tx, &call->call.tenant);
    }
    return status == OK ? invoke(actor, call) : status;
}

static enum status try_in_transaction(struct actor *actor, struct call_private *call,
                                      bool read_only)
{
    enum status status = tenant_tx_begin(actor->env.db, read_only, &call->call.tx);
    if (status == OK) {
        status = enter_and_invoke(actor, call);
        if (status == OK && call->answer == ANSWER_REPLY) {
            status = tenant_tx_commit(call->call.tx);
        } else {
            tenant_tx_rollback(call->call.tx);
        }
        call->call.tx = NULL;
    }
    return status;
}

static void run_in_transaction(struct actor *actor, struct call_private *call)
{
    bool read_only = call->method->rule->actor == ACTOR_READ;
    enum status status = try_in_transaction(actor, call, read_only);
    if (call->answer != ANSWER_REPLY && db_take_old_roles(actor->env.db)) {
        call_rewind(call);
        status = try_in_transaction(actor, call, read_only);
    }
    if (status != OK) {
        fail_from_below(call, status);
    }
    if (call->answer != ANSWER_REPLY && !read_only) {
        forget(actor);
    }
    if (status == STATUS_UNAVAILABLE || call->status == STATUS_UNAVAILABLE) {
        actor_set_database(actor, db_ping(actor->env.db));
    }
}

static void run_alone(struct actor *actor, struct call_private *call)
{
    if (is_expired(actor, call)) {
        return;
    }
    if (call->method->rule->scope == SCOPE_NONE || actor->env.db == NULL) {
        enum status status = invoke(actor, call);
        if (status != OK) {
            fail_from_below(call, status);
        }
        return;
    }
    run_in_transaction(actor, call);
}

/* ---- many calls in one transaction */

static int by_tenant(const void *left, const void *right)
{
    const struct call_private *a = *(struct call_private *const *)left;
    const struct call_private *b = *(struct call_private *const *)right;
    if (a->tenant_hash != b->tenant_hash) {
        return a->tenant_hash < b->tenant_hash ? -1 : 1;
    }
    int order = strcmp(a->call.tenant.text, b->call.tenant.text);
    return order != 0 ? order : a->order < b->order ? -1 : 1;
}

/* How many calls from here on are of one tenant and one batch function. */
static size_t run_length(struct call_private *const *calls, size_t count)
{
    size_t len = 1;
    while (len < count && calls[len]->method->rule->batch == calls[0]->method->rule->batch &&
           tenant_id_equal(&calls[len]->call.tenant, &calls[0]->call.tenant)) {
        len++;
    }
    return len;
}

static enum status handle_run(struct tenant_tx *tx, struct call_private *const *calls, size_t count)
{
    struct call *public[BATCH_CALLS_MAX];
    enum status status = tenant_tx_enter(tx, &calls[0]->call.tenant);
    for (size_t i = 0; i < count; i++) {
        calls[i]->call.tx = tx;
        public[i] = &calls[i]->call;
    }
    return status == OK ? calls[0]->method->rule->batch(public, count) : status;
}

static enum status run_shared(struct actor *actor, struct call_private *const *calls, size_t count)
{
    struct tenant_tx *tx;
    enum status status = tenant_tx_begin(actor->env.db, false, &tx);
    if (status != OK) {
        return status;
    }
    size_t len;
    for (size_t i = 0; i < count && status == OK; i += len) {
        len = run_length(calls + i, count - i);
        status = handle_run(tx, calls + i, len);
    }
    if (status == OK) {
        FAILPOINT("before_commit");
        status = tenant_tx_commit(tx);
    } else {
        tenant_tx_rollback(tx);
    }
    if (status != OK) {
        forget(actor);
    }
    return status;
}

/* After a failure of the shared transaction: does the database answer? */
static bool database_answers(struct actor *actor, enum status status)
{
    if (status != STATUS_UNAVAILABLE) {
        return true;
    }
    enum status answers = db_ping(actor->env.db);
    actor_set_database(actor, answers);
    return answers == OK;
}

static void rewind_all(struct call_private *const *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        call_rewind(calls[i]);
        calls[i]->call.again = true;
    }
}

/* Another writer came first, a stale repeat was among the calls, or the connection was lost: no
 * call is to blame, and together they are as likely to succeed the second time as alone. */
static enum status run_shared_again(struct actor *actor, struct call_private *const *calls,
                                    size_t count, enum status status)
{
    bool may_help = status == STATUS_CONFLICT || status == STATUS_UNAVAILABLE;
    /* What took so long would take so long again. */
    bool in_time = clock_monotonic_ms() < calls[0]->call.deadline_ms;
    if (!may_help || count == 1 || !in_time || !database_answers(actor, status)) {
        return status;
    }
    metric_add(&actor->runtime->stats.retried, 1);
    rewind_all(calls, count);
    return run_shared(actor, calls, count);
}

/* The shared transaction failed, or nobody knows whether it was committed: each call again, in its
 * own, so that a bad one fails alone. Handlers know a repeated call by its client's id. */
static void replay(struct actor *actor, struct call_private *const *calls, size_t count,
                   enum status status)
{
    bool database = database_answers(actor, status);
    rewind_all(calls, count);
    for (size_t i = 0; i < count; i++) {
        metric_add(&actor->runtime->stats.replayed, 1);
        if (database) {
            run_alone(actor, calls[i]);
        } else {
            call_fail(&calls[i]->call, STATUS_UNAVAILABLE, "%s",
                      status_meaning(STATUS_UNAVAILABLE));
        }
    }
}

static void run_batch(struct actor *actor, struct call_private **calls, size_t count)
{
    metric_add(&actor->runtime->stats.batches, 1);
    metric_add(&actor->runtime->stats.batched_calls, (int64_t)count);
    for (size_t i = 0; i < count; i++) {
        calls[i]->order = i;
    }
    qsort(calls, count, sizeof calls[0], by_tenant);
    enum status status = run_shared(actor, calls, count);
    if (status != OK) {
        status = run_shared_again(actor, calls, count, status);
    }
    if (status != OK) {
        replay(actor, calls, count, status);
    }
    events_publish(actor, calls, count);
    deliver(actor, calls, count);
}

/* ---- what goes together */

struct work {
    struct call_private *calls[BATCH_CALLS_MAX];
    size_t count;
};

static bool is_batchable(const struct actor *actor, const struct call_private *call)
{
    const struct rpc_rule *rule = call->method->rule;
    return rule->batch != NULL && rule->scope == SCOPE_TENANT && actor->env.db != NULL &&
           actor->env.kind == ACTOR_WRITE;
}

static bool has_key(const struct work *work, uint64_t key_hash)
{
    for (size_t i = 0; i < work->count; i++) {
        if (work->calls[i]->key_hash == key_hash) {
            return true;
        }
    }
    return false;
}

/* Move every batchable call out of `left`, except those behind another call of their shard key. */
static void pick_batch(const struct actor *actor, struct work *left, struct work *ret)
{
    struct work behind = {.count = 0};
    ret->count = 0;
    for (size_t i = 0; i < left->count; i++) {
        struct call_private *call = left->calls[i];
        bool taken = is_batchable(actor, call) && !has_key(&behind, call->key_hash);
        struct work *to = taken ? ret : &behind;
        to->calls[to->count++] = call;
    }
    memcpy(left->calls, behind.calls, behind.count * sizeof behind.calls[0]);
    left->count = behind.count;
}

static void run_first(struct actor *actor, struct work *left)
{
    struct call_private *call = left->calls[0];
    left->count--;
    memmove(left->calls, left->calls + 1, left->count * sizeof left->calls[0]);
    run_alone(actor, call);
    events_publish(actor, &call, 1);
    deliver(actor, &call, 1);
}

void batch_run(struct actor *actor, struct call_list *calls)
{
    struct work left = {.count = 0}, ended = {.count = 0}, batch;
    struct call_private *call, *next;
    for (call = STAILQ_FIRST(calls); call != NULL; call = next) {
        next = STAILQ_NEXT(call, next);
        call->call.state = actor->state;
        bool right = !is_expired(actor, call) && call_unpack(call);
        struct work *to = right ? &left : &ended;
        to->calls[to->count++] = call;
    }
    deliver(actor, ended.calls, ended.count);
    while (left.count > 0) {
        pick_batch(actor, &left, &batch);
        if (batch.count > 0) {
            run_batch(actor, batch.calls, batch.count);
        } else {
            run_first(actor, &left);
        }
    }
}
