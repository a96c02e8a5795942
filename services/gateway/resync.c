/* The line of subscriptions that wait for a page of history. room_check.c compares whole rooms.
 *
 * Next: room_check.c
 */
#include "resync.h"

#include <stdlib.h>
#include "core/arena.h"
#include "core/limits.h"
#include "counters.h"
#include "events.h"
#include "presence.h"
#include "rpc.h"

#define PAGE_ROWS            LIST_ROWS_MAX
#define RETRY_MS             500
#define BLOCKED_RETRY_MS     100 /* its socket still takes the page before */
#define OPEN_ATTEMPTS        6   /* 3 s: a service that restarts is back by then */
#define QUEUE_BYTES_FOR_PAGE (256 * 1024)

/* What a request knows when it comes back; the subscription may be gone or begun anew. */
struct page {
    struct session *session; /* kept */
    struct thread_id thread;
    uint64_t serial;
};

static struct subscription *line_first, *line_last;
static unsigned in_flight;
static uint64_t last_serial;

static void line_remove(struct subscription *subscription)
{
    if (!subscription->is_waiting)
        return;
    if (subscription->previous_waiting)
        subscription->previous_waiting->next_waiting = subscription->next_waiting;
    else
        line_first = subscription->next_waiting;
    if (subscription->next_waiting)
        subscription->next_waiting->previous_waiting = subscription->previous_waiting;
    else
        line_last = subscription->previous_waiting;
    subscription->next_waiting = subscription->previous_waiting = NULL;
    subscription->is_waiting = false;
}

static void line_append(struct subscription *subscription, int64_t delay_ms)
{
    if (subscription->is_waiting)
        return;
    subscription->is_waiting = true;
    subscription->not_before_ms = gateway_now_ms(subscription->session->gateway) + delay_ms;
    subscription->previous_waiting = line_last;
    subscription->next_waiting = NULL;
    if (line_last)
        line_last->next_waiting = subscription;
    else
        line_first = subscription;
    line_last = subscription;
}

void resync_forget(struct subscription *subscription)
{
    line_remove(subscription);
}

static void go_on(struct gateway *gateway);

/* It is not to be: say why and end it. */
static void refuse(struct subscription *subscription, enum status status, const char *detail)
{
    struct session *session = subscription->session;
    struct thread_id thread = subscription->room->thread;
    fanout_unsubscribe(subscription);
    event_error(session_event(session), NULL, &thread, status, detail);
}

static void on_failure(struct subscription *subscription, const struct bus_reply *reply)
{
    bool gives_up =
        subscription->state == SUBSCRIPTION_OPENING && ++subscription->attempts >= OPEN_ATTEMPTS;
    if (!status_retryable(reply->status) || gives_up)
        refuse(subscription, reply->status, reply->detail);
    else
        line_append(subscription, RETRY_MS);
}

/* The service has let it in. */
static void begin(struct subscription *subscription, int64_t last_seq)
{
    if (subscription->state != SUBSCRIPTION_OPENING)
        return;
    if (!subscription->has_start || subscription->sent_seq > last_seq)
        subscription->sent_seq = last_seq;
    subscription->state = SUBSCRIPTION_SYNCING;
    event_subscribed(session_event(subscription->session), &subscription->room->thread, last_seq);
    presence_on_subscribed(subscription->session, &subscription->room->thread);
}

/* Live once nothing is known to be missing; else the next page. */
static void settle(struct subscription *subscription, int64_t last_seq, bool has_moved)
{
    int64_t goal = subscription->seen_seq > last_seq ? subscription->seen_seq : last_seq;
    if (subscription->sent_seq >= goal) {
        subscription->state = SUBSCRIPTION_LIVE;
        subscription->attempts = 0;
    } else {
        line_append(subscription, has_moved ? 0 : RETRY_MS);
    }
}

/* The messages that continue what it has, in order. */
static void append_page(struct subscription *subscription, const Threads__HistoryReply *reply)
{
    for (size_t i = 0; i < reply->n_results; i++) {
        const Threads__Message *message = reply->results[i];
        if (message->seq != subscription->sent_seq + 1)
            continue;
        event_message(session_event(subscription->session), message);
        subscription->sent_seq = message->seq;
        count(COUNT_DELIVERIES);
    }
}

/* The subscription that a page was asked for; NULL: it ended or began anew. */
static struct subscription *subscription_of(const struct page *page)
{
    struct session *session = page->session;
    if (!session->tenant || (!session_is_open(session) && session->state != SESSION_LAGGING))
        return NULL;
    struct subscription *subscription = fanout_find(session, &page->thread);
    return subscription && subscription->serial == page->serial ? subscription : NULL;
}

static void on_history(struct subscription *subscription, struct bytes payload)
{
    struct arena *arena = arena_new(REQUEST_ARENA_BYTES_MAX);
    Threads__HistoryReply *reply =
        arena ? threads__history_reply__unpack(arena_allocator(arena), payload.len, payload.data)
              : NULL;
    if (reply) {
        int64_t before = subscription->sent_seq;
        begin(subscription, reply->last_seq);
        append_page(subscription, reply);
        settle(subscription, reply->last_seq, subscription->sent_seq > before);
    } else {
        count(COUNT_BAD_REPLY);
        refuse(subscription, STATUS_INTERNAL, "");
    }
    arena_free(arena);
}

