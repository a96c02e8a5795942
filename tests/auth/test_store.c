/* The store against a real PostgreSQL, a second tenant's rows always beside. */
#include "store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "support/database.h"

static struct test_database base;
static struct keyring ring = {.count = 1, .keys = {{.id = 1, .bytes = {1, 2, 3}}}};
static struct store store;
static struct db *db, *other_db;
static const struct tenant_id acme = {"acme"}, globex = {"globex"};

static struct tenant_tx *begin_on(struct db *on, const struct tenant_id *tenant)
{
    struct tenant_tx *tx;
    assert_int_equal(tenant_tx_begin(on, false, &tx), OK);
    if (tenant != NULL && tenant_tx_enter(tx, tenant) != OK) {
        fail_msg("%s: %s", tenant->text, db_last_error(on));
    }
    return tx;
}

static struct tenant_tx *begin(const struct tenant_id *tenant)
{
    return begin_on(db, tenant);
}

static void commit(struct tenant_tx *tx)
{
    assert_int_equal(tenant_tx_commit(tx), OK);
}

static struct account new_account(const char *username)
{
    struct account account = {.id.u = uuid_new(), .role = ROLE_ANALYST, .created_us = 1000};
    snprintf(account.username, sizeof account.username, "%s", username);
    snprintf(account.name, sizeof account.name, "Person %s", username);
    snprintf(account.password, sizeof account.password, "$hash of %s", username);
    return account;
}

/* One account of `tenant`, committed. */
static struct account add_account(const struct tenant_id *tenant, const char *username)
{
    struct account account = new_account(username);
    struct tenant_tx *tx = begin(tenant);
    assert_int_equal(account_add(&store, tx, &account), OK);
    commit(tx);
    return account;
}

static int open_all(void **state)
{
    (void)state;
    assert_int_equal(db_migrate(base.migrator, "auth", schema_files), OK);
    assert_int_equal(db_open(base.runtime, "auth", &db), OK);
    assert_int_equal(db_open(base.runtime, "auth", &other_db), OK);
    assert_int_equal(db_check_version(db, schema_files), OK);
    store = (struct store){.ring = &ring, .keys = tenant_keys_new(&ring)};
    assert_non_null(store.keys);
    add_account(&globex, "of-globex");
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    tenant_keys_free(store.keys);
    db_close(db);
    db_close(other_db);
    return 0;
}

static void test_a_user_name_leads_home_and_is_given_once(void **state)
{
    (void)state;
    struct home home = {.tenant = acme, .user.u = uuid_new(), .region = "default"}, found;
    struct tenant_tx *tx = begin(NULL);
    assert_int_equal(directory_find(&store, tx, "amara", &found), STATUS_NOT_FOUND);
    assert_int_equal(directory_add(&store, tx, "amara", &home), OK);
    home.tenant = globex;
    assert_int_equal(directory_add(&store, tx, "amara", &home), STATUS_CONFLICT);
    assert_int_equal(directory_find(&store, tx, "amara", &found), OK);
    assert_string_equal(found.tenant.text, "acme");
    assert_string_equal(found.region, "default");
    assert_true(uuid_equal(&found.user.u, &home.user.u));
    commit(tx);
}

static void test_a_user_name_is_found_after_a_rotation_of_the_key(void **state)
{
    (void)state;
    struct keyring rotated = {.count = 2};
    struct home home = {.tenant = acme, .user.u = uuid_new(), .region = "default"}, found;
    rotated.keys[0] = (struct key){.id = 2, .bytes = {9}};
    rotated.keys[1] = ring.keys[0];
    struct store later = {.ring = &rotated, .keys = store.keys};
    struct tenant_tx *tx = begin(NULL);
    assert_int_equal(directory_add(&store, tx, "before", &home), OK);
    assert_int_equal(directory_find(&later, tx, "before", &found), OK);
    assert_int_equal(directory_add(&later, tx, "before", &home), STATUS_CONFLICT);
    home.user.u = uuid_new();
    assert_int_equal(directory_add(&later, tx, "after", &home), OK);
    assert_int_equal(directory_find(&later, tx, "after", &found), OK);
    assert_int_equal(directory_find(&store, tx, "after", &found), STATUS_NOT_FOUND);
    commit(tx);
}

