/* Watches: per tenant and thread, who takes part and whether it has to be fetched.
 *
 * A watch is a cache: forgetting one costs a fetch, and at worst a member who was taken out of a
 * thread that nobody here was subscribed to learns it from the next list. Next: presence.h
 */
#include "thread_list.h"

#include <stdlib.h>
#include "core/arena.h"
#include "core/limits.h"
#include "json/json.h"
#include "rpc.h"

#define WATCHES_MAX 4096 /* of one tenant: 4096 x (100 bytes + 16 a participant) */
#define TRIES_MAX   8    /* members who are asked for before a thread is left alone */
#define SEES_ALL (ROLE_BIT(ROLE_ANALYST) | ROLE_BIT(ROLE_ADMIN) | ROLE_BIT(ROLE_AUDITOR))

struct watch {
    struct index_node node; /* key: thread */
    struct thread_id thread;
    struct tenant *tenant;
    struct uuid *participants; /* NULL: not known yet */
    size_t participant_count;
    bool is_known, is_due, is_fetching;
    uint8_t tries;
    int64_t next_ms;
    struct watch *next_due;
};
struct fetch {
    struct session *session; /* kept: its token asks */
    struct tenant_id tenant;
    struct thread_id thread;
};

static struct watch *due;

static void due_remove(struct watch *watch)
{
    struct watch **link = &due;
    while (watch->is_due && *link != watch)
        link = &(*link)->next_due;
    if (watch->is_due)
        *link = watch->next_due;
    watch->is_due = false;
}

static void watch_end(void *data, struct index_node *node)
{
    struct watch *watch = INDEX_OWNER(node, struct watch, node);
    struct tenant *tenant = data;
    due_remove(watch);
    index_remove(&tenant->watches, node);
    free(watch->participants);
    free(watch);
}

void thread_list_end(struct tenant *tenant)
{
    index_each(&tenant->watches, watch_end, tenant);
    index_fini(&tenant->watches);
}

static struct watch *watch_find(const struct tenant *tenant, const struct thread_id *thread)
{
    struct index_node *node = index_find(&tenant->watches, uuid_bytes(&thread->u));
    return node ? INDEX_OWNER(node, struct watch, node) : NULL;
}

/* Found or made; NULL: out of memory. */
static struct watch *watch_get(struct tenant *tenant, const struct thread_id *thread)
{
    struct watch *watch = watch_find(tenant, thread);
    if (watch)
        return watch;
    if (tenant->watches.count >= WATCHES_MAX)
        index_each(&tenant->watches, watch_end, tenant);
    watch = calloc(1, sizeof *watch);
    if (!watch)
        return NULL;
    watch->thread = *thread;
    watch->tenant = tenant;
    watch->node.key = uuid_bytes(&watch->thread.u);
    if (index_add(&tenant->watches, &watch->node) == OK)
        return watch;
    free(watch);
    return NULL;
}

static bool takes_part(const Threads__Thread *thread, const struct user_id *user)
{
    for (size_t i = 0; i < thread->n_participants; i++) {
        const ProtobufCBinaryData *id = &thread->participants[i]->user_id;
        if (bytes_equal(bytes_of(id->data, id->len), uuid_bytes(&user->u)))
            return true;
    }
    return false;
}

bool thread_list_may_see(const struct principal *who, const Threads__Thread *thread)
{
    return (SEES_ALL & ROLE_BIT(who->role)) || takes_part(thread, &who->user);
}

static bool took_part(const struct watch *watch, const struct user_id *user)
{
    for (size_t i = 0; watch && i < watch->participant_count; i++) {
        if (uuid_equal(&watch->participants[i], &user->u))
            return true;
    }
    return false;
}

static void remember_participants(struct watch *watch, const Threads__Thread *thread)
{
    size_t count = 0;
    free(watch->participants);
    watch->participants = calloc(thread->n_participants + 1, sizeof(struct uuid));
    for (size_t i = 0; watch->participants && i < thread->n_participants; i++) {
        const ProtobufCBinaryData *id = &thread->participants[i]->user_id;
        count += uuid_from_bytes(bytes_of(id->data, id->len), &watch->participants[count]);
    }
    watch->participant_count = count;
    watch->is_known = watch->participants != NULL;
    watch->tries = 0;
}

static struct frame *thread_frame(const Threads__Thread *thread, const char *change)
{
    struct frame_builder builder = {0};
    struct buf *out = frame_next_event(&builder);
    buf_text(out, "{\"type\":\"thread\",\"thread\":");
    json_from_message(&thread->base, out);
    buf_printf(out, ",\"change\":\"%s\"}", change);
    return frame_finish(&builder);
}

/* A thread that is no longer for you: only which one it was. */
static struct frame *removed_frame(const Threads__Thread *thread)
{
    Threads__Thread bare = THREADS__THREAD__INIT;
    bare.id = thread->id;
    bare.tenant_id = thread->tenant_id;
    return thread_frame(&bare, "removed");
}

/* Give every session in the room the pass's mark. */
static unsigned mark_room(struct tenant *tenant, const struct thread_id *thread)
{
    struct room *room = fanout_room(tenant, thread);
    unsigned mark = ++tenant->mark;
    for (size_t i = 0; room && i < room->count; i++)
        room->subscriptions[i]->session->mark = mark;
    return mark;
}

