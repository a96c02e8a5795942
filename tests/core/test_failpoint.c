/* Failpoints and the movable clock, in processes of their own. Test builds have them; in others this
 * says so and passes. */
#include "core/failpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "core/clock.h"

#ifdef WARDROOM_FAILPOINTS
static char folder[] = "/tmp/wardroom-failpoint-XXXXXX";

static void write_file(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void remove_file(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(unlink(path), 0);
}

/* How a child ends that reaches the point `name` and would leave with 7. */
static int reach(const char *name)
{
    int wait_status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        FAILPOINT(name);
        _exit(7);
    }
    assert_int_equal(waitpid(pid, &wait_status, 0), pid);
    return wait_status;
}

static void test_an_armed_point_kills_once(void **state)
{
    (void)state;
    write_file("here", "");
    int first = reach("here"), second = reach("here");
    assert_true(WIFSIGNALED(first) && WTERMSIG(first) == SIGKILL);
    assert_true(WIFEXITED(second) && WEXITSTATUS(second) == 7);
}

static void test_a_point_that_is_not_armed_does_nothing(void **state)
{
    (void)state;
    write_file("there", "");
    assert_int_equal(WEXITSTATUS(reach("here")), 7);
    remove_file("there");
}

static int64_t clock_error_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return clock_now_us() - ((int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

/* Until the clock is `s` seconds ahead, give or take one. */
static bool clock_comes_to(int64_t s)
{
    int64_t deadline_ms = clock_monotonic_ms() + 5000;
    while (llabs(clock_error_us() - s * 1000000) > 1000000) {
        if (clock_monotonic_ms() > deadline_ms)
            return false;
        usleep(1000);
    }
    return true;
}

static void test_the_wall_clock_is_moved_and_moved_back(void **state)
{
    (void)state;
    assert_true(clock_comes_to(0));
    write_file("clock_offset_us", "-45000000");
    assert_true(clock_comes_to(-45));
    write_file("clock_offset_us", "45000000");
    assert_true(clock_comes_to(45));
    remove_file("clock_offset_us");
    assert_true(clock_comes_to(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_armed_point_kills_once),
        cmocka_unit_test(test_a_point_that_is_not_armed_does_nothing),
        cmocka_unit_test(test_the_wall_clock_is_moved_and_moved_back),
    };
    if (mkdtemp(folder) == NULL || setenv("WARDROOM_FAILPOINT_DIR", folder, 1) != 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return rmdir(folder) == 0 ? failed : 1;
}
#else
int main(void)
{
    puts("skipped: this build has no failpoints");
    return 0;
}
#endif
