/* Reading threads. Next: store_write.c */
#include "threads/store.h"

static const struct db_stmt lock_heads = {
    "lock_heads", "SELECT thread_id, last_seq, last_us, meta_version, root\n"
                  "  FROM thread_head\n"
                  " WHERE thread_id = ANY($1)\n"
                  " ORDER BY thread_id\n"
                  "   FOR NO KEY UPDATE"};

static const struct db_stmt load_threads = {"load_threads",
                                            "SELECT t.id, t.status, k.wrapped, h.frontier\n"
                                            "  FROM thread AS t\n"
                                            "  JOIN thread_head AS h ON h.thread_id = t.id\n"
                                            "  LEFT JOIN thread_key AS k ON k.thread_id = t.id\n"
                                            " WHERE t.id = ANY($1)"};

static const struct db_stmt list_participants = {
    "list_participants", "SELECT thread_id, user_id, sealed, role, added_us\n"
                         "  FROM participant\n"
                         " WHERE thread_id = ANY($1)\n"
                         "   AND removed_us IS NULL\n"
                         " ORDER BY thread_id, added_us, user_id"};

#define MESSAGE_COLUMNS                                                                            \
    "m.thread_id, m.seq, m.kind, m.leaf_kind, m.time_us, m.author_id, m.client_id,\n"              \
    "       m.commitment, m.sealed"

static const struct db_stmt list_after = {"list_after", "SELECT " MESSAGE_COLUMNS "\n"
                                                        "  FROM message AS m\n"
                                                        " WHERE m.thread_id = $1\n"
                                                        "   AND m.seq > $2\n"
                                                        " ORDER BY m.seq\n"
                                                        " LIMIT $3"};

static const struct db_stmt list_before = {"list_before", "SELECT " MESSAGE_COLUMNS "\n"
                                                          "  FROM message AS m\n"
                                                          " WHERE m.thread_id = $1\n"
                                                          "   AND m.seq < $2\n"
                                                          " ORDER BY m.seq DESC\n"
                                                          " LIMIT $3"};

static const struct db_stmt find_posts = {
    "find_posts", "SELECT " MESSAGE_COLUMNS ", name.number\n"
                  "  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) WITH ORDINALITY\n"
                  "    AS name (thread_id, author_id, client_id, number)\n"
                  "  JOIN message AS m USING (thread_id, author_id, client_id)"};

static const struct db_stmt find_seqs = {"find_seqs",
                                         "SELECT " MESSAGE_COLUMNS ", name.number\n"
                                         "  FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY\n"
                                         "    AS name (thread_id, seq, number)\n"
                                         "  JOIN message AS m USING (thread_id, seq)"};

static const struct db_stmt get_access = {
    "get_access", "SELECT k.wrapped, h.root, h.last_seq, h.last_us,\n"
                  "       EXISTS (SELECT\n"
                  "                 FROM participant AS p\n"
                  "                WHERE p.thread_id = h.thread_id\n"
                  "                  AND p.user_id = $2\n"
                  "                  AND p.removed_us IS NULL)\n"
                  "  FROM thread_head AS h\n"
                  "  LEFT JOIN thread_key AS k ON k.thread_id = h.thread_id\n"
                  " WHERE h.thread_id = $1"};

static const struct db_stmt find_ends = {"find_ends", "SELECT thread_id, last_seq, last_us\n"
                                                      "  FROM thread_head\n"
                                                      " WHERE thread_id = ANY($1)"};

/* No index: thread_head is updated with every batch of posts, and only a gateway that may have
 * missed something asks, so a scan now and then is the cheaper way. */
static const struct db_stmt list_ends_since = {"list_ends_since",
                                               "SELECT thread_id, last_seq, last_us\n"
                                               "  FROM thread_head\n"
                                               " WHERE last_us >= $1\n"
                                               " ORDER BY last_us, thread_id\n"
                                               " LIMIT $2"};

/* First the page, then what costs something for each of its threads. A count of unread messages
 * stops at 1,000: nobody reads the difference, and a long thread is not scanned for it. What the
 * system wrote and what is acknowledged (kinds 6 and 5) is not there to be read. */
#define THREAD_PAGE                                                                                \
    "WITH page AS MATERIALIZED (\n"                                                                \
    "    SELECT t.id, t.created_us, t.created_by, t.status, t.waiting_on, t.severity, t.tlp,\n"    \
    "           t.sealed, h.last_seq, h.last_us, h.root\n"                                         \
    "      FROM thread AS t\n"                                                                     \
    "      JOIN thread_head AS h ON h.thread_id = t.id\n"
