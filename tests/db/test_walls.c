/* The walls between tenants, each with the other two switched off. Next: test_migrate.c */
#include "fixture.h"

#include <stdio.h>

static const struct db_stmt insert_here = {
    "insert_here", "INSERT INTO note (id)\nVALUES ($1)\nON CONFLICT DO NOTHING"};
static const struct db_stmt look_here = {"look_here", "SELECT count(*) FROM note"};

static int one_row_each(void **state)
{
    (void)state;
    struct db *db = open_runtime();
    struct tenant_tx *tx = begin_in(db, &alpha);
    assert_int_equal(TX_RUN(tx, &insert_here, NULL, DB_I64(1000001)), OK);
    assert_int_equal(tenant_tx_enter(tx, &beta), OK);
    assert_int_equal(TX_RUN(tx, &insert_here, NULL, DB_I64(2000002)), OK);
    assert_int_equal(tenant_tx_commit(tx), OK);
    db_close(db);
    return 0;
}

/* Only the path: as the superuser, who may read everything. */
static void test_wall_1_path_alone_shows_one_tenant(void **state)
{
    (void)state;
    static const struct db_stmt no_role = {"no_role", "SELECT set_config('role', 'none', true)"};
    static const struct db_stmt mine = {"mine", "SELECT count(*) FROM note WHERE id = 2000002"};
    static const struct db_stmt theirs = {"theirs", "SELECT count(*) FROM note WHERE id = 1000001"};
    struct db *db = open_admin();
    struct tenant_tx *tx = begin_in(db, &beta);
    assert_int_equal(tenant_tx_run(tx, &no_role, NULL, 0, NULL), OK);
    assert_int_equal(number_of(tx, &mine), 1);
    assert_int_equal(number_of(tx, &theirs), 0);
    tenant_tx_rollback(tx);
    db_close(db);
}

/* Only the role: the statement names the other tenant's schema. */
static void test_wall_2_role_alone_refuses_qualified_names(void **state)
{
    (void)state;
    static const struct db_stmt statements[] = {
        {"s1", "SELECT count(*) FROM t_alpha.note"},
        {"s2", "INSERT INTO t_alpha.note (id) VALUES (3)"},
        {"s3", "SELECT count(*) FROM t_alpha.tenant_key"},
        {"s4", "CREATE TABLE t_beta.own (id int)"},
        {"s5", "SELECT count(*) FROM wardroom.directory"},
        {"s6", "SELECT wardroom.tenant_open('gamma')"},
    };
    struct db *db = open_runtime();
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        assert_int_equal(run_alone(db, &beta, &statements[i]), STATUS_FORBIDDEN);
    }
    db_close(db);
}

static void test_runtime_without_a_tenant_reads_no_tenant(void **state)
{
    (void)state;
    static const struct db_stmt qualified = {"qualified", "SELECT count(*) FROM t_alpha.note"};
    static const struct db_stmt global = {"global", "SELECT count(*) FROM directory"};
    static const struct db_stmt migrations = {"m", "DELETE FROM wardroom.migration"};
    struct db *db = open_runtime();
    assert_int_equal(run_alone(db, NULL, &qualified), STATUS_FORBIDDEN);
    assert_int_equal(run_alone(db, NULL, &migrations), STATUS_FORBIDDEN);
    assert_int_equal(run_alone(db, NULL, &global), OK);
    db_close(db);
}

static void test_messages_cannot_be_changed(void **state)
{
    (void)state;
    static const struct db_stmt statements[] = {
        {"s1", "UPDATE t_alpha.message SET id = 2"},
        {"s2", "DELETE FROM t_alpha.message"},
        {"s3", "TRUNCATE t_alpha.message"},
        {"s4", "DROP TABLE t_alpha.message"},
        {"s5", "ALTER TABLE t_alpha.message ADD COLUMN x int"},
        {"s6", "ALTER TABLE t_alpha.message DISABLE TRIGGER ALL"},
    };
    struct db *db = open_runtime();
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        assert_int_equal(run_alone(db, &alpha, &statements[i]), STATUS_FORBIDDEN);
        assert_int_equal(run_alone(db, NULL, &statements[i]), STATUS_FORBIDDEN);
    }
    db_close(db);
}

static void test_row_of_another_tenant_fails_the_check(void **state)
{
    (void)state;
    static const struct db_stmt foreign = {"foreign",
                                           "INSERT INTO note (tenant_id, id) VALUES ('alpha', 77)"};
    struct db *db = open_runtime();
    assert_int_equal(run_alone(db, &beta, &foreign), STATUS_INTERNAL);
    assert_memory_equal(db_last_error(db), "23514 ", 6);
    db_close(db);
}

