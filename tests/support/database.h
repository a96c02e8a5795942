/* A service's database for tests, beside the throwaway PostgreSQL that tools/testenv starts.
 *
 * test_database_find uses one of the five that exist; test_database_make bootstraps one of its own,
 * so that a test may migrate it as it likes. A step that fails ends the test program.
 */
#ifndef WARDROOM_TESTS_SUPPORT_DATABASE_H
#define WARDROOM_TESTS_SUPPORT_DATABASE_H

#include "core/ids.h"
#include "db/migrate.h"

struct test_database {
    char service[32];
    char admin[512]; /* conninfo of the superuser, in the service's database */
    char migrator[512];
    char runtime[512];
};

/* False, after one line that says so: no test environment here, the tests are skipped. */
bool test_database_find(const char *service, struct test_database *ret);
bool test_database_make(const char *service, struct test_database *ret);
/* A tenant that no earlier run against the same database has met: its rows are under keys that only
 * this run has. `name` has at most 20 characters. */
struct tenant_id test_tenant_new(const char *name);

#endif
