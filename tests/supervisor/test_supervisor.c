/* The real supervisor with programs that are one line of shell each. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "suite.h"

#define SLEEPER "exec sleep 1000"

static int setup(void **state)
{
    static struct suite suite;
    suite_init(&suite);
    *state = &suite;
    return 0;
}

static int teardown(void **state)
{
    suite_fini(*state);
    return 0;
}

static void test_every_program_of_the_plan_runs(void **state)
{
    struct suite *suite = *state;
    struct program_status status;
    plan_add(suite, "one", "version 1.2.3\n", SLEEPER);
    plan_add(suite, "two", "", SLEEPER);

    assert_int_equal(suite_start(suite), 0);

    assert_true(suite_status(suite, "one", &status));
    assert_true(status.running);
    assert_string_equal(status.version, "1.2.3");
    assert_true(suite_status(suite, "two", &status));
    assert_true(status.running);
    assert_int_equal(kill(status.pid, 0), 0);
}

static void test_a_killed_program_is_back_at_once(void **state)
{
    struct suite *suite = *state;
    plan_add(suite, "one", "", SLEEPER);
    assert_int_equal(suite_start(suite), 0);
    pid_t first = suite_wait_running(suite, "one", 0);

    int64_t killed_ms = clock_now_ms();
    assert_int_equal(kill(first, SIGKILL), 0);
    pid_t second = suite_wait_running(suite, "one", first);

    assert_int_not_equal(first, second);
    assert_true(clock_now_ms() - killed_ms < 1000);
}

static void test_a_program_that_keeps_dying_is_held_back(void **state)
{
    struct suite *suite = *state;
    plan_add(suite, "bad", "", "exit 3");
    plan_add(suite, "good", "", SLEEPER);
    int64_t started_ms = clock_now_ms();
    assert_int_equal(suite_start(suite), 0);

    suite_wait_deaths(suite, "bad", 6);
    int64_t sixth_ms = clock_now_ms();
    suite_wait_deaths(suite, "bad", 7);

    /* Five deaths with little pauses, then a second's wait. */
    assert_in_range(sixth_ms - started_ms, 700, 5000);
    assert_in_range(clock_now_ms() - sixth_ms, 900, 5000);
    suite_wait_running(suite, "good", 0);
}

static void test_a_program_that_cannot_be_run_is_held_back_too(void **state)
{
    struct suite *suite = *state;
    plan_append(suite, "program none\nargument /nowhere/at-all\n");

    assert_int_equal(suite_start(suite), 0);

    suite_wait_deaths(suite, "none", 2);
    assert_non_null(strstr(suite_wait_file(suite, "logs/none.log"), "cannot run /nowhere/at-all"));
}

static void test_stages_stop_from_the_highest_to_the_lowest(void **state)
{
    struct suite *suite = *state;
    plan_add(suite, "store", "stage 1\n", "echo $$ >store.pid; " SLEEPER);
    plan_add(suite, "service", "stage 2\n",
             "trap 'kill -0 $(cat store.pid) && echo yes >store.was.there; exit' TERM; "
             "mkfifo fifo; echo 1 >service.ready; read line <fifo");
    assert_int_equal(suite_start(suite), 0);
    suite_wait_file(suite, "store.pid");
    suite_wait_file(suite, "service.ready");
    pid_t supervisor = suite_supervisor(suite);

    assert_int_equal(suite_ask(suite, "stop"), 0);
    wait_gone(supervisor);

    struct program_status status;
    assert_true(suite_status(suite, "store", &status));
    assert_false(status.running);
    assert_string_equal(suite_wait_file(suite, "store.was.there"), "yes\n");
}

static void test_a_program_that_will_not_end_is_killed(void **state)
{
    struct suite *suite = *state;
    plan_add(suite, "deaf", "", "trap '' TERM; echo 1 >deaf.ready; exec sleep 1000");
    assert_int_equal(suite_start(suite), 0);
    suite_wait_file(suite, "deaf.ready");
    pid_t deaf = suite_wait_running(suite, "deaf", 0), supervisor = suite_supervisor(suite);

    assert_int_equal(suite_ask(suite, "stop"), 0);

    wait_gone(supervisor);
    wait_gone(deaf);
}

