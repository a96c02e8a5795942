/* Tenant transactions: begin, enter, run, commit.
 *
 * BEGIN and the change of tenant are not sent when asked for but in front of the next statement, in
 * the same pipeline, so a transaction costs one round trip for each statement and one for COMMIT.
 * Next: params.c
 */
#include "db/connection.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"

static const char enter_sql[] = "SELECT set_config('role', $1, true), "
                                "set_config('search_path', $2 || ', pg_temp', true)";
static const struct db_stmt enter_stmt = {"enter", enter_sql};

enum status tenant_tx_begin(struct db *db, bool read_only, struct tenant_tx **ret)
{
    if (db->tx.open) {
        abort(); /* a second transaction on one connection is a programming error */
    }
    if (db->conn != NULL && clock_monotonic_ms() - db->connected_at_ms > CONNECTION_AGE_MS_MAX) {
        db_disconnect(db);
    }
    enum status status = db_connect(db);
    if (status != OK) {
        return status;
    }
    db->tx = (struct tenant_tx){.db = db, .open = true, .read_only = read_only};
    *ret = &db->tx;
    return OK;
}

enum status tenant_tx_enter(struct tenant_tx *tx, const struct tenant_id *tenant)
{
    struct tenant_id checked;
    if (tx->failed != OK) {
        return tx->failed;
    }
    if (!tenant_id_parse(bytes_text(tenant->text), &checked)) {
        return STATUS_INVALID;
    }
    if (!tenant_is_known(tx->db, &checked)) {
        enum status status = tenant_open(tx->db, &checked);
        if (status != OK) {
            return status;
        }
    }
    tx->tenant = checked;
    return OK;
}

enum status tenant_tx_leave(struct tenant_tx *tx)
{
    tx->tenant = (struct tenant_id){""};
    return tx->failed;
}

const struct tenant_id *tenant_tx_tenant(const struct tenant_tx *tx)
{
    return &tx->tenant;
}

const char *tenant_tx_service(const struct tenant_tx *tx)
{
    return tx->db->service;
}

struct db *tenant_tx_db(struct tenant_tx *tx)
{
    return tx->db;
}

/* The statement itself, prepared first where it is new; room is made on the server for it. */
static bool send_statement(struct db *db, const struct db_stmt *stmt,
                           const struct tenant_id *tenant, const struct encoded *params)
{
    bool is_new;
    char evicted[STATEMENT_NAME_SIZE], sql[32];
    struct statement *statement =
        statements_take(db->statements, stmt, tenant, params, &is_new, evicted);
    if (evicted[0] != '\0') {
        snprintf(sql, sizeof sql, "DEALLOCATE %s", evicted);
        if (!pipeline_command(db, STEP_DEALLOCATE, sql, NULL)) {
            return false;
        }
    }
    if (is_new && !pipeline_prepare(db, statement, statement_name(statement), stmt->sql, params)) {
        return false;
    }
    return pipeline_execute(db, statement, statement_name(statement), params);
}

static bool send_begin(struct tenant_tx *tx)
{
    struct db *db = tx->db;
    if (db->leaked) {
        /* Outside of the transaction, so that a rollback cannot bring it into doubt. */
        statements_clear(db->statements);
        db->leaked = false;
        if (!pipeline_command(db, STEP_DEALLOCATE, "DEALLOCATE ALL", NULL) ||
            pipeline_sync(db, NULL) != OK) {
            return false;
        }
    }
    tx->begun = true;
    return pipeline_command(db, STEP_COMMAND,
                            tx->read_only ? "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY"
                                          : "BEGIN ISOLATION LEVEL READ COMMITTED",
                            NULL);
}

/* Walls 1 and 2: the role and the path of the wanted tenant, or of none. */
static bool send_tenant(struct tenant_tx *tx)
{
    static const struct tenant_id none = {""};
    char role[2 * TENANT_ID_SIZE + 8] = "none", path[TENANT_ID_SIZE + 8] = "wardroom";
    if (tx->tenant.text[0] != '\0') {
        snprintf(role, sizeof role, "%s_t_%s", tx->db->service, tx->tenant.text);
        snprintf(path, sizeof path, "t_%s", tx->tenant.text);
    }
    struct encoded params = {
        .count = 2,
        .types = {25, 25}, /* text */
        .values = {role, path},
        .lengths = {(int)strlen(role), (int)strlen(path)},
        .formats = {1, 1},
    };
    tx->sent = tx->tenant;
    if (!send_statement(tx->db, &enter_stmt, &none, &params)) {
        return false;
    }
    pipeline_is_enter(tx->db);
    return true;
}

