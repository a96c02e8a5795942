/* The table of rpcs, and the short ones. Next: handlers_read.c */
#include "threads/handlers.h"

#include "core/limits.h"
#include "events.pb-c.h"

#define SEES                                                                                       \
    (ROLE_BIT(ROLE_MEMBER) | ROLE_BIT(ROLE_ANALYST) | ROLE_BIT(ROLE_ADMIN) | ROLE_BIT(ROLE_AUDITOR))
#define SAYS  (ROLE_BIT(ROLE_MEMBER) | ROLE_BIT(ROLE_ANALYST) | ROLE_BIT(ROLE_ADMIN))
#define LEADS (ROLE_BIT(ROLE_ANALYST) | ROLE_BIT(ROLE_ADMIN))
/* A request that names a thread and little else. */
#define SMALL 1024

const struct rpc_rule threads_rules[] = {
    {"Create", SAYS, CALLER_USER, 2 * CONTENT_BYTES_MAX, ACTOR_WRITE, SCOPE_TENANT, NULL},
    {"Get", SEES, CALLER_USER, SMALL, ACTOR_READ, SCOPE_TENANT, NULL},
    {"List", SEES, CALLER_USER, SMALL, ACTOR_READ, SCOPE_TENANT, NULL},
    {"Patch", LEADS, CALLER_USER, 2 * SMALL, ACTOR_WRITE, SCOPE_TENANT, NULL},
    {"Participants", SEES, CALLER_USER, SMALL, ACTOR_READ, SCOPE_TENANT, NULL},
    {"AddParticipant", LEADS, CALLER_USER, SMALL, ACTOR_WRITE, SCOPE_TENANT, NULL},
    {"RemoveParticipant", LEADS, CALLER_USER, SMALL, ACTOR_WRITE, SCOPE_TENANT, NULL},
    {"Post", SAYS, CALLER_USER, CONTENT_BYTES_MAX, ACTOR_WRITE, SCOPE_TENANT, threads_write_batch},
    {"Acknowledge", SAYS, CALLER_USER, SMALL, ACTOR_WRITE, SCOPE_TENANT, threads_write_batch},
    {"History", SEES, CALLER_USER, SMALL, ACTOR_READ, SCOPE_TENANT, NULL},
    {"Read", SAYS, CALLER_USER, SMALL, ACTOR_WRITE, SCOPE_TENANT, threads_write_batch},
    {"Receipts", SEES, CALLER_USER, SMALL, ACTOR_READ, SCOPE_TENANT, NULL},
    {"Heads", 0, CALLER_GATEWAY, HEADS_BYTES_MAX, ACTOR_READ, SCOPE_TENANT, NULL},
    {"Verify", SEES, CALLER_USER, SMALL, ACTOR_READ, SCOPE_TENANT, NULL},
    {0}};

Threads__Api_Service threads_vtable = THREADS__API__INIT(threads_);

void fail_with(struct call *call, enum status status)
{
    call_fail(call, status, "%s", status_meaning(status));
}

void fail_no_thread(struct call *call)
{
    call_fail(call, STATUS_NOT_FOUND, "there is no such thread");
}

bool refuse_field(struct call *call, const struct rule_break *broken)
{
    call_field_error(call, broken->pointer, broken->detail);
    return false;
}

bool take_id(struct call *call, const ProtobufCBinaryData *field, const char *pointer,
             struct uuid *ret)
{
    if (!uuid_from_bytes(bytes_of(field->data, field->len), ret) || uuid_is_zero(ret)) {
        call_field_error(call, pointer, "must be a UUID");
        return false;
    }
    return true;
}

bool load_access(struct call *call, const struct uuid *thread, struct access_row *ret)
{
    bool found;
    enum status status = store_get_access(call->tx, thread, &call->who->user.u, &found, ret);
    if (status != OK) {
        fail_with(call, status);
        return false;
    }
    if (!found || !rules_may_see(call->who->role, ret->takes_part)) {
        fail_no_thread(call);
        return false;
    }
    return true;
}

Threads__Thread *load_thread(struct call *call, const struct uuid *id)
{
    struct db_rows *rows;
    struct thread_list list;
    enum status status = store_get_thread(call->tx, id, &call->who->user.u, &rows);
    if (status == OK && (db_rows_count(rows) == 0 ||
                         !rules_may_see(call->who->role, thread_row_at(rows, 0).takes_part))) {
        fail_no_thread(call);
        return NULL;
    }
    if (status == OK) {
        status = view_threads(call, rows, 1, &list);
    }
    if (status != OK) {
        fail_with(call, status);
        return NULL;
    }
    return list.items[0];
}

void publish_message(struct call *call, Threads__Message *message)
{
    Events__Event event = EVENTS__EVENT__INIT;
    event.of_case = EVENTS__EVENT__OF_MESSAGE;
    event.message = message;
    call_publish(call, &event.base);
}

void publish_thread(struct call *call, const Threads__Thread *thread, int change)
{
    Events__Event event = EVENTS__EVENT__INIT;
    Events__ThreadEvent inside = EVENTS__THREAD_EVENT__INIT;
    Threads__Thread everybodys = *thread;
    everybodys.unread = everybodys.my_read_seq = 0;
    inside.thread = &everybodys;
    inside.change = (Events__Change)change;
    event.of_case = EVENTS__EVENT__OF_THREAD;
    event.thread = &inside;
    call_publish(call, &event.base);
}

void threads_get(Threads__Api_Service *service, const Threads__GetRequest *in,
                 Threads__Thread_Closure reply, void *data)
{
    (void)service;
    struct call *call = data;
    struct uuid id;
    Threads__Thread *thread =
        take_id(call, &in->thread_id, "/thread_id", &id) ? load_thread(call, &id) : NULL;
    if (thread != NULL) {
        reply(thread, data);
    }
}

void threads_participants(Threads__Api_Service *service, const Threads__GetRequest *in,
                          Threads__ParticipantsReply_Closure reply, void *data)
{
    (void)service;
    struct call *call = data;
    struct uuid id;
    Threads__Thread *thread =
        take_id(call, &in->thread_id, "/thread_id", &id) ? load_thread(call, &id) : NULL;
    if (thread != NULL) {
        Threads__ParticipantsReply out = THREADS__PARTICIPANTS_REPLY__INIT;
        out.n_results = thread->n_participants;
        out.results = thread->participants;
        reply(&out, data);
    }
}

enum status threads_write_batch(struct call **calls, size_t count)
{
    struct call *posts[BATCH_CALLS_MAX], *marks[BATCH_CALLS_MAX];
    size_t post_count = 0, mark_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (calls[i]->input->descriptor == &threads__read_request__descriptor) {
            marks[mark_count++] = calls[i];
        } else {
            posts[post_count++] = calls[i];
        }
    }
    enum status status = post_count > 0 ? threads_post_batch(posts, post_count) : OK;
    return status == OK && mark_count > 0 ? threads_mark_batch(marks, mark_count) : status;
}