static void test_reload_adds_removes_and_leaves_the_rest_alone(void **state)
{
    struct suite *suite = *state;
    struct program_status status;
    plan_add(suite, "stays", "", SLEEPER);
    plan_add(suite, "goes", "", SLEEPER);
    plan_add(suite, "changes", "revision 1\n", SLEEPER);
    assert_int_equal(suite_start(suite), 0);
    pid_t stays = suite_wait_running(suite, "stays", 0);
    pid_t goes = suite_wait_running(suite, "goes", 0);
    pid_t changes = suite_wait_running(suite, "changes", 0);

    plan_clear(suite);
    plan_add(suite, "stays", "", SLEEPER);
    plan_add(suite, "changes", "revision 2\n", SLEEPER);
    plan_add(suite, "comes", "", SLEEPER);
    assert_int_equal(suite_ask(suite, "reload"), 0);

    suite_wait_running(suite, "comes", 0);
    suite_wait_running(suite, "changes", changes);
    wait_gone(goes);
    int64_t deadline_ms = 0;
    while (suite_status(suite, "goes", &status))
        wait_turn(&deadline_ms, "a removed program leaves status.json");
    assert_int_equal(suite_wait_running(suite, "stays", 0), stays);
}

/* A service that is removed and wanted again while it still drains: two would share its socket. */
static void test_a_program_that_comes_back_while_it_ends_is_never_there_twice(void **state)
{
    static const char script[] =
        "mkdir alone || echo 1 >together; mkfifo wait gate; "
        "trap '[ -e leaving ] || { echo 1 >leaving; read line <gate; }; rmdir alone; exit' TERM; "
        "echo 1 >ready; read line <wait";
    struct suite *suite = *state;
    plan_add(suite, "returns", "", script);
    assert_int_equal(suite_start(suite), 0);
    suite_wait_file(suite, "ready");
    pid_t first = suite_wait_running(suite, "returns", 0);

    plan_clear(suite);
    plan_add(suite, "other", "", SLEEPER);
    assert_int_equal(suite_ask(suite, "reload"), 0);
    suite_wait_file(suite, "leaving");
    plan_add(suite, "returns", "", script);
    plan_add(suite, "opens", "", "echo 1 >gate; " SLEEPER);
    assert_int_equal(suite_ask(suite, "reload"), 0);

    suite_wait_running(suite, "returns", first);
    wait_gone(first);
    assert_false(suite_has_file(suite, "together"));
}

static void test_reload_of_a_bad_plan_changes_nothing(void **state)
{
    struct suite *suite = *state;
    plan_add(suite, "one", "", SLEEPER);
    assert_int_equal(suite_start(suite), 0);
    pid_t one = suite_wait_running(suite, "one", 0);

    static const char *const bad[] = {
        "program two\n",                         /* no argument */
        "program one\nargument /bin/true\n",     /* the same name twice */
        "program Two\nargument /bin/true\n",     /* not a name */
        "program two\nstage 0\nargument /b\n",   /* not a stage */
        "program two\nstop KILL\nargument /b\n", /* not a signal for stopping */
        "program two\ncolour red\nargument /b\n",
        "nonsense\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        plan_clear(suite);
        plan_add(suite, "one", "", SLEEPER);
        plan_append(suite, bad[i]);
        assert_int_equal(suite_ask(suite, "reload"), 1);
    }
    assert_int_equal(suite_wait_running(suite, "one", 0), one);
}

static void test_restart_is_for_programs_of_the_plan(void **state)
{
    struct suite *suite = *state;
    plan_add(suite, "one", "", SLEEPER);
    assert_int_equal(suite_start(suite), 0);
    pid_t one = suite_wait_running(suite, "one", 0);

    assert_int_equal(suite_ask(suite, "restart one"), 0);
    assert_int_equal(suite_ask(suite, "restart two"), 1);
    assert_int_equal(suite_ask(suite, "dance"), 1);

    suite_wait_running(suite, "one", one);
    struct program_status status;
    assert_true(suite_status(suite, "one", &status));
    assert_int_equal(status.deaths, 0);
}

