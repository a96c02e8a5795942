/* Running migrations, and asking whether they have run. Next: tenant_key.h
 *
 * Uses a plain connection of its own, without the pipeline and without a statement time-out.
 */
#include "db/migrate.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/cleanup.h"
#include "db/connection.h"

/* lib/db/schema, compiled in. */
extern const struct schema_file db_base_files[];

struct migration_run {
    PGconn *conn;
    const char *service;
};

static void finish(struct migration_run *run)
{
    PQfinish(run->conn);
}

/* The number in front of the name; 0 when there is none. */
static int version_of(const struct schema_file *file)
{
    return atoi(file->name);
}

static bool is_tenant_file(const struct schema_file *file)
{
    return strncmp(file->sql, "-- scope: tenant", 16) == 0;
}

/* Run and take the result; NULL and a line for the person at the terminal when it failed. */
static PGresult *query(struct migration_run *run, const char *sql, int count,
                       const char *const *values)
{
    PGresult *result = count > 0 ? PQexecParams(run->conn, sql, count, NULL, values, NULL, NULL, 0)
                                 : PQexec(run->conn, sql);
    ExecStatusType kind = PQresultStatus(result);
    if (kind == PGRES_COMMAND_OK || kind == PGRES_TUPLES_OK) {
        return result;
    }
    fprintf(stderr, "%s: %s", run->service, PQresultErrorMessage(result));
    PQclear(result);
    return NULL;
}

static enum status execute(struct migration_run *run, const char *sql, int count,
                           const char *const *values)
{
    PGresult *result = query(run, sql, count, values);
    PQclear(result);
    return result != NULL ? OK : STATUS_INTERNAL;
}

/* A copy of `text` with every `from` replaced. */
static void replace_all(const char *text, const char *from, const char *to, struct buf *out)
{
    for (const char *at; (at = strstr(text, from)) != NULL; text = at + strlen(from)) {
        buf_append(out, text, (size_t)(at - text));
        buf_text(out, to);
    }
    buf_text(out, text);
    buf_u8(out, 0);
}

static enum status run_base(struct migration_run *run)
{
    enum status status = OK;
    for (const struct schema_file *file = db_base_files; file->name != NULL && status == OK;
         file++) {
        CLEANUP(buf_fini) struct buf sql = {0};
        replace_all(file->sql, "@SERVICE@", run->service, &sql);
        status =
            sql.failed ? STATUS_RESOURCE_EXHAUSTED : execute(run, (const char *)sql.data, 0, NULL);
    }
    return status;
}

static enum status is_applied(struct migration_run *run, const char *version, bool *ret)
{
    PGresult *result = query(run, "SELECT FROM wardroom.migration WHERE version = $1::integer", 1,
                             (const char *const[]){version});
    *ret = result != NULL && PQntuples(result) > 0;
    PQclear(result);
    return result != NULL ? OK : STATUS_INTERNAL;
}

/* One file in one transaction: run it, or keep it for the tenants. */
static enum status run_file(struct migration_run *run, const struct schema_file *file)
{
    char version[16];
    bool applied;
    snprintf(version, sizeof version, "%d", version_of(file));
    enum status status = is_applied(run, version, &applied);
    if (status != OK || applied) {
        return status;
    }
    status = execute(run, "BEGIN", 0, NULL);
    if (status == OK && is_tenant_file(file)) {
        status = execute(run,
                         "INSERT INTO wardroom.tenant_migration (version, name, sql) "
                         "VALUES ($1::integer, $2, $3)",
                         3, (const char *const[]){version, file->name, file->sql});
    } else if (status == OK) {
        status = execute(run, file->sql, 0, NULL);
    }
    if (status == OK) {
        status =
            execute(run, "INSERT INTO wardroom.migration (version, name) VALUES ($1::integer, $2)",
                    2, (const char *const[]){version, file->name});
    }
    if (status == OK) {
        status = execute(run, "COMMIT", 0, NULL);
    }
    printf("%s: %s %s\n", run->service, file->name, status == OK ? "done" : "FAILED");
    return status;
}