#define THREAD_OF_PAGE                                                                             \
    ")\n"                                                                                          \
    "SELECT page.id, page.created_us, page.created_by, page.status, page.waiting_on,\n"            \
    "       page.severity, page.tlp, page.sealed, page.last_seq, page.last_us, page.root,\n"       \
    "       k.wrapped, coalesce(r.seq, 0),\n"                                                      \
    "       (SELECT count(*)\n"                                                                    \
    "          FROM (SELECT\n"                                                                     \
    "                  FROM message AS m\n"                                                        \
    "                 WHERE m.thread_id = page.id\n"                                               \
    "                   AND m.seq > coalesce(r.seq, 0)\n"                                          \
    "                   AND m.author_id <> $1\n"                                                   \
    "                   AND m.kind NOT IN (5, 6)\n"                                                \
    "                 LIMIT 1000) AS counted),\n"                                                  \
    "       EXISTS (SELECT\n"                                                                      \
    "                 FROM participant AS p\n"                                                     \
    "                WHERE p.thread_id = page.id\n"                                                \
    "                  AND p.user_id = $1\n"                                                       \
    "                  AND p.removed_us IS NULL)\n"                                                \
    "  FROM page\n"                                                                                \
    "  LEFT JOIN thread_key AS k ON k.thread_id = page.id\n"                                       \
    "  LEFT JOIN read_mark AS r ON r.thread_id = page.id AND r.user_id = $1\n"                     \
    " ORDER BY page.last_us DESC, page.id DESC"
#define THREAD_FILTERS                                                                             \
    "     WHERE ($2::smallint = 0 OR t.status = $2)\n"                                             \
    "       AND ($3::smallint = 0 OR t.waiting_on = $3)\n"                                         \
    "       AND ($4::smallint = 0 OR t.severity = $4)\n"                                           \
    "       AND ($5::bytea IS NULL OR t.incident_index = $5)\n"                                    \
    "       AND h.last_us >= $6\n"                                                                 \
    "       AND (h.last_us, t.id) < ($7, $8)\n"
#define THREAD_ORDER                                                                               \
    "     ORDER BY h.last_us DESC, t.id DESC\n"                                                    \
    "     LIMIT $9\n"

static const struct db_stmt get_thread = {"get_thread",
                                          THREAD_PAGE "     WHERE t.id = $2\n" THREAD_OF_PAGE};

static const struct db_stmt list_all = {"list_all",
                                        THREAD_PAGE THREAD_FILTERS THREAD_ORDER THREAD_OF_PAGE};

static const struct db_stmt list_mine = {
    "list_mine",
    THREAD_PAGE "      JOIN participant AS mine ON mine.thread_id = t.id\n"
                "       AND mine.user_id = $1\n"
                "       AND mine.removed_us IS NULL\n" THREAD_FILTERS THREAD_ORDER THREAD_OF_PAGE};

static const struct db_stmt find_incident = {"find_incident", "SELECT id\n"
                                                              "  FROM thread\n"
                                                              " WHERE incident_index = $1"};

static const struct db_stmt list_marks = {
    "list_marks", "SELECT p.user_id, coalesce(r.seq, 0), coalesce(r.at_us, 0)\n"
                  "  FROM participant AS p\n"
                  "  LEFT JOIN read_mark AS r USING (thread_id, user_id)\n"
                  " WHERE p.thread_id = $1\n"
                  "   AND p.removed_us IS NULL\n"
                  " ORDER BY p.added_us, p.user_id"};

static const struct db_stmt find_marks = {
    "find_marks", "SELECT name.number, h.last_seq, coalesce(r.seq, 0), coalesce(r.at_us, 0),\n"
                  "       EXISTS (SELECT\n"
                  "                 FROM participant AS p\n"
                  "                WHERE p.thread_id = name.thread_id\n"
                  "                  AND p.user_id = name.user_id\n"
                  "                  AND p.removed_us IS NULL)\n"
                  "  FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY\n"
                  "    AS name (thread_id, user_id, number)\n"
                  "  JOIN thread_head AS h ON h.thread_id = name.thread_id\n"
                  "  LEFT JOIN read_mark AS r ON r.thread_id = name.thread_id\n"
                  "                          AND r.user_id = name.user_id"};

static const struct db_stmt list_marks_since = {"list_marks_since",
                                                "SELECT thread_id, user_id, seq, at_us\n"
                                                "  FROM read_mark\n"
                                                " WHERE at_us >= $1\n"
                                                " ORDER BY at_us DESC\n"
                                                " LIMIT $2"};

