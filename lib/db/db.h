/* PostgreSQL: connections, tenant transactions, prepared statements with binary parameters, rows.
 *
 * The only code that includes libpq-fe.h. A connection belongs to one thread. Statements name no
 * schema: wall 1 is the search path that tenant_tx_enter sets, wall 2 the tenant's own role
 * (design: "Three walls"). Next: migrate.h
 */
#ifndef WARDROOM_DB_DB_H
#define WARDROOM_DB_DB_H

#include "core/ids.h"

struct db;
struct tenant_tx;
struct db_rows;

/* `conninfo` is a libpq URL or key=value text; `service` names the roles (<service>_t_<tenant>).
 * Connects at once; UNAVAILABLE when it cannot (the handle is valid all the same and every
 * tenant_tx_begin tries again, at most once per 100 ms). */
MUST_CHECK enum status db_open(const char *conninfo, const char *service, struct db **ret);
void db_close(struct db *db); /* NULL is fine */
/* Does the connection answer? For readiness. */
MUST_CHECK enum status db_ping(struct db *db);
/* Was a transaction cut since the last look because its backend did not know a new tenant's role
 * yet? Nothing of it was committed; the backend has been replaced, and it may be run again. */
bool db_take_old_roles(struct db *db);

/* BEGIN (READ COMMITTED; read only when asked). No tenant yet: only the service's global tables
 * (schema `wardroom`) can be reached. At most one transaction per connection.
 * UNAVAILABLE: no connection. */
MUST_CHECK enum status tenant_tx_begin(struct db *db, bool read_only, struct tenant_tx **ret);
/* Fix the tenant: SET LOCAL ROLE and search_path. A tenant met for the first time by this process
 * is created or migrated by wardroom.tenant_open, in a transaction of its own on a second
 * connection, before this one goes on. May be called again for another tenant. */
MUST_CHECK enum status tenant_tx_enter(struct tenant_tx *tx, const struct tenant_id *tenant);
/* Back to no tenant. */
MUST_CHECK enum status tenant_tx_leave(struct tenant_tx *tx);
/* COMMIT. Anything but OK means: not committed, or unknown when the connection was lost meanwhile
 * (UNAVAILABLE); tx is gone either way. */
MUST_CHECK enum status tenant_tx_commit(struct tenant_tx *tx);
void tenant_tx_rollback(struct tenant_tx *tx); /* NULL is fine */
const struct tenant_id *tenant_tx_tenant(const struct tenant_tx *tx);
const char *tenant_tx_service(const struct tenant_tx *tx);

/* A statement of store.c: a static object, its name unique in the service. Prepared on first use,
 * per connection and tenant, least recently used ones dropped beyond STATEMENTS_PER_CONN_MAX. */
struct db_stmt {
    const char *name;
    const char *sql;
};

enum db_type {
    DB_TYPE_NULL,
    DB_TYPE_I16,
    DB_TYPE_I32,
    DB_TYPE_I64,
    DB_TYPE_BOOL,
    DB_TYPE_BYTES,
    DB_TYPE_TEXT,
    DB_TYPE_UUID,
    DB_TYPE_I16S,
    DB_TYPE_I64S,
    DB_TYPE_UUIDS,
    DB_TYPE_BYTESS
};

/* One parameter, borrowed for the call. Arrays feed unnest($n::bigint[], ...). */
struct db_param {
    enum db_type type;
    int64_t number;
    struct bytes bytes;
    const void *items;
    size_t count;
};
#define DB_NULL         ((struct db_param){.type = DB_TYPE_NULL})
#define DB_I16(value)   ((struct db_param){.type = DB_TYPE_I16, .number = (value)})
#define DB_I32(value)   ((struct db_param){.type = DB_TYPE_I32, .number = (value)})
#define DB_I64(value)   ((struct db_param){.type = DB_TYPE_I64, .number = (int64_t)(value)})
#define DB_BOOL(value)  ((struct db_param){.type = DB_TYPE_BOOL, .number = (value)})
#define DB_BYTES(value) ((struct db_param){.type = DB_TYPE_BYTES, .bytes = (value)})
#define DB_TEXT(value)  ((struct db_param){.type = DB_TYPE_TEXT, .bytes = (value)})
#define DB_UUID(id)     ((struct db_param){.type = DB_TYPE_UUID, .bytes = uuid_bytes(id)})
/* const int16_t *, const int64_t *, const struct uuid *, const struct bytes * (an item whose data
 * is NULL is SQL NULL) */
