/* Watches: per tenant and thread, who takes part and whether it has to be fetched.
 *
 * A watch is a cache: forgetting one costs a fetch, and at worst a member who was taken out of a
 * thread that nobody here was subscribed to learns it from the next list. Next: presence_table.h
 */
#include "thread_list.h"

#include <stdlib.h>
#include "core/arena.h"
#include "core/limits.h"
#include "json/json.h"
#include "presence.h"
#include "rpc.h"

#define WATCHES_MAX       4096        /* of one tenant: 4096 x (100 bytes + 16 a participant) */
#define UPDATES_BYTES_MAX (64 * 1024) /* of one frame; a thread more is at most 40 KiB */
#define TRIES_MAX         8           /* members who are asked for before a thread is left alone */

struct watch {
    struct index_node node; /* key: thread */
    struct thread_id thread;
    struct tenant *tenant;
    struct uuid *participants; /* NULL: not known yet */
    size_t participant_count;
    bool is_known, is_due, is_fetching;
    bool is_lost;     /* its own events may be: tell those subscribed as well */
    int64_t told_seq; /* last_seq of the thread that people here were told last */
    uint8_t tries;
    int64_t next_ms;
    struct watch *next_due;
};
struct fetch {
    struct session *session; /* kept: its token asks */
    struct tenant_id tenant;
    struct thread_id thread;
};

static struct watch *due_first, *due_last;

static void due_append(struct watch *watch)
{
    watch->is_due = true;
    watch->next_due = NULL;
    if (due_last)
        due_last->next_due = watch;
    else
        due_first = watch;
    due_last = watch;
}

static void due_remove(struct watch *watch)
{
    struct watch *before = NULL;
    if (!watch->is_due)
        return;
    for (struct watch *one = due_first; one != watch; one = one->next_due)
        before = one;
    if (before)
        before->next_due = watch->next_due;
    else
        due_first = watch->next_due;
    if (due_last == watch)
        due_last = before;
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
    frame_abandon(&tenant->updates);
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
    return thread_list_sees_all(who->role) || takes_part(thread, &who->user);
}

/* As far as is known here: from the thread's last fetch, or from the member's own list. */
static bool took_part(const struct watch *watch, const struct session *session)
{
    const struct user_id *user = &session_who(session)->user;
    for (size_t i = 0; watch && i < watch->participant_count; i++) {
        if (uuid_equal(&watch->participants[i], &user->u))
            return true;
    }
    return watch && session->person &&
           circle_takes_part(&session->tenant->presence->circle, &watch->thread, session->person);
}

/* Room for the ids of so many; NULL: out of memory, and nobody is known. */
static struct uuid *forget_participants(struct watch *watch, size_t count)
{
    free(watch->participants);
    watch->participants = calloc(count + 1, sizeof(struct uuid));
    watch->participant_count = 0;
    watch->is_known = watch->participants != NULL;
    watch->tries = 0;
    return watch->participants;
}

static void remember_thread(struct watch *watch, const Threads__Thread *thread)
{
    struct uuid *ids = forget_participants(watch, thread->n_participants);
    for (size_t i = 0; ids && i < thread->n_participants; i++) {
        const ProtobufCBinaryData *id = &thread->participants[i]->user_id;
        watch->participant_count +=
            uuid_from_bytes(bytes_of(id->data, id->len), &ids[watch->participant_count]);
    }
    watch->told_seq = thread->last_seq;
    watch->is_lost = false;
}

static void remember_head(struct watch *watch, const Threads__Head *head)
{
    size_t count = head->participant_ids.len / sizeof(struct uuid);
    struct uuid *ids = forget_participants(watch, count);
    if (ids) {
        memcpy(ids, head->participant_ids.data, count * sizeof *ids);
        watch->participant_count = count;
    }
}

static void write_thread(const Threads__Thread *thread, const char *change, struct buf *out)
{
    buf_text(out, "{\"type\":\"thread\",\"thread\":");
    json_from_message(&thread->base, out);
    buf_printf(out, ",\"change\":\"%s\"}", change);
}

static struct frame *thread_frame(const Threads__Thread *thread, const char *change)
{
    struct frame_builder builder = {0};
    write_thread(thread, change, frame_next_event(&builder));
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
        } else if (session->mark == mark || took_part(watch, session)) {
            take_away(session, &id, removed);
        }
    }
    if (watch)
        remember_thread(watch, thread);
    presence_on_thread(tenant, thread);
    frame_drop(frame);
    frame_drop(removed);
}

