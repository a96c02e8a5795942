/* The store against a real PostgreSQL, a second tenant's rows always beside. Next: test_service.c
 */
#include "store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/limits.h"
#include "support/database.h"

static struct test_database base;
static struct keyring ring = {.count = 1, .keys = {{.id = 1, .bytes = {4, 5, 6}}}};
static struct tenant_keys *keys;
static struct db *db;
static struct arena *arena;
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

static void commit(struct tenant_tx *tx)
{
    assert_int_equal(tenant_tx_commit(tx), OK);
}

static enum status add(struct tenant_tx *tx, const char *name, struct bytes content,
                       const char *tag, struct template_id *ret_id)
{
    char *tags[] = {(char *)tag};
    struct template_new template = {.id.u = uuid_new(),
                                    .created_us = 1000,
                                    .created_by.u = uuid_new(),
                                    .name = bytes_text(name),
                                    .content = content,
                                    .tags = tags,
                                    .tag_count = tag != NULL};
    *ret_id = template.id;
    return template_add(keys, tx, &template);
}

static struct template_id add_one(const struct tenant_id *tenant, const char *name,
                                  const char *content, const char *tag)
{
    struct template_id id;
    struct tenant_tx *tx = begin(tenant);
    assert_int_equal(add(tx, name, bytes_text(content), tag, &id), OK);
    commit(tx);
    return id;
}

static int open_all(void **state)
{
    (void)state;
    assert_int_equal(db_migrate(base.migrator, "templates", schema_files), OK);
    assert_int_equal(db_open(base.runtime, "templates", &db), OK);
    keys = tenant_keys_new(&ring);
    arena = arena_new(REQUEST_ARENA_BYTES_MAX);
    assert_true(keys != NULL && arena != NULL);
    acme = test_tenant_new("acme");
    globex = test_tenant_new("globex");
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    tenant_keys_free(keys);
    db_close(db);
    arena_free(arena);
    return 0;
}

static void test_a_template_comes_back_as_it_was_stored(void **state)
{
    (void)state;
    struct template_version got;
    struct template_id id = add_one(&acme, "first", "{\"some\":\"content\"}", NULL);
    struct tenant_tx *tx = begin(&acme);
    assert_int_equal(template_find(keys, tx, &id, 0, arena, &got), OK);
    assert_true(bytes_equal(got.content, bytes_text("{\"some\":\"content\"}")));
    assert_int_equal(got.version, 1);
    assert_int_equal(got.created_us, 1000);
    assert_false(got.retired);
    assert_int_equal(template_find(keys, tx, &id, 1, arena, &got), OK);
    assert_int_equal(template_find(keys, tx, &id, 2, arena, &got), STATUS_NOT_FOUND);
    tenant_tx_rollback(tx);
}

static void test_a_template_of_another_tenant_is_not_found(void **state)
{
    (void)state;
    struct template_version got;
    struct template_id id = add_one(&globex, "theirs", "{}", NULL);
    struct tenant_tx *tx = begin(&acme);
    assert_int_equal(template_find(keys, tx, &id, 0, arena, &got), STATUS_NOT_FOUND);
    tenant_tx_rollback(tx);
}

static void test_a_name_is_given_once_per_tenant(void **state)
{
    (void)state;
    struct template_id id;
    struct template_version got;
    struct template_id first = add_one(&acme, "unique", "{}", NULL);
    add_one(&globex, "unique", "{}", NULL);
    struct tenant_tx *tx = begin(&acme);
    assert_int_equal(add(tx, "unique", bytes_text("{\"other\":1}"), NULL, &id), STATUS_CONFLICT);
    assert_int_equal(template_find(keys, tx, &id, 0, arena, &got), STATUS_NOT_FOUND);
    assert_int_equal(template_find(keys, tx, &first, 0, arena, &got), OK); /* it goes on */
    tenant_tx_rollback(tx);
}

static size_t list(struct tenant_tx *tx, struct template_query query, struct template_version *ret,
                   bool *ret_more)
{
    size_t count = 99;
    assert_int_equal(template_list(keys, tx, &query, arena, ret, &count, ret_more), OK);
    return count;
}

static void test_a_list_goes_on_where_it_stopped_and_stays_in_its_tenant(void **state)
{
    (void)state;
    const struct tenant_id tenant = test_tenant_new("listed");
    struct template_version page[LIST_ROWS_MAX];
    struct template_id ids[3];
    bool more = true;
    struct tenant_tx *tx = begin(&tenant);
    assert_int_equal(list(tx, (struct template_query){.limit = 2}, page, &more), 0);
    assert_false(more);
    commit(tx);
    for (int i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%d", i);
        ids[i] = add_one(&tenant, name, "{}", NULL);
    }
    tx = begin(&tenant);
    assert_int_equal(list(tx, (struct template_query){.limit = 2}, page, &more), 2);
    assert_true(more);
    assert_true(uuid_equal(&page[0].id.u, &ids[0].u));
    assert_true(uuid_equal(&page[1].id.u, &ids[1].u));
    struct template_query rest = {.limit = 2, .after = page[1].id};
    assert_int_equal(list(tx, rest, page, &more), 1);
    assert_false(more);
    assert_true(uuid_equal(&page[0].id.u, &ids[2].u));
    assert_int_equal(list(tx, (struct template_query){.limit = 3}, page, &more), 3);
    assert_false(more);
    tenant_tx_rollback(tx);
}

