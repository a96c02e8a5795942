/* Opening, losing and regaining a connection, and what SQLSTATE means. Next: pipeline.c */
#include "db/connection.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"

static uint64_t fnv1a(const char *text)
{
    uint64_t hash = 14695981039346656037u;
    for (; *text != '\0'; text++) {
        hash = (hash ^ (uint8_t)*text) * 1099511628211u;
    }
    return hash;
}

enum status db_open(const char *conninfo, const char *service, struct db **ret)
{
    struct db *db = calloc(1, sizeof *db);
    struct tenant_id name;
    if (db == NULL || !tenant_id_parse(bytes_text(service), &name)) {
        free(db);
        return STATUS_INVALID;
    }
    memcpy(db->service, name.text, sizeof db->service);
    db->conninfo = strdup(conninfo);
    db->statements = statements_new();
    if (db->conninfo == NULL || db->statements == NULL) {
        db_close(db);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    db->database_hash = fnv1a(conninfo);
    /* All parameters of one statement: BATCH_CALLS_MAX contents of CONTENT_BYTES_MAX, and change.
     */
    db->params.max = (size_t)BATCH_CALLS_MAX * CONTENT_BYTES_MAX + 16 * 1024 * 1024;
    *ret = db;
    return db_connect(db);
}

void db_close(struct db *db)
{
    if (db == NULL) {
        return;
    }
    tenant_tx_rollback(db->tx.open ? &db->tx : NULL);
    db_disconnect(db);
    statements_free(db->statements);
    buf_fini(&db->params);
    free(db->conninfo);
    free(db);
}

void db_note_error(struct db *db, const char *sqlstate, const char *text)
{
    size_t len = strcspn(text, "\n");
    snprintf(db->error, sizeof db->error, "%s %.*s", sqlstate != NULL ? sqlstate : "-----",
             (int)(len < 400 ? len : 400), text);
}

const char *db_last_error(const struct db *db)
{
    return db->error;
}

void db_disconnect(struct db *db)
{
    if (db->conn != NULL) {
        PQfinish(db->conn);
        db->conn = NULL;
    }
    statements_clear(db->statements);
    db->step_count = 0;
    db->leaked = false;
}

/* Settings of every session. Wall 1 starts closed: without a tenant only the service's own tables
 * can be named. Statements are planned once, for planning anew costs a small batch more than its
 * work; so a plan must be right for a table that grows, and busy tables are in memory: an index is
 * preferred early. jit never pays here. */
static const char session_sql[] = "SELECT set_config('search_path', 'wardroom, pg_temp', false), "
                                  "set_config('statement_timeout', $1, false), "
                                  "set_config('idle_in_transaction_session_timeout', $2, false), "
                                  "set_config('client_min_messages', 'warning', false), "
                                  "set_config('plan_cache_mode', 'force_generic_plan', false), "
                                  "set_config('random_page_cost', '1.1', false), "
                                  "set_config('jit', 'off', false)";

static enum status session_settings(struct db *db)
{
    char statement_ms[16], idle_ms[16];
    snprintf(statement_ms, sizeof statement_ms, "%d", STATEMENT_TIMEOUT_MS);
    snprintf(idle_ms, sizeof idle_ms, "%d", 4 * STATEMENT_TIMEOUT_MS);
    struct encoded params = {.count = 2, .values = {statement_ms, idle_ms}};
    bool sent = pipeline_command(db, STEP_COMMAND, session_sql, &params);
    return sent ? pipeline_sync(db, NULL) : STATUS_UNAVAILABLE;
}

enum status db_connect(struct db *db)
{
    if (db->conn != NULL) {
        return OK;
    }
    int64_t now_ms = clock_monotonic_ms();
    if (now_ms < db->retry_at_ms) {
        return STATUS_UNAVAILABLE;
    }
    char program[64];
    snprintf(program, sizeof program, "wardroom-%s", db->service);
    /* What comes later in the list wins, so the conninfo may say otherwise. */
    const char *const names[] = {"fallback_application_name", "connect_timeout", "dbname", NULL};
    const char *const values[] = {program, "3", db->conninfo, NULL};
    PGconn *conn = PQconnectdbParams(names, values, 1);
    if (conn == NULL || PQstatus(conn) != CONNECTION_OK || PQsetnonblocking(conn, 1) != 0 ||
        PQenterPipelineMode(conn) != 1) {
        db_note_error(db, NULL, conn != NULL ? PQerrorMessage(conn) : "out of memory");
        PQfinish(conn);
        db->retry_at_ms = clock_monotonic_ms() + RECONNECT_WAIT_MS;
        return STATUS_UNAVAILABLE;
    }
    db->conn = conn;
    db->connected_at_ms = now_ms;
    enum status status = session_settings(db);
    if (status != OK) {
        db_disconnect(db);
        db->retry_at_ms = clock_monotonic_ms() + RECONNECT_WAIT_MS;
        return STATUS_UNAVAILABLE;
    }
    return OK;
}

bool db_take_old_roles(struct db *db)
{
    bool had = db->had_old_roles;
    db->had_old_roles = false;
    return had;
}

enum status db_ping(struct db *db)
{
    if (db->tx.open) {
        return db->conn != NULL ? OK : STATUS_UNAVAILABLE;
    }
    bool had_connection = db->conn != NULL;
    for (int attempt = 0; attempt < 2; attempt++) {
        enum status status = db_connect(db);
        if (status != OK) {
            return status;
        }
        if (pipeline_command(db, STEP_COMMAND, "SELECT 1", NULL) && pipeline_sync(db, NULL) == OK) {
            return OK;
        }
        if (!had_connection) {
            break;
        }
    }
    return STATUS_UNAVAILABLE;
}