enum status store_lock_heads(struct tenant_tx *tx, const struct uuid *ids, size_t count,
                             struct db_rows **ret)
{
    return TX_RUN(tx, &lock_heads, ret, DB_UUIDS(ids, count));
}

struct head_row head_row_at(const struct db_rows *rows, size_t row)
{
    return (struct head_row){
        .thread = db_uuid(rows, row, 0),
        .last_seq = db_i64(rows, row, 1),
        .last_us = db_i64(rows, row, 2),
        .meta_version = db_i64(rows, row, 3),
        .root = db_bytes(rows, row, 4),
    };
}

enum status store_load_threads(struct tenant_tx *tx, const struct uuid *ids, size_t count,
                               struct db_rows **ret)
{
    return TX_RUN(tx, &load_threads, ret, DB_UUIDS(ids, count));
}

struct load_row load_row_at(const struct db_rows *rows, size_t row)
{
    return (struct load_row){
        .thread = db_uuid(rows, row, 0),
        .status = (int)db_i64(rows, row, 1),
        .wrapped = db_bytes(rows, row, 2),
        .frontier = db_bytes(rows, row, 3),
    };
}

enum status store_list_participants(struct tenant_tx *tx, const struct uuid *ids, size_t count,
                                    struct db_rows **ret)
{
    return TX_RUN(tx, &list_participants, ret, DB_UUIDS(ids, count));
}

struct participant_row participant_row_at(const struct db_rows *rows, size_t row)
{
    return (struct participant_row){
        .thread = db_uuid(rows, row, 0),
        .user = db_uuid(rows, row, 1),
        .sealed = db_bytes(rows, row, 2),
        .role = (int)db_i64(rows, row, 3),
        .added_us = db_i64(rows, row, 4),
    };
}

struct message_row message_row_at(const struct db_rows *rows, size_t row)
{
    return (struct message_row){
        .thread = db_uuid(rows, row, 0),
        .seq = db_i64(rows, row, 1),
        .kind = (int)db_i64(rows, row, 2),
        .leaf_kind = (int)db_i64(rows, row, 3),
        .time_us = db_i64(rows, row, 4),
        .author = db_uuid(rows, row, 5),
        .client = db_uuid(rows, row, 6),
        .commitment = db_bytes(rows, row, 7),
        .sealed = db_bytes(rows, row, 8),
    };
}

enum status store_list_after(struct tenant_tx *tx, const struct uuid *thread, int64_t after_seq,
                             unsigned limit, struct db_rows **ret)
{
    return TX_RUN(tx, &list_after, ret, DB_UUID(thread), DB_I64(after_seq), DB_I64(limit));
}

enum status store_list_before(struct tenant_tx *tx, const struct uuid *thread, int64_t before_seq,
                              unsigned limit, struct db_rows **ret)
{
    return TX_RUN(tx, &list_before, ret, DB_UUID(thread), DB_I64(before_seq), DB_I64(limit));
}

enum status store_find_posts(struct tenant_tx *tx, const struct post_name *names,
                             struct db_rows **ret)
{
    return TX_RUN(tx, &find_posts, ret, DB_UUIDS(names->threads, names->count),
                  DB_UUIDS(names->authors, names->count), DB_UUIDS(names->clients, names->count));
}

enum status store_find_seqs(struct tenant_tx *tx, const struct uuid *threads, const int64_t *seqs,
                            size_t count, struct db_rows **ret)
{
    return TX_RUN(tx, &find_seqs, ret, DB_UUIDS(threads, count), DB_I64S(seqs, count));
}

size_t find_row_number(const struct db_rows *rows, size_t row)
{
    return (size_t)db_i64(rows, row, 9) - 1;
}

enum status store_get_access(struct tenant_tx *tx, const struct uuid *thread,
                             const struct uuid *user, bool *ret_found, struct access_row *ret)
{
    struct db_rows *rows;
    enum status status = TX_RUN(tx, &get_access, &rows, DB_UUID(thread), DB_UUID(user));
    if (status != OK) {
        return status;
    }
    *ret_found = db_rows_count(rows) > 0;
    if (*ret_found) {
        *ret = (struct access_row){
            .wrapped = db_bytes(rows, 0, 0),
            .root = db_bytes(rows, 0, 1),
            .last_seq = db_i64(rows, 0, 2),
            .last_us = db_i64(rows, 0, 3),
            .takes_part = db_i64(rows, 0, 4) != 0,
        };
    }
    return OK;
}

struct end_row end_row_at(const struct db_rows *rows, size_t row)
{
    return (struct end_row){
        .thread = db_uuid(rows, row, 0),
        .last_seq = db_i64(rows, row, 1),
        .last_us = db_i64(rows, row, 2),
    };
}

