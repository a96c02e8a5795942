/* Next: test_db.c */
#include "fixture.h"

struct test_database base;
const struct tenant_id alpha = {"alpha"}, beta = {"beta"};

const struct schema_file base_files[] = {
    {"0001_create_notes",
     "-- scope: tenant\n"
     "CREATE TABLE note (tenant_id text NOT NULL DEFAULT '@TENANT@'\n"
     "                   CHECK (tenant_id = '@TENANT@'),\n"
     "                   id bigint PRIMARY KEY, sealed bytea);\n"
     "GRANT SELECT, INSERT, UPDATE ON note TO @ROLE@;\n"
     "CREATE TABLE message (tenant_id text NOT NULL DEFAULT '@TENANT@', id bigint PRIMARY KEY);\n"
     "GRANT SELECT, INSERT ON message TO @ROLE@;\n"},
    {"0002_create_directory",
     "-- scope: database\n"
     "CREATE TABLE wardroom.directory (id bigint PRIMARY KEY);\n"
     "DO $$ BEGIN EXECUTE format('GRANT SELECT, INSERT ON wardroom.directory TO %I',\n"
     "    replace(current_user, '_owner', '_runtime')); END $$;\n"},
    {0}};

struct db *open_runtime(void)
{
    struct db *db;
    assert_int_equal(db_open(base.runtime, base.service, &db), OK);
    return db;
}

struct db *open_admin(void)
{
    struct db *db;
    assert_int_equal(db_open(base.admin, base.service, &db), OK);
    return db;
}

struct tenant_tx *begin_in(struct db *db, const struct tenant_id *tenant)
{
    struct tenant_tx *tx;
    assert_int_equal(tenant_tx_begin(db, false, &tx), OK);
    if (tenant_tx_enter(tx, tenant) != OK) {
        fail_msg("%s: %s", tenant->text, db_last_error(db));
    }
    return tx;
}

enum status run_alone(struct db *db, const struct tenant_id *tenant, const struct db_stmt *stmt)
{
    struct tenant_tx *tx;
    enum status status = tenant_tx_begin(db, false, &tx);
    if (status != OK) {
        return status;
    }
    if (tenant != NULL) {
        status = tenant_tx_enter(tx, tenant);
    }
    if (status == OK) {
        status = tenant_tx_run(tx, stmt, NULL, 0, NULL);
    }
    if (status == OK) {
        return tenant_tx_commit(tx);
    }
    tenant_tx_rollback(tx);
    return status;
}

int64_t number_of(struct tenant_tx *tx, const struct db_stmt *stmt)
{
    struct db_rows *rows;
    assert_int_equal(tenant_tx_run(tx, stmt, NULL, 0, &rows), OK);
    int64_t number = db_i64(rows, 0, 0);
    db_rows_free(rows);
    return number;
}
