/* The service tests of files, one group around one running binary. Next: fixture.h */
#include "fixture.h"

#include <stdlib.h>

int main(void)
{
    if (!test_service_open(&service, "files")) {
        return 0;
    }
    struct CMUnitTest *tests = calloc(access_test_count + durable_test_count, sizeof *tests);
    if (tests == NULL) {
        return 1;
    }
    memcpy(tests, access_tests, access_test_count * sizeof *tests);
    memcpy(tests + access_test_count, durable_tests, durable_test_count * sizeof *tests);
    int failed =
        _cmocka_run_group_tests("files service", tests, access_test_count + durable_test_count,
                                open_service, close_service);
    free(tests);
    return failed;
}