#define DB_I16S(array, n) ((struct db_param){.type = DB_TYPE_I16S, .items = (array), .count = (n)})
#define DB_I64S(array, n) ((struct db_param){.type = DB_TYPE_I64S, .items = (array), .count = (n)})
#define DB_UUIDS(array, n)                                                                         \
    ((struct db_param){.type = DB_TYPE_UUIDS, .items = (array), .count = (n)})
#define DB_BYTESS(array, n)                                                                        \
    ((struct db_param){.type = DB_TYPE_BYTESS, .items = (array), .count = (n)})

/* Run a statement; rows live until db_rows_free or the end of the transaction, whichever is first
 * (a transaction frees what is left). ret_rows may be NULL.
 * CONFLICT: a unique or exclusion constraint; FORBIDDEN: insufficient privilege; UNAVAILABLE:
 * connection lost, time-out, serialization; INTERNAL: any other SQL error (its SQLSTATE is in
 * db_last_error). After anything but OK the transaction can only be rolled back. */
MUST_CHECK enum status tenant_tx_run(struct tenant_tx *tx, const struct db_stmt *stmt,
                                     const struct db_param *params, size_t param_count,
                                     struct db_rows **ret_rows);
#define TX_RUN(tx, stmt, ret_rows, ...)                                                            \
    tenant_tx_run((tx), (stmt), (const struct db_param[]){__VA_ARGS__},                            \
                  sizeof((const struct db_param[]){__VA_ARGS__}) / sizeof(struct db_param),        \
                  (ret_rows))
/* The same without waiting for its answer: it leaves with the next tenant_tx_run or COMMIT, in one
 * round trip, and that call reports its failure. For writes whose result nobody reads. */
MUST_CHECK enum status tenant_tx_queue(struct tenant_tx *tx, const struct db_stmt *stmt,
                                       const struct db_param *params, size_t param_count);
#define TX_QUEUE(tx, stmt, ...)                                                                    \
    tenant_tx_queue((tx), (stmt), (const struct db_param[]){__VA_ARGS__},                          \
                    sizeof((const struct db_param[]){__VA_ARGS__}) / sizeof(struct db_param))
/* The same, and the statement must affect exactly `rows` rows: CONFLICT otherwise, from the next
 * tenant_tx_run or from tenant_tx_commit, which then does not commit. For writes under an
 * optimistic condition. */
MUST_CHECK enum status tenant_tx_queue_expecting(struct tenant_tx *tx, const struct db_stmt *stmt,
                                                 const struct db_param *params, size_t param_count,
                                                 size_t rows);
#define TX_QUEUE_EXPECTING(tx, stmt, rows, ...)                                                    \
    tenant_tx_queue_expecting(                                                                     \
        (tx), (stmt), (const struct db_param[]){__VA_ARGS__},                                      \
        sizeof((const struct db_param[]){__VA_ARGS__}) / sizeof(struct db_param), (rows))
/* SQLSTATE and message of the last failure on this connection, for the log; never sent to peers. */
const char *db_last_error(const struct db *db);
struct db *tenant_tx_db(struct tenant_tx *tx);

void db_rows_free(struct db_rows *rows); /* NULL is fine */
size_t db_rows_count(const struct db_rows *rows);
size_t db_rows_affected(const struct db_rows *rows); /* of INSERT, UPDATE, DELETE */
bool db_is_null(const struct db_rows *rows, size_t row, size_t column);
int64_t db_i64(const struct db_rows *rows, size_t row,
               size_t column); /* any integer or bool; NULL is 0 */
struct bytes db_bytes(const struct db_rows *rows, size_t row,
                      size_t column); /* bytea or text, borrowed */
struct uuid db_uuid(const struct db_rows *rows, size_t row, size_t column);

#endif
