/* A scratch database, one libpq connection per worker thread, batches until the time is over.
 *
 * The wall that keeps libpq inside lib/db is for the suite; this program is outside of it and
 * speaks to PostgreSQL as a stranger would.
 *
 * Next: insert_rows.h */
#include "insert.h"

#include "clock.h"
#include "fault.h"
#include "insert_rows.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCRATCH_DATABASE "wardroom_bench_scratch"
#define SUITE_DATABASE   "wardroom_threads"
#define CONNECTIONS_MAX  2

/* What a body of 100 bytes with its salt and its seal comes to, when no post was seen. */
#define SEALED_BYTES_DEFAULT 300

static void ignore_notice(void *context, const char *words)
{
    (void)context;
    (void)words;
}

static PGconn *connect_to(const char *url, const char *database)
{
    const char *const names[] = {"dbname", "dbname", NULL};
    const char *const values[] = {url, database, NULL};
    PGconn *connection = PQconnectdbParams(names, values, 1);
    PQsetNoticeProcessor(connection, ignore_notice, NULL);
    if (PQstatus(connection) == CONNECTION_OK)
        return connection;
    fault_set("PostgreSQL: %s", PQerrorMessage(connection));
    PQfinish(connection);
    return NULL;
}

static bool execute(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
           fault_set("PostgreSQL: %s", PQerrorMessage(connection));
}

