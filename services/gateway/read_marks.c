/* One mark per socket and thread, in a list of all and in one of its session. Next: commands.h
 */
#include "read_marks.h"

#include <stdlib.h>
#include "circle.h"
#include "core/limits.h"
#include "counters.h"
#include "events.h"
#include "presence.h"
#include "rpc.h"

#define RETRY_MS  500
#define TRIES_MAX 8 /* 4 s and the deadlines: a service that restarts is back by then */

struct read_mark {
    struct read_mark *next, *previous; /* of all */
    struct read_mark *next_of_session;
    struct session *session; /* kept: its token writes */
    struct thread_id thread;
    int64_t wanted_seq;  /* 0: nothing waits */
    int64_t writing_seq; /* 0: nothing is under way */
    int64_t not_before_ms;
    unsigned tries;
};

static struct read_mark *all;
static size_t waiting;

size_t read_marks_waiting(void)
{
    return waiting;
}

static struct read_mark *mark_find(const struct session *session, const struct thread_id *thread)
{
    struct read_mark *mark = session->read_marks;
    while (mark && !uuid_equal(&mark->thread.u, &thread->u))
        mark = mark->next_of_session;
    return mark;
}

static struct read_mark *mark_new(struct session *session, const struct thread_id *thread)
{
    struct read_mark *mark =
        session->read_mark_count < READ_MARKS_MAX ? calloc(1, sizeof *mark) : NULL;
    if (!mark)
        return NULL;
    mark->session = session_keep(session);
    mark->thread = *thread;
    mark->next_of_session = session->read_marks;
    session->read_marks = mark;
    session->read_mark_count++;
    mark->next = all;
    if (all)
        all->previous = mark;
    all = mark;
    return mark;
}

static void mark_end(struct read_mark *mark)
{
    struct session *session = mark->session;
    struct read_mark **link = &session->read_marks;
    while (*link != mark)
        link = &(*link)->next_of_session;
    *link = mark->next_of_session;
    session->read_mark_count--;
    if (mark->previous)
        mark->previous->next = mark->next;
    else
        all = mark->next;
    if (mark->next)
        mark->next->previous = mark->previous;
    free(mark);
    session_drop(session);
}

static void set_wanted(struct read_mark *mark, int64_t seq)
{
    waiting += (seq > 0) - (mark->wanted_seq > 0);
    mark->wanted_seq = seq;
}

static void tell_failure(struct read_mark *mark, enum status status, const char *detail)
{
    if (session_is_open(mark->session))
        event_error(session_event(mark->session), NULL, &mark->thread, status, detail);
}

static void on_written(void *data, const struct bus_reply *reply)
{
    struct read_mark *mark = data;
    int64_t seq = mark->writing_seq;
    mark->writing_seq = 0;
    waiting--;
    if (reply->status == OK) {
        mark->tries = 0;
    } else if (status_retryable(reply->status) && ++mark->tries < TRIES_MAX) {
        set_wanted(mark, seq > mark->wanted_seq ? seq : mark->wanted_seq);
        mark->not_before_ms = gateway_now_ms(mark->session->gateway) + RETRY_MS;
    } else {
        tell_failure(mark, reply->status, reply->detail);
    }
}

/* What waits goes out, unless one is under way: after that one. */
static void write_mark(struct read_mark *mark)
{
    struct gateway *gateway = mark->session->gateway;
    Threads__ReadRequest read = THREADS__READ_REQUEST__INIT;
    if (mark->wanted_seq == 0 || mark->writing_seq > 0 || !gateway->bus)
        return;
    read.thread_id = (ProtobufCBinaryData){16, mark->thread.u.b};
    read.seq = mark->wanted_seq;
    const struct rpc_call call = {.rpc = rpc_of(RPC_THREADS_READ),
                                  .request = &read.base,
                                  .token = session_token(mark->session),
                                  .shard_key = uuid_bytes(&mark->thread.u)};
    mark->not_before_ms = gateway_now_ms(gateway) + READ_BETWEEN_MS;
    mark->writing_seq = mark->wanted_seq;
    set_wanted(mark, 0);
    waiting++;
    count(COUNT_READS_WRITTEN);
    if (!rpc_start(gateway, &call, on_written, mark, NULL)) {
        waiting--;
        set_wanted(mark, mark->writing_seq);
        mark->writing_seq = 0;
    }
}

enum status read_marks_put(struct session *session, const struct thread_id *thread, int64_t seq)
{
    struct read_mark *mark = mark_find(session, thread);
    if (!mark && !(mark = mark_new(session, thread)))
        return STATUS_RESOURCE_EXHAUSTED;
    if (seq <= mark->wanted_seq || seq <= mark->writing_seq) {
        count(COUNT_READS_MERGED);
        return OK;
    }
    if (mark->wanted_seq > 0)
        count(COUNT_READS_MERGED);
    set_wanted(mark, seq);
    if (gateway_now_ms(session->gateway) >= mark->not_before_ms)
        write_mark(mark);
    return OK;
}

void read_marks_flush(struct session *session, const struct thread_id *thread)
{
    for (struct read_mark *mark = session->read_marks; mark; mark = mark->next_of_session) {
        if (!thread || uuid_equal(&mark->thread.u, &thread->u))
            write_mark(mark);
    }
}

void read_marks_tick(struct gateway *gateway)
{
    int64_t now_ms = gateway_now_ms(gateway);
    struct read_mark *next;
    for (struct read_mark *mark = all; mark; mark = next) {
        next = mark->next;
        if (mark->not_before_ms > now_ms || mark->writing_seq > 0)
            continue;
        if (mark->wanted_seq > 0)
            write_mark(mark);
        else
            mark_end(mark);
    }
}

void read_marks_on_event(struct tenant *tenant, const Events__Read *read)
{
    struct thread_id thread;
    struct user_id user;
    if (!uuid_from_bytes(bytes_of(read->thread_id.data, read->thread_id.len), &thread.u) ||
        !uuid_from_bytes(bytes_of(read->user_id.data, read->user_id.len), &user.u))
        return;
    struct room *room = fanout_room(tenant, &thread);
    const struct person *person = circle_find(&tenant->presence->circle, &user);
    struct frame *frame =
        room || (person && person->sessions) ? event_frame("read", &read->base) : NULL;
    if (frame && room)
        fanout_send_room(room, frame, NULL);
    /* The unread count of its other tabs. */
    for (struct session *session = person ? person->sessions : NULL; frame && session;
         session = session->next_of_person) {
        if (!fanout_find(session, &thread))
            session_send(session, frame);
    }
    frame_drop(frame);
}
