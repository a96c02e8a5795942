/* Migrations, versions and tenants opened by several at once. */
#include "fixture.h"

#include <pthread.h>
#include <stdio.h>

#define RACERS 8

static const struct schema_file newer_files[] = {{"0001_create_notes", "-- scope: tenant\n"},
                                                 {"0002_create_directory", "-- scope: database\n"},
                                                 {"0003_create_pages",
                                                  "-- scope: tenant\n"
                                                  "CREATE TABLE page (id bigint PRIMARY KEY);\n"
                                                  "GRANT SELECT ON page TO @ROLE@;\n"},
                                                 {0}};

static void test_migrating_twice_is_harmless(void **state)
{
    (void)state;
    struct db *db = open_runtime();
    assert_int_equal(db_migrate(base.migrator, base.service, base_files), OK);
    assert_int_equal(db_check_version(db, base_files), OK);
    db_close(db);
}

static void test_runtime_login_cannot_migrate(void **state)
{
    (void)state;
    assert_int_not_equal(db_migrate(base.runtime, base.service, base_files), OK);
}

static void test_files_without_scope_or_order_are_refused(void **state)
{
    (void)state;
    const struct schema_file no_scope[] = {{"0001_x", "CREATE TABLE x ();"}, {0}};
    const struct schema_file same_number[] = {
        {"0001_x", "-- scope: tenant\n"}, {"0001_y", "-- scope: tenant\n"}, {0}};
    assert_int_equal(db_migrate(base.migrator, base.service, no_scope), STATUS_INVALID);
    assert_int_equal(db_migrate(base.migrator, base.service, same_number), STATUS_INVALID);
}

static void test_new_migration_reaches_old_and_new_tenants(void **state)
{
    (void)state;
    static const struct db_stmt pages = {"pages", "SELECT count(*) FROM page"};
    struct db *db = open_runtime();
    assert_int_equal(run_alone(db, &alpha, &pages), STATUS_INTERNAL);
    assert_int_equal(db_check_version(db, newer_files), STATUS_CONFLICT);
    assert_int_equal(db_migrate(base.migrator, base.service, newer_files), OK);
    assert_int_equal(db_check_version(db, newer_files), OK);
    assert_int_equal(db_check_version(db, base_files), STATUS_CONFLICT);
    assert_int_equal(run_alone(db, &alpha, &pages), OK);
    assert_int_equal(run_alone(db, &(struct tenant_id){"later"}, &pages), OK);
    db_close(db);
}

struct racer {
    pthread_t thread;
    unsigned number;
    enum status status;
    struct key key;
};
static pthread_barrier_t start_line;
static const struct keyring ring = {.count = 1, .keys = {{.id = 1, .bytes = {7}}}};

/* Each has another conninfo, so that none profits from what this process knows already. */
static void *open_and_count(void *data)
{
    static const struct db_stmt count = {"count", "SELECT count(*) FROM note"};
    struct racer *racer = data;
    char conninfo[600];
    snprintf(conninfo, sizeof conninfo, "%s application_name=racer%u", base.runtime, racer->number);
    struct db *db = NULL;
    struct tenant_tx *tx;
    const struct key *key;
    struct tenant_keys *keys = tenant_keys_new(&ring);
    racer->status = db_open(conninfo, base.service, &db);
    pthread_barrier_wait(&start_line);
    if (racer->status == OK) {
        racer->status = run_alone(db, &(struct tenant_id){"contested"}, &count);
    }
    if (racer->status == OK && tenant_tx_begin(db, false, &tx) == OK) {
        racer->status = tenant_tx_enter(tx, &(struct tenant_id){"contested"});
        if (racer->status == OK) {
            racer->status = tenant_keys_get(keys, tx, &key);
        }
        if (racer->status == OK) {
            racer->key = *key;
        }
        tenant_tx_rollback(tx);
    }
    tenant_keys_free(keys);
    db_close(db);
    return NULL;
}

static void test_eight_open_one_tenant_at_once(void **state)
{
    (void)state;
    struct racer racers[RACERS] = {0};
    pthread_barrier_init(&start_line, NULL, RACERS);
    for (unsigned i = 0; i < RACERS; i++) {
        racers[i].number = i;
        pthread_create(&racers[i].thread, NULL, open_and_count, &racers[i]);
    }
    for (unsigned i = 0; i < RACERS; i++) {
        pthread_join(racers[i].thread, NULL);
        assert_int_equal(racers[i].status, OK);
        assert_memory_equal(&racers[i].key, &racers[0].key, sizeof racers[0].key);
    }
    pthread_barrier_destroy(&start_line);
}

int run_migrate_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_migrating_twice_is_harmless),
        cmocka_unit_test(test_runtime_login_cannot_migrate),
        cmocka_unit_test(test_files_without_scope_or_order_are_refused),
        cmocka_unit_test(test_new_migration_reaches_old_and_new_tenants),
        cmocka_unit_test(test_eight_open_one_tenant_at_once),
    };
    return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
