/* Comparing rooms with the threads service when events may have been lost: after Redis or a replica
 * of threads came back, and from time to time in any case.
 *
 * One threads.Get tells where a thread ends; whoever in the room is behind is refilled. Rooms stand
 * in a line and a few are asked per tick. Next: thread_list.h
 */
#include "resync.h"

#include <stdlib.h>
#include "core/arena.h"
#include "core/limits.h"
#include "rpc.h"

#define ROOMS_PER_TICK 50    /* ten ticks a second: 500 rooms/s */
#define ROOM_CHECK_MS  60000 /* a lost event shows within this, if the next one never comes */

struct check {
    struct session *session; /* kept: its token asked */
    struct tenant_id tenant;
    struct thread_id thread;
};

static struct room *line_first;

static void line_add(struct room *room)
{
    if (room->is_checking)
        return;
    room->is_checking = true;
    room->next_check = line_first;
    line_first = room;
}

void resync_forget_room(struct room *room)
{
    struct room **link = &line_first;
    while (room->is_checking && *link) {
        if (*link == room) {
            *link = room->next_check;
            room->is_checking = false;
            return;
        }
        link = &(*link)->next_check;
    }
}

static void add_node(void *data, struct index_node *node)
{
    (void)data;
    line_add(INDEX_OWNER(node, struct room, node));
}

static void add_tenant(void *data, struct index_node *node)
{
    struct tenant *tenant = INDEX_OWNER(node, struct tenant, node);
    index_each(&tenant->rooms, add_node, data);
}

void resync_check_rooms(struct gateway *gateway, struct tenant *tenant)
{
    if (tenant)
        index_each(&tenant->rooms, add_node, gateway);
    else
        index_each(&gateway->tenants, add_tenant, gateway);
}

/* Refill whoever is live and behind. */
static void refill_room(struct room *room, int64_t last_seq)
{
    for (size_t i = 0; i < room->count; i++) {
        struct subscription *subscription = room->subscriptions[i];
        if (subscription->state == SUBSCRIPTION_LIVE && subscription->sent_seq < last_seq) {
            subscription->seen_seq = last_seq;
            resync_refill(subscription);
        }
    }
}

static void on_thread(struct room *room, struct bytes payload)
{
    struct arena *arena = arena_new(REQUEST_ARENA_BYTES_MAX);
    Threads__Thread *thread =
        arena ? threads__thread__unpack(arena_allocator(arena), payload.len, payload.data) : NULL;
    if (thread)
        refill_room(room, thread->last_seq);
    arena_free(arena);
}

static void on_reply(void *data, const struct bus_reply *reply)
{
    struct check *check = data;
    struct gateway *gateway = check->session->gateway;
    struct tenant *tenant = fanout_tenant(gateway, &check->tenant);
    struct room *room = tenant ? fanout_room(tenant, &check->thread) : NULL;
    struct subscription *asker =
        room && check->session->tenant ? fanout_find(check->session, &check->thread) : NULL;
    if (room && reply->status == OK) {
        on_thread(room, reply->payload);
    } else if (room) {
        /* Its own refill finds out why it was refused; the room is asked again with another. */
        if (asker && !status_retryable(reply->status))
            resync_refill(asker);
        line_add(room);
    }
    session_drop(check->session);
    free(check);
}

static void ask(struct gateway *gateway, struct room *room)
{
    struct check *check = malloc(sizeof *check);
    struct subscription *asker = room->subscriptions[(size_t)gateway_now_ms(gateway) % room->count];
    if (!check)
        return;
    *check = (struct check){session_keep(asker->session), room->tenant->id, room->thread};
    Threads__GetRequest get = THREADS__GET_REQUEST__INIT;
    get.thread_id = (ProtobufCBinaryData){16, room->thread.u.b};
    const struct rpc_call call = {.rpc = rpc_of(RPC_THREADS_GET),
                                  .request = &get.base,
                                  .token = session_token(asker->session),
                                  .shard_key = uuid_bytes(&room->thread.u)};
    if (!rpc_start(gateway, &call, on_reply, check, NULL)) {
        session_drop(check->session);
        free(check);
    }
}

void resync_check_tick(struct gateway *gateway)
{
    for (int i = 0; i < ROOMS_PER_TICK && line_first; i++) {
        struct room *room = line_first;
        line_first = room->next_check;
        room->is_checking = false;
        room->checked_ms = gateway_now_ms(gateway);
        ask(gateway, room);
    }
}

static void look_at_room(void *data, struct index_node *node)
{
    const int64_t *now_ms = data;
    struct room *room = INDEX_OWNER(node, struct room, node);
    if (*now_ms - room->checked_ms >= ROOM_CHECK_MS)
        line_add(room);
}

static void look_at_tenant(void *data, struct index_node *node)
{
    struct tenant *tenant = INDEX_OWNER(node, struct tenant, node);
    index_each(&tenant->rooms, look_at_room, data);
}

void resync_sweep(struct gateway *gateway)
{
    int64_t now_ms = gateway_now_ms(gateway);
    index_each(&gateway->tenants, look_at_tenant, &now_ms);
}
