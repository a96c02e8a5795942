/* Commands out, results in: libpq's pipeline with a deadline of our own. Next: transaction.c
 *
 * Traps met here (platform-notes): results are awaited without blocking while output is flushed, or
 * both sides may wait for each other; reading stops at a lost connection and at two NULLs, not only
 * at the Sync; after an error everything up to the Sync is reported as aborted.
 */
#include "db/connection.h"

#include <poll.h>
#include <stdlib.h>

#include "core/clock.h"

/* SQLSTATE (PostgreSQL appendix A), by prefix. */
static const struct {
    const char *prefix;
    enum status status;
} sqlstates[] = {
    {"23505", STATUS_CONFLICT},    /* unique_violation */
    {"23P01", STATUS_CONFLICT},    /* exclusion_violation */
    {"42501", STATUS_FORBIDDEN},   /* insufficient_privilege */
    {"40", STATUS_UNAVAILABLE},    /* serialization, deadlock */
    {"53", STATUS_UNAVAILABLE},    /* insufficient resources */
    {"55P03", STATUS_UNAVAILABLE}, /* lock_not_available */
    {"57", STATUS_UNAVAILABLE},    /* operator intervention, statement time-out */
    {"08", STATUS_UNAVAILABLE},    /* connection exceptions */
    {"25P03", STATUS_UNAVAILABLE}, /* idle in transaction too long */
};

static enum status status_of_sqlstate(const char *sqlstate)
{
    for (size_t i = 0; i < sizeof sqlstates / sizeof sqlstates[0]; i++) {
        if (strncmp(sqlstate, sqlstates[i].prefix, strlen(sqlstates[i].prefix)) == 0) {
            return sqlstates[i].status;
        }
    }
    return STATUS_INTERNAL;
}

/* 57P01..57P05: this backend ends; 25P03 likewise. */
static bool backend_is_gone(const char *sqlstate)
{
    return strncmp(sqlstate, "57P", 3) == 0 || strcmp(sqlstate, "25P03") == 0;
}

static void step_add(struct db *db, enum step_kind kind, struct statement *statement)
{
    db->steps[db->step_count++] = (struct step){kind, statement, ANY_ROWS};
}

void pipeline_is_enter(struct db *db)
{
    db->steps[db->step_count - 1].kind = STEP_ENTER;
}

void pipeline_expect(struct db *db, int64_t rows)
{
    db->steps[db->step_count - 1].rows = rows;
}

bool pipeline_expects(const struct db *db)
{
    for (size_t i = 0; i < db->step_count; i++) {
        if (db->steps[i].rows != ANY_ROWS) {
            return true;
        }
    }
    return false;
}

static bool lost_on_send(struct db *db, int sent)
{
    if (sent != 1) {
        db_note_error(db, NULL, PQerrorMessage(db->conn));
        db_disconnect(db);
    }
    return sent == 1;
}

static bool has_room(struct db *db)
{
    return db->conn != NULL && db->step_count < PIPELINE_STEPS_MAX;
}

bool pipeline_command(struct db *db, enum step_kind kind, const char *sql,
                      const struct encoded *params)
{
    static const struct encoded none;
    const struct encoded *p = params != NULL ? params : &none;
    if (!has_room(db) ||
        !lost_on_send(db, PQsendQueryParams(db->conn, sql, p->count, p->types, p->values,
                                            p->lengths, p->formats, 1))) {
        return false;
    }
    step_add(db, kind, NULL);
    return true;
}

bool pipeline_prepare(struct db *db, struct statement *statement, const char *name, const char *sql,
                      const struct encoded *params)
{
    if (!has_room(db) ||
        !lost_on_send(db, PQsendPrepare(db->conn, name, sql, params->count, params->types))) {
        return false;
    }
    step_add(db, STEP_PREPARE, statement);
    return true;
}

bool pipeline_execute(struct db *db, struct statement *statement, const char *name,
                      const struct encoded *params)
{
    if (!has_room(db) ||
        !lost_on_send(db, PQsendQueryPrepared(db->conn, name, params->count, params->values,
                                              params->lengths, params->formats, 1))) {
        return false;
    }
    step_add(db, STEP_ROWS, statement);
    return true;
}

