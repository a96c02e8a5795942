/* The store against a real PostgreSQL, a second tenant's rows always beside. Next: main.c */
#include "store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "support/database.h"

static struct test_database base;
static struct keyring ring = {.count = 1, .keys = {{.id = 1, .bytes = {7, 8, 9}}}};
static struct tenant_keys *keys;
static struct db *db;
static struct tenant_id acme, globex; /* names of this run */

static struct tenant_tx *begin(const struct tenant_id *tenant)
{
    struct tenant_tx *tx;
    assert_int_equal(tenant_tx_begin(db, false, &tx), OK);
    if (tenant_tx_enter(tx, tenant) != OK) {
        fail_msg("%s: %s", tenant->text, db_last_error(db));
    }
    return tx;
}

static struct file add_one(const struct tenant_id *tenant, const char *name)
{
    struct file file = {.id.u = uuid_new(),
                        .thread.u = uuid_new(),
                        .uploader.u = uuid_new(),
                        .object = object_id_new(),
                        .size = 12,
                        .created_us = 1000};
    snprintf(file.name, sizeof file.name, "%s", name);
    snprintf(file.media_type, sizeof file.media_type, "text/plain");
    sha256(bytes_text(name), file.sha256);
    struct tenant_tx *tx = begin(tenant);
    assert_int_equal(file_add(keys, tx, &file, bytes_text("wrapped key")), OK);
    assert_int_equal(tenant_tx_commit(tx), OK);
    return file;
}

static int open_all(void **state)
{
    (void)state;
    assert_int_equal(db_migrate(base.migrator, "files", schema_files), OK);
    assert_int_equal(db_open(base.runtime, "files", &db), OK);
    keys = tenant_keys_new(&ring);
    assert_non_null(keys);
    acme = test_tenant_new("acme");
    globex = test_tenant_new("globex");
    add_one(&globex, "theirs");
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    tenant_keys_free(keys);
    db_close(db);
    return 0;
}

/* Change acme's tables behind the service's back. */
static void tamper(const struct db_stmt *stmt, const struct file_id *id)
{
    static const struct db_stmt no_role = {"no_role", "SELECT set_config('role', 'none', true)"};
    struct db *admin;
    struct tenant_tx *tx;
    assert_int_equal(db_open(base.admin, "files", &admin), OK);
    assert_int_equal(tenant_tx_begin(admin, false, &tx), OK);
    assert_int_equal(tenant_tx_enter(tx, &acme), OK);
    assert_int_equal(tenant_tx_run(tx, &no_role, NULL, 0, NULL), OK);
    assert_int_equal(TX_RUN(tx, stmt, NULL, DB_UUID(&id->u)), OK);
    assert_int_equal(tenant_tx_commit(tx), OK);
    db_close(admin);
}

static void test_a_file_comes_back_as_it_was_stored(void **state)
{
    (void)state;
    struct file file = add_one(&acme, "report \xc3\xbc.txt"), got;
    struct buf wrapped = {0};
    struct tenant_tx *tx = begin(&acme);
    assert_int_equal(file_find(keys, tx, &file.id, &got), OK);
    assert_true(uuid_equal(&got.thread.u, &file.thread.u));
    assert_true(uuid_equal(&got.uploader.u, &file.uploader.u));
    assert_memory_equal(got.object.b, file.object.b, sizeof file.object.b);
    assert_int_equal(got.size, 12);
    assert_int_equal(got.created_us, 1000);
    assert_string_equal(got.name, file.name);
    assert_string_equal(got.media_type, "text/plain");
    assert_memory_equal(got.sha256, file.sha256, SHA256_SIZE);
    assert_int_equal(file_key_find(keys, tx, &file.id, &wrapped), OK);
    assert_true(bytes_equal(buf_bytes(&wrapped), bytes_text("wrapped key")));
    tenant_tx_rollback(tx);
    buf_fini(&wrapped);
}

static void test_a_file_of_another_tenant_is_not_found(void **state)
{
    (void)state;
    struct file file = add_one(&acme, "ours"), got;
    struct buf wrapped = {0};
    struct tenant_tx *tx = begin(&globex);
    assert_int_equal(file_find(keys, tx, &file.id, &got), STATUS_NOT_FOUND);
    assert_int_equal(file_key_find(keys, tx, &file.id, &wrapped), STATUS_GONE);
    tenant_tx_rollback(tx);
}

static void test_a_file_whose_key_was_destroyed_is_gone(void **state)
{
    (void)state;
    static const struct db_stmt destroy = {"destroy", "DELETE FROM file_key WHERE file_id = $1"};
    struct file file = add_one(&acme, "erased"), got;
    struct buf wrapped = {0};
    tamper(&destroy, &file.id);
    struct tenant_tx *tx = begin(&acme);
    assert_int_equal(file_find(keys, tx, &file.id, &got), OK);
    assert_int_equal(file_key_find(keys, tx, &file.id, &wrapped), STATUS_GONE);
    tenant_tx_rollback(tx);
}

static void test_sealed_columns_of_another_place_do_not_open(void **state)
{
    (void)state;
    char theirs[256];
    snprintf(theirs, sizeof theirs,
             "UPDATE file SET name_sealed = (SELECT name_sealed FROM t_%s.file LIMIT 1)\n"
             " WHERE file_id = $1",
             globex.text);
    const struct db_stmt moves[] = {
        {"column", "UPDATE file SET name_sealed = media_type_sealed WHERE file_id = $1"},
        {"hash", "UPDATE file SET sha256_sealed = name_sealed WHERE file_id = $1"},
        {"row", "UPDATE file SET sha256_sealed = (SELECT sha256_sealed FROM file\n"
                "  WHERE file_id <> $1 LIMIT 1) WHERE file_id = $1"},
        {"tenant", theirs}};
    add_one(&acme, "another");
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        struct file victim = add_one(&acme, "a name as long as a hash is long"), got;
        tamper(&moves[i], &victim.id);
        struct tenant_tx *tx = begin(&acme);
        assert_int_equal(file_find(keys, tx, &victim.id, &got), STATUS_CORRUPT);
        tenant_tx_rollback(tx);
    }
}

static void test_the_runtime_login_cannot_change_or_remove_a_file(void **state)
{
    (void)state;
    static const struct db_stmt statements[] = {
        {"s1", "UPDATE file SET size = 1"}, {"s2", "DELETE FROM file"},
        {"s3", "TRUNCATE file CASCADE"},    {"s4", "UPDATE file_key SET wrapped_sealed = ''"},
        {"s5", "DELETE FROM file_key"},     {"s6", "DROP TABLE file_key"}};
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        struct tenant_tx *tx = begin(&globex);
        assert_int_equal(tenant_tx_run(tx, &statements[i], NULL, 0, NULL), STATUS_FORBIDDEN);
        tenant_tx_rollback(tx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_comes_back_as_it_was_stored),
        cmocka_unit_test(test_a_file_of_another_tenant_is_not_found),
        cmocka_unit_test(test_a_file_whose_key_was_destroyed_is_gone),
        cmocka_unit_test(test_sealed_columns_of_another_place_do_not_open),
        cmocka_unit_test(test_the_runtime_login_cannot_change_or_remove_a_file),
    };
    if (!test_database_find("files", &base)) {
        return 0;
    }
    return cmocka_run_group_tests_name("files store", tests, open_all, close_all);
}
