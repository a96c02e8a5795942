/* Threads in the database: the only SQL of this service. Every function works inside a transaction
 * that has entered a tenant; rows borrow from the database's answer, until the transaction ends.
 *
 * store.c reads, store_write.c writes. OK, or what tenant_tx_run says. Next: store.c
 */
#ifndef WARDROOM_THREADS_STORE_H
#define WARDROOM_THREADS_STORE_H

#include "crypto/aead.h"
#include "db/db.h"

/* A row of thread_head. */
struct head_row {
    struct uuid thread;
    int64_t last_seq, last_us, meta_version;
    struct bytes root, frontier;
};
/* Lock the heads of these threads, in the order of their ids so that two batches cannot wait for
 * each other; those that do not exist are left out. The frontier is not read. */
MUST_CHECK enum status store_lock_heads(struct tenant_tx *tx, const struct uuid *ids, size_t count,
                                        struct db_rows **ret);
struct head_row head_row_at(const struct db_rows *rows, size_t row);

/* What a writer keeps of a thread: status, wrapped key, frontier. */
struct load_row {
    struct uuid thread;
    int status;
    struct bytes wrapped, frontier; /* wrapped is empty when the thread was erased */
};
MUST_CHECK enum status store_load_threads(struct tenant_tx *tx, const struct uuid *ids,
                                          size_t count, struct db_rows **ret);
struct load_row load_row_at(const struct db_rows *rows, size_t row);

/* Who takes part in these threads, by thread, oldest first. */
struct participant_row {
    struct uuid thread, user;
    struct bytes sealed; /* name */
    int role;
    int64_t added_us;
};
MUST_CHECK enum status store_list_participants(struct tenant_tx *tx, const struct uuid *ids,
                                               size_t count, struct db_rows **ret);
struct participant_row participant_row_at(const struct db_rows *rows, size_t row);

struct message_row {
    struct uuid thread;
    int64_t seq, time_us;
    int kind, leaf_kind;
    struct uuid author, client;
    struct bytes commitment, sealed; /* sealed is empty when the content was erased */
};
struct message_row message_row_at(const struct db_rows *rows, size_t row);
/* From after_seq (exclusive) upwards, or from before_seq (exclusive) downwards. */
MUST_CHECK enum status store_list_after(struct tenant_tx *tx, const struct uuid *thread,
                                        int64_t after_seq, unsigned limit, struct db_rows **ret);
MUST_CHECK enum status store_list_before(struct tenant_tx *tx, const struct uuid *thread,
                                         int64_t before_seq, unsigned limit, struct db_rows **ret);

/* Which message of a thread; `find_*` answers in any order and leaves out what does not exist. */
struct post_name {
    const struct uuid *threads, *authors, *clients;
    size_t count;
};
MUST_CHECK enum status store_find_posts(struct tenant_tx *tx, const struct post_name *names,
                                        struct db_rows **ret);
MUST_CHECK enum status store_find_seqs(struct tenant_tx *tx, const struct uuid *threads,
                                       const int64_t *seqs, size_t count, struct db_rows **ret);
/* The position, from 0, in the arrays that were asked for. */
size_t find_row_number(const struct db_rows *rows, size_t row);

/* What a reader needs before it may read: key, head, and whether `user` takes part. One row, or
 * none: no such thread. */
struct access_row {
    struct bytes wrapped, root;
    int64_t last_seq, last_us;
    bool takes_part;
};
MUST_CHECK enum status store_get_access(struct tenant_tx *tx, const struct uuid *thread,
                                        const struct uuid *user, bool *ret_found,
                                        struct access_row *ret);

/* Where a thread ends. By id, in any order, those that do not exist left out; or all in which
 * something was recorded since, oldest first. */
struct end_row {
    struct uuid thread;
    int64_t last_seq, last_us;
};
struct end_row end_row_at(const struct db_rows *rows, size_t row);
MUST_CHECK enum status store_find_ends(struct tenant_tx *tx, const struct uuid *ids, size_t count,
                                       struct db_rows **ret);
MUST_CHECK enum status store_list_ends_since(struct tenant_tx *tx, int64_t since_us, unsigned limit,
                                             struct db_rows **ret);

/* A thread as `user` sees it. */
struct thread_row {
    struct uuid id, created_by;
    int64_t created_us, last_seq, last_us, my_read_seq, unread;
    int status, waiting_on, severity, tlp;
    struct bytes sealed, wrapped, root;
    bool takes_part;
};
struct thread_row thread_row_at(const struct db_rows *rows, size_t row);
MUST_CHECK enum status store_get_thread(struct tenant_tx *tx, const struct uuid *id,
                                        const struct uuid *user, struct db_rows **ret);