static void on_thread(struct subscription *subscription, struct bytes payload)
{
    struct arena *arena = arena_new(REQUEST_ARENA_BYTES_MAX);
    Threads__Thread *thread =
        arena ? threads__thread__unpack(arena_allocator(arena), payload.len, payload.data) : NULL;
    if (thread) {
        presence_on_thread(subscription->room->tenant, thread);
        begin(subscription, thread->last_seq);
        settle(subscription, thread->last_seq, true);
    } else {
        count(COUNT_BAD_REPLY);
        refuse(subscription, STATUS_INTERNAL, "");
    }
    arena_free(arena);
}

static void on_page(void *data, const struct bus_reply *reply)
{
    struct page *page = data;
    struct gateway *gateway = page->session->gateway;
    struct subscription *subscription = subscription_of(page);
    in_flight--;
    if (subscription) {
        subscription->serial = 0;
        if (reply->status != OK)
            on_failure(subscription, reply);
        else if (subscription->state == SUBSCRIPTION_OPENING && !subscription->has_start)
            on_thread(subscription, reply->payload);
        else
            on_history(subscription, reply->payload);
    }
    session_drop(page->session);
    free(page);
    go_on(gateway);
}

/* Ask for the next page, or, when it only wants to know where the thread ends, for the thread. */
static bool ask(struct subscription *subscription)
{
    struct session *session = subscription->session;
    struct thread_id *thread = &subscription->room->thread;
    struct page *page = malloc(sizeof *page);
    if (!page)
        return false;
    *page = (struct page){session_keep(session), *thread, ++last_serial};
    subscription->serial = last_serial;
    ProtobufCBinaryData id = {16, thread->u.b};
    Threads__GetRequest get = THREADS__GET_REQUEST__INIT;
    Threads__HistoryRequest history = THREADS__HISTORY_REQUEST__INIT;
    bool wants_end = subscription->state == SUBSCRIPTION_OPENING && !subscription->has_start;
    get.thread_id = history.thread_id = id;
    history.after_seq = subscription->sent_seq;
    history.limit = PAGE_ROWS;
    const struct rpc_call call = {.rpc = rpc_of(wants_end ? RPC_THREADS_GET : RPC_THREADS_HISTORY),
                                  .request = wants_end ? &get.base : &history.base,
                                  .token = session_token(session),
                                  .shard_key = uuid_bytes(&thread->u)};
    if (rpc_start(session->gateway, &call, on_page, page, NULL)) {
        in_flight++;
        return true;
    }
    subscription->serial = 0;
    session_drop(session);
    free(page);
    return false;
}

/* As many from the head of the line as may run. */
static void go_on(struct gateway *gateway)
{
    struct subscription *last = line_last;
    while (line_first && in_flight < RESYNC_IN_FLIGHT_MAX) {
        struct subscription *subscription = line_first;
        int64_t early_ms = subscription->not_before_ms - gateway_now_ms(gateway);
        line_remove(subscription);
        if (early_ms > 0)
            line_append(subscription, early_ms);
        else if (subscription->session->queue_bytes > QUEUE_BYTES_FOR_PAGE)
            line_append(subscription, BLOCKED_RETRY_MS);
        else if (!ask(subscription))
            line_append(subscription, RETRY_MS);
        if (subscription == last)
            break;
    }
}

void resync_refill(struct subscription *subscription)
{
    if (subscription->state == SUBSCRIPTION_LIVE) {
        count(COUNT_REFILLS);
        subscription->state = SUBSCRIPTION_SYNCING;
        line_append(subscription, 0);
        go_on(subscription->session->gateway);
    }
}

void resync_subscribe(struct session *session, const struct thread_id *thread, bool has_start,
                      int64_t after_seq)
{
    struct subscription *subscription = fanout_find(session, thread);
    if (!subscription &&
        session->subscription_count >= session->gateway->settings->subscriptions_max) {
        count(COUNT_REFUSED_SUBSCRIPTIONS);
        event_error(session_event(session), NULL, thread, STATUS_RATE_LIMITED,
                    "too many subscriptions on one socket");
        return;
    }
    if (!subscription)
        subscription = fanout_subscribe(session, thread);
    if (!subscription) {
        event_error(session_event(session), NULL, thread, STATUS_RESOURCE_EXHAUSTED, "");
        return;
    }
    line_remove(subscription);
    subscription->state = SUBSCRIPTION_OPENING;
    subscription->has_start = has_start;
    subscription->sent_seq = has_start ? after_seq : 0;
    subscription->seen_seq = 0;
    subscription->serial = 0;
    subscription->attempts = 0;
    line_append(subscription, 0);
    go_on(session->gateway);
}

void resync_tick(struct gateway *gateway)
{
    go_on(gateway);
}
