/* The lists of fanout.h: who joined, who is subscribed to what. Next: resync.h */
#include "fanout.h"

#include <stdlib.h>
#include "counters.h"
#include "presence.h"
#include "read_marks.h"
#include "resync.h"
#include "thread_list.h"
#include "typing.h"

#define ROOM_CAP_FIRST 4

struct tenant *fanout_tenant(struct gateway *gateway, const struct tenant_id *id)
{
    struct index_node *node = index_find(&gateway->tenants, bytes_text(id->text));
    return node ? INDEX_OWNER(node, struct tenant, node) : NULL;
}

static struct tenant *tenant_new(struct gateway *gateway, const struct tenant_id *id)
{
    struct tenant *tenant = calloc(1, sizeof *tenant);
    if (!tenant)
        return NULL;
    tenant->id = *id;
    tenant->gateway = gateway;
    tenant->checked_ms = gateway_now_ms(gateway) - 1000; /* not before: the first may be at once */
    tenant->node.key = bytes_text(tenant->id.text);
    tenant->presence = presence_new(gateway);
    if (!tenant->presence || index_add(&gateway->tenants, &tenant->node) != OK) {
        free(tenant->presence);
        free(tenant);
        return NULL;
    }
    subscriber_add(gateway->channel, id);
    return tenant;
}

static void tenant_end(struct tenant *tenant)
{
    struct gateway *gateway = tenant->gateway;
    presence_end(tenant);
    subscriber_remove(gateway->channel, &tenant->id);
    index_remove(&gateway->tenants, &tenant->node);
    thread_list_end(tenant);
    resync_forget_tenant(tenant);
    index_fini(&tenant->rooms);
    free(tenant);
}

enum status fanout_join(struct session *session)
{
    const struct tenant_id *id = &session_who(session)->tenant;
    struct tenant *tenant = fanout_tenant(session->gateway, id);
    if (!tenant)
        tenant = tenant_new(session->gateway, id);
    if (!tenant)
        return STATUS_RESOURCE_EXHAUSTED;
    session->tenant = tenant;
    session->previous = NULL;
    session->next = tenant->sessions;
    if (session->next)
        session->next->previous = session;
    tenant->sessions = session;
    tenant->session_count++;
    presence_join(session);
    return OK;
}

void fanout_leave(struct session *session)
{
    struct tenant *tenant = session->tenant;
    while (session->subscriptions)
        fanout_unsubscribe(session->subscriptions);
    presence_leave(session);
    if (session->previous)
        session->previous->next = session->next;
    else
        tenant->sessions = session->next;
    if (session->next)
        session->next->previous = session->previous;
    session->next = session->previous = NULL;
    session->tenant = NULL;
    if (--tenant->session_count == 0)
        tenant_end(tenant);
}

struct room *fanout_room(const struct tenant *tenant, const struct thread_id *thread)
{
    struct index_node *node = index_find(&tenant->rooms, uuid_bytes(&thread->u));
    return node ? INDEX_OWNER(node, struct room, node) : NULL;
}

static struct room *room_new(struct tenant *tenant, const struct thread_id *thread)
{
    struct room *room = calloc(1, sizeof *room);
    if (!room)
        return NULL;
    room->thread = *thread;
    room->tenant = tenant;
    room->node.key = uuid_bytes(&room->thread.u);
    if (index_add(&tenant->rooms, &room->node) != OK) {
        free(room);
        return NULL;
    }
    return room;
}

static void room_end(struct room *room)
{
    typing_forget_room(room);
    fanout_forget_room(room);
    index_remove(&room->tenant->rooms, &room->node);
    frame_abandon(&room->builder);
    free(room->subscriptions);
    free(room);
}

static bool room_put(struct room *room, struct subscription *subscription)
{
    if (room->count == room->cap) {
        size_t cap = room->cap > 0 ? 2 * room->cap : ROOM_CAP_FIRST;
        struct subscription **grown =
            realloc(room->subscriptions, cap * sizeof(struct subscription *));
        if (!grown)
            return false;
        room->subscriptions = grown;
        room->cap = cap;
    }
    subscription->place = room->count;
    room->subscriptions[room->count++] = subscription;
    return true;
}

struct subscription *fanout_find(const struct session *session, const struct thread_id *thread)
{
    struct subscription *subscription = session->subscriptions;
    while (subscription && !uuid_equal(&subscription->room->thread.u, &thread->u))
        subscription = subscription->next;
    return subscription;
}

struct subscription *fanout_subscribe(struct session *session, const struct thread_id *thread)
{
    struct subscription *subscription = calloc(1, sizeof *subscription);
    struct room *room = fanout_room(session->tenant, thread);
    if (subscription && !room)
        room = room_new(session->tenant, thread);
    if (!subscription || !room || !room_put(room, subscription)) {
        if (room && room->count == 0)
            room_end(room);
        free(subscription);
        return NULL;
    }
    subscription->session = session;
    subscription->room = room;
    subscription->next = session->subscriptions;
    if (subscription->next)
        subscription->next->previous = subscription;
    session->subscriptions = subscription;
    session->subscription_count++;
    metric_add(counter_metric(COUNT_SUBSCRIPTIONS), 1);
    return subscription;
}

void fanout_unsubscribe(struct subscription *subscription)
{
    struct room *room = subscription->room;
    struct session *session = subscription->session;
    resync_forget(subscription);
    typing_end(subscription);
    read_marks_flush(session, &room->thread);
    size_t place = fanout_leave_place(room, subscription->place);
    struct subscription *last = room->subscriptions[--room->count];
    if (place < room->count) { /* else the free place is the last one, and what stood there moved */
        room->subscriptions[place] = last;
        last->place = place;
    }
    if (subscription->previous)
        subscription->previous->next = subscription->next;
    else
        session->subscriptions = subscription->next;
    if (subscription->next)
        subscription->next->previous = subscription->previous;
    session->subscription_count--;
    metric_add(counter_metric(COUNT_SUBSCRIPTIONS), -1);
    free(subscription);
    if (room->count == 0)
        room_end(room);
}

const struct thread_id *fanout_thread_of(const struct subscription *subscription)
{
    return &subscription->room->thread;
}
