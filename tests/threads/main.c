/* Handlers and store of threads against a real PostgreSQL. Next: world.h */
#include "world.h"

static int open_world(void **state)
{
    (void)state;
    return world_open() ? 0 : -1;
}

static int close_world(void **state)
{
    (void)state;
    world_close();
    return 0;
}

static void test_everything(void **state)
{
    (void)state;
    assert_int_equal(run_thread_tests() + run_post_tests() + run_read_tests() + run_receipt_tests(),
                     0);
}

int main(void)
{
    if (!test_database_find("threads", &base)) {
        return 0;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_everything)};
    return cmocka_run_group_tests_name("threads", tests, open_world, close_world);
}