/* Only the seal: alpha's bytes are in beta's hands, with and without alpha's key. */
static void test_wall_3_seal_alone_keeps_a_value_to_its_place(void **state)
{
    (void)state;
    struct keyring ring = {.count = 1, .keys = {{.id = 1, .bytes = {7}}}};
    struct tenant_keys *keys = tenant_keys_new(&ring);
    struct db *db = open_runtime();
    struct tenant_tx *tx = begin_in(db, &alpha);
    const struct key *got;
    assert_int_equal(tenant_keys_get(keys, tx, &got), OK);
    struct key alpha_key = *got;
    struct sealed_place place = {"note", "sealed", bytes_text("1")};
    struct sealed_place elsewhere[] = {{"note", "sealed", bytes_text("2")},
                                       {"note", "other", bytes_text("1")},
                                       {"page", "sealed", bytes_text("1")}};
    struct buf sealed = {0}, plain = {0};
    assert_int_equal(sealed_put(tx, &alpha_key, place, bytes_text("secret"), &sealed), OK);
    assert_int_equal(sealed_get(tx, &alpha_key, place, buf_bytes(&sealed), &plain), OK);
    assert_true(bytes_equal(buf_bytes(&plain), bytes_text("secret")));
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(sealed_get(tx, &alpha_key, elsewhere[i], buf_bytes(&sealed), &plain),
                         STATUS_CORRUPT);
    }
    assert_int_equal(tenant_tx_enter(tx, &beta), OK);
    assert_int_equal(tenant_keys_get(keys, tx, &got), OK);
    assert_memory_not_equal(got->bytes, alpha_key.bytes, KEY_SIZE);
    assert_int_equal(sealed_get(tx, got, place, buf_bytes(&sealed), &plain), STATUS_CORRUPT);
    assert_int_equal(sealed_get(tx, &alpha_key, place, buf_bytes(&sealed), &plain), STATUS_CORRUPT);
    tenant_tx_rollback(tx);
    buf_fini(&sealed);
    buf_fini(&plain);
    tenant_keys_free(keys);
    db_close(db);
}

static void test_data_key_outlives_a_rollback_and_a_reader_can_make_it(void **state)
{
    (void)state;
    struct keyring ring = {.count = 1, .keys = {{.id = 1, .bytes = {7}}}};
    struct keyring other = {.count = 1, .keys = {{.id = 1, .bytes = {8}}}};
    const struct tenant_id fresh = {"fresh_keys"};
    struct tenant_keys *first = tenant_keys_new(&ring), *second = tenant_keys_new(&ring);
    struct tenant_keys *wrong = tenant_keys_new(&other);
    struct db *db = open_runtime();
    struct tenant_tx *tx;
    const struct key *got;
    assert_int_equal(tenant_tx_begin(db, true, &tx), OK);
    assert_int_equal(tenant_tx_enter(tx, &fresh), OK);
    assert_int_equal(tenant_keys_get(first, tx, &got), OK);
    struct key made = *got;
    tenant_tx_rollback(tx);
    tx = begin_in(db, &fresh);
    assert_int_equal(tenant_keys_get(second, tx, &got), OK);
    assert_memory_equal(got, &made, sizeof made);
    assert_int_equal(tenant_keys_get(wrong, tx, &got), STATUS_CORRUPT);
    tenant_tx_rollback(tx);
    tenant_keys_free(first);
    tenant_keys_free(second);
    tenant_keys_free(wrong);
    db_close(db);
}

static int64_t backend_of(struct db *db, const struct tenant_id *tenant)
{
    static const struct db_stmt backend = {"backend", "SELECT pg_backend_pid()::bigint"};
    struct tenant_tx *tx = begin_in(db, tenant);
    int64_t pid = number_of(tx, &backend);
    tenant_tx_rollback(tx);
    return pid;
}

/* The admin takes the runtime login's right to become beta's role, or gives it back. */
static void change_grant(const char *words, const char *direction)
{
    char sql[256];
    struct db *admin = open_admin();
    snprintf(sql, sizeof sql, "%s %s_t_beta %s %s_runtime", words, base.service, direction,
             base.service);
    const struct db_stmt stmt = {words, sql};
    assert_int_equal(run_alone(admin, NULL, &stmt), OK);
    db_close(admin);
}

/* What a stale list of roles looks like from here; a refusal would be told to somebody who may. */
static void test_a_backend_that_may_not_enter_a_tenant_is_replaced(void **state)
{
    (void)state;
    struct db *db = open_runtime();
    int64_t before = backend_of(db, &beta);
    change_grant("REVOKE", "FROM");
    assert_int_equal(run_alone(db, &beta, &look_here), STATUS_UNAVAILABLE);
    assert_non_null(strstr(db_last_error(db), "permission denied to set role"));
    assert_true(db_take_old_roles(db));
    assert_false(db_take_old_roles(db));
    change_grant("GRANT", "TO");
    assert_int_not_equal(backend_of(db, &beta), before);
    db_close(db);
}

int run_wall_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wall_1_path_alone_shows_one_tenant),
        cmocka_unit_test(test_wall_2_role_alone_refuses_qualified_names),
        cmocka_unit_test(test_runtime_without_a_tenant_reads_no_tenant),
        cmocka_unit_test(test_messages_cannot_be_changed),
        cmocka_unit_test(test_row_of_another_tenant_fails_the_check),
        cmocka_unit_test(test_wall_3_seal_alone_keeps_a_value_to_its_place),
        cmocka_unit_test(test_data_key_outlives_a_rollback_and_a_reader_can_make_it),
        cmocka_unit_test(test_a_backend_that_may_not_enter_a_tenant_is_replaced),
    };
    return cmocka_run_group_tests_name("walls", tests, one_row_each, NULL);
}