static void test_tenants_are_registered_once_and_listed_in_order(void **state)
{
    (void)state;
    struct tenant tenant = {.id = {"zeta"},
                            .name = "Zeta AG",
                            .region = "default",
                            .state = TENANT_ACTIVE,
                            .created_us = 77};
    struct tenant found, list[3];
    size_t count;
    struct tenant_tx *tx = begin(NULL);
    assert_int_equal(registry_find(&store, tx, &tenant.id, &found), STATUS_NOT_FOUND);
    assert_int_equal(registry_add(&store, tx, &tenant), OK);
    assert_int_equal(registry_add(&store, tx, &tenant), STATUS_CONFLICT);
    snprintf(tenant.id.text, sizeof tenant.id.text, "yota");
    assert_int_equal(registry_add(&store, tx, &tenant), OK);
    assert_int_equal(registry_find(&store, tx, &(struct tenant_id){"zeta"}, &found), OK);
    assert_string_equal(found.name, "Zeta AG");
    assert_int_equal(found.state, TENANT_ACTIVE);
    assert_int_equal(found.created_us, 77);
    assert_int_equal(registry_list(&store, tx, bytes_text("yo"), list, 3, &count), OK);
    assert_int_equal(count, 2);
    assert_string_equal(list[0].id.text, "yota");
    assert_string_equal(list[1].id.text, "zeta");
    assert_int_equal(registry_list(&store, tx, bytes_text("yota"), list, 1, &count), OK);
    assert_int_equal(count, 1);
    assert_string_equal(list[0].id.text, "zeta");
    commit(tx);
}

static void test_an_account_comes_back_as_it_was_stored(void **state)
{
    (void)state;
    struct account account = add_account(&acme, "comes.back"), found;
    struct tenant_tx *tx = begin(&acme);
    assert_int_equal(account_find(&store, tx, &account.id, &found), OK);
    assert_string_equal(found.username, "comes.back");
    assert_string_equal(found.name, "Person comes.back");
    assert_string_equal(found.password, "$hash of comes.back");
    assert_int_equal(found.role, ROLE_ANALYST);
    assert_false(found.disabled);
    assert_int_equal(found.created_us, 1000);
    commit(tx);
}

static void test_an_account_of_another_tenant_is_not_found(void **state)
{
    (void)state;
    struct account account = add_account(&acme, "only.acme"), found;
    struct tenant_tx *tx = begin(&globex);
    assert_int_equal(account_find(&store, tx, &account.id, &found), STATUS_NOT_FOUND);
    commit(tx);
}

static void test_a_list_goes_on_where_it_stopped_and_stays_in_its_tenant(void **state)
{
    (void)state;
    static const struct tenant_id initech = {"initech"};
    struct account first = add_account(&initech, "first"), second = add_account(&initech, "second");
    struct account list[4];
    struct user_id none = {0};
    size_t count;
    struct tenant_tx *tx = begin(&initech);
    assert_int_equal(account_list(&store, tx, &none, list, 1, &count), OK);
    assert_int_equal(count, 1);
    assert_true(uuid_equal(&list[0].id.u, &first.id.u));
    assert_int_equal(account_list(&store, tx, &first.id, list, 4, &count), OK);
    assert_int_equal(count, 1);
    assert_true(uuid_equal(&list[0].id.u, &second.id.u));
    assert_string_equal(list[0].password, "");
    commit(tx);
}

