/* Transactions, parameters, statements and lost connections. Next: test_walls.c */
#include "fixture.h"

#include <stdio.h>
#include "core/limits.h"

static const struct db_stmt count_notes = {"count_notes", "SELECT count(*) FROM note"};
static const struct db_stmt backend_pid = {"backend_pid", "SELECT pg_backend_pid()"};
static const struct db_stmt insert_note = {"insert_note",
                                           "INSERT INTO note (id, sealed)\nVALUES ($1, $2)"};

static void test_every_type_comes_back_as_it_went(void **state)
{
    (void)state;
    static const struct db_stmt echo = {
        "echo", "SELECT $1::smallint, $2::integer, $3::bigint, $4::boolean, $5::bytea, $6::text, "
                "$7::uuid, $8::bytea, $9::bytea"};
    struct db *db = open_runtime();
    struct tenant_tx *tx = begin_in(db, &alpha);
    struct uuid id = uuid_new();
    struct db_rows *rows;
    assert_int_equal(TX_RUN(tx, &echo, &rows, DB_I16(-2), DB_I32(-70000), DB_I64(INT64_MIN),
                            DB_BOOL(true), DB_BYTES(bytes_of("a\0b", 3)),
                            DB_TEXT(bytes_text("gr\xc3\xbc\xc3\x9f")), DB_UUID(&id), DB_NULL,
                            DB_BYTES(((struct bytes){0}))),
                     OK);
    assert_int_equal(db_i64(rows, 0, 0), -2);
    assert_int_equal(db_i64(rows, 0, 1), -70000);
    assert_true(db_i64(rows, 0, 2) == INT64_MIN);
    assert_int_equal(db_i64(rows, 0, 3), 1);
    assert_true(bytes_equal(db_bytes(rows, 0, 4), bytes_of("a\0b", 3)));
    assert_true(bytes_equal(db_bytes(rows, 0, 5), bytes_text("gr\xc3\xbc\xc3\x9f")));
    struct uuid back = db_uuid(rows, 0, 6);
    assert_true(uuid_equal(&back, &id));
    assert_true(db_is_null(rows, 0, 7));
    assert_false(db_is_null(rows, 0, 8));
    assert_int_equal(tenant_tx_commit(tx), OK);
    db_close(db);
}

static void test_arrays_feed_unnest(void **state)
{
    (void)state;
    static const struct db_stmt sum = {
        "sum", "SELECT sum(a)::bigint, sum(b)::bigint, count(DISTINCT c), sum(length(d))::bigint,\n"
               "       count(d)\n"
               "  FROM unnest($1::smallint[], $2::bigint[], $3::uuid[], $4::bytea[])\n"
               "    AS row (a, b, c, d)"};
    struct db *db = open_runtime();
    struct tenant_tx *tx = begin_in(db, &alpha);
    int16_t small[] = {1, -2, 3};
    int64_t big[] = {1, 2, INT32_MAX};
    struct uuid ids[] = {uuid_new(), uuid_new(), uuid_new()};
    struct bytes blobs[] = {bytes_text("one"), {0}, bytes_text("")};
    struct db_rows *rows;
    assert_int_equal(TX_RUN(tx, &sum, &rows, DB_I16S(small, 3), DB_I64S(big, 3), DB_UUIDS(ids, 3),
                            DB_BYTESS(blobs, 3)),
                     OK);
    assert_int_equal(db_i64(rows, 0, 0), 2);
    assert_true(db_i64(rows, 0, 1) == 3 + (int64_t)INT32_MAX);
    assert_int_equal(db_i64(rows, 0, 2), 3);
    assert_int_equal(db_i64(rows, 0, 3), 3);
    assert_int_equal(db_i64(rows, 0, 4), 2); /* the one without data is NULL */
    assert_int_equal(TX_RUN(tx, &sum, &rows, DB_I16S(NULL, 0), DB_I64S(NULL, 0), DB_UUIDS(NULL, 0),
                            DB_BYTESS(NULL, 0)),
                     OK);
    assert_true(db_is_null(rows, 0, 0));
    tenant_tx_rollback(tx);
    db_close(db);
}

static void test_null_first_does_not_fix_a_type(void **state)
{
    (void)state;
    struct db *db = open_runtime();
    struct tenant_tx *tx = begin_in(db, &alpha);
    assert_int_equal(TX_RUN(tx, &insert_note, NULL, DB_I64(900), DB_NULL), OK);
    assert_int_equal(TX_RUN(tx, &insert_note, NULL, DB_I32(901), DB_BYTES(bytes_text("x"))), OK);
    tenant_tx_rollback(tx);
    db_close(db);
}

