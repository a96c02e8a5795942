/* What the tests of lib/db share: one migrated database, tenants alpha and beta, short statements.
 */
#ifndef WARDROOM_TESTS_DB_FIXTURE_H
#define WARDROOM_TESTS_DB_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "db/tenant_key.h"
#include "support/database.h"

extern struct test_database base;
extern const struct schema_file base_files[];
extern const struct tenant_id alpha, beta;

struct db *open_runtime(void);
struct db *open_admin(void);
/* A transaction in a tenant; must succeed. */
struct tenant_tx *begin_in(struct db *db, const struct tenant_id *tenant);
/* Run one statement without parameters in a transaction of its own; commit when it went well. */
enum status run_alone(struct db *db, const struct tenant_id *tenant, const struct db_stmt *stmt);
/* The number that a statement answers with. */
int64_t number_of(struct tenant_tx *tx, const struct db_stmt *stmt);

int run_db_tests(void);
int run_wall_tests(void);
int run_migrate_tests(void);

#endif
