/* Threads that one writer keeps in memory: tree, key, status, participants.
 *
 * Memory is believed only where the root in thread_head says the same: hot_lock locks the rows and
 * compares; hot_recall takes memory as it is, and the UPDATE of the head that follows demands the
 * root it started from. Everything that happens to a thread is a leaf of its tree, so the root
 * covers status, participants and key too, and two replicas writing one thread stay correct.
 * Between hot_lock and the commit a hot thread may run ahead of the database; after a rollback such
 * threads are dropped. Bounded: HOT_THREADS_MAX, least recently used first out. Next: record.h
 */
#ifndef WARDROOM_THREADS_HOT_H
#define WARDROOM_THREADS_HOT_H

#include "core/limits.h"
#include "evidence/tree.h"
#include "threads/store.h"

struct hot_threads;
struct tenant_keys;

struct hot_thread {
    struct tenant_id tenant;
    struct uuid id;
    struct key key;
    bool erased; /* its key is gone: nothing can be said here any more */
    struct tree tree;
    uint8_t root[SHA256_SIZE];
    int64_t last_us, meta_version;
    int status;
    size_t people_count;
    struct uuid people[PARTICIPANTS_MAX]; /* who takes part now */
    bool ahead; /* written to since it was last compared with the database */
    struct hot_thread *chain, *newer, *older;
};

struct hot_threads *hot_threads_new(void);
void hot_threads_free(struct hot_threads *all);
void hot_forget_all(struct hot_threads *all);
/* After a rollback: those that may be ahead of the database. */
void hot_forget_ahead(struct hot_threads *all);
void hot_forget(struct hot_threads *all, struct hot_thread *hot);

/* Lock `count` different threads of tx's tenant, at most BATCH_CALLS_MAX, and bring them to memory.
 * ret[i] is NULL where there is no such thread; the others stay put until the next call.
 * CORRUPT: a head row contradicts itself. */
MUST_CHECK enum status hot_lock(struct hot_threads *all, struct tenant_keys *keys,
                                struct tenant_tx *tx, const struct uuid *ids, size_t count,
                                struct hot_thread **ret);
/* The same from memory alone, without a lock: false when any is not there. What is then written
 * must be made conditional on the root (records_update_heads). */
bool hot_recall(struct hot_threads *all, const struct tenant_id *tenant, const struct uuid *ids,
                size_t count, struct hot_thread **ret);
bool hot_takes_part(const struct hot_thread *hot, const struct uuid *user);

#endif
