/* Online, away, offline: what this gateway's sockets say, what the other gateways say, and who is
 * told of it.
 *
 * Soft state: nothing is stored, Redis only carries words between gateways. Those who see all
 * threads of the tenant hear of everybody, members of those they share a thread with (circle.h).
 * presence_channel.c speaks with the other gateways, circle_list.c learns who takes part in what.
 * Next: presence_channel.c
 */
#ifndef WARDROOM_GATEWAY_PRESENCE_H
#define WARDROOM_GATEWAY_PRESENCE_H

#include "circle.h"
#include "events.pb-c.h"
#include "fanout.h"

#define PRESENCE_SNAPSHOT_MS 10000 /* each gateway says everything at least this often */
/* Whoever can write to Redis can make each gateway believe in a loss, and each costs the threads
 * service a list for each member. */
#define PRESENCE_START_OVER_MS 5000

/* Of one tenant on this gateway. */
struct presence {
    struct presence_table table;
    struct circle circle;
    struct person *late_first; /* whose next word has to wait */
    struct frame_builder told; /* changes, for those who see all */
    int64_t told_from_ms;      /* when they may next be written */
    struct tenant *next_dirty; /* of those with something to do at the end of this turn */
    bool is_dirty;
    unsigned greetings_due; /* sockets that are to be told the present state */
    bool is_start_over_due;
    int64_t start_over_from_ms; /* when it may next be */
    /* presence_channel.c */
    Events__PresenceEntry *words; /* PRESENCE_PIECE_USERS of them, not yet published */
    struct user_id *word_users;   /* what their user_id points to */
    size_t word_count;
    int64_t snapshot_at_ms, snapshot_ms; /* the next, the last */
    bool is_ask_due;
    /* circle_list.c */
    struct person *due_first, *due_last;
    unsigned asking; /* lists under way */
};

/* A tenant begins and ends here. NULL: without memory. */
struct presence *presence_new(struct gateway *gateway);
void presence_end(struct tenant *tenant);
/* A session begins and ends; it has its tenant. */
void presence_join(struct session *session);
void presence_leave(struct session *session);
/* What it says of itself: at home or away. */
void presence_set_away(struct session *session, bool is_away);
/* Its role changed with a fresh token, or it lost what it was told: tell it everything again. */
void presence_greet(struct session *session);
/* It has subscribed to a thread. */
void presence_on_subscribed(struct session *session, const struct thread_id *thread);
/* A thread as the service says it is, from wherever it comes. */
void presence_on_thread(struct tenant *tenant, const Threads__Thread *thread);
/* These take part in a thread that ends at `last_seq`. */
void presence_on_people(struct tenant *tenant, const struct thread_id *thread,
                        const struct uuid *people, size_t people_count, int64_t last_seq);
/* What gateways said to one another, and what services said of threads, may be lost: learn all of
 * it again with the next tick, but not more often than PRESENCE_START_OVER_MS. */
void presence_start_over(struct tenant *tenant);

/* The end of a loop turn: say and tell what has changed. Returns in how many ms it wants to be
 * called again; FANOUT_NOTHING_WAITS: nothing waits. */
int64_t presence_end_turn(struct gateway *gateway);
/* Ten times a second. */
void presence_tick(struct gateway *gateway);

/* For presence_channel.c and circle_list.c. */
void presence_mark_dirty(struct tenant *tenant);
/* The lists of a person are known, or as good as it gets: its listeners are told. */
void presence_on_listed(struct tenant *tenant, struct person *person);

/* presence_channel.c */
/* A word of this gateway's own, for the others; it leaves at the end of the turn. */
void presence_channel_say(struct tenant *tenant, const struct user_id *user,
                          enum presence_state presence);
void presence_channel_flush(struct tenant *tenant);
void presence_channel_tick(struct tenant *tenant, int64_t now_ms);
/* The channel is there, or there again: what was said meanwhile is lost, in both directions. */
void presence_channel_ask(struct tenant *tenant);
void presence_channel_goodbye(struct tenant *tenant);
void presence_channel_goodbye_all(struct gateway *gateway);
void presence_on_words(struct tenant *tenant, const Events__GatewayPresence *words);
/* The word of this gateway for the table. */
struct presence_gateway *presence_own(struct tenant *tenant);

/* circle_list.c */
/* Learn what threads a person takes part in, with the token of one of its sockets. */
void circle_list_want(struct tenant *tenant, struct person *person);
void circle_list_tick(struct tenant *tenant);
/* What was heard of threads may be outdated: learn all of it again. */
void circle_list_again(struct tenant *tenant);

#endif
