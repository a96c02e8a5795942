/* Comparing with the threads service when events may have been lost: after Redis or a replica of
 * threads came back, when a service says that it could not publish, and from time to time in any
 * case.
 *
 * One threads.Heads tells where the rooms of a tenant end, whoever is behind is refilled; and which
 * threads changed lately, so that lists become right too. Asked in the gateway's own name: the
 * answer holds ids and numbers only. Tenants stand in a line and some are asked per tick. Next:
 * thread_list.h
 */
#include "resync.h"

#include <stdlib.h>
#include "core/arena.h"
#include "core/clock.h"
#include "core/limits.h"
#include "counters.h"
#include "presence.h"
#include "read_marks.h"
#include "rpc.h"
#include "thread_list.h"

#define TENANTS_PER_TICK 50  /* ten ticks a second: 200 tenants in half a second */
#define AGAIN_MS         500 /* between two checks of a tenant, and before a failed one is tried */
#define ROOM_CHECK_MS    15000 /* a lost event shows within this, if nothing else tells of it */
#define PAGES_MAX        50    /* x HEADS_ROWS_MAX: 10,000 threads changed during an outage */

/* What a question knows when its answer comes. */
struct check {
    struct gateway *gateway;
    struct tenant_id tenant;
    int64_t since_us; /* 0: it is about rooms only */
    unsigned pages;   /* asked before this one */
};

static struct tenant *line_first;