static void test_one_transaction_goes_through_several_tenants(void **state)
{
    (void)state;
    struct db *db = open_runtime();
    struct tenant_tx *tx = begin_in(db, &alpha);
    int64_t before_alpha = number_of(tx, &count_notes);
    assert_int_equal(TX_RUN(tx, &insert_note, NULL, DB_I64(101), DB_NULL), OK);
    assert_int_equal(tenant_tx_enter(tx, &beta), OK);
    int64_t before_beta = number_of(tx, &count_notes);
    assert_int_equal(TX_RUN(tx, &insert_note, NULL, DB_I64(101), DB_NULL), OK);
    assert_int_equal(tenant_tx_enter(tx, &alpha), OK);
    assert_int_equal(number_of(tx, &count_notes), before_alpha + 1);
    assert_int_equal(tenant_tx_enter(tx, &beta), OK);
    assert_int_equal(number_of(tx, &count_notes), before_beta + 1);
    assert_int_equal(tenant_tx_leave(tx), OK);
    assert_int_equal(tenant_tx_run(tx, &count_notes, NULL, 0, NULL), STATUS_INTERNAL);
    tenant_tx_rollback(tx);
    tx = begin_in(db, &beta);
    assert_int_equal(number_of(tx, &count_notes), before_beta);
    tenant_tx_rollback(tx);
    db_close(db);
}

static void test_tenant_is_made_in_the_middle_of_a_transaction(void **state)
{
    (void)state;
    struct db *db = open_runtime();
    struct tenant_tx *tx = begin_in(db, &alpha);
    assert_int_equal(TX_RUN(tx, &insert_note, NULL, DB_I64(102), DB_NULL), OK);
    assert_int_equal(tenant_tx_enter(tx, &(struct tenant_id){"newcomer"}), OK);
    assert_int_equal(number_of(tx, &count_notes), 0);
    assert_int_equal(tenant_tx_commit(tx), OK);
    tx = begin_in(db, &alpha);
    static const struct db_stmt find = {"find", "SELECT count(*) FROM note WHERE id = 102"};
    assert_int_equal(number_of(tx, &find), 1);
    tenant_tx_rollback(tx);
    db_close(db);
}

static void test_bad_tenant_ids_are_refused_before_sql(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "a", "9a", "A_b", "a-b", "a;b", "a'b", "\xc3\xa4x"};
    struct db *db = open_runtime();
    struct tenant_tx *tx;
    assert_int_equal(tenant_tx_begin(db, false, &tx), OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct tenant_id id = {0};
        snprintf(id.text, sizeof id.text, "%s", bad[i]);
        assert_int_equal(tenant_tx_enter(tx, &id), STATUS_INVALID);
    }
    tenant_tx_rollback(tx);
    db_close(db);
}

static void test_failure_is_translated_and_ends_the_transaction(void **state)
{
    (void)state;
    static const struct db_stmt wrong = {"wrong", "SELECT nothing FROM nowhere"};
    struct db *db = open_runtime();
    struct tenant_tx *tx = begin_in(db, &alpha);
    assert_int_equal(TX_RUN(tx, &insert_note, NULL, DB_I64(103), DB_NULL), OK);
    assert_int_equal(TX_RUN(tx, &insert_note, NULL, DB_I64(103), DB_NULL), STATUS_CONFLICT);
    assert_memory_equal(db_last_error(db), "23505 ", 6);
    assert_int_equal(tenant_tx_run(tx, &count_notes, NULL, 0, NULL), STATUS_CONFLICT);
    assert_int_equal(tenant_tx_commit(tx), STATUS_CONFLICT);
    assert_int_equal(run_alone(db, &alpha, &wrong), STATUS_INTERNAL);
    assert_memory_equal(db_last_error(db), "42P01 ", 6);
    static const struct db_stmt find = {"find", "SELECT count(*) FROM note WHERE id = 103"};
    tx = begin_in(db, &alpha);
    assert_int_equal(number_of(tx, &find), 0);
    tenant_tx_rollback(tx);
    db_close(db);
}

static void test_statement_timeout_is_unavailable(void **state)
{
    (void)state;
    static const struct db_stmt sooner = {"sooner",
                                          "SELECT set_config('statement_timeout', '30', true)"};
    static const struct db_stmt slow = {"slow", "SELECT pg_sleep(20)"};
    struct db *db = open_runtime();
    struct tenant_tx *tx = begin_in(db, &alpha);
    assert_int_equal(tenant_tx_run(tx, &sooner, NULL, 0, NULL), OK);
    assert_int_equal(tenant_tx_run(tx, &slow, NULL, 0, NULL), STATUS_UNAVAILABLE);
    assert_memory_equal(db_last_error(db), "57014 ", 6);
    tenant_tx_rollback(tx);
    assert_int_equal(db_ping(db), OK);
    db_close(db);
}

