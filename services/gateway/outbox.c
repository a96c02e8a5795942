/* Straight to the socket, or the queue behind it.
 *
 * When the queue reaches its bound, what others wait for as well is dropped and the client is told
 * `resync` for each thread it was subscribed to; it asks again with its last seq. Its own acks
 * stay: nothing would send them again. One that lags twice without having caught up, or makes no
 * progress, is closed with 4408. Next: commands.h
 */
#include "outbox.h"

#include <stdlib.h>
#include "core/limits.h"
#include "counters.h"
#include "events.h"
#include "fanout.h"
#include "presence.h"
#include "wire.h"

#define OUTBOX_BYTES_MAX                                                                           \
    (64 * 1024) /* the next event may be 160 KiB: FRAME_OUT_BYTES_MAX holds                        \
                 */
#define QUEUE_CAP_FIRST 8

void outbox_mark(struct session *session)
{
    if (session->is_dirty || !session->wsi)
        return;
    session->is_dirty = true;
    session_keep(session);
    session->next_dirty = session->gateway->dirty_sessions;
    session->gateway->dirty_sessions = session;
}

static void drop_queue(struct session *session)
{
    while (session->queue_count > 0) {
        frame_drop(session->queue[session->queue_at]);
        session->queue_at = (session->queue_at + 1) % session->queue_cap;
        session->queue_count--;
    }
    free(session->queue);
    session->queue = NULL;
    session->queue_at = session->queue_cap = 0;
    session->queue_bytes = 0;
}

void outbox_fini(struct session *session)
{
    drop_queue(session);
    frame_abandon(&session->outbox);
}

static bool grow_queue(struct session *session)
{
    uint32_t cap = session->queue_cap > 0 ? 2 * session->queue_cap : QUEUE_CAP_FIRST;
    struct frame **queue = calloc(cap, sizeof(struct frame *));
    if (!queue)
        return false;
    for (uint32_t i = 0; i < session->queue_count; i++)
        queue[i] = session->queue[(session->queue_at + i) % session->queue_cap];
    free(session->queue);
    session->queue = queue;
    session->queue_cap = cap;
    session->queue_at = 0;
    return true;
}

static void lag(struct session *session)
{
    session->state = SESSION_LAGGING;
    outbox_mark(session);
}

static void enqueue(struct session *session, struct frame *frame)
{
    size_t max = frame->is_private ? 2 * SESSION_QUEUE_BYTES_MAX : SESSION_QUEUE_BYTES_MAX;
    if (session->queue_bytes + frame->len > max ||
        (session->queue_count == session->queue_cap && !grow_queue(session))) {
        if (frame->is_private)
            session_close(session, CLOSE_TOO_SLOW, "too slow");
        else
            lag(session);
        return;
    }
    if (session->queue_count == 0) {
        session->written_ms = gateway_now_ms(session->gateway);
        wire_ask_writable(session->wsi);
    }
    session->queue[(session->queue_at + session->queue_count++) % session->queue_cap] =
        frame_keep(frame);
    session->queue_bytes += frame->len;
}

static void write_frame(struct session *session, struct frame *frame)
{
    count(COUNT_FRAMES_OUT);
    if (!wire_write(session->wsi, frame))
        session_close(session, CLOSE_GOING_AWAY, "lost");
}

static void put_frame(struct session *session, struct frame *frame)
{
    if (!session_is_open(session) && !frame->is_private)
        return;
    if (session->state != SESSION_OPEN && session->state != SESSION_LAGGING)
        return;
    if (session->queue_count == 0 && !wire_is_blocked(session->wsi))
        write_frame(session, frame);
    else
        enqueue(session, frame);
}

static void flush_outbox(struct session *session)
{
    if (session->outbox.count == 0)
        return;
    struct frame *frame = frame_finish(&session->outbox);
    if (!frame) {
        session_close(session, CLOSE_GOING_AWAY, "overloaded"); /* out of memory: events are lost */
        return;
    }
    frame->is_private = true;
    put_frame(session, frame);
    frame_drop(frame);
}

struct buf *session_event(struct session *session)
{
    if (frame_builder_len(&session->outbox) > OUTBOX_BYTES_MAX)
        flush_outbox(session);
    outbox_mark(session);
    return frame_next_event(&session->outbox);
}

void session_send(struct session *session, struct frame *frame)
{
    flush_outbox(session);
    put_frame(session, frame);
}

void session_on_writable(struct session *session)
{
    while (session_is_open(session) && session->queue_count > 0 && !wire_is_blocked(session->wsi)) {
        struct frame *frame = session->queue[session->queue_at];
        session->queue_at = (session->queue_at + 1) % session->queue_cap;
        session->queue_count--;
        session->queue_bytes -= frame->len;
        session->written_ms = gateway_now_ms(session->gateway);
        write_frame(session, frame);
        frame_drop(frame);
    }
    if (!session_is_open(session))
        return;
    if (session->queue_count > 0) {
        wire_ask_writable(session->wsi);
    } else {
        drop_queue(session);
        session->has_lagged = false;
    }
}

static void drop_shared_frames(struct session *session)
{
    uint32_t kept = 0;
    size_t bytes = 0;
    for (uint32_t i = 0; i < session->queue_count; i++) {
        struct frame *frame = session->queue[(session->queue_at + i) % session->queue_cap];
        if (!frame->is_private) {
            frame_drop(frame);
            continue;
        }
        session->queue[(session->queue_at + kept++) % session->queue_cap] = frame;
        bytes += frame->len;
    }
    session->queue_count = kept;
    session->queue_bytes = bytes;
}

/* Make room and tell the client where it has to ask again. */
static void start_over(struct session *session)
{
    drop_shared_frames(session);
    if (session->has_lagged || session->queue_bytes > SESSION_QUEUE_BYTES_MAX / 2) {
        count(COUNT_REFUSED_TOO_SLOW);
        session_close(session, CLOSE_TOO_SLOW, "too slow");
        return;
    }
    count(COUNT_LAGGED);
    session->has_lagged = true;
    session->state = SESSION_OPEN;
    presence_greet(session);
    while (session->subscriptions) {
        event_thread(session_event(session), "resync", fanout_thread_of(session->subscriptions));
        fanout_unsubscribe(session->subscriptions);
    }
}

static void end_turn(struct session *session)
{
    if (session->state == SESSION_LAGGING)
        start_over(session);
    if (session->state == SESSION_OPEN)
        flush_outbox(session);
    if (session->state == SESSION_CLOSING && session->wsi && session->close_code != 0) {
        uint16_t code = session->close_code;
        session->close_code = 0;
        wire_close(session->wsi, code, session->close_reason);
    }
}

void sessions_end_turn(struct gateway *gateway)
{
    while (gateway->dirty_sessions) {
        struct session *session = gateway->dirty_sessions;
        gateway->dirty_sessions = session->next_dirty;
        session->next_dirty = NULL;
        session->is_dirty = false;
        end_turn(session);
        session_drop(session);
    }
}
