/* Writing threads. Next: content.h */
#include "threads/store.h"

static const struct db_stmt add_thread = {
    "add_thread", "INSERT INTO thread (id, created_us, created_by, status, waiting_on, severity,\n"
                  "                    tlp, incident_index, sealed, updated_us)\n"
                  "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)\n"
                  "ON CONFLICT DO NOTHING"};

static const struct db_stmt add_key = {"add_key", "INSERT INTO thread_key (thread_id, wrapped)\n"
                                                  "VALUES ($1, $2)"};

static const struct db_stmt add_head = {
    "add_head", "INSERT INTO thread_head (thread_id, last_seq, last_us, meta_version, root,\n"
                "                         frontier)\n"
                "VALUES ($1, $2, $3, $4, $5, $6)"};

static const struct db_stmt update_thread = {"update_thread",
                                             "UPDATE thread\n"
                                             "   SET status = $2, waiting_on = $3, severity = $4,\n"
                                             "       tlp = $5, sealed = $6, updated_us = $7\n"
                                             " WHERE id = $1"};

static const struct db_stmt add_messages = {
    "add_messages", "INSERT INTO message (thread_id, seq, kind, leaf_kind, time_us, author_id,\n"
                    "                     client_id, commitment, sealed)\n"
                    "SELECT *\n"
                    "  FROM unnest($1::uuid[], $2::bigint[], $3::smallint[], $4::smallint[],\n"
                    "              $5::bigint[], $6::uuid[], $7::uuid[], $8::bytea[],\n"
                    "              $9::bytea[])\n"
                    "ON CONFLICT DO NOTHING"};

static const struct db_stmt update_heads = {
    "update_heads", "UPDATE thread_head AS h\n"
                    "   SET last_seq = new.last_seq, last_us = new.last_us,\n"
                    "       meta_version = new.meta_version, root = new.root,\n"
                    "       frontier = new.frontier\n"
                    "  FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[],\n"
                    "              $5::bytea[], $6::bytea[], $7::bytea[])\n"
                    "    AS new (thread_id, last_seq, last_us, meta_version, root, frontier,\n"
                    "            old_root)\n"
                    " WHERE h.thread_id = new.thread_id\n"
                    "   AND h.root = new.old_root"};

static const struct db_stmt add_participants = {
    "add_participants", "INSERT INTO participant (thread_id, added_us, user_id, role, sealed)\n"
                        "SELECT $1, $2, new.user_id, new.role, new.sealed\n"
                        "  FROM unnest($3::uuid[], $4::smallint[], $5::bytea[])\n"
                        "    AS new (user_id, role, sealed)\n"
                        "ON CONFLICT (thread_id, user_id) DO UPDATE\n"
                        "   SET added_us = EXCLUDED.added_us, role = EXCLUDED.role,\n"
                        "       sealed = EXCLUDED.sealed, removed_us = NULL"};

static const struct db_stmt remove_participant = {"remove_participant",
                                                  "UPDATE participant\n"
                                                  "   SET removed_us = $3\n"
                                                  " WHERE thread_id = $1\n"
                                                  "   AND user_id = $2\n"
                                                  "   AND removed_us IS NULL"};

/* In one order, so that two batches cannot wait for each other. */
static const struct db_stmt move_marks = {
    "move_marks", "INSERT INTO read_mark AS mark (thread_id, user_id, seq, at_us)\n"
                  "SELECT new.thread_id, new.user_id, new.seq, $4\n"
                  "  FROM unnest($1::uuid[], $2::uuid[], $3::bigint[])\n"
                  "    AS new (thread_id, user_id, seq)\n"
                  " ORDER BY new.thread_id, new.user_id\n"
                  "ON CONFLICT (thread_id, user_id) DO UPDATE\n"
                  "   SET seq = greatest(mark.seq, EXCLUDED.seq),\n"
                  "       at_us = CASE WHEN mark.seq < EXCLUDED.seq THEN EXCLUDED.at_us\n"
                  "                    ELSE mark.at_us END\n"
                  "RETURNING thread_id, user_id, seq, at_us"};

