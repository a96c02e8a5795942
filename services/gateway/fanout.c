/* Batches in, frames out. rooms.c keeps the lists. Next: rooms.c */
#include "fanout.h"

#include "core/arena.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/limits.h"
#include "counters.h"
#include "events.h"
#include "events.pb-c.h"
#include "pacer.h"
#include "presence.h"
#include "resync.h"
#include "thread_list.h"

/* A frame costs one write a subscriber, about 7 us, whatever is in it. So when writing takes more
 * than its share of the loop (pacer.h), messages of a room that was written less than PACE_MS ago
 * wait for others and share a frame: more posts make larger frames, not more of them. A room's
 * first message leaves at once; in a small room the writes cost nothing and every turn makes its
 * frame. */
#define PACE_MS        25
#define PACE_COUNT_MIN 8

/* The rooms that have messages not yet written, oldest first. All batches of a turn make one frame,
 * so that a gateway that falls behind writes fewer and larger ones and catches up. */
static struct room *touched, **touched_last = &touched;
static struct pacer pacer;
static unsigned forgotten; /* rooms that ended while they were in it, so far */

static void deliver(struct subscription *subscription, struct room *room, struct frame *frame)
{
    switch (subscription->state) {
    case SUBSCRIPTION_LIVE:
        if (subscription->sent_seq == room->first_seq - 1) {
            session_send(subscription->session, frame);
            subscription->sent_seq = room->last_seq;
            count_by(COUNT_DELIVERIES, room->messages);
        } else if (subscription->sent_seq < room->last_seq) {
            subscription->seen_seq = room->last_seq;
            resync_refill(subscription);
        }
        break;
    case SUBSCRIPTION_OPENING:
    case SUBSCRIPTION_SYNCING:
        if (subscription->seen_seq < room->last_seq)
            subscription->seen_seq = room->last_seq;
        break;
    }
}

/* The frame of a room is complete: to everybody in it. */
static void flush_room(struct room *room)
{
    int64_t begun_us = clock_monotonic_us();
    struct frame *frame = frame_finish(&room->builder);
    for (size_t i = 0; i < room->count; i++) {
        if (frame) {
            deliver(room->subscriptions[i], room, frame);
        } else { /* out of memory: the history has it */
            room->subscriptions[i]->seen_seq = room->last_seq;
            resync_refill(room->subscriptions[i]);
        }
    }
    frame_drop(frame);
    room->messages = 0;
    room->written_ms = gateway_now_ms(room->tenant->gateway);
    int64_t now_us = clock_monotonic_us();
    pacer_spend(&pacer, now_us - begun_us, now_us);
}

/* How long the room's messages wait for others; 0: not any longer. */
static int64_t pace_wait_ms(const struct room *room)
{
    int64_t most_ms = room->written_ms + PACE_MS - gateway_now_ms(room->tenant->gateway);
    if (room->count < PACE_COUNT_MIN || most_ms <= 0)
        return 0;
    int64_t wait_ms = pacer_wait_ms(&pacer, clock_monotonic_us());
    return wait_ms < most_ms ? wait_ms : most_ms;
}

static void add_to_room(struct room *room, const Threads__Message *message)
{
    static struct buf event;
    buf_clear(&event);
    event.failed = false;
    event_message(&event, message);
    if (room->messages > 0 &&
        (message->seq != room->last_seq + 1 ||
         frame_builder_len(&room->builder) + event.len + 1 > FRAME_OUT_BYTES_MAX))
        flush_room(room);
    if (room->messages == 0)
        room->first_seq = message->seq;
    if (!room->is_touched) {
        room->is_touched = true;
        room->next_touched = NULL;
        *touched_last = room;
        touched_last = &room->next_touched;
    }
    buf_append(frame_next_event(&room->builder), event.data, event.len);
    room->builder.buf.failed |= event.failed;
    room->last_seq = message->seq;
    room->messages++;
}

static void on_message(struct tenant *tenant, const Threads__Message *message)
{
    struct thread_id thread;
    if (!uuid_from_bytes(bytes_of(message->thread_id.data, message->thread_id.len), &thread.u))
        return;
    struct room *room = fanout_room(tenant, &thread);
    if (room)
        add_to_room(room, message);
    thread_list_on_message(tenant, &thread, room);
}

static void on_event(struct tenant *tenant, const Events__Event *event)
{
    switch (event->of_case) {
    case EVENTS__EVENT__OF_MESSAGE:
        on_message(tenant, event->message);
        break;
    case EVENTS__EVENT__OF_THREAD:
        thread_list_on_event(tenant, event->thread);
        break;
    case EVENTS__EVENT__OF_TYPING:
        presence_on_typing(tenant, event->typing);
        break;
    case EVENTS__EVENT__OF_READ:
        presence_on_read(tenant, event->read);
        break;
    case EVENTS__EVENT__OF_PRESENCE:
        presence_on_presence(tenant, event->presence);
        break;
    case EVENTS__EVENT__OF_LOST:
        resync_check(tenant->gateway, tenant, event->lost->since_us - CLOCKS_APART_US);
        break;
    case EVENTS__EVENT__OF__NOT_SET:
    case _EVENTS__EVENT__OF__CASE_IS_INT_SIZE:
        break;
    }
}

void fanout_on_batch(void *data, const struct tenant_id *id, struct bytes packed)
{
    static struct arena *arena;
    struct tenant *tenant = fanout_tenant(data, id);
    if (!arena)
        arena = arena_new(REQUEST_ARENA_BYTES_MAX);
    if (!tenant || !arena)
        return;
    Events__Batch *batch = events__batch__unpack(arena_allocator(arena), packed.len, packed.data);
    if (!batch || strcmp(batch->tenant_id, id->text) != 0) {
        count(COUNT_BAD_BATCH);
        arena_reset(arena);
        return;
    }
    for (size_t i = 0; i < batch->n_events; i++)
        on_event(tenant, batch->events[i]);
    arena_reset(arena);
}

/* Take the room that *link points to out of the list. */
static void untouch(struct room **link)
{
    struct room *room = *link;
    *link = room->next_touched;
    if (!*link)
        touched_last = link;
    room->next_touched = NULL;
    room->is_touched = false;
}

int64_t fanout_end_turn(void)
{
    struct room **link = &touched;
    int64_t next_ms = FANOUT_NOTHING_WAITS;
    while (*link) {
        struct room *room = *link;
        int64_t wait_ms = room->messages > 0 ? pace_wait_ms(room) : 0;
        if (wait_ms > 0) {
            next_ms = wait_ms < next_ms ? wait_ms : next_ms;
            link = &room->next_touched;
            continue;
        }
        unsigned before = forgotten;
        untouch(link);
        if (room->messages > 0)
            flush_room(room);
        if (forgotten != before)
            link = &touched; /* a session that ended meanwhile took rooms along */
    }
    return next_ms;
}

void fanout_forget_room(struct room *room)
{
    struct room **link = &touched;
    while (room->is_touched && *link != room)
        link = &(*link)->next_touched;
    if (room->is_touched) {
        untouch(link);
        forgotten++;
    }
}

void fanout_send_room(struct room *room, struct frame *frame, const struct user_id *except)
{
    for (size_t i = 0; i < room->count; i++) {
        struct session *session = room->subscriptions[i]->session;
        bool is_except = except && uuid_equal(&session_who(session)->user.u, &except->u);
        if (room->subscriptions[i]->state != SUBSCRIPTION_OPENING && !is_except)
            session_send(session, frame);
    }
}