static void test_a_second_supervisor_is_refused(void **state)
{
    struct suite *suite = *state;
    plan_add(suite, "one", "", SLEEPER);
    assert_int_equal(suite_start(suite), 0);
    pid_t one = suite_wait_running(suite, "one", 0);

    assert_int_equal(suite_start(suite), 1);

    assert_int_equal(suite_ask(suite, "ping"), 0);
    assert_int_equal(suite_wait_running(suite, "one", 0), one);
}

static void test_asking_where_nobody_supervises_says_so(void **state)
{
    assert_int_equal(suite_ask(*state, "ping"), 3);
}

static void test_programs_end_with_a_killed_supervisor(void **state)
{
    struct suite *suite = *state;
    plan_add(suite, "one", "", SLEEPER);
    plan_add(suite, "two", "stop INT\n", SLEEPER);
    assert_int_equal(suite_start(suite), 0);
    pid_t one = suite_wait_running(suite, "one", 0), two = suite_wait_running(suite, "two", 0);

    assert_int_equal(kill(suite_supervisor(suite), SIGKILL), 0);

    wait_gone(one);
    wait_gone(two);
    assert_int_equal(suite_ask(suite, "ping"), 3);
    assert_int_equal(suite_start(suite), 0);
    suite_wait_running(suite, "one", one);
}

static void test_a_program_gets_its_environment_and_no_other(void **state)
{
    struct suite *suite = *state;
    char environment[128];
    snprintf(environment, sizeof environment, "environment %s/env\n", suite->folder);
    plan_append(suite, "program one\n");
    plan_append(suite, environment);
    plan_append(suite, "argument /usr/bin/env\n");
    char path[128];
    snprintf(path, sizeof path, "%s/env", suite->folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("GREETING=good day = to you\nEMPTY=\nnonsense\n", file);
    fclose(file);

    assert_int_equal(suite_start(suite), 0);

    suite_wait_deaths(suite, "one", 1);
    const char *log = suite_wait_file(suite, "logs/one.log");
    assert_int_equal(strncmp(log, "GREETING=good day = to you\nEMPTY=\n", 34), 0);
    assert_null(strstr(log, "PATH="));
}

static void test_a_log_is_rotated_and_its_end_is_kept(void **state)
{
    struct suite *suite = *state;
    plan_add(suite, "chatty", "", "head -c 40000000 /dev/zero; echo the end; " SLEEPER);
    assert_int_equal(suite_start(suite), 0);

    suite_wait_file(suite, "logs/chatty.log.1");
    int64_t deadline_ms = 0;
    char path[128], end[9] = "";
    snprintf(path, sizeof path, "%s/logs/chatty.log", suite->folder);
    while (strcmp(end, "the end\n") != 0) {
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        if (fseek(file, -8, SEEK_END) == 0)
            end[fread(end, 1, 8, file)] = '\0';
        fclose(file);
        wait_turn(&deadline_ms, "the end of the log");
    }
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    static const struct CMUnitTest tests[] = {
        ROW(test_every_program_of_the_plan_runs),
        ROW(test_a_killed_program_is_back_at_once),
        ROW(test_a_program_that_keeps_dying_is_held_back),
        ROW(test_a_program_that_cannot_be_run_is_held_back_too),
        ROW(test_stages_stop_from_the_highest_to_the_lowest),
        ROW(test_a_program_that_will_not_end_is_killed),
        ROW(test_reload_adds_removes_and_leaves_the_rest_alone),
        ROW(test_a_program_that_comes_back_while_it_ends_is_never_there_twice),
        ROW(test_reload_of_a_bad_plan_changes_nothing),
        ROW(test_restart_is_for_programs_of_the_plan),
        ROW(test_a_second_supervisor_is_refused),
        ROW(test_asking_where_nobody_supervises_says_so),
        ROW(test_programs_end_with_a_killed_supervisor),
        ROW(test_a_program_gets_its_environment_and_no_other),
        ROW(test_a_log_is_rotated_and_its_end_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
