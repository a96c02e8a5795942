/* A thread's own key, wrapped by its tenant's, and where sealed values of a thread belong.
 *
 * Next: hot.h
 */
#ifndef WARDROOM_THREADS_THREAD_KEY_H
#define WARDROOM_THREADS_THREAD_KEY_H

#include "db/tenant_key.h"

/* Appends the wrapped key to `wrapped`. */
MUST_CHECK enum status thread_key_create(const struct key *tenant_key,
                                         const struct tenant_id *tenant, const struct uuid *thread,
                                         struct key *ret, struct buf *wrapped);
MUST_CHECK enum status thread_key_unwrap(const struct key *tenant_key,
                                         const struct tenant_id *tenant, const struct uuid *thread,
                                         struct bytes wrapped, struct key *ret);

/* Primary keys as bytes: thread_id || seq (u64, big-endian), and thread_id || user_id. */
struct row_name {
    uint8_t bytes[32];
    size_t len;
};
struct row_name row_of_message(const struct uuid *thread, int64_t seq);
struct row_name row_of_participant(const struct uuid *thread, const struct uuid *user);
static inline struct sealed_place message_place(const struct row_name *row)
{
    return (struct sealed_place){"message", "sealed", {row->bytes, row->len}};
}
static inline struct sealed_place participant_place(const struct row_name *row)
{
    return (struct sealed_place){"participant", "sealed", {row->bytes, row->len}};
}
static inline struct sealed_place thread_place(const struct uuid *thread)
{
    return (struct sealed_place){"thread", "sealed", uuid_bytes(thread)};
}

#endif
