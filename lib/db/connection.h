/* Inside lib/db: the connection behind `struct db`, its pipeline and its prepared statements.
 *
 * A connection is always in libpq's pipeline mode: what a transaction needs before its first
 * answer (BEGIN, the tenant, a Parse, the statement) leaves as one write and comes back as one
 * read. Nobody outside this folder includes this file. Next: db.c
 */
#ifndef WARDROOM_DB_CONNECTION_H
#define WARDROOM_DB_CONNECTION_H

#include <libpq-fe.h>
#include "db/db.h"
#include "core/limits.h"

/* Commands sent and not yet answered. A statement adds at most seven: BEGIN; DEALLOCATE, Parse and
 * Execute of the change of tenant; the same of itself. A few fit before a flush is forced. */
#define STATEMENT_STEPS_MAX 7
#define PIPELINE_STEPS_MAX  32
#define PARAMS_MAX          32
#define STATEMENT_NAME_SIZE 16 /* "s" and a 32-bit number */
#define RECONNECT_WAIT_MS   100
/* The server gives up at STATEMENT_TIMEOUT_MS; a peer that says nothing at all is given a little
 * longer, then the connection is dropped. */
#define ANSWER_TIMEOUT_MS (STATEMENT_TIMEOUT_MS + 2000)
/* Server-side caches grow with the tenants a backend has seen; an hourly new backend bounds them.
 */
#define CONNECTION_AGE_MS_MAX (60 * 60 * 1000)

struct statement;
struct statements;

enum step_kind {
    STEP_COMMAND,    /* its success is all that matters */
    STEP_PREPARE,    /* a Parse; on success its statement is ready */
    STEP_DEALLOCATE, /* on failure the server keeps what we have forgotten */
    STEP_ENTER,      /* the change of tenant; refused: this backend is of no more use */
    STEP_ROWS        /* a statement of a store */
};

#define ANY_ROWS (-1)
struct step {
    enum step_kind kind;
    struct statement *statement;
    int64_t rows; /* it must affect so many, or ANY_ROWS */
};

struct tenant_tx {
    struct db *db;
    bool open, read_only;
    bool begun;              /* BEGIN has been sent */
    enum status failed;      /* OK while the transaction can still be committed */
    struct tenant_id tenant; /* wanted; "" for none */
    struct tenant_id sent;   /* what the server was last told */
    struct db_rows *rows;    /* not yet freed */
};

struct db {
    PGconn *conn; /* NULL: none */
    char *conninfo;
    char service[TENANT_ID_SIZE];
    uint64_t database_hash; /* of conninfo: tenants are known per database */
    int64_t retry_at_ms, connected_at_ms;
    bool leaked; /* the server holds statements that we have forgotten */
    bool had_old_roles; /* pipeline.c: the backend was replaced */
    struct statements *statements;
    struct step steps[PIPELINE_STEPS_MAX];
    size_t step_count;
    struct buf params; /* work space of params.c */
    struct tenant_tx tx;
    char error[512];
};

/* db.c */
MUST_CHECK enum status db_connect(struct db *db); /* OK at once when there is a connection */
void db_disconnect(struct db *db);
void db_note_error(struct db *db, const char *sqlstate, const char *text);

/* pipeline.c: add a command to the pipeline. False: the connection is lost or out of memory. */
struct encoded {
    int count;
    Oid types[PARAMS_MAX];
    const char *values[PARAMS_MAX];
    int lengths[PARAMS_MAX];
    int formats[PARAMS_MAX];
};
bool pipeline_command(struct db *db, enum step_kind kind, const char *sql,
                      const struct encoded *params);
bool pipeline_prepare(struct db *db, struct statement *statement, const char *name, const char *sql,
                      const struct encoded *params);
bool pipeline_execute(struct db *db, struct statement *statement, const char *name,
                      const struct encoded *params);
/* The command added last is the change of tenant. */
void pipeline_is_enter(struct db *db);
/* The command added last must affect exactly so many rows, or pipeline_sync says CONFLICT. */
void pipeline_expect(struct db *db, int64_t rows);
bool pipeline_expects(const struct db *db); /* is any such command unanswered? */
/* Send all, wait for every answer. The first failure counts; ret_last (may be NULL) takes the
 * result of the last step. A lost connection is closed: db->conn is NULL then. */
MUST_CHECK enum status pipeline_sync(struct db *db, PGresult **ret_last);

/* params.c: binary forms; they point into db->params until the next call. INVALID: over a bound. */
MUST_CHECK enum status params_encode(struct db *db, const struct db_param *params, size_t count,
                                     struct encoded *ret);

/* rows.c */
struct db_rows *rows_new(struct tenant_tx *tx,
                         PGresult *result); /* takes `result`; NULL: no memory */
void rows_free_all(struct tenant_tx *tx);

/* statements.c: which statements the server has prepared for us, least recently used first out. */
struct statements *statements_new(void);
void statements_free(struct statements *all);
void statements_clear(struct statements *all);
/* Find or make room for a statement of this tenant with these parameter types. *ret_new: it must be
 * prepared before its first use, and dropped when that fails. ret_evicted is the server's name of
 * one to DEALLOCATE, or "". */
struct statement *statements_take(struct statements *all, const struct db_stmt *stmt,
                                  const struct tenant_id *tenant, const struct encoded *params,
                                  bool *ret_new, char ret_evicted[STATEMENT_NAME_SIZE]);
const char *statement_name(const struct statement *statement);
void statements_drop(struct statements *all, struct statement *statement);

/* tenants.c: which tenants this process has opened in which database. */
bool tenant_is_known(const struct db *db, const struct tenant_id *tenant);
void tenant_forget(const struct db *db, const struct tenant_id *tenant);
/* wardroom.tenant_open, on this connection when no transaction has begun, else on another one. */
MUST_CHECK enum status tenant_open(struct db *db, const struct tenant_id *tenant);

#endif