/* Newest activity first; 0, or an incident_index without data: do not filter. */
struct thread_filter {
    struct uuid user;
    bool only_mine; /* those the user takes part in */
    int status, waiting_on, severity;
    struct bytes incident_index;
    int64_t updated_since_us;
    int64_t before_us; /* with before_id: continue after this thread */
    struct uuid before_id;
    unsigned limit;
};
MUST_CHECK enum status store_list_threads(struct tenant_tx *tx, const struct thread_filter *filter,
                                          struct db_rows **ret);
MUST_CHECK enum status store_find_incident(struct tenant_tx *tx, struct bytes incident_index,
                                           bool *ret_found, struct uuid *ret_id);

struct mark_row {
    struct uuid user;
    int64_t seq, at_us;
};
/* The read marks of those who take part; 0 where there is none. */
MUST_CHECK enum status store_list_marks(struct tenant_tx *tx, const struct uuid *thread,
                                        struct db_rows **ret);
struct mark_row mark_row_at(const struct db_rows *rows, size_t row);
/* Marks by (thread, user), whether the user takes part and where the thread ends; those of threads
 * that do not exist are left out. */
struct found_mark {
    size_t number; /* from 0, in the arrays that were asked for */
    int64_t last_seq, seq, at_us;
    bool takes_part;
};
MUST_CHECK enum status store_find_marks(struct tenant_tx *tx, const struct uuid *threads,
                                        const struct uuid *users, size_t count,
                                        struct db_rows **ret);
struct found_mark found_mark_at(const struct db_rows *rows, size_t row);
/* Marks that moved since, the latest first. */
struct moved_mark {
    struct uuid thread, user;
    int64_t seq, at_us;
};
MUST_CHECK enum status store_list_marks_since(struct tenant_tx *tx, int64_t since_us,
                                              unsigned limit, struct db_rows **ret);
struct moved_mark moved_mark_at(const struct db_rows *rows, size_t row);

/* ---- store_write.c */

struct thread_values {
    struct uuid id, created_by;
    int64_t created_us, updated_us;
    int status, waiting_on, severity, tlp;
    struct bytes incident_index; /* empty: no incident */
    struct bytes sealed;
};
/* *ret_added is false when the id is taken or the incident has its thread already; nothing is
 * written then. */
MUST_CHECK enum status store_add_thread(struct tenant_tx *tx, const struct thread_values *thread,
                                        bool *ret_added);
MUST_CHECK enum status store_add_key(struct tenant_tx *tx, const struct uuid *thread,
                                     struct bytes wrapped);
MUST_CHECK enum status store_add_head(struct tenant_tx *tx, const struct head_row *head);
/* status, waiting_on, severity, tlp, updated_us and sealed. */
MUST_CHECK enum status store_update_thread(struct tenant_tx *tx,
                                           const struct thread_values *thread);

/* Columns of several rows, `count` items each. */
struct message_columns {
    size_t count;
    struct uuid *threads, *authors, *clients;
    int64_t *seqs, *times_us;
    int16_t *kinds, *leaf_kinds;
    struct bytes *commitments, *sealed;
};
/* Rows that meet an existing one are left out: compare *ret_added with count. */
MUST_CHECK enum status store_add_messages(struct tenant_tx *tx, const struct message_columns *rows,
                                          size_t *ret_added);
struct head_columns {
    size_t count;
    struct uuid *threads;
    int64_t *last_seqs, *last_us, *meta_versions;
    struct bytes *old_roots, *roots, *frontiers;
};
/* Move heads from old_root to root; one that stands elsewhere is left alone. The answer comes with
 * the next statement or COMMIT: CONFLICT when any was left alone. */
MUST_CHECK enum status store_update_heads(struct tenant_tx *tx, const struct head_columns *heads);
/* The same for heads that this transaction has locked and compared: there is nothing to wait for.
 */
MUST_CHECK enum status store_update_locked_heads(struct tenant_tx *tx,
                                                 const struct head_columns *heads);

struct participant_columns {
    size_t count;
    struct uuid *users;
    int16_t *roles;
    struct bytes *sealed;
};
/* Add, or bring back who was removed. */
MUST_CHECK enum status store_add_participants(struct tenant_tx *tx, const struct uuid *thread,
                                              const struct participant_columns *people,
                                              int64_t at_us);
MUST_CHECK enum status store_remove_participant(struct tenant_tx *tx, const struct uuid *thread,
                                                const struct uuid *user, int64_t at_us);

/* Move read marks, each (thread, user) once, forwards; those that are further already stay. Answers
 * where each is now. */
MUST_CHECK enum status store_move_marks(struct tenant_tx *tx, const struct uuid *threads,
                                        const struct uuid *users, const int64_t *seqs, size_t count,
                                        int64_t at_us, struct db_rows **ret);

#endif