static void take_away(struct session *session, const struct thread_id *thread,
                      struct frame *removed)
{
    struct subscription *subscription = fanout_find(session, thread);
    if (subscription)
        fanout_unsubscribe(subscription);
    if (removed)
        session_send(session, removed);
}

void thread_list_on_event(struct tenant *tenant, const Events__ThreadEvent *event)
{
    static const char *const changes[] = {"updated", "created", "updated", "removed"};
    const Threads__Thread *thread = event->thread;
    struct thread_id id;
    if (!thread || !uuid_from_bytes(bytes_of(thread->id.data, thread->id.len), &id.u))
        return;
    size_t change = event->change > 0 && (size_t)event->change < 4 ? (size_t)event->change : 0;
    struct watch *watch = watch_get(tenant, &id);
    struct frame *frame = thread_frame(thread, changes[change]);
    struct frame *removed = removed_frame(thread);
    unsigned mark = mark_room(tenant, &id);
    for (struct session *session = tenant->sessions; session; session = session->next) {
        const struct principal *who = session_who(session);
        if (thread_list_may_see(who, thread)) {
            if (frame)
                session_send(session, frame);
        } else if (session->mark == mark || took_part(watch, &who->user)) {
            take_away(session, &id, removed);
        }
    }
    if (watch)
        remember_participants(watch, thread);
    frame_drop(frame);
    frame_drop(removed);
}

void thread_list_on_message(struct tenant *tenant, const struct thread_id *thread,
                            const struct room *room)
{
    /* Everybody here is subscribed: nobody to tell. */
    if (room && room->count >= tenant->session_count)
        return;
    struct watch *watch = watch_get(tenant, thread);
    if (!watch || watch->is_due || (!watch->is_known && watch->tries >= TRIES_MAX))
        return;
    watch->is_due = true;
    watch->next_due = due;
    due = watch;
}

/* A session whose token may ask for the thread; NULL: nobody here can see it, as far as is known. */
static struct session *asker_of(const struct watch *watch)
{
    const struct tenant *tenant = watch->tenant;
    const struct room *room = fanout_room(tenant, &watch->thread);
    unsigned skip = watch->tries;
    if (room)
        return room->subscriptions[watch->tries % room->count]->session;
    for (struct session *session = tenant->sessions; session; session = session->next) {
        const struct principal *who = session_who(session);
        if ((SEES_ALL & ROLE_BIT(who->role)) || took_part(watch, &who->user))
            return session;
    }
    if (watch->is_known)
        return NULL;
    struct session *session = tenant->sessions;
    while (session && skip > 0) {
        session = session->next;
        skip--;
    }
    return session;
}

static void on_thread(struct watch *watch, struct bytes payload)
{
    struct tenant *tenant = watch->tenant;
    struct arena *arena = arena_new(REQUEST_ARENA_BYTES_MAX);
    Threads__Thread *thread =
        arena ? threads__thread__unpack(arena_allocator(arena), payload.len, payload.data) : NULL;
    if (thread) {
        thread->unread = thread->my_read_seq = 0; /* the asker's own */
        struct frame *frame = thread_frame(thread, "updated");
        unsigned mark = mark_room(tenant, &watch->thread);
        for (struct session *session = tenant->sessions; frame && session;
             session = session->next) {
            if (session->mark != mark && thread_list_may_see(session_who(session), thread))
                session_send(session, frame);
        }
        remember_participants(watch, thread);
        frame_drop(frame);
    }
    arena_free(arena);
}

static void on_reply(void *data, const struct bus_reply *reply)
{
    struct fetch *fetch = data;
    struct tenant *tenant = fanout_tenant(fetch->session->gateway, &fetch->tenant);
    struct watch *watch = tenant ? watch_find(tenant, &fetch->thread) : NULL;
    if (watch) {
        watch->is_fetching = false;
        if (reply->status == OK)
            on_thread(watch, reply->payload);
        else if (!status_retryable(reply->status) && watch->tries < TRIES_MAX)
            watch->tries++;
    }
    session_drop(fetch->session);
    free(fetch);
}

static void fetch_thread(struct gateway *gateway, struct watch *watch)
{
    struct session *asker = asker_of(watch);
    struct fetch *fetch = asker ? malloc(sizeof *fetch) : NULL;
    if (!fetch)
        return;
    *fetch = (struct fetch){session_keep(asker), watch->tenant->id, watch->thread};
    Threads__GetRequest get = THREADS__GET_REQUEST__INIT;
    get.thread_id = (ProtobufCBinaryData){16, watch->thread.u.b};
    const struct rpc_call call = {.rpc = rpc_of(RPC_THREADS_GET),
                                  .request = &get.base,
                                  .token = session_token(asker),
                                  .shard_key = uuid_bytes(&watch->thread.u)};
    watch->next_ms = gateway_now_ms(gateway) + THREAD_UPDATE_MS;
    watch->is_fetching = rpc_start(gateway, &call, on_reply, fetch, NULL);
    if (!watch->is_fetching) {
        session_drop(asker);
        free(fetch);
    }
}

void thread_list_tick(struct gateway *gateway)
{
    int64_t now_ms = gateway_now_ms(gateway);
    struct watch **link = &due;
    while (*link) {
        struct watch *watch = *link;
        if (watch->is_fetching || watch->next_ms > now_ms) {
            link = &watch->next_due;
            continue;
        }
        *link = watch->next_due;
        watch->is_due = false;
        fetch_thread(gateway, watch);
    }
}