enum status store_add_thread(struct tenant_tx *tx, const struct thread_values *thread,
                             bool *ret_added)
{
    struct db_rows *rows;
    struct db_param incident =
        thread->incident_index.len > 0 ? DB_BYTES(thread->incident_index) : DB_NULL;
    enum status status =
        TX_RUN(tx, &add_thread, &rows, DB_UUID(&thread->id), DB_I64(thread->created_us),
               DB_UUID(&thread->created_by), DB_I16(thread->status), DB_I16(thread->waiting_on),
               DB_I16(thread->severity), DB_I16(thread->tlp), incident, DB_BYTES(thread->sealed),
               DB_I64(thread->updated_us));
    if (status == OK) {
        *ret_added = db_rows_affected(rows) == 1;
        db_rows_free(rows);
    }
    return status;
}

enum status store_add_key(struct tenant_tx *tx, const struct uuid *thread, struct bytes wrapped)
{
    return TX_QUEUE(tx, &add_key, DB_UUID(thread), DB_BYTES(wrapped));
}

enum status store_add_head(struct tenant_tx *tx, const struct head_row *head)
{
    return TX_QUEUE(tx, &add_head, DB_UUID(&head->thread), DB_I64(head->last_seq),
                    DB_I64(head->last_us), DB_I64(head->meta_version), DB_BYTES(head->root),
                    DB_BYTES(head->frontier));
}

enum status store_update_thread(struct tenant_tx *tx, const struct thread_values *thread)
{
    return TX_QUEUE(tx, &update_thread, DB_UUID(&thread->id), DB_I16(thread->status),
                    DB_I16(thread->waiting_on), DB_I16(thread->severity), DB_I16(thread->tlp),
                    DB_BYTES(thread->sealed), DB_I64(thread->updated_us));
}

enum status store_add_messages(struct tenant_tx *tx, const struct message_columns *rows,
                               size_t *ret_added)
{
    struct db_rows *answer;
    size_t n = rows->count;
    enum status status =
        TX_RUN(tx, &add_messages, &answer, DB_UUIDS(rows->threads, n), DB_I64S(rows->seqs, n),
               DB_I16S(rows->kinds, n), DB_I16S(rows->leaf_kinds, n), DB_I64S(rows->times_us, n),
               DB_UUIDS(rows->authors, n), DB_UUIDS(rows->clients, n),
               DB_BYTESS(rows->commitments, n), DB_BYTESS(rows->sealed, n));
    if (status == OK) {
        *ret_added = db_rows_affected(answer);
        db_rows_free(answer);
    }
    return status;
}

#define HEAD_PARAMS(heads)                                                                         \
    DB_UUIDS((heads)->threads, (heads)->count), DB_I64S((heads)->last_seqs, (heads)->count),       \
        DB_I64S((heads)->last_us, (heads)->count),                                                 \
        DB_I64S((heads)->meta_versions, (heads)->count),                                           \
        DB_BYTESS((heads)->roots, (heads)->count), DB_BYTESS((heads)->frontiers, (heads)->count),  \
        DB_BYTESS((heads)->old_roots, (heads)->count)

enum status store_update_heads(struct tenant_tx *tx, const struct head_columns *heads)
{
    return TX_QUEUE_EXPECTING(tx, &update_heads, heads->count, HEAD_PARAMS(heads));
}

enum status store_update_locked_heads(struct tenant_tx *tx, const struct head_columns *heads)
{
    return TX_QUEUE(tx, &update_heads, HEAD_PARAMS(heads));
}

enum status store_add_participants(struct tenant_tx *tx, const struct uuid *thread,
                                   const struct participant_columns *people, int64_t at_us)
{
    size_t n = people->count;
    return TX_QUEUE(tx, &add_participants, DB_UUID(thread), DB_I64(at_us),
                    DB_UUIDS(people->users, n), DB_I16S(people->roles, n),
                    DB_BYTESS(people->sealed, n));
}

enum status store_remove_participant(struct tenant_tx *tx, const struct uuid *thread,
                                     const struct uuid *user, int64_t at_us)
{
    return TX_QUEUE(tx, &remove_participant, DB_UUID(thread), DB_UUID(user), DB_I64(at_us));
}

enum status store_move_marks(struct tenant_tx *tx, const struct uuid *threads,
                             const struct uuid *users, const int64_t *seqs, size_t count,
                             int64_t at_us, struct db_rows **ret)
{
    return TX_RUN(tx, &move_marks, ret, DB_UUIDS(threads, count), DB_UUIDS(users, count),
                  DB_I64S(seqs, count), DB_I64(at_us));
}
