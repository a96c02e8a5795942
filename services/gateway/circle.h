/* Of one tenant on this gateway: its people, and who takes part in which thread together.
 *
 * A person is kept while it has a socket here or stands in a roster; a roster (the participants of
 * a thread) while one of them listens, that is, has a socket here that may only hear of people it
 * shares a thread with. Rosters are caches of what the threads service says; the newest by the
 * thread's last seq counts. No I/O, and the caller has the clock. Next: presence.h
 */
#ifndef WARDROOM_GATEWAY_CIRCLE_H
#define WARDROOM_GATEWAY_CIRCLE_H

#include "core/ids.h"
#include "index.h"
#include "presence_table.h"

struct session;
struct roster;

struct person {
    struct index_node node; /* key: id */
    struct user_id id;
    struct session *sessions; /* here, by next_of_person */
    unsigned listeners;       /* of them: those that hear by roster only */
    unsigned holds;           /* presence.c still has to do with it */
    struct roster **rosters;
    size_t roster_count, roster_cap;
    unsigned mark; /* circle_mark: seen in this pass */

    /* presence.c */
    enum presence_state said; /* to the other gateways */
    int64_t say_again_ms;     /* and when the next word may follow */
    bool is_late;             /* in the line of those who wait for that */
    struct person *next_late;
    /* circle_list.c */
    bool is_listed;   /* its rosters are known */
    bool is_due;      /* they are to be fetched */
    bool is_outdated; /* and again after the list that is under way */
    uint64_t asking;  /* which list that is; 0: none */
    int64_t listed_ms;
    struct person *next_due;
};
struct roster {
    struct index_node node; /* key: thread */
    struct thread_id thread;
    struct person **people;
    size_t count;
    int64_t last_seq; /* of the thread when these took part */
    int64_t put_ms;   /* when that was last confirmed */
};
struct circle {
    struct index people, rosters;
    unsigned mark;
};

void circle_fini(struct circle *circle); /* whoever is still in it goes too */

struct person *circle_find(const struct circle *circle, const struct user_id *user);
/* Found or made, then held; NULL: without memory. */
struct person *circle_hold(struct circle *circle, const struct user_id *user);
/* The opposite; it may be gone afterwards. */
void circle_release(struct circle *circle, struct person *person);
/* One more or one less of its sockets listens. */
void circle_listen(struct person *person);
void circle_unlisten(struct circle *circle, struct person *person);

struct roster *circle_roster(const struct circle *circle, const struct thread_id *thread);
enum circle_put { CIRCLE_SAME, CIRCLE_CHANGED, CIRCLE_UNHEARD, CIRCLE_FULL };
/* These take part in a thread that ends at `last_seq`. UNHEARD: nobody of them listens, and it is
 * not kept; FULL: no room, likewise. */
enum circle_put circle_put(struct circle *circle, const struct thread_id *thread,
                           const struct uuid *people, size_t count, int64_t last_seq,
                           int64_t now_ms);
/* Does the roster of a thread name this person? */
bool circle_takes_part(const struct circle *circle, const struct thread_id *thread,
                       const struct person *person);
/* The person is in no roster that was not confirmed since `began_ms`. */
void circle_drop_stale(struct circle *circle, struct person *person, int64_t began_ms);

/* A new pass: circle_mark is true for each person once. */
void circle_pass(struct circle *circle);
bool circle_mark(struct circle *circle, struct person *person);

#endif
