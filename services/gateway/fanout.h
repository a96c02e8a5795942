/* Who is where: tenants, rooms and subscriptions, and how an event finds its sessions.
 *
 * A tenant is here while it has a session; a room while somebody is subscribed to its thread. The
 * batches of one loop turn, or of PACE_MS in a busy room, become one frame per thread, encoded once
 * and written to every subscriber that is exactly at its start; one that is not is refilled from
 * the history (resync.c). Next: resync.h
 */
#ifndef WARDROOM_GATEWAY_FANOUT_H
#define WARDROOM_GATEWAY_FANOUT_H

#include <sys/queue.h>
#include "frame.h"
#include "gateway.h"
#include "session.h"
#include "threads.pb-c.h"

struct tenant {
    struct index_node node; /* key: id */
    struct tenant_id id;
    struct gateway *gateway;
    struct session *sessions;
    unsigned session_count;
    struct index rooms;
    struct index watches;         /* thread_list.c, and the four below */
    struct frame_builder updates; /* threads changed by messages, for those who see them all */
    int64_t updates_from_ms;      /* when they may next be written */
    unsigned fetch_tick, fetches; /* how many were fetched in which tick */
    uint64_t write_turn;          /* fanout.c: in which turn `writes` were made */
    unsigned writes;
    unsigned mark;
    struct tenant
        *next_check; /* room_check.c, and the four below: to be compared with the service */
    bool is_checking;
    int64_t check_since_us; /* with the list of threads changed since; 0: rooms only */
    int64_t check_from_ms, checked_ms;
    struct presence *presence;
};
struct room {
    struct index_node node; /* key: thread */
    struct thread_id thread;
    struct tenant *tenant;
    struct subscription **subscriptions; /* in no order */
    size_t count, cap;
    struct frame_builder builder; /* messages not yet written */
    int64_t first_seq, last_seq;  /* of them */
    unsigned messages;
    int64_t written_ms; /* when a frame last left */
    struct {
        struct frame *frame; /* on its way to those from `at` on; NULL: none is */
        int64_t first_seq, last_seq;
        unsigned messages;
        size_t at;
    } leaving;
    TAILQ_ENTRY(room) next_touched;
    bool is_touched;
    struct typers *typers; /* typing.c; NULL: nobody types */
};
enum subscription_state {
    SUBSCRIPTION_OPENING, /* the service has not yet said that it may */
    SUBSCRIPTION_SYNCING, /* being filled from the history; live frames pass it by */
    SUBSCRIPTION_LIVE
};
struct subscription {
    struct session *session;
    struct room *room;
    struct subscription *next, *previous; /* of the session */
    size_t place;                         /* in room->subscriptions */
    enum subscription_state state;
    bool has_start;  /* it said where it stands: after_seq */
    bool is_waiting; /* in resync's line */
    uint8_t attempts;
    int64_t sent_seq;      /* everything up to here is written */
    int64_t seen_seq;      /* highest live seq that passed by while it synced */
    uint64_t serial;       /* of the request that may answer it; 0: none */
    int64_t not_before_ms; /* of its next request */
    struct subscription *next_waiting, *previous_waiting;
    int64_t typing_from_ms;  /* typing.c: when its next word counts */
    int64_t typing_until_ms; /* it is taken for typing */
};

/* A session begins and ends. RESOURCE_EXHAUSTED: it could not join. */
MUST_CHECK enum status fanout_join(struct session *session);
void fanout_leave(struct session *session);

/* The subscription of a session to a thread; NULL: it has none. */
struct subscription *fanout_find(const struct session *session, const struct thread_id *thread);
/* A new one; NULL: out of memory. */
struct subscription *fanout_subscribe(struct session *session, const struct thread_id *thread);
void fanout_unsubscribe(struct subscription *subscription);
const struct thread_id *fanout_thread_of(const struct subscription *subscription);

struct tenant *fanout_tenant(struct gateway *gateway, const struct tenant_id *id);
struct room *fanout_room(const struct tenant *tenant, const struct thread_id *thread);
/* Send to everybody who is subscribed to a room and live, but to sessions of `except` (may be
 * NULL). */
void fanout_send_room(struct room *room, struct frame *frame, const struct user_id *except);

/* The end of a loop turn: write what its batches brought. Returns in how many ms it wants to be
 * called again, because rooms that are spoken in often wait for more. */
#define FANOUT_NOTHING_WAITS INT64_MAX
int64_t fanout_end_turn(void);
/* A room ends: what it still had to write has no reader. */
void fanout_forget_room(struct room *room);
/* Somebody leaves the room from `place`: nobody may be left out of the frame that is leaving. The
 * place that is now free. */
size_t fanout_leave_place(struct room *room, size_t place);

/* subscriber_handlers.on_batch */
void fanout_on_batch(void *gateway, const struct tenant_id *tenant, struct bytes batch);

#endif