enum status store_find_ends(struct tenant_tx *tx, const struct uuid *ids, size_t count,
                            struct db_rows **ret)
{
    return TX_RUN(tx, &find_ends, ret, DB_UUIDS(ids, count));
}

enum status store_list_ends_since(struct tenant_tx *tx, int64_t since_us, unsigned limit,
                                  struct db_rows **ret)
{
    return TX_RUN(tx, &list_ends_since, ret, DB_I64(since_us), DB_I64(limit));
}

struct thread_row thread_row_at(const struct db_rows *rows, size_t row)
{
    return (struct thread_row){
        .id = db_uuid(rows, row, 0),
        .created_us = db_i64(rows, row, 1),
        .created_by = db_uuid(rows, row, 2),
        .status = (int)db_i64(rows, row, 3),
        .waiting_on = (int)db_i64(rows, row, 4),
        .severity = (int)db_i64(rows, row, 5),
        .tlp = (int)db_i64(rows, row, 6),
        .sealed = db_bytes(rows, row, 7),
        .last_seq = db_i64(rows, row, 8),
        .last_us = db_i64(rows, row, 9),
        .root = db_bytes(rows, row, 10),
        .wrapped = db_bytes(rows, row, 11),
        .my_read_seq = db_i64(rows, row, 12),
        .unread = db_i64(rows, row, 13),
        .takes_part = db_i64(rows, row, 14) != 0,
    };
}

enum status store_get_thread(struct tenant_tx *tx, const struct uuid *id, const struct uuid *user,
                             struct db_rows **ret)
{
    return TX_RUN(tx, &get_thread, ret, DB_UUID(user), DB_UUID(id));
}

enum status store_list_threads(struct tenant_tx *tx, const struct thread_filter *filter,
                               struct db_rows **ret)
{
    struct db_param incident =
        filter->incident_index.data != NULL ? DB_BYTES(filter->incident_index) : DB_NULL;
    /* The $1 of list_all is used only behind its page. */
    return TX_RUN(tx, filter->only_mine ? &list_mine : &list_all, ret, DB_UUID(&filter->user),
                  DB_I16(filter->status), DB_I16(filter->waiting_on), DB_I16(filter->severity),
                  incident, DB_I64(filter->updated_since_us), DB_I64(filter->before_us),
                  DB_UUID(&filter->before_id), DB_I64(filter->limit));
}

enum status store_find_incident(struct tenant_tx *tx, struct bytes incident_index, bool *ret_found,
                                struct uuid *ret_id)
{
    struct db_rows *rows;
    enum status status = TX_RUN(tx, &find_incident, &rows, DB_BYTES(incident_index));
    if (status == OK) {
        *ret_found = db_rows_count(rows) > 0;
        *ret_id = *ret_found ? db_uuid(rows, 0, 0) : (struct uuid){0};
        db_rows_free(rows);
    }
    return status;
}

enum status store_list_marks(struct tenant_tx *tx, const struct uuid *thread, struct db_rows **ret)
{
    return TX_RUN(tx, &list_marks, ret, DB_UUID(thread));
}

struct mark_row mark_row_at(const struct db_rows *rows, size_t row)
{
    return (struct mark_row){
        .user = db_uuid(rows, row, 0),
        .seq = db_i64(rows, row, 1),
        .at_us = db_i64(rows, row, 2),
    };
}

enum status store_find_marks(struct tenant_tx *tx, const struct uuid *threads,
                             const struct uuid *users, size_t count, struct db_rows **ret)
{
    return TX_RUN(tx, &find_marks, ret, DB_UUIDS(threads, count), DB_UUIDS(users, count));
}

struct found_mark found_mark_at(const struct db_rows *rows, size_t row)
{
    return (struct found_mark){
        .number = (size_t)db_i64(rows, row, 0) - 1,
        .last_seq = db_i64(rows, row, 1),
        .seq = db_i64(rows, row, 2),
        .at_us = db_i64(rows, row, 3),
        .takes_part = db_i64(rows, row, 4) != 0,
    };
}

enum status store_list_marks_since(struct tenant_tx *tx, int64_t since_us, unsigned limit,
                                   struct db_rows **ret)
{
    return TX_RUN(tx, &list_marks_since, ret, DB_I64(since_us), DB_I64(limit));
}

struct moved_mark moved_mark_at(const struct db_rows *rows, size_t row)
{
    return (struct moved_mark){
        .thread = db_uuid(rows, row, 0),
        .user = db_uuid(rows, row, 1),
        .seq = db_i64(rows, row, 2),
        .at_us = db_i64(rows, row, 3),
    };
}
