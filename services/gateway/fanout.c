/* Batches in, frames out. rooms.c keeps the lists, pacer.c the pace of busy rooms. Next: pacer.h */
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
#include "read_marks.h"
#include "resync.h"
#include "thread_list.h"
#include "typing.h"

/* A frame costs one write a subscriber, about 7 us, whatever is in it. So when writing takes more
 * than its share of the loop (pacer.h), messages of a room that was written less than PACE_MS ago
 * wait for others and share a frame: more posts make larger frames, not more of them. A room's
 * first message leaves at once; in a small room the writes cost nothing and every turn makes its
 * frame. */
#define PACE_MS        25
#define PACE_COUNT_MIN 8

/* The rooms that have messages not yet written, in the order in which they came. All batches of a
 * turn make one frame, so that a gateway that falls behind writes fewer and larger ones and catches
 * up. */
static TAILQ_HEAD(, room) touched = TAILQ_HEAD_INITIALIZER(touched);
static uint64_t turn; /* counts them, from 1 */
static struct pacer pacer;
static unsigned forgotten; /* rooms that ended while they were in it, so far */

static void deliver(struct subscription *subscription, const struct room *room)
{
    int64_t first_seq = room->leaving.first_seq, last_seq = room->leaving.last_seq;
    switch (subscription->state) {
    case SUBSCRIPTION_LIVE:
        if (subscription->sent_seq == first_seq - 1) {
            session_send(subscription->session, room->leaving.frame);
            subscription->sent_seq = last_seq;
            count_by(COUNT_DELIVERIES, room->leaving.messages);
        } else if (subscription->sent_seq < last_seq) {
            subscription->seen_seq = last_seq;
            resync_refill(subscription);
        }
        break;
    case SUBSCRIPTION_OPENING:
    case SUBSCRIPTION_SYNCING:
        if (subscription->seen_seq < last_seq)
            subscription->seen_seq = last_seq;
        break;
    }
}

/* The frame that is leaving, to the next `most` subscribers. */
static void write_some(struct room *room, size_t most)
{
    int64_t begun_us = clock_monotonic_us();
    size_t end = room->count - room->leaving.at > most ? room->leaving.at + most : room->count;
    while (room->leaving.at < end)
        deliver(room->subscriptions[room->leaving.at++], room);
    int64_t now_us = clock_monotonic_us();
    pacer_spend(&pacer, now_us - begun_us, now_us);
    if (room->leaving.at < room->count)
        return;
    frame_drop(room->leaving.frame);
    room->leaving.frame = NULL;
}

/* The messages so far become the frame that is leaving; the one before must be with everybody. */
static void finish_frame(struct room *room)
{
    if (room->leaving.frame)
        write_some(room, SIZE_MAX);
    room->leaving.frame = frame_finish(&room->builder);
    room->leaving.first_seq = room->first_seq;
    room->leaving.last_seq = room->last_seq;
    room->leaving.messages = room->messages;
    room->leaving.at = 0;
    for (size_t i = 0; !room->leaving.frame && i < room->count; i++) {
        /* Out of memory: the history has it. */
        room->subscriptions[i]->seen_seq = room->last_seq;
        resync_refill(room->subscriptions[i]);
    }
    room->messages = 0;
    room->written_ms = gateway_now_ms(room->tenant->gateway);
}

size_t fanout_leave_place(struct room *room, size_t place)
{
    if (!room->leaving.frame || place >= room->leaving.at)
        return place;
    /* The last of those who have the frame takes the place; the gap moves behind them. */
    size_t gap = --room->leaving.at;
    room->subscriptions[place] = room->subscriptions[gap];
    room->subscriptions[place]->place = place;
    return gap;
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
        finish_frame(room);
    if (room->messages == 0)
        room->first_seq = message->seq;
    if (!room->is_touched) {
        room->is_touched = true;
        TAILQ_INSERT_TAIL(&touched, room, next_touched);
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
        typing_on_event(tenant, event->typing);
        break;
    case EVENTS__EVENT__OF_READ:
        read_marks_on_event(tenant, event->read);
        break;
    case EVENTS__EVENT__OF_GATEWAY_PRESENCE:
        presence_on_words(tenant, event->gateway_presence);
        break;
    case EVENTS__EVENT__OF_PRESENCE:
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

/* How many writes the room's tenant may still make in this turn. */
static size_t writes_left(const struct room *room)
{
    const struct tenant *tenant = room->tenant;
    return tenant->write_turn == turn ? FANOUT_WRITES_MAX - tenant->writes : FANOUT_WRITES_MAX;
}

static void write_room(struct room *room)
{
    struct tenant *tenant = room->tenant;
    size_t left = writes_left(room), before = room->leaving.at;
    write_some(room, left);
    tenant->writes = (unsigned)(FANOUT_WRITES_MAX - left + (room->leaving.at - before));
    tenant->write_turn = turn;
}

/* Write what may be written. How long it waits to be looked at again; FANOUT_NOTHING_WAITS: until
 * it is touched. */
static int64_t end_turn_of(struct room *room)
{
    if (!room->leaving.frame && room->messages > 0) {
        int64_t wait_ms = pace_wait_ms(room);
        if (wait_ms > 0)
            return wait_ms;
        if (writes_left(room) > 0)
            finish_frame(room);
    }
    if (room->leaving.frame && writes_left(room) > 0)
        write_room(room);
    if (room->leaving.frame || room->messages > 0)
        return 0;
    return FANOUT_NOTHING_WAITS;
}

static void untouch(struct room *room)
{
    TAILQ_REMOVE(&touched, room, next_touched);
    room->is_touched = false;
}

int64_t fanout_end_turn(void)
{
    int64_t next_ms = FANOUT_NOTHING_WAITS;
    struct room *room = TAILQ_FIRST(&touched), *next;
    turn++;
    for (; room; room = next) {
        unsigned before = forgotten;
        int64_t wait_ms = end_turn_of(room);
        if (forgotten != before)
            return 0; /* a session that ended meanwhile took rooms along: on in the next turn */
        next = TAILQ_NEXT(room, next_touched);
        next_ms = wait_ms < next_ms ? wait_ms : next_ms;
        if (wait_ms == FANOUT_NOTHING_WAITS)
            untouch(room);
    }
    return next_ms;
}

void fanout_forget_room(struct room *room)
{
    if (room->is_touched) {
        untouch(room);
        forgotten++;
    }
    frame_drop(room->leaving.frame);
    room->leaving.frame = NULL;
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
