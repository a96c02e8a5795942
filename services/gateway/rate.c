/* Thousandths, so that a bucket of one a second fills in every ms. Next: quota.h */
#include "rate.h"

#include <stdlib.h>
#include "core/limits.h"

#define ONE 1000 /* thousandths */

static int64_t level_at(const struct rate_bucket *bucket, const struct rate_limit *limit,
                        int64_t now_ms)
{
    int64_t most = limit->burst * ONE;
    int64_t passed_ms = now_ms > bucket->filled_ms ? now_ms - bucket->filled_ms : 0;
    /* Of per_s in a second, per_s thousandths in a ms. */
    if (passed_ms > (most - bucket->level_m) / limit->per_s)
        return most;
    return bucket->level_m + passed_ms * limit->per_s;
}

void rate_bucket_init(struct rate_bucket *bucket, const struct rate_limit *limit, int64_t now_ms)
{
    *bucket = (struct rate_bucket){.level_m = limit->burst * ONE, .filled_ms = now_ms};
}

uint32_t rate_take(struct rate_bucket *bucket, const struct rate_limit *limit, int64_t now_ms)
{
    if (limit->per_s == 0)
        return 0;
    bucket->level_m = level_at(bucket, limit, now_ms);
    bucket->filled_ms = now_ms;
    if (bucket->level_m >= ONE) {
        bucket->level_m -= ONE;
        return 0;
    }
    return (uint32_t)((ONE - bucket->level_m + limit->per_s - 1) / limit->per_s);
}

void rate_give_back(struct rate_bucket *bucket)
{
    bucket->level_m += ONE;
}

bool rate_is_full(const struct rate_bucket *bucket, const struct rate_limit *limit, int64_t now_ms)
{
    return limit->per_s == 0 || level_at(bucket, limit, now_ms) >= limit->burst * ONE;
}

/* --- the table --- */

static void line_remove(struct rate_table *table, struct rate_entry *entry)
{
    *(entry->newer ? &entry->newer->older : &table->newest) = entry->older;
    *(entry->older ? &entry->older->newer : &table->oldest) = entry->newer;
}

static void line_add_newest(struct rate_table *table, struct rate_entry *entry)
{
    entry->newer = NULL;
    entry->older = table->newest;
    *(table->newest ? &table->newest->newer : &table->oldest) = entry;
    table->newest = entry;
}

static void forget(struct rate_table *table, struct rate_entry *entry)
{
    line_remove(table, entry);
    index_remove(&table->index, &entry->node);
    free(entry);
}

static struct rate_entry *entry_new(struct rate_table *table, struct bytes key)
{
    struct rate_entry *entry = key.len <= RATE_KEY_BYTES_MAX ? calloc(1, sizeof *entry) : NULL;
    if (!entry)
        return NULL;
    if (table->index.count >= RATE_ENTRIES_MAX)
        forget(table, table->oldest);
    if (key.len > 0)
        memcpy(entry->key, key.data, key.len);
    entry->node.key = bytes_of(entry->key, key.len);
    if (index_add(&table->index, &entry->node) != OK) {
        free(entry);
        return NULL;
    }
    line_add_newest(table, entry);
    return entry;
}

struct rate_bucket *rate_table_get(struct rate_table *table, struct bytes key,
                                   const struct rate_limit *limit, int64_t now_ms)
{
    struct index_node *node = index_find(&table->index, key);
    struct rate_entry *entry = node ? INDEX_OWNER(node, struct rate_entry, node) : NULL;
    if (!entry) {
        entry = entry_new(table, key);
        if (entry)
            rate_bucket_init(&entry->bucket, limit, now_ms);
    } else if (entry != table->newest) {
        line_remove(table, entry);
        line_add_newest(table, entry);
    }
    return entry ? &entry->bucket : NULL;
}

void rate_table_sweep(struct rate_table *table, const struct rate_limit *limit, int64_t now_ms)
{
    for (int i = 0; i < RATE_SWEEP_MAX && table->oldest; i++) {
        if (!rate_is_full(&table->oldest->bucket, limit, now_ms))
            return;
        forget(table, table->oldest);
    }
}

void rate_table_fini(struct rate_table *table)
{
    while (table->oldest)
        forget(table, table->oldest);
    index_fini(&table->index);
}