static void test_read_only_transaction_cannot_write(void **state)
{
    (void)state;
    struct db *db = open_runtime();
    struct tenant_tx *tx;
    assert_int_equal(tenant_tx_begin(db, true, &tx), OK);
    assert_int_equal(tenant_tx_enter(tx, &alpha), OK);
    assert_int_equal(TX_RUN(tx, &insert_note, NULL, DB_I64(104), DB_NULL), STATUS_INTERNAL);
    tenant_tx_rollback(tx);
    db_close(db);
}

static void test_queued_statement_is_committed_or_fails_the_commit(void **state)
{
    (void)state;
    static const struct db_stmt find = {"find", "SELECT count(*) FROM note WHERE id = 105"};
    struct db *db = open_runtime();
    struct tenant_tx *tx = begin_in(db, &alpha);
    assert_int_equal(TX_QUEUE(tx, &insert_note, DB_I64(105), DB_NULL), OK);
    assert_int_equal(tenant_tx_commit(tx), OK);
    tx = begin_in(db, &alpha);
    assert_int_equal(number_of(tx, &find), 1);
    assert_int_equal(TX_QUEUE(tx, &insert_note, DB_I64(106), DB_NULL), OK);
    assert_int_equal(TX_QUEUE(tx, &insert_note, DB_I64(105), DB_NULL), OK);
    assert_int_equal(tenant_tx_commit(tx), STATUS_CONFLICT);
    tx = begin_in(db, &alpha);
    for (int64_t id = 200; id < 300; id++) {
        assert_int_equal(TX_QUEUE(tx, &insert_note, DB_I64(id), DB_NULL), OK);
    }
    static const struct db_stmt many = {"many",
                                        "SELECT count(*) FROM note WHERE id BETWEEN 106 AND 299"};
    assert_int_equal(number_of(tx, &many), 100);
    tenant_tx_rollback(tx);
    assert_int_equal(db_ping(db), OK);
    db_close(db);
}

static void test_expected_rows_are_counted_before_commit(void **state)
{
    (void)state;
    static const struct db_stmt change = {"change", "UPDATE note SET sealed = 'x' WHERE id = $1"};
    static const struct db_stmt find = {"find", "SELECT count(*) FROM note WHERE id = 108"};
    struct db *db = open_runtime();
    struct tenant_tx *tx = begin_in(db, &alpha);
    assert_int_equal(TX_RUN(tx, &insert_note, NULL, DB_I64(107), DB_NULL), OK);
    assert_int_equal(TX_QUEUE_EXPECTING(tx, &change, 1, DB_I64(107)), OK);
    assert_int_equal(tenant_tx_commit(tx), OK);
    tx = begin_in(db, &alpha);
    assert_int_equal(TX_RUN(tx, &insert_note, NULL, DB_I64(108), DB_NULL), OK);
    assert_int_equal(TX_QUEUE_EXPECTING(tx, &change, 1, DB_I64(999)), OK);
    assert_int_equal(tenant_tx_commit(tx), STATUS_CONFLICT);
    tx = begin_in(db, &alpha);
    assert_int_equal(number_of(tx, &find), 0);
    assert_int_equal(TX_QUEUE_EXPECTING(tx, &change, 2, DB_I64(107)), OK);
    assert_int_equal(tenant_tx_run(tx, &find, NULL, 0, NULL), STATUS_CONFLICT);
    tenant_tx_rollback(tx);
    db_close(db);
}

