/* The store against a real PostgreSQL, a second tenant's rows always beside. Next: test_service.c
 */
#include "store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "support/database.h"

static struct test_database base;
static struct db *db;
static struct tenant_id acme, globex; /* names of this run */
static const struct user_id admin_user = {{{1}}};
static const struct policy theirs = {.messages_days = 7, .files_days = 8, .schedule = "1 1 1 1 1"};

static struct tenant_tx *begin(const struct tenant_id *tenant)
{
    struct tenant_tx *tx;
    assert_int_equal(tenant_tx_begin(db, false, &tx), OK);
    if (tenant_tx_enter(tx, tenant) != OK) {
        fail_msg("%s: %s", tenant->text, db_last_error(db));
    }
    return tx;
}

static int open_all(void **state)
{
    (void)state;
    assert_int_equal(db_migrate(base.migrator, "retention", schema_files), OK);
    assert_int_equal(db_open(base.runtime, "retention", &db), OK);
    acme = test_tenant_new("acme");
    globex = test_tenant_new("globex");
    struct tenant_tx *tx = begin(&globex);
    assert_int_equal(policy_set(tx, &theirs, 1000, &admin_user), OK);
    return tenant_tx_commit(tx) != OK;
}

static int close_all(void **state)
{
    (void)state;
    db_close(db);
    return 0;
}

static void assert_policy_equal(const struct policy *a, const struct policy *b)
{
    assert_int_equal(a->messages_days, b->messages_days);
    assert_int_equal(a->files_days, b->files_days);
    assert_int_equal(a->closed_threads_only, b->closed_threads_only);
    assert_string_equal(a->schedule, b->schedule);
}

static void test_a_tenant_without_a_policy_has_none(void **state)
{
    (void)state;
    const struct tenant_id fresh = test_tenant_new("fresh");
    struct policy got;
    struct tenant_tx *tx = begin(&fresh);
    assert_int_equal(policy_find(tx, &got), STATUS_NOT_FOUND);
    tenant_tx_rollback(tx);
}

static void test_the_last_policy_set_counts_and_is_the_tenants_own(void **state)
{
    (void)state;
    struct policy first = {
        .messages_days = 36500, .closed_threads_only = true, .schedule = "0 3 * * *"};
    struct policy second = {.files_days = 30, .schedule = "*/5 * * * *"}, got;
    struct tenant_tx *tx = begin(&acme);
    assert_int_equal(policy_set(tx, &first, 1000, &admin_user), OK);
    assert_int_equal(policy_find(tx, &got), OK);
    assert_policy_equal(&got, &first);
    assert_int_equal(policy_set(tx, &second, 2000, &admin_user), OK);
    assert_int_equal(policy_find(tx, &got), OK);
    assert_policy_equal(&got, &second);
    assert_int_equal(tenant_tx_enter(tx, &globex), OK);
    assert_int_equal(policy_find(tx, &got), OK);
    assert_policy_equal(&got, &theirs);
    assert_int_equal(tenant_tx_commit(tx), OK);
}

static void test_a_policy_cannot_be_removed(void **state)
{
    (void)state;
    static const struct db_stmt statements[] = {
        {"s1", "DELETE FROM policy"}, {"s2", "TRUNCATE policy"}, {"s3", "DROP TABLE policy"}};
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        struct tenant_tx *tx = begin(&globex);
        assert_int_equal(tenant_tx_run(tx, &statements[i], NULL, 0, NULL), STATUS_FORBIDDEN);
        tenant_tx_rollback(tx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_tenant_without_a_policy_has_none),
        cmocka_unit_test(test_the_last_policy_set_counts_and_is_the_tenants_own),
        cmocka_unit_test(test_a_policy_cannot_be_removed),
    };
    if (!test_database_find("retention", &base)) {
        return 0;
    }
    return cmocka_run_group_tests_name("retention store", tests, open_all, close_all);
}
