/* Rows as people see them: opened, put together as messages of threads.proto, in the call's arena.
 *
 * Next: actor.h
 */
#ifndef WARDROOM_THREADS_VIEW_H
#define WARDROOM_THREADS_VIEW_H

#include "bus/call.h"
#include "threads.pb-c.h"
#include "threads/store.h"

/* Unwrap a thread's key. GONE: the thread was erased. */
MUST_CHECK enum status view_open_key(struct call *call, const struct uuid *thread,
                                     struct bytes wrapped, struct key *ret);

/* A stored message. `key` NULL: the thread was erased, the body stays empty. */
MUST_CHECK enum status view_message(struct call *call, const struct key *key,
                                    const struct message_row *row, Threads__Message **ret);
/* A message just recorded by the system: the same from content in memory. */
MUST_CHECK enum status view_recorded(struct call *call, const struct message_row *row,
                                     const uint8_t hash[SHA256_SIZE], struct bytes content,
                                     Threads__Message **ret);

/* Threads with their participants, in the order of `rows`, at most `limit` and about
 * LIST_BYTES_MAX; always at least one of what is there. */
struct thread_list {
    Threads__Thread **items;
    size_t count;
};
MUST_CHECK enum status view_threads(struct call *call, const struct db_rows *rows, size_t limit,
                                    struct thread_list *ret);

/* The sealed column of a thread: title, incident, creator's name and role. Appends to `out`. */
MUST_CHECK enum status view_seal_thread(struct call *call, const struct key *key,
                                        const Threads__Thread *thread, struct buf *out);
MUST_CHECK enum status view_seal_person(struct call *call, const struct key *key,
                                        const struct uuid *thread,
                                        const Threads__Participant *person, struct buf *out);

/* An id or hash as a bytes field, borrowed. */
static inline ProtobufCBinaryData field_of(const void *data, size_t len)
{
    return (ProtobufCBinaryData){len, (uint8_t *)(uintptr_t)data};
}
static inline ProtobufCBinaryData uuid_field(const struct uuid *id)
{
    return field_of(id->b, sizeof id->b);
}
/* About what a packed message of this size takes as JSON: names of members, hex, UUIDs. */
#define VIEW_JSON_EXTRA 512

#endif
