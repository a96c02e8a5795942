/* Who of a tenant is there: what every gateway last said of its users, merged.
 *
 * A user is as good as the best word about them: online, then away, then offline. The word of a
 * gateway that was not heard for PRESENCE_FORGET_MS is forgotten. Offline is told late, so that a
 * page that is loaded again does not flicker. Pure: no I/O, and the caller has the clock.
 * Next: circle.h
 */
#ifndef WARDROOM_GATEWAY_PRESENCE_TABLE_H
#define WARDROOM_GATEWAY_PRESENCE_TABLE_H

#include "core/ids.h"
#include "index.h"

#define PRESENCE_FORGET_MS       25000 /* two snapshots of 10 s lost, and some delay */
#define PRESENCE_OFFLINE_LATE_MS 5000  /* a page is back in less */

enum presence_state { PRESENCE_OFFLINE, PRESENCE_AWAY, PRESENCE_ONLINE };
const char *presence_text(enum presence_state presence);

/* A gateway that is heard of: opaque but for its place in a list. */
struct presence_gateway;
struct presence_user;

struct presence_table {
    struct index users; /* with a word about them, or whose offline is not told yet */
    struct presence_gateway *gateways;
    size_t gateway_count;
    struct presence_user *changed, **changed_end; /* whose state is to be told */
    size_t leaving_count;                         /* users without a word, offline not yet told */
};

void presence_table_init(struct presence_table *table);
void presence_table_fini(struct presence_table *table);

/* Found or made. `is_own` is never forgotten. NULL: too many gateways, or without memory. Good
 * until presence_table_look or presence_table_forget. */
struct presence_gateway *presence_table_gateway(struct presence_table *table, const struct uuid *id,
                                                bool is_own, int64_t now_ms);
/* Is this newer than all it said before? It is then the newest, and the gateway lives. */
bool presence_gateway_hear(struct presence_gateway *gateway, uint64_t number, int64_t now_ms);
/* One word. False: no room, and it is not kept. */
bool presence_table_say(struct presence_table *table, struct presence_gateway *gateway,
                        const struct user_id *user, enum presence_state presence, int64_t now_ms);
/* Around the words of a piece of everything, from 1. When all pieces have come in their order,
 * whoever was in none of them has no word of this gateway any more. */
void presence_table_piece_begin(struct presence_gateway *gateway, uint32_t piece);
void presence_table_piece_end(struct presence_table *table, struct presence_gateway *gateway,
                              uint32_t piece, uint32_t pieces, int64_t now_ms);
/* It says goodbye: all its words are taken back. */
void presence_table_forget(struct presence_table *table, struct presence_gateway *gateway,
                           int64_t now_ms);
/* What time brings: gateways not heard of, and users whose offline is due. */
void presence_table_look(struct presence_table *table, int64_t now_ms);

/* The next user whose state has changed since it was last told; false: none. */
bool presence_table_next_change(struct presence_table *table, struct user_id *ret_user,
                                enum presence_state *ret_presence);
/* What was last told or is about to be. */
enum presence_state presence_table_of(const struct presence_table *table,
                                      const struct user_id *user);
/* Everybody who is not offline. */
void presence_table_each(struct presence_table *table,
                         void (*visit)(void *data, const struct user_id *user,
                                       enum presence_state presence),
                         void *data);

#endif