static enum status run_tenants(struct migration_run *run)
{
    PGresult *tenants = query(run,
                              "SELECT tenant_id FROM wardroom.tenant WHERE version < "
                              "(SELECT coalesce(max(version), 0) FROM wardroom.tenant_migration) "
                              "ORDER BY tenant_id",
                              0, NULL);
    enum status status = tenants != NULL ? OK : STATUS_INTERNAL;
    for (int i = 0; status == OK && i < PQntuples(tenants); i++) {
        const char *tenant = PQgetvalue(tenants, i, 0);
        status = execute(run, "SELECT wardroom.tenant_open($1)", 1, &tenant);
        printf("%s: tenant %s %s\n", run->service, tenant, status == OK ? "done" : "FAILED");
    }
    PQclear(tenants);
    return status;
}

/* Files are in order, each with a number of its own and a scope. */
static enum status check_files(const char *service, const struct schema_file *files)
{
    int last = 0;
    for (const struct schema_file *file = files; file->name != NULL; file++) {
        bool scoped = is_tenant_file(file) || strncmp(file->sql, "-- scope: database", 18) == 0;
        if (version_of(file) <= last || !scoped) {
            fprintf(stderr, "%s: %s: bad number, or no scope in its first line\n", service,
                    file->name);
            return STATUS_INVALID;
        }
        last = version_of(file);
    }
    return OK;
}

enum status db_migrate(const char *conninfo, const char *service, const struct schema_file *files)
{
    struct tenant_id name; /* a service's name has the form of a tenant's */
    if (!tenant_id_parse(bytes_text(service), &name)) {
        return STATUS_INVALID;
    }
    enum status status = check_files(service, files);
    if (status != OK) {
        return status;
    }
    const char *const names[] = {"fallback_application_name", "connect_timeout", "dbname", NULL};
    const char *const values[] = {"wardroom-migrate", "5", conninfo, NULL};
    CLEANUP(finish) struct migration_run run = {PQconnectdbParams(names, values, 1), service};
    if (PQstatus(run.conn) != CONNECTION_OK) {
        fprintf(stderr, "%s: %s", service, PQerrorMessage(run.conn));
        return STATUS_UNAVAILABLE;
    }
    char owner[TENANT_ID_SIZE + 8];
    snprintf(owner, sizeof owner, "%s_owner", name.text);
    /* The lock is the session's: it goes with the connection. */
    status = execute(&run,
                     "SELECT set_config('client_min_messages', 'warning', false), "
                     "set_config('role', $1, false), "
                     "set_config('search_path', 'wardroom, pg_temp', false), "
                     "pg_advisory_lock(hashtext('wardroom.migrate'))",
                     1, (const char *const[]){owner});
    if (status == OK) {
        status = run_base(&run);
    }
    for (const struct schema_file *file = files; status == OK && file->name != NULL; file++) {
        status = run_file(&run, file);
    }
    return status == OK ? run_tenants(&run) : status;
}

enum status db_check_version(struct db *db, const struct schema_file *files)
{
    static const struct db_stmt newest = {
        "schema_version", "SELECT coalesce(max(version), 0) FROM wardroom.migration"};
    int64_t known = 0, have = -1;
    for (const struct schema_file *file = files; file->name != NULL; file++) {
        known = version_of(file);
    }
    struct tenant_tx *tx;
    struct db_rows *rows;
    enum status status = tenant_tx_begin(db, true, &tx);
    if (status != OK) {
        return status;
    }
    status = tenant_tx_run(tx, &newest, NULL, 0, &rows);
    if (status == OK) {
        have = db_i64(rows, 0, 0);
    }
    tenant_tx_rollback(tx);
    if (status == STATUS_UNAVAILABLE) {
        return status;
    }
    /* No such table, or no right to it: nothing has ever been migrated here. */
    return have == known ? OK : STATUS_CONFLICT;
}