/* Those who had the thread and are not among its participants any more. */
static void take_away_from(struct tenant *tenant, struct watch *watch, const Threads__Head *head)
{
    struct watch now = {0};
    Threads__Thread bare = THREADS__THREAD__INIT;
    bare.id = head->thread_id;
    bare.tenant_id = tenant->id.text;
    struct frame *removed = removed_frame(&bare);
    unsigned mark = mark_room(tenant, &watch->thread);
    remember_head(&now, head);
    for (struct session *session = tenant->sessions; session; session = session->next) {
        const struct principal *who = session_who(session);
        bool had_it = session->mark == mark || took_part(watch, session);
        if (had_it && now.is_known && !thread_list_sees_all(who->role) && !took_part(&now, session))
            take_away(session, &watch->thread, removed);
    }
    free(now.participants);
    frame_drop(removed);
}

void thread_list_on_head(struct tenant *tenant, const struct thread_id *thread,
                         const Threads__Head *head)
{
    struct watch *watch = watch_get(tenant, thread);
    if (!watch || watch->told_seq >= head->last_seq)
        return;
    take_away_from(tenant, watch, head);
    remember_head(watch, head);
    if (watch->is_known)
        presence_on_people(tenant, thread, watch->participants, watch->participant_count,
                           head->last_seq);
    watch->is_lost = true;
    if (!watch->is_due)
        due_append(watch);
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
    due_append(watch);
}

/* A session whose token may ask for the thread; NULL: nobody here can see it, as far as is known.
 */
static struct session *asker_of(const struct watch *watch)
{
    const struct tenant *tenant = watch->tenant;
    const struct room *room = fanout_room(tenant, &watch->thread);
    unsigned skip = watch->tries;
    if (room)
        return room->subscriptions[watch->tries % room->count]->session;
    for (struct session *session = tenant->sessions; session; session = session->next) {
        const struct principal *who = session_who(session);
        if (thread_list_sees_all(who->role) || took_part(watch, session))
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

static bool sees_all(const struct session *session)
{
    return thread_list_sees_all(session_who(session)->role);
}

/* What was collected, to those who see every thread. */
static void flush_updates(struct tenant *tenant)
{
    struct frame *frame = frame_finish(&tenant->updates);
    for (struct session *session = tenant->sessions; frame && session; session = session->next) {
        if (sees_all(session))
            session_send(session, frame);
    }
    frame_drop(frame);
}

/* A member is told of threads it takes part in; those who are subscribed know from the messages,
 * unless the thread's own events may be lost. */
static void tell_members(struct tenant *tenant, const struct watch *watch,
                         const Threads__Thread *thread)
{
    struct frame *frame = NULL;
    unsigned mark = mark_room(tenant, &watch->thread);
    for (struct session *session = tenant->sessions; session; session = session->next) {
        if (sees_all(session) || (session->mark == mark && !watch->is_lost) ||
            !takes_part(thread, &session_who(session)->user))
            continue;
        if (!frame)
            frame = thread_frame(thread, "updated");
        if (frame)
            session_send(session, frame);
    }
    frame_drop(frame);
}

static void on_thread(struct watch *watch, struct bytes payload)
{
    struct tenant *tenant = watch->tenant;
    struct arena *arena = arena_new(REQUEST_ARENA_BYTES_MAX);
    Threads__Thread *thread =
        arena ? threads__thread__unpack(arena_allocator(arena), payload.len, payload.data) : NULL;
    if (thread) {
        thread->unread = thread->my_read_seq = 0; /* the asker's own */
        if (frame_builder_len(&tenant->updates) > UPDATES_BYTES_MAX)
            flush_updates(tenant);
        write_thread(thread, "updated", frame_next_event(&tenant->updates));
        tell_members(tenant, watch, thread);
        remember_thread(watch, thread);
        presence_on_thread(tenant, thread);
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

/* May this tenant have one more fetched in this tick? */
static bool spend_fetch(struct tenant *tenant)
{
    if (tenant->fetch_tick != tenant->gateway->ticks) {
        tenant->fetch_tick = tenant->gateway->ticks;
        tenant->fetches = 0;
    }
    unsigned most = TOLD_PER_TICK / tenant->session_count;
    if (most > FETCHES_PER_TICK)
        most = FETCHES_PER_TICK;
    return tenant->fetches++ < (most > 0 ? most : 1);
}

static void flush_node(void *data, struct index_node *node)
{
    const int64_t *now_ms = data;
    struct tenant *tenant = INDEX_OWNER(node, struct tenant, node);
    if (tenant->updates.count == 0 || *now_ms < tenant->updates_from_ms)
        return;
    tenant->updates_from_ms = *now_ms + THREAD_UPDATE_MS;
    flush_updates(tenant);
}

void thread_list_tick(struct gateway *gateway)
{
    int64_t now_ms = gateway_now_ms(gateway);
    struct watch *watch = due_first;
    index_each(&gateway->tenants, flush_node, &now_ms);
    while (watch) {
        struct watch *next = watch->next_due;
        if (!watch->is_fetching && watch->next_ms <= now_ms && spend_fetch(watch->tenant)) {
            due_remove(watch);
            fetch_thread(gateway, watch);
        }
        watch = next;
    }
}