static struct session add_session(const struct account *account)
{
    struct session session = {.id.u = uuid_new(),
                              .user = account->id,
                              .refresh_hash = {7},
                              .created_us = 1,
                              .expires_us = 2};
    struct tenant_tx *tx = begin(&acme);
    assert_int_equal(session_add(tx, &session), OK);
    commit(tx);
    return session;
}

static void test_a_disabled_account_begins_no_session(void **state)
{
    (void)state;
    struct account account = add_account(&acme, "disabled"), found;
    struct session session = {.id.u = uuid_new(), .user = account.id, .expires_us = 2};
    struct tenant_tx *tx = begin(&acme);
    assert_int_equal(account_set_disabled(tx, &account.id, true), OK);
    assert_int_equal(session_add(tx, &session), STATUS_CONFLICT);
    assert_int_equal(account_find(&store, tx, &account.id, &found), OK);
    assert_true(found.disabled);
    assert_int_equal(account_set_disabled(tx, &account.id, false), OK);
    assert_int_equal(session_add(tx, &session), OK);
    commit(tx);
    tx = begin(&globex);
    assert_int_equal(session_add(tx, &session), STATUS_CONFLICT); /* not an account there */
    commit(tx);
}

static void test_the_sessions_of_a_user_end_and_the_fresh_ones_are_named(void **state)
{
    (void)state;
    struct account account = add_account(&acme, "leaves"), other = add_account(&acme, "stays");
    struct session old = add_session(&account), kept = add_session(&other), found;
    struct session fresh = {.id.u = uuid_new(), .user = account.id, .expires_us = 1000};
    struct arena *arena = arena_new(4096);
    struct uuid *named;
    size_t count;
    struct tenant_tx *tx = begin(&acme);
    assert_int_equal(session_add(tx, &fresh), OK);
    assert_int_equal(session_end_of_user(tx, &account.id, 77, 1000, arena, &named, &count), OK);
    assert_int_equal(count, 1);
    assert_true(uuid_equal(&named[0], &fresh.id.u));
    assert_int_equal(session_find(tx, &old.id, &found), OK);
    assert_int_equal(found.ended_us, 77);
    assert_int_equal(session_find(tx, &kept.id, &found), OK);
    assert_int_equal(found.ended_us, 0);
    assert_int_equal(session_end_of_user(tx, &account.id, 88, 0, arena, &named, &count), OK);
    assert_int_equal(count, 0);
    commit(tx);
    arena_free(arena);
}

static void test_a_session_rotates_once_per_token(void **state)
{
    (void)state;
    struct account account = add_account(&acme, "rotates");
    struct session session = add_session(&account), next = session, found;
    next.refresh_hash[0] = 8;
    next.expires_us = 3;
    struct tenant_tx *tx = begin(&acme);
    assert_int_equal(session_rotate(tx, &session, &next), OK);
    assert_int_equal(session_rotate(tx, &session, &next), STATUS_CONFLICT);
    assert_int_equal(session_find(tx, &session.id, &found), OK);
    assert_int_equal(found.refresh_hash[0], 8);
    assert_int_equal(found.expires_us, 3);
    assert_int_equal(found.ended_us, 0);
    commit(tx);
}

static void test_an_ended_session_does_not_rotate(void **state)
{
    (void)state;
    struct account account = add_account(&acme, "ends");
    struct session session = add_session(&account), found;
    struct tenant_tx *tx = begin(&acme);
    assert_int_equal(session_end(tx, &session.id, 55), OK);
    assert_int_equal(session_end(tx, &session.id, 66), OK);
    assert_int_equal(session_rotate(tx, &session, &session), STATUS_CONFLICT);
    assert_int_equal(session_find(tx, &session.id, &found), OK);
    assert_int_equal(found.ended_us, 55);
    commit(tx);
    tx = begin(&globex);
    assert_int_equal(session_find(tx, &session.id, &found), STATUS_NOT_FOUND);
    commit(tx);
}

#define REVOCATIONS 8

