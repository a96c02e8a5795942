/* How often somebody may do something: a token bucket, and a table of them by key.
 *
 * The bucket is pure. The table is bounded: who has been idle long enough to have a full bucket is
 * forgotten, since a new one is full too; beyond RATE_ENTRIES_MAX the one that was used least
 * recently goes first. Next: quota.h
 */
#ifndef WARDROOM_GATEWAY_RATE_H
#define WARDROOM_GATEWAY_RATE_H

#include "core/status.h"
#include "index.h"

#define RATE_KEY_BYTES_MAX 64 /* an IPv6 address with its zone has 62 */

struct rate_limit {
    int64_t per_s; /* 0: no limit */
    int64_t burst; /* so many at once, after a rest */
};
struct rate_bucket {
    int64_t level_m; /* thousandths of what may still be taken */
    int64_t filled_ms;
};

/* A full one. */
void rate_bucket_init(struct rate_bucket *bucket, const struct rate_limit *limit, int64_t now_ms);
/* Take one. Returns 0: taken; else in how many ms there will be one, and nothing is taken. */
uint32_t rate_take(struct rate_bucket *bucket, const struct rate_limit *limit, int64_t now_ms);
/* Give back what was taken last. */
void rate_give_back(struct rate_bucket *bucket);
bool rate_is_full(const struct rate_bucket *bucket, const struct rate_limit *limit, int64_t now_ms);

struct rate_entry {
    struct index_node node;           /* key: `key` */
    struct rate_entry *newer, *older; /* by last use */
    struct rate_bucket bucket;
    uint8_t key[RATE_KEY_BYTES_MAX];
};
/* Begins zeroed. */
struct rate_table {
    struct index index;
    struct rate_entry *newest, *oldest;
};

/* The bucket of a key, made full when it is new; valid until the next call. NULL: out of memory, or
 * a key that is too long. */
struct rate_bucket *rate_table_get(struct rate_table *table, struct bytes key,
                                   const struct rate_limit *limit, int64_t now_ms);
/* Forget up to RATE_SWEEP_MAX of those that have been idle. */
void rate_table_sweep(struct rate_table *table, const struct rate_limit *limit, int64_t now_ms);
void rate_table_fini(struct rate_table *table);

#endif