static void test_prepared_statements_are_bounded(void **state)
{
    (void)state;
    enum { COUNT = STATEMENTS_PER_CONN_MAX + 100 };
    static struct db_stmt stmts[COUNT];
    static char text[COUNT][24];
    static const struct db_stmt prepared = {"prepared",
                                            "SELECT count(*) FROM pg_prepared_statements"};
    struct db *db = open_runtime();
    struct tenant_tx *tx = begin_in(db, &alpha);
    for (int i = 0; i < COUNT; i++) {
        snprintf(text[i], sizeof text[i], "SELECT %d", i);
        stmts[i] = (struct db_stmt){"n", text[i]};
        assert_int_equal(number_of(tx, &stmts[i]), i);
    }
    assert_int_equal(number_of(tx, &prepared), STATEMENTS_PER_CONN_MAX);
    /* The dropped one comes back, and a failure in between leaves the count whole. */
    assert_int_equal(number_of(tx, &stmts[0]), 0);
    static const struct db_stmt wrong = {"wrong", "SELECT nothing FROM nowhere"};
    assert_int_equal(tenant_tx_run(tx, &wrong, NULL, 0, NULL), STATUS_INTERNAL);
    tenant_tx_rollback(tx);
    tx = begin_in(db, &alpha);
    assert_int_equal(number_of(tx, &stmts[COUNT - 1]), COUNT - 1);
    assert_true(number_of(tx, &prepared) <= STATEMENTS_PER_CONN_MAX);
    tenant_tx_rollback(tx);
    db_close(db);
}

static void kill_backend(int64_t pid)
{
    static const struct db_stmt terminate = {"terminate", "SELECT pg_terminate_backend($1, 5000)"};
    struct db *admin = open_admin();
    struct tenant_tx *tx;
    struct db_rows *rows;
    assert_int_equal(tenant_tx_begin(admin, false, &tx), OK);
    assert_int_equal(TX_RUN(tx, &terminate, &rows, DB_I32(pid)), OK);
    assert_int_equal(db_i64(rows, 0, 0), 1);
    tenant_tx_rollback(tx);
    db_close(admin);
}

static void test_cut_between_transactions_is_not_noticed(void **state)
{
    (void)state;
    struct db *db = open_runtime();
    struct tenant_tx *tx = begin_in(db, &alpha);
    int64_t pid = number_of(tx, &backend_pid);
    assert_int_equal(tenant_tx_commit(tx), OK);
    kill_backend(pid);
    tx = begin_in(db, &alpha);
    assert_int_not_equal(number_of(tx, &backend_pid), pid);
    assert_true(number_of(tx, &count_notes) >= 0);
    assert_int_equal(tenant_tx_commit(tx), OK);
    db_close(db);
}

static void test_cut_inside_a_transaction_is_unavailable_and_over(void **state)
{
    (void)state;
    struct db *db = open_runtime();
    struct tenant_tx *tx = begin_in(db, &alpha);
    int64_t pid = number_of(tx, &backend_pid);
    kill_backend(pid);
    assert_int_equal(tenant_tx_run(tx, &count_notes, NULL, 0, NULL), STATUS_UNAVAILABLE);
    assert_int_equal(tenant_tx_commit(tx), STATUS_UNAVAILABLE);
    assert_int_equal(db_ping(db), OK);
    tx = begin_in(db, &alpha);
    pid = number_of(tx, &backend_pid);
    kill_backend(pid);
    assert_int_equal(tenant_tx_commit(tx), STATUS_UNAVAILABLE);
    db_close(db);
}

static void test_no_database_is_unavailable_and_the_handle_good(void **state)
{
    (void)state;
    struct db *db = NULL;
    struct tenant_tx *tx;
    assert_int_equal(db_open("host=/nonexistent dbname=none", "threads", &db), STATUS_UNAVAILABLE);
    assert_non_null(db);
    assert_int_equal(tenant_tx_begin(db, false, &tx), STATUS_UNAVAILABLE);
    assert_int_equal(db_ping(db), STATUS_UNAVAILABLE);
    db_close(db);
}

int run_db_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type_comes_back_as_it_went),
        cmocka_unit_test(test_arrays_feed_unnest),
        cmocka_unit_test(test_null_first_does_not_fix_a_type),
        cmocka_unit_test(test_one_transaction_goes_through_several_tenants),
        cmocka_unit_test(test_tenant_is_made_in_the_middle_of_a_transaction),
        cmocka_unit_test(test_bad_tenant_ids_are_refused_before_sql),
        cmocka_unit_test(test_failure_is_translated_and_ends_the_transaction),
        cmocka_unit_test(test_statement_timeout_is_unavailable),
        cmocka_unit_test(test_read_only_transaction_cannot_write),
        cmocka_unit_test(test_queued_statement_is_committed_or_fails_the_commit),
        cmocka_unit_test(test_expected_rows_are_counted_before_commit),
        cmocka_unit_test(test_prepared_statements_are_bounded),
        cmocka_unit_test(test_cut_between_transactions_is_not_noticed),
        cmocka_unit_test(test_cut_inside_a_transaction_is_unavailable_and_over),
        cmocka_unit_test(test_no_database_is_unavailable_and_the_handle_good),
    };
    return cmocka_run_group_tests_name("db", tests, NULL, NULL);
}