static void add_revocation(struct tenant_tx *tx, struct revocation *ret, int64_t at_us)
{
    *ret = (struct revocation){.session.u = uuid_new(), .user.u = uuid_new()};
    assert_int_equal(revocation_add(tx, ret, at_us, 0), OK);
}

/* Poll once; how often `wanted` is in the answer. */
static int poll_for(const struct revocation *wanted, int64_t *cursor, size_t max, size_t *ret_count)
{
    struct revocation found[REVOCATIONS];
    struct tenant_tx *tx = begin(NULL);
    int times = 0;
    assert_int_equal(revocation_since(tx, *cursor, 100, found, max, ret_count, cursor), OK);
    for (size_t i = 0; i < *ret_count; i++) {
        times += uuid_equal(&found[i].session.u, &wanted->session.u);
        assert_false(uuid_is_zero(&found[i].user.u));
    }
    commit(tx);
    return times;
}

static void test_a_revocation_that_commits_late_is_not_passed_over(void **state)
{
    (void)state;
    struct revocation late, early;
    int64_t cursor = 0;
    size_t count;
    /* `late` takes its place first, and commits after a reader has seen `early`. */
    struct tenant_tx *slow = begin_on(other_db, NULL);
    add_revocation(slow, &late, 200);
    struct tenant_tx *tx = begin(NULL);
    add_revocation(tx, &early, 300);
    commit(tx);
    assert_int_equal(poll_for(&early, &cursor, REVOCATIONS, &count), 1);
    assert_int_equal(poll_for(&late, &cursor, REVOCATIONS, &count), 0);
    commit(slow);
    assert_int_equal(poll_for(&late, &cursor, REVOCATIONS, &count), 1);
    /* And once nothing is in flight, nothing is told twice. */
    assert_int_equal(poll_for(&late, &cursor, REVOCATIONS, &count), 0);
    assert_int_equal(count, 0);
}

static void test_more_revocations_than_fit_come_page_by_page(void **state)
{
    (void)state;
    struct revocation revocations[5];
    int64_t cursor = 0;
    size_t count, seen = 0;
    for (size_t i = 0; i < 5; i++) {
        struct tenant_tx *tx = begin(NULL);
        add_revocation(tx, &revocations[i], 400);
        commit(tx);
    }
    for (int page = 0; page < 10 && seen == 0; page++) {
        seen = (size_t)poll_for(&revocations[4], &cursor, 2, &count);
    }
    assert_int_equal(seen, 1);
}

static void test_a_cursor_of_another_cluster_starts_over(void **state)
{
    (void)state;
    struct revocation revocation;
    int64_t cursor = INT64_MAX;
    size_t count;
    struct tenant_tx *tx = begin(NULL);
    add_revocation(tx, &revocation, 500);
    commit(tx);
    assert_int_equal(poll_for(&revocation, &cursor, REVOCATIONS, &count), 1);
    assert_true(cursor < INT64_MAX);
}

static void test_old_revocations_are_not_told_and_then_dropped(void **state)
{
    (void)state;
    struct revocation old, fresh;
    int64_t cursor = 0;
    size_t count;
    struct tenant_tx *tx = begin(NULL);
    add_revocation(tx, &old, 99);
    commit(tx);
    assert_int_equal(poll_for(&old, &cursor, REVOCATIONS, &count), 0);
    tx = begin(NULL);
    fresh = (struct revocation){.session.u = uuid_new(), .user.u = uuid_new()};
    assert_int_equal(revocation_add(tx, &fresh, 1000, 1000), OK);
    assert_int_equal(revocation_add(tx, &fresh, 1000, 1000), OK); /* again is harmless */
    commit(tx);
    cursor = 0;
    assert_int_equal(poll_for(&fresh, &cursor, REVOCATIONS, &count), 1);
    assert_int_equal(count, 1);
}