static enum status send_all(struct tenant_tx *tx, const struct db_stmt *stmt,
                            const struct db_param *params, size_t param_count)
{
    struct encoded encoded;
    enum status status = OK;
    if (tx->db->step_count + STATEMENT_STEPS_MAX >= PIPELINE_STEPS_MAX) {
        status = pipeline_sync(tx->db, NULL);
    }
    if (status == OK) {
        status = params_encode(tx->db, params, param_count, &encoded);
    }
    if (status != OK) {
        return status;
    }
    bool sent = (tx->begun || send_begin(tx)) &&
                (tenant_id_equal(&tx->sent, &tx->tenant) || send_tenant(tx)) &&
                send_statement(tx->db, stmt, &tx->tenant, &encoded);
    return sent ? OK : STATUS_UNAVAILABLE;
}

/* Forget what was told to a server that is gone, so that it is told again. */
static void start_over(struct tenant_tx *tx)
{
    tx->begun = false;
    tx->sent = (struct tenant_id){""};
}

static enum status fail(struct tenant_tx *tx, enum status status)
{
    if (tx->failed == OK) {
        tx->failed = status;
    }
    /* The tenant may have gone with a restored database: ask again next time. */
    if (status == STATUS_INTERNAL && tx->tenant.text[0] != '\0') {
        tenant_forget(tx->db, &tx->tenant);
    }
    return status;
}

static enum status run_once(struct tenant_tx *tx, const struct db_stmt *stmt,
                            const struct db_param *params, size_t param_count, PGresult **ret)
{
    enum status status = send_all(tx, stmt, params, param_count);
    return status == OK ? pipeline_sync(tx->db, ret) : status;
}

enum status tenant_tx_run(struct tenant_tx *tx, const struct db_stmt *stmt,
                          const struct db_param *params, size_t param_count,
                          struct db_rows **ret_rows)
{
    if (tx->failed != OK) {
        return tx->failed;
    }
    PGresult *result = NULL;
    bool first = !tx->begun;
    enum status status = run_once(tx, stmt, params, param_count, &result);
    /* An idle connection may have been cut since its last use. Nothing of this transaction can
     * have been committed, so its first statement may be sent once more on a new one. */
    if (status == STATUS_UNAVAILABLE && first && tx->db->conn == NULL && db_connect(tx->db) == OK) {
        start_over(tx);
        status = run_once(tx, stmt, params, param_count, &result);
    }
    if (status != OK) {
        return fail(tx, status);
    }
    if (ret_rows == NULL) {
        PQclear(result);
        return OK;
    }
    *ret_rows = rows_new(tx, result);
    return *ret_rows != NULL ? OK : fail(tx, STATUS_RESOURCE_EXHAUSTED);
}

enum status tenant_tx_queue_expecting(struct tenant_tx *tx, const struct db_stmt *stmt,
                                      const struct db_param *params, size_t param_count,
                                      size_t rows)
{
    enum status status = tenant_tx_queue(tx, stmt, params, param_count);
    if (status == OK) {
        pipeline_expect(tx->db, (int64_t)rows);
    }
    return status;
}

enum status tenant_tx_queue(struct tenant_tx *tx, const struct db_stmt *stmt,
                            const struct db_param *params, size_t param_count)
{
    if (tx->failed != OK) {
        return tx->failed;
    }
    enum status status = send_all(tx, stmt, params, param_count);
    return status == OK ? OK : fail(tx, status);
}

static void end(struct tenant_tx *tx)
{
    rows_free_all(tx);
    struct db *db = tx->db;
    *tx = (struct tenant_tx){.db = db};
}

enum status tenant_tx_commit(struct tenant_tx *tx)
{
    struct db *db = tx->db;
    /* COMMIT must not be on its way before the last count is known. */
    if (tx->failed == OK && pipeline_expects(db)) {
        enum status status = pipeline_sync(db, NULL);
        if (status != OK) {
            tx->failed = status;
        }
    }
    if (tx->failed != OK || !tx->begun) {
        enum status failed = tx->failed;
        tenant_tx_rollback(tx);
        return failed;
    }
    PGresult *result = NULL;
    enum status status = pipeline_command(db, STEP_COMMAND, "COMMIT", NULL)
                             ? pipeline_sync(db, &result)
                             : STATUS_UNAVAILABLE;
    /* COMMIT of a failed transaction succeeds as a ROLLBACK. */
    if (status == OK && strcmp(PQcmdStatus(result), "COMMIT") != 0) {
        status = STATUS_INTERNAL;
    }
    PQclear(result);
    if (status != OK) {
        tenant_tx_rollback(tx);
    } else {
        end(tx);
    }
    return status;
}

void tenant_tx_rollback(struct tenant_tx *tx)
{
    if (tx == NULL) {
        return;
    }
    struct db *db = tx->db;
    /* Queued statements are answered first; what they say no longer matters. */
    if (db->conn != NULL && db->step_count > 0) {
        enum status ignored = pipeline_sync(db, NULL);
        (void)ignored;
    }
    if (db->conn != NULL && PQtransactionStatus(db->conn) != PQTRANS_IDLE &&
        (!pipeline_command(db, STEP_COMMAND, "ROLLBACK", NULL) || pipeline_sync(db, NULL) != OK)) {
        db_disconnect(db);
    }
    end(tx);
}