/* The earlier of two times, where 0 is none. */
static int64_t earlier(int64_t a, int64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

static void line_add(struct tenant *tenant, int64_t since_us, int64_t not_before_ms)
{
    tenant->check_since_us = earlier(tenant->check_since_us, since_us);
    if (tenant->is_checking)
        return;
    tenant->is_checking = true;
    tenant->check_from_ms = not_before_ms > tenant->checked_ms + AGAIN_MS
                                ? not_before_ms
                                : tenant->checked_ms + AGAIN_MS;
    tenant->next_check = line_first;
    line_first = tenant;
}

void resync_forget_tenant(struct tenant *tenant)
{
    struct tenant **link = &line_first;
    while (tenant->is_checking && *link != tenant)
        link = &(*link)->next_check;
    if (tenant->is_checking)
        *link = tenant->next_check;
    tenant->is_checking = false;
}

static void add_node(void *data, struct index_node *node)
{
    const int64_t *since_us = data;
    line_add(INDEX_OWNER(node, struct tenant, node), *since_us, 0);
}

void resync_check(struct gateway *gateway, struct tenant *tenant, int64_t since_us)
{
    if (tenant)
        line_add(tenant, since_us, 0);
    else
        index_each(&gateway->tenants, add_node, &since_us);
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

static void on_head(struct tenant *tenant, const Threads__Head *head)
{
    struct thread_id thread;
    if (!uuid_from_bytes(bytes_of(head->thread_id.data, head->thread_id.len), &thread.u))
        return;
    struct room *room = fanout_room(tenant, &thread);
    if (room)
        refill_room(room, head->last_seq);
    if (head->participant_ids.len > 0)
        thread_list_on_head(tenant, &thread, head);
}

/* To those in the room, as if its event had come; who heard it already hears nothing new. */
static void on_mark(struct tenant *tenant, const Threads__Mark *mark)
{
    Events__Read read = EVENTS__READ__INIT;
    read.thread_id = mark->thread_id;
    read.user_id = mark->user_id;
    read.seq = mark->seq;
    read.at_us = mark->at_us;
    read_marks_on_event(tenant, &read);
}

static void ask(struct tenant *tenant, const Threads__HeadsRequest *request, unsigned pages);

static void on_heads(struct check *check, struct tenant *tenant, struct bytes payload)
{
    struct arena *arena = arena_new(REQUEST_ARENA_BYTES_MAX);
    Threads__HeadsReply *reply =
        arena ? threads__heads_reply__unpack(arena_allocator(arena), payload.len, payload.data)
              : NULL;
    if (!reply)
        count(COUNT_BAD_REPLY);
    for (size_t i = 0; reply && i < reply->n_results; i++)
        on_head(tenant, reply->results[i]);
    for (size_t i = 0; reply && i < reply->n_marks; i++)
        on_mark(tenant, reply->marks[i]);
    if (reply && reply->next_since_us > 0 && check->pages + 1 < PAGES_MAX) {
        Threads__HeadsRequest next = THREADS__HEADS_REQUEST__INIT;
        next.since_us = reply->next_since_us;
        ask(tenant, &next, check->pages + 1);
    }
    arena_free(arena);
}

static void on_reply(void *data, const struct bus_reply *reply)
{
    struct check *check = data;
    struct gateway *gateway = check->gateway;
    struct tenant *tenant = fanout_tenant(gateway, &check->tenant);
    if (tenant && reply->status == OK)
        on_heads(check, tenant, reply->payload);
    else if (tenant && status_retryable(reply->status))
        line_add(tenant, check->since_us, gateway_now_ms(gateway) + AGAIN_MS);
    free(check);
}

static void ask(struct tenant *tenant, const Threads__HeadsRequest *request, unsigned pages)
{
    struct gateway *gateway = tenant->gateway;
    struct check *check = malloc(sizeof *check);
    if (check)
        *check = (struct check){gateway, tenant->id, request->since_us, pages};
    const struct rpc_call call = {
        .rpc = rpc_of(RPC_THREADS_HEADS), .request = &request->base, .tenant = tenant->id.text};
    if (check && rpc_start(gateway, &call, on_reply, check, NULL))
        return;
    free(check);
    line_add(tenant, request->since_us, gateway_now_ms(gateway) + AGAIN_MS);
}

/* One question in the making: rooms gather until it is full. */
struct question {
    struct tenant *tenant;
    Threads__HeadsRequest request;
    ProtobufCBinaryData ids[HEADS_IDS_MAX];
};

static void send_question(struct question *question)
{
    question->request.thread_ids = question->ids;
    ask(question->tenant, &question->request, 0);
    question->request.n_thread_ids = 0;
    question->request.since_us = 0;
}

static void add_room(void *data, struct index_node *node)
{
    struct question *question = data;
    struct room *room = INDEX_OWNER(node, struct room, node);
    question->ids[question->request.n_thread_ids++] = (ProtobufCBinaryData){16, room->thread.u.b};
    if (question->request.n_thread_ids == HEADS_IDS_MAX)
        send_question(question);
}

static void ask_all(struct tenant *tenant)
{
    struct question question = {.tenant = tenant, .request = THREADS__HEADS_REQUEST__INIT};
    question.request.since_us = tenant->check_since_us;
    question.request.with_marks = true;
    tenant->check_since_us = 0;
    tenant->checked_ms = gateway_now_ms(tenant->gateway);
    index_each(&tenant->rooms, add_room, &question);
    if (question.request.n_thread_ids > 0 || question.request.since_us > 0)
        send_question(&question);
}

void resync_check_tick(struct gateway *gateway)
{
    struct tenant *due[TENANTS_PER_TICK], **link = &line_first;
    unsigned due_count = 0;
    while (*link && due_count < TENANTS_PER_TICK) {
        struct tenant *tenant = *link;
        if (tenant->check_from_ms > gateway_now_ms(gateway)) {
            link = &tenant->next_check;
            continue;
        }
        *link = tenant->next_check;
        tenant->is_checking = false;
        due[due_count++] = tenant;
    }
    for (unsigned i = 0; i < due_count; i++)
        ask_all(due[i]);
}

static void look_at_tenant(void *data, struct index_node *node)
{
    const int64_t *now_ms = data;
    struct tenant *tenant = INDEX_OWNER(node, struct tenant, node);
    if (tenant->rooms.count > 0 && *now_ms - tenant->checked_ms >= ROOM_CHECK_MS)
        line_add(tenant, 0, 0);
}

void resync_sweep(struct gateway *gateway)
{
    int64_t now_ms = gateway_now_ms(gateway);
    index_each(&gateway->tenants, look_at_tenant, &now_ms);
}
