/* The rows of one batch. Next: view.h */
#include "threads/record.h"

#include <stdlib.h>

#include "threads/thread_key.h"

#define SALT_POOL 64 /* one call for randomness serves as many rows */

struct records {
    size_t count;
    struct uuid threads[BATCH_CALLS_MAX], authors[BATCH_CALLS_MAX], clients[BATCH_CALLS_MAX];
    int64_t seqs[BATCH_CALLS_MAX], times_us[BATCH_CALLS_MAX];
    int16_t kinds[BATCH_CALLS_MAX], leaf_kinds[BATCH_CALLS_MAX];
    uint8_t commitments[BATCH_CALLS_MAX][SHA256_SIZE];
    size_t sealed_ends[BATCH_CALLS_MAX];
    struct buf sealed;  /* all sealed values, one after the other */
    struct buf content; /* salt || content of the row in the making */
    size_t written_count;
    struct hot_thread *written[BATCH_CALLS_MAX];
    uint8_t salts[SALT_POOL][SALT_SIZE];
    size_t salts_left;
};

struct records *records_new(void)
{
    struct records *records = calloc(1, sizeof *records);
    if (records != NULL) {
        records->sealed.max = (size_t)BATCH_CALLS_MAX * (CONTENT_BYTES_MAX + 256);
        records->content.max = 2 * CONTENT_BYTES_MAX;
    }
    return records;
}

void records_free(struct records *records)
{
    if (records != NULL) {
        bytes_wipe(records->salts, sizeof records->salts);
        buf_fini(&records->sealed);
        buf_fini(&records->content);
        free(records);
    }
}

void records_start(struct records *records)
{
    records->count = records->written_count = 0;
    buf_clear(&records->sealed);
}

struct buf *records_content(struct records *records)
{
    if (records->salts_left == 0) {
        random_bytes(records->salts, sizeof records->salts);
        records->salts_left = SALT_POOL;
    }
    buf_clear(&records->content);
    buf_append(&records->content, records->salts[--records->salts_left], SALT_SIZE);
    return &records->content;
}

struct bytes records_last_content(const struct records *records)
{
    return bytes_of(records->content.data + SALT_SIZE, records->content.len - SALT_SIZE);
}

size_t records_count(const struct records *records)
{
    return records->count;
}

static void note_written(struct records *records, struct hot_thread *hot)
{
    for (size_t i = records->written_count; i-- > 0;) {
        if (records->written[i] == hot) {
            return;
        }
    }
    records->written[records->written_count++] = hot;
}

enum status records_add(struct records *records, struct tenant_tx *tx, struct hot_thread *hot,
                        const struct leaf_in *in, struct leaf_out *ret)
{
    const struct buf *content = &records->content;
    if (content->failed || content->len > SALT_SIZE + CONTENT_BYTES_MAX) {
        return STATUS_TOO_LARGE;
    }
    if (records->count == BATCH_CALLS_MAX) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    struct leaf_record record = {
        .kind = in->leaf_kind,
        .tenant = hot->tenant,
        .stream = hot->id,
        .seq = hot->tree.size + 1,
        /* Never back within a stream, whatever the clock does. */
        .time_us = in->now_us > hot->last_us ? in->now_us : hot->last_us,
        .author = in->author,
    };
    leaf_commit(content->data, records_last_content(records), record.commitment);
    struct row_name row = row_of_message(&hot->id, (int64_t)record.seq);
    enum status status =
        sealed_put(tx, &hot->key, message_place(&row), buf_bytes(content), &records->sealed);
    if (status != OK || records->sealed.failed) {
        return status != OK ? status : STATUS_RESOURCE_EXHAUSTED;
    }
    size_t at = records->count++;
    records->threads[at] = hot->id;
    records->seqs[at] = (int64_t)record.seq;
    records->kinds[at] = (int16_t)in->kind;
    records->leaf_kinds[at] = (int16_t)in->leaf_kind;
    records->times_us[at] = record.time_us;
    records->authors[at] = in->author;
    records->clients[at] = in->client;
    memcpy(records->commitments[at], record.commitment, SHA256_SIZE);
    records->sealed_ends[at] = records->sealed.len;

    *ret = (struct leaf_out){.seq = (int64_t)record.seq, .time_us = record.time_us};
    leaf_hash(&record, ret->hash);
    tree_append(&hot->tree, ret->hash);
    hot->last_us = record.time_us;
    hot->ahead = true;
    note_written(records, hot);
    return OK;
}

enum status records_insert(struct records *records, struct tenant_tx *tx, size_t *ret_added)
{
    struct bytes commitments[BATCH_CALLS_MAX], sealed[BATCH_CALLS_MAX];
    size_t start = 0;
    for (size_t i = 0; i < records->count; i++) {
        commitments[i] = bytes_of(records->commitments[i], SHA256_SIZE);
        sealed[i] = bytes_of(records->sealed.data + start, records->sealed_ends[i] - start);
        start = records->sealed_ends[i];
    }
    struct message_columns columns = {
        .count = records->count,
        .threads = records->threads,
        .authors = records->authors,
        .clients = records->clients,
        .seqs = records->seqs,
        .times_us = records->times_us,
        .kinds = records->kinds,
        .leaf_kinds = records->leaf_kinds,
        .commitments = commitments,
        .sealed = sealed,
    };
    return store_add_messages(tx, &columns, ret_added);
}

enum status records_update_heads(struct records *records, struct tenant_tx *tx, bool locked)
{
    uint8_t before[BATCH_CALLS_MAX][SHA256_SIZE];
    struct uuid threads[BATCH_CALLS_MAX];
    int64_t last_seqs[BATCH_CALLS_MAX], last_us[BATCH_CALLS_MAX], versions[BATCH_CALLS_MAX];
    struct bytes old_roots[BATCH_CALLS_MAX], roots[BATCH_CALLS_MAX], frontiers[BATCH_CALLS_MAX];
    for (size_t i = 0; i < records->written_count; i++) {
        struct hot_thread *hot = records->written[i];
        memcpy(before[i], hot->root, SHA256_SIZE);
        tree_root(&hot->tree, hot->root);
        threads[i] = hot->id;
        last_seqs[i] = (int64_t)hot->tree.size;
        last_us[i] = hot->last_us;
        versions[i] = hot->meta_version;
        old_roots[i] = bytes_of(before[i], SHA256_SIZE);
        roots[i] = bytes_of(hot->root, SHA256_SIZE);
        frontiers[i] = tree_frontier(&hot->tree);
    }
    struct head_columns columns = {
        .count = records->written_count,
        .threads = threads,
        .last_seqs = last_seqs,
        .last_us = last_us,
        .meta_versions = versions,
        .old_roots = old_roots,
        .roots = roots,
        .frontiers = frontiers,
    };
    return locked ? store_update_locked_heads(tx, &columns) : store_update_heads(tx, &columns);
}
