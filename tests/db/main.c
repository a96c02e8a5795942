/* lib/db against a real PostgreSQL. Next: fixture.c */
#include "fixture.h"

int main(void)
{
    if (!test_database_make("dbtest", &base)) {
        return 0;
    }
    if (db_migrate(base.migrator, base.service, base_files) != OK) {
        return 1;
    }
    int failed = run_db_tests();
    failed += run_wall_tests();
    failed += run_migrate_tests();
    return failed != 0;
}
