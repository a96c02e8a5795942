/* The only SQL of retention. Next: handlers.c */
#include "store.h"

static const struct db_stmt policy_find_stmt = {
    "policy_find", "SELECT messages_days, files_days, closed_threads_only, schedule\n"
                   "  FROM policy"};
static const struct db_stmt policy_set_stmt = {
    "policy_set",
    "INSERT INTO policy (messages_days, files_days, closed_threads_only, schedule, changed_us,\n"
    "                    changed_by)\n"
    "VALUES ($1, $2, $3, $4, $5, $6)\n"
    "ON CONFLICT (tenant_id) DO UPDATE\n"
    "   SET messages_days = EXCLUDED.messages_days, files_days = EXCLUDED.files_days,\n"
    "       closed_threads_only = EXCLUDED.closed_threads_only, schedule = EXCLUDED.schedule,\n"
    "       changed_us = EXCLUDED.changed_us, changed_by = EXCLUDED.changed_by"};

static enum status policy_read(const struct db_rows *rows, struct policy *ret)
{
    struct bytes schedule = db_bytes(rows, 0, 3);
    struct policy policy = {.messages_days = (uint32_t)db_i64(rows, 0, 0),
                            .files_days = (uint32_t)db_i64(rows, 0, 1),
                            .closed_threads_only = db_i64(rows, 0, 2) != 0};
    if (schedule.len > SCHEDULE_BYTES_MAX) {
        return STATUS_CORRUPT;
    }
    memcpy(policy.schedule, schedule.data, schedule.len);
    *ret = policy;
    return OK;
}

enum status policy_find(struct tenant_tx *tx, struct policy *ret)
{
    struct db_rows *rows;
    enum status status = tenant_tx_run(tx, &policy_find_stmt, NULL, 0, &rows);
    if (status != OK) {
        return status;
    }
    status = db_rows_count(rows) > 0 ? policy_read(rows, ret) : STATUS_NOT_FOUND;
    db_rows_free(rows);
    return status;
}

enum status policy_set(struct tenant_tx *tx, const struct policy *policy, int64_t at_us,
                       const struct user_id *by)
{
    return TX_RUN(tx, &policy_set_stmt, NULL, DB_I32(policy->messages_days),
                  DB_I32(policy->files_days), DB_BOOL(policy->closed_threads_only),
                  DB_TEXT(bytes_text(policy->schedule)), DB_I64(at_us), DB_UUID(&by->u));
}
