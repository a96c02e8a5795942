/* Writing leaves: content becomes commitment, sealed value, leaf hash and the thread's next seq.
 *
 * One struct records serves one writer: rows gather here and go to the database in one statement.
 *
 *     records_start(records);
 *     content_write_post(in, who, records_content(records));
 *     status = records_add(records, tx, hot, &leaf, &place);      once per row
 *     status = records_insert(records, tx, &added);
 *     status = records_update_heads(records, tx, true);
 *
 * Next: view.h
 */
#ifndef WARDROOM_THREADS_RECORD_H
#define WARDROOM_THREADS_RECORD_H

#include "evidence/leaf.h"
#include "threads/hot.h"

struct records;

struct records *records_new(void);
void records_free(struct records *records);
/* Forget the rows of a batch before. */
void records_start(struct records *records);
/* An empty buffer (but for the salt in front) to append the next row's content to. */
struct buf *records_content(struct records *records);
/* The content that was added last, borrowed until the next records_content. */
struct bytes records_last_content(const struct records *records);

struct leaf_in {
    int kind; /* threads.Kind */
    enum leaf_kind leaf_kind;
    struct uuid author, client;
    int64_t now_us;
};
struct leaf_out {
    int64_t seq, time_us;
    uint8_t hash[SHA256_SIZE];
};
/* Append what records_content holds to the thread in memory and keep its row. TOO_LARGE: content
 * over CONTENT_BYTES_MAX, the thread is unchanged; RESOURCE_EXHAUSTED: no memory. At most
 * BATCH_CALLS_MAX rows. */
MUST_CHECK enum status records_add(struct records *records, struct tenant_tx *tx,
                                   struct hot_thread *hot, const struct leaf_in *in,
                                   struct leaf_out *ret);
size_t records_count(const struct records *records);
/* INSERT all rows. *ret_added is less than their number when one met an existing row: then the
 * threads in memory are wrong and must be forgotten. */
MUST_CHECK enum status records_insert(struct records *records, struct tenant_tx *tx,
                                      size_t *ret_added);
/* Bring thread_head of every thread written to where memory is. `locked`: hot_lock has locked them
 * in this transaction; otherwise CONFLICT comes with the next statement, before any COMMIT, when
 * memory was not what the database has. */
MUST_CHECK enum status records_update_heads(struct records *records, struct tenant_tx *tx,
                                            bool locked);

#endif
