/* The service tests of auth, one group around one running binary. Next: fixture.c */
#include "fixture.h"

#include <stdlib.h>

int main(void)
{
    struct CMUnitTest *tests = calloc(sign_in_test_count + account_test_count, sizeof *tests);
    if (tests == NULL) {
        return 1;
    }
    memcpy(tests, account_tests, account_test_count * sizeof *tests);
    memcpy(tests + account_test_count, sign_in_tests, sign_in_test_count * sizeof *tests);
    struct test_database any;
    int failed = 0;
    if (test_database_find("auth", &any)) {
        failed =
            _cmocka_run_group_tests("auth service", tests, sign_in_test_count + account_test_count,
                                    open_service, close_service);
    }
    free(tests);
    return failed;
}