static void test_a_list_by_tag_has_those_of_that_tag(void **state)
{
    (void)state;
    const struct tenant_id tenant = test_tenant_new("tagged");
    struct template_version page[LIST_ROWS_MAX];
    bool more;
    add_one(&tenant, "none", "{}", NULL);
    struct template_id tagged = add_one(&tenant, "one", "{}", "malware");
    struct tenant_tx *tx = begin(&tenant);
    struct template_query query = {.limit = 10, .tag = bytes_text("malware")};
    assert_int_equal(list(tx, query, page, &more), 1);
    assert_true(uuid_equal(&page[0].id.u, &tagged.u));
    query.tag = bytes_text("phishing");
    assert_int_equal(list(tx, query, page, &more), 0);
    query.tag = bytes_text("");
    assert_int_equal(list(tx, query, page, &more), 2);
    tenant_tx_rollback(tx);
}

static void test_a_list_stops_at_its_bytes_and_says_that_there_is_more(void **state)
{
    (void)state;
    const struct tenant_id tenant = test_tenant_new("large");
    static uint8_t content[CONTENT_BYTES_MAX];
    struct template_version page[LIST_ROWS_MAX];
    struct template_id id;
    bool more;
    struct tenant_tx *tx = begin(&tenant);
    for (int i = 0; i < 5; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%d", i);
        random_bytes(content, sizeof content);
        assert_int_equal(add(tx, name, bytes_of(content, sizeof content), NULL, &id), OK);
    }
    commit(tx);
    tx = begin(&tenant);
    assert_int_equal(list(tx, (struct template_query){.limit = 50}, page, &more), 3);
    assert_true(more);
    struct template_query rest = {.limit = 50, .after = page[2].id};
    assert_int_equal(list(tx, rest, page, &more), 2);
    assert_false(more);
    tenant_tx_rollback(tx);
    arena_reset(arena);
}

static void test_the_runtime_login_cannot_change_a_version(void **state)
{
    (void)state;
    static const struct db_stmt statements[] = {
        {"s1", "UPDATE template_version SET content_sealed = ''"},
        {"s2", "DELETE FROM template_version"},
        {"s3", "TRUNCATE template_version"},
        {"s4", "DELETE FROM template"},
        {"s5", "UPDATE template SET name_index = ''"},
        {"s6", "DROP TABLE template_version"}};
    add_one(&acme, "kept", "{}", NULL);
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        struct tenant_tx *tx = begin(&acme);
        assert_int_equal(tenant_tx_run(tx, &statements[i], NULL, 0, NULL), STATUS_FORBIDDEN);
        tenant_tx_rollback(tx);
    }
}

static void test_content_moved_to_another_template_does_not_open(void **state)
{
    (void)state;
    static const struct db_stmt no_role = {"no_role", "SELECT set_config('role', 'none', true)"};
    static const struct db_stmt move = {
        "move", "UPDATE template_version v\n"
                "   SET content_sealed = (SELECT content_sealed FROM template_version\n"
                "                          WHERE template_id = $2)\n"
                " WHERE v.template_id = $1"};
    struct template_version got;
    struct db *admin;
    struct template_id victim = add_one(&acme, "victim", "{}", NULL);
    struct template_id source = add_one(&acme, "source", "{\"evil\":true}", NULL);
    assert_int_equal(db_open(base.admin, "templates", &admin), OK);
    struct tenant_tx *tx;
    assert_int_equal(tenant_tx_begin(admin, false, &tx), OK);
    assert_int_equal(tenant_tx_enter(tx, &acme), OK);
    assert_int_equal(tenant_tx_run(tx, &no_role, NULL, 0, NULL), OK);
    assert_int_equal(TX_RUN(tx, &move, NULL, DB_UUID(&victim.u), DB_UUID(&source.u)), OK);
    commit(tx);
    db_close(admin);
    tx = begin(&acme);
    assert_int_equal(template_find(keys, tx, &victim, 0, arena, &got), STATUS_CORRUPT);
    tenant_tx_rollback(tx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_template_comes_back_as_it_was_stored),
        cmocka_unit_test(test_a_template_of_another_tenant_is_not_found),
        cmocka_unit_test(test_a_name_is_given_once_per_tenant),
        cmocka_unit_test(test_a_list_goes_on_where_it_stopped_and_stays_in_its_tenant),
        cmocka_unit_test(test_a_list_by_tag_has_those_of_that_tag),
        cmocka_unit_test(test_a_list_stops_at_its_bytes_and_says_that_there_is_more),
        cmocka_unit_test(test_the_runtime_login_cannot_change_a_version),
        cmocka_unit_test(test_content_moved_to_another_template_does_not_open),
    };
    if (!test_database_find("templates", &base)) {
        return 0;
    }
    return cmocka_run_group_tests_name("templates store", tests, open_all, close_all);
}