static void test_the_runtime_login_cannot_change_what_auth_never_changes(void **state)
{
    (void)state;
    static const struct db_stmt forbidden[] = {
        {"w1", "UPDATE directory SET region = 'x'"},
        {"w2", "DELETE FROM directory"},
        {"w3", "UPDATE registry SET region = 'x'"},
        {"w4", "DELETE FROM registry"},
        {"w5", "TRUNCATE revocation"},
        {"w6", "DROP TABLE registry"},
    };
    static const struct db_stmt forbidden_in_tenant[] = {
        {"t1", "UPDATE account SET role = 3"},
        {"t2", "DELETE FROM account"},
        {"t3", "DELETE FROM session"},
        {"t4", "UPDATE session SET user_id = session_id"},
        {"t5", "SELECT name_index FROM wardroom.directory"},
    };
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++) {
        struct tenant_tx *tx = begin(NULL);
        assert_int_equal(tenant_tx_run(tx, &forbidden[i], NULL, 0, NULL), STATUS_FORBIDDEN);
        tenant_tx_rollback(tx);
    }
    for (size_t i = 0; i < sizeof forbidden_in_tenant / sizeof forbidden_in_tenant[0]; i++) {
        struct tenant_tx *tx = begin(&acme);
        assert_int_equal(tenant_tx_run(tx, &forbidden_in_tenant[i], NULL, 0, NULL),
                         STATUS_FORBIDDEN);
        tenant_tx_rollback(tx);
    }
}

static void test_a_row_moved_to_another_account_does_not_open(void **state)
{
    (void)state;
    static const struct db_stmt swap = {"swap", "UPDATE t_acme.account a\n"
                                                "   SET password_sealed = b.password_sealed\n"
                                                "  FROM t_acme.account b\n"
                                                " WHERE a.user_id = $1 AND b.user_id = $2"};
    struct account victim = add_account(&acme, "victim"), thief = add_account(&acme, "thief");
    struct account found;
    struct db *admin;
    assert_int_equal(db_open(base.admin, "auth", &admin), OK);
    struct tenant_tx *tx = begin_on(admin, NULL);
    assert_int_equal(TX_RUN(tx, &swap, NULL, DB_UUID(&victim.id.u), DB_UUID(&thief.id.u)), OK);
    commit(tx);
    db_close(admin);
    tx = begin(&acme);
    assert_int_equal(account_find(&store, tx, &victim.id, &found), STATUS_CORRUPT);
    tenant_tx_rollback(tx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_user_name_leads_home_and_is_given_once),
        cmocka_unit_test(test_a_user_name_is_found_after_a_rotation_of_the_key),
        cmocka_unit_test(test_tenants_are_registered_once_and_listed_in_order),
        cmocka_unit_test(test_an_account_comes_back_as_it_was_stored),
        cmocka_unit_test(test_an_account_of_another_tenant_is_not_found),
        cmocka_unit_test(test_a_list_goes_on_where_it_stopped_and_stays_in_its_tenant),
        cmocka_unit_test(test_a_disabled_account_begins_no_session),
        cmocka_unit_test(test_the_sessions_of_a_user_end_and_the_fresh_ones_are_named),
        cmocka_unit_test(test_a_session_rotates_once_per_token),
        cmocka_unit_test(test_an_ended_session_does_not_rotate),
        cmocka_unit_test(test_a_revocation_that_commits_late_is_not_passed_over),
        cmocka_unit_test(test_more_revocations_than_fit_come_page_by_page),
        cmocka_unit_test(test_a_cursor_of_another_cluster_starts_over),
        cmocka_unit_test(test_old_revocations_are_not_told_and_then_dropped),
        cmocka_unit_test(test_the_runtime_login_cannot_change_what_auth_never_changes),
        cmocka_unit_test(test_a_row_moved_to_another_account_does_not_open),
    };
    if (!test_database_find("auth", &base)) {
        return 0;
    }
    return cmocka_run_group_tests_name("auth store", tests, open_all, close_all);
}