static bool ask(PGconn *connection, const char *sql, char *ret_text, size_t size)
{
    PGresult *result = PQexec(connection, sql);
    bool is_ok = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;
    if (is_ok)
        snprintf(ret_text, size, "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    return is_ok || fault_set("PostgreSQL: %s", PQerrorMessage(connection));
}

/* The schema of the suite is read to find its message table, and nothing else of it is touched. */
static const char find_messages_sql[] =
    "SELECT format('SELECT coalesce(round(avg(octet_length(sealed))), 0) FROM (SELECT sealed FROM "
    "%I.%I WHERE client_id IS NOT NULL LIMIT 1000) AS few', s.table_schema, s.table_name) "
    "FROM information_schema.columns AS s "
    "JOIN information_schema.columns AS c USING (table_schema, table_name) "
    "WHERE s.column_name = 'sealed' AND c.column_name = 'client_id' "
    "AND s.table_schema LIKE 't\\_bench%' "
    "ORDER BY 1 LIMIT 1";

/* 0 when the suite holds no posts of a bench tenant. */
static unsigned sealed_bytes_seen(const char *url)
{
    char sql[512];
    char bytes[32] = "0";
    PGconn *connection = connect_to(url, SUITE_DATABASE);
    if (connection && ask(connection, find_messages_sql, sql, sizeof(sql)))
        ask(connection, sql, bytes, sizeof(bytes));
    PQfinish(connection);
    return (unsigned)strtoul(bytes, NULL, 10);
}

/* Run one statement on the server's own database: CREATE and DROP DATABASE cannot be elsewhere. */
static bool execute_outside(const char *url, const char *sql)
{
    PGconn *connection = connect_to(url, NULL);
    bool is_ok = connection && execute(connection, sql);
    PQfinish(connection);
    return is_ok;
}

struct worker {
    pthread_t thread;
    PGconn *connection;
    struct row_batch batch;
    atomic_bool *must_stop;
    uint64_t rows;
    bool has_failed;
    char why[256];
};

static bool batch_send(struct worker *worker)
{
    static const int formats[ROW_COLUMNS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    row_batch_advance(&worker->batch);
    PGresult *result = PQexecPrepared(worker->connection, "batch", ROW_COLUMNS,
                                      (const char *const *)worker->batch.arrays,
                                      worker->batch.lengths, formats, 1);
    bool is_ok = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    if (is_ok)
        worker->rows += ROWS_PER_BATCH;
    else
        snprintf(worker->why, sizeof(worker->why), "%s", PQerrorMessage(worker->connection));
    return is_ok;
}

static void *worker_run(void *argument)
{
    struct worker *worker = argument;
    while (!worker->has_failed && !atomic_load(worker->must_stop))
        worker->has_failed = !batch_send(worker);
    return NULL;
}

static bool worker_prepare(struct worker *worker, const char *url, unsigned number,
                           unsigned sealed_bytes, atomic_bool *must_stop)
{
    worker->must_stop = must_stop;
    worker->connection = connect_to(url, SCRATCH_DATABASE);
    if (!worker->connection || !row_batch_init(&worker->batch, number, sealed_bytes) ||
        !execute(worker->connection, "SET synchronous_commit = on"))
        return false;
    PGresult *result = PQprepare(worker->connection, "batch", insert_rows_statement_sql, 0, NULL);
    bool is_ok = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    return is_ok || fault_set("PostgreSQL: %s", PQerrorMessage(worker->connection));
}

static double postgres_cpu_us(const struct procs *procs)
{
    struct cpu cpu;
    if (!procs || !procs_cpu(procs, &cpu))
        return 0;
    for (unsigned i = 0; i < procs->group_count; i++)
        if (strncmp(procs->groups[i].name, "postgres", 8) == 0)
            return cpu.us[i];
    return 0;
}

/* All workers run while this thread sleeps. */
static bool workers_run(struct worker *workers, struct insert_result *result, double seconds,
                        const struct procs *procs, atomic_bool *must_stop)
{
    double begin_cpu_us = postgres_cpu_us(procs);
    uint64_t begin_ns = clock_now_ns();
    unsigned started = 0;
    while (started < result->connections &&
           pthread_create(&workers[started].thread, NULL, worker_run, &workers[started]) == 0)
        started++;
    clock_sleep_ns((uint64_t)(seconds * (double)NS_PER_S));
    atomic_store(must_stop, true);
    for (unsigned i = 0; i < started; i++) {
        pthread_join(workers[i].thread, NULL);
        result->rows += workers[i].rows;
    }
    result->seconds = (double)(clock_now_ns() - begin_ns) / (double)NS_PER_S;
    result->rows_per_s = (double)result->rows / result->seconds;
    double used_us = postgres_cpu_us(procs) - begin_cpu_us;
    result->has_cpu = procs != NULL && begin_cpu_us > 0 && result->rows > 0;
    if (result->has_cpu)
        result->server_us_per_row = used_us / (double)result->rows;
    for (unsigned i = 0; i < started; i++)
        if (workers[i].has_failed)
            return fault_set("PostgreSQL: %s", workers[i].why);
    return started == result->connections || fault_set("a worker could not be started");
}

/* The server must hold what it confirmed, at the durability that is claimed. */
static bool server_check(PGconn *connection, struct insert_result *result)
{
    char rows[32] = "";
    if (!ask(connection, "SELECT count(*) FROM messages", rows, sizeof(rows)) ||
        !ask(connection, "SHOW synchronous_commit", result->synchronous_commit,
             sizeof(result->synchronous_commit)) ||
        !ask(connection, "SHOW fsync", result->fsync, sizeof(result->fsync)))
        return false;
    if (strtoull(rows, NULL, 10) != result->rows)
        return fault_set("%s rows stored of %llu", rows, (unsigned long long)result->rows);
    return (strcmp(result->fsync, "on") == 0 && strcmp(result->synchronous_commit, "on") == 0) ||
           fault_set("fsync or synchronous_commit is off: this is no ceiling for durable rows");
}

static bool measure(const char *url, struct insert_result *result, double seconds,
                    const struct procs *procs)
{
    static struct worker workers[CONNECTIONS_MAX];
    atomic_bool must_stop = false;
    memset(workers, 0, sizeof(workers));
    bool is_ok = true;
    for (unsigned i = 0; i < result->connections && is_ok; i++) {
        is_ok = worker_prepare(&workers[i], url, i, result->sealed_bytes, &must_stop);
        if (is_ok && i == 0)
            is_ok = execute(workers[0].connection, "CHECKPOINT");
    }
    is_ok = is_ok && workers_run(workers, result, seconds, procs, &must_stop) &&
            server_check(workers[0].connection, result);
    for (unsigned i = 0; i < result->connections; i++) {
        PQfinish(workers[i].connection);
        row_batch_free(&workers[i].batch);
    }
    return is_ok;
}

static bool scratch_create(const char *url)
{
    if (!execute_outside(url, "DROP DATABASE IF EXISTS " SCRATCH_DATABASE) ||
        !execute_outside(url, "CREATE DATABASE " SCRATCH_DATABASE))
        return false;
    PGconn *connection = connect_to(url, SCRATCH_DATABASE);
    bool is_ok = connection && execute(connection, insert_rows_table_sql);
    PQfinish(connection);
    return is_ok;
}

void insert_run(const char *url, unsigned connections, unsigned sealed_bytes, double seconds,
                const struct procs *procs, struct insert_result *ret_result)
{
    struct insert_result result = {.connections = connections < CONNECTIONS_MAX ? connections
                                                                                : CONNECTIONS_MAX,
                                   .sealed_bytes = sealed_bytes};
    if (url && result.sealed_bytes == 0)
        result.sealed_bytes = sealed_bytes_seen(url);
    if (result.sealed_bytes == 0)
        result.sealed_bytes = SEALED_BYTES_DEFAULT;
    if (!url)
        fault_set("no superuser URL of PostgreSQL was given (--pg)");
    result.is_valid = url && scratch_create(url) && measure(url, &result, seconds, procs);
    if (!result.is_valid)
        snprintf(result.why, sizeof(result.why), "%s", fault_text());
    if (url)
        execute_outside(url, "DROP DATABASE IF EXISTS " SCRATCH_DATABASE);
    *ret_result = result;
}
