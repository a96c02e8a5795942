/* What an actor of this service keeps between calls. A reader has keys only; a writer also the hot
 * threads, the rows in the making and a memory of recent posts. Next: handlers.h
 */
#ifndef WARDROOM_THREADS_ACTOR_H
#define WARDROOM_THREADS_ACTOR_H

#include "bus/service.h"
#include "threads/record.h"

#define RECENT_POSTS 16384 /* direct-mapped: 128 KiB, some seconds of posts at full load */

struct threads_actor {
    struct tenant_keys *keys;
    struct hot_threads *hot;
    struct records *records;
    uint64_t *recent;
};

enum status threads_actor_open(const struct actor_env *env, void **ret_state);
/* A transaction was rolled back: threads in memory may be ahead of the database. */
void threads_actor_forget(void *state);
void threads_actor_close(void *state);

/* Has this writer seen a post of this name lately? Then it is looked for before it is written. May
 * be wrong either way; the database decides. */
bool actor_saw_post(const struct threads_actor *actor, const struct uuid *thread,
                    const struct uuid *author, const struct uuid *client);
void actor_note_post(struct threads_actor *actor, const struct uuid *thread,
                     const struct uuid *author, const struct uuid *client);

#endif