/* Flush and read until PQgetResult would not block. */
static bool await_answer(struct db *db, int64_t deadline_ms)
{
    int unsent = PQflush(db->conn);
    while (unsent >= 0 && (unsent > 0 || PQisBusy(db->conn))) {
        int64_t left_ms = deadline_ms - clock_monotonic_ms();
        struct pollfd fd = {.fd = PQsocket(db->conn),
                            .events = (short)(POLLIN | (unsent > 0 ? POLLOUT : 0))};
        if (left_ms <= 0 || poll(&fd, 1, (int)left_ms) == 0) {
            db_note_error(db, NULL, "no answer from the database in time");
            return false;
        }
        unsent = PQconsumeInput(db->conn) != 1 ? -1 : unsent > 0 ? PQflush(db->conn) : 0;
    }
    if (unsent < 0) {
        db_note_error(db, NULL, PQerrorMessage(db->conn));
    }
    return unsent >= 0;
}

static bool next_result(struct db *db, int64_t deadline_ms, PGresult **ret)
{
    if (!await_answer(db, deadline_ms)) {
        return false;
    }
    *ret = PQgetResult(db->conn);
    return true;
}

/* What one result says; ABORTED is nobody's own fault and never the first failure. */
static enum status judge(struct db *db, const PGresult *result, bool *ret_gone)
{
    ExecStatusType kind = PQresultStatus(result);
    if (kind == PGRES_COMMAND_OK || kind == PGRES_TUPLES_OK) {
        return OK;
    }
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (sqlstate == NULL) {
        *ret_gone = *ret_gone || PQstatus(db->conn) == CONNECTION_BAD;
        return kind == PGRES_PIPELINE_ABORTED ? STATUS_INTERNAL : STATUS_UNAVAILABLE;
    }
    *ret_gone = *ret_gone || backend_is_gone(sqlstate);
    return status_of_sqlstate(sqlstate);
}

static bool affected_as_expected(const struct step *step, PGresult *result)
{
    return step->rows == ANY_ROWS || strtoll(PQcmdTuples(result), NULL, 10) == step->rows;
}

static void step_settle(struct db *db, const struct step *step, enum status status)
{
    if (step->kind == STEP_PREPARE && status != OK) {
        statements_drop(db->statements, step->statement);
    }
    if (step->kind == STEP_DEALLOCATE && status != OK) {
        db->leaked = true;
    }
}

/* PostgreSQL 15 caches the roles of a login in each backend, and keeps for good a list that it was
 * reading while another backend granted one more: such a backend may not become the role of a
 * tenant that was made at that moment. A new backend may. */
static bool knows_old_roles(const struct step *step, enum status status)
{
    return step->kind == STEP_ENTER && status == STATUS_FORBIDDEN;
}

/* One step's result and the NULL after it. False: the connection is of no more use. */
static bool step_collect(struct db *db, const struct step *step, int64_t deadline_ms,
                         enum status *first, PGresult **ret)
{
    PGresult *result = NULL, *end = NULL;
    bool gone = false;
    if (!next_result(db, deadline_ms, &result) || result == NULL) {
        PQclear(result);
        return false;
    }
    enum status status = judge(db, result, &gone);
    if (status != OK && *first == OK) {
        *first = status;
        const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
        db_note_error(db, sqlstate, text != NULL ? text : PQresultErrorMessage(result));
    }
    step_settle(db, step, status);
    if (knows_old_roles(step, status)) {
        gone = db->had_old_roles = true;
    }
    if (status == OK && *first == OK && !affected_as_expected(step, result)) {
        *first = STATUS_CONFLICT;
        db_note_error(db, NULL, "a statement did not meet the rows it was made for");
    }
    *ret = result;
    return !gone && next_result(db, deadline_ms, &end) && end == NULL;
}

/* Every step and the Sync. False: the connection is of no more use. */
static bool collect_all(struct db *db, enum status *first, PGresult **ret_last)
{
    int64_t deadline_ms = clock_monotonic_ms() + ANSWER_TIMEOUT_MS;
    for (size_t i = 0; i < db->step_count; i++) {
        PQclear(*ret_last);
        *ret_last = NULL;
        if (!step_collect(db, &db->steps[i], deadline_ms, first, ret_last)) {
            return false;
        }
    }
    db->step_count = 0;
    PGresult *sync = NULL;
    bool in_step = next_result(db, deadline_ms, &sync) && sync != NULL &&
                   PQresultStatus(sync) == PGRES_PIPELINE_SYNC;
    PQclear(sync);
    return in_step;
}

enum status pipeline_sync(struct db *db, PGresult **ret_last)
{
    if (db->conn == NULL || !lost_on_send(db, PQpipelineSync(db->conn))) {
        return STATUS_UNAVAILABLE;
    }
    enum status status = OK;
    PGresult *last = NULL;
    if (!collect_all(db, &status, &last)) {
        db_disconnect(db);
        status = STATUS_UNAVAILABLE;
    }
    if (status == OK && ret_last != NULL) {
        *ret_last = last;
    } else {
        PQclear(last);
    }
    return status;
}
