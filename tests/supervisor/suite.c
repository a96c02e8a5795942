/* A suite of shell programs under a real supervisor. Used by test_supervisor.c only. */
#include "suite.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

static const char binary[] = BINARY_DIR "/wardroom-supervisor";

int64_t clock_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void wait_turn(int64_t *deadline_ms, const char *what)
{
    if (*deadline_ms == 0)
        *deadline_ms = clock_now_ms() + DEADLINE_MS;
    if (clock_now_ms() > *deadline_ms)
        fail_msg("waited in vain: %s", what);
    poll(NULL, 0, 10);
}

static void path_of(const struct suite *suite, const char *name, char path[256])
{
    snprintf(path, 256, "%s/%s", suite->folder, name);
}

static int run(const char *const *arguments)
{
    pid_t pid = fork();
    if (pid == 0) {
        execv(arguments[0], (char *const *)arguments);
        _exit(127);
    }
    int wait_status = 0;
    assert_int_equal(waitpid(pid, &wait_status, 0), pid);
    assert_true(WIFEXITED(wait_status));
    return WEXITSTATUS(wait_status);
}

void suite_init(struct suite *suite)
{
    char path[256];
    strcpy(suite->folder, "/tmp/wardroom-supervisor-XXXXXX");
    assert_non_null(mkdtemp(suite->folder));
    path_of(suite, "run", path);
    assert_int_equal(mkdir(path, 0700), 0);
    path_of(suite, "logs", path);
    assert_int_equal(mkdir(path, 0700), 0);
    plan_clear(suite);
}

void suite_fini(struct suite *suite)
{
    pid_t pid = suite_ask(suite, "ping") == 0 ? suite_supervisor(suite) : 0;
    suite_ask(suite, "stop");
    if (pid > 0)
        wait_gone(pid);
    assert_int_equal(run((const char *[]){"/bin/rm", "-rf", suite->folder, NULL}), 0);
}

static void plan_write(struct suite *suite, const char *mode, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void plan_write(struct suite *suite, const char *mode, const char *format, ...)
{
    char path[256];
    va_list arguments;
    path_of(suite, "plan", path);
    FILE *file = fopen(path, mode);
    assert_non_null(file);
    va_start(arguments, format);
    vfprintf(file, format, arguments);
    va_end(arguments);
    assert_int_equal(fclose(file), 0);
}

void plan_clear(struct suite *suite)
{
    plan_write(suite, "w", "# the plan of a test\n");
}

void plan_append(struct suite *suite, const char *text)
{
    plan_write(suite, "a", "%s", text);
}

void plan_add(struct suite *suite, const char *name, const char *extra, const char *script)
{
    plan_write(suite, "a", "\nprogram %s\n%sargument /bin/sh\nargument -c\nargument cd %s; %s\n",
               name, extra, suite->folder, script);
}

int suite_start(struct suite *suite)
{
    char plan[256], run_folder[256], logs[256];
    path_of(suite, "plan", plan);
    path_of(suite, "run", run_folder);
    path_of(suite, "logs", logs);
    return run((const char *[]){binary, plan, run_folder, logs, NULL});
}

int suite_ask(struct suite *suite, const char *command)
{
    char run_folder[256];
    path_of(suite, "run", run_folder);
    return run((const char *[]){binary, "--ask", run_folder, command, NULL});
}

pid_t suite_supervisor(struct suite *suite)
{
    return (pid_t)atoi(suite_wait_file(suite, "run/supervisor.pid"));
}

bool suite_status(struct suite *suite, const char *name, struct program_status *ret)
{
    char path[256];
    bool found = false;
    size_t i;
    json_t *row;

    path_of(suite, "run/status.json", path);
    json_t *status = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(status);
    json_array_foreach(json_object_get(status, "programs"), i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "name")), name) != 0)
            continue;
        found = true;
        ret->pid = (pid_t)json_integer_value(json_object_get(row, "pid"));
        ret->deaths = (int)json_integer_value(json_object_get(row, "deaths"));
        ret->running = strcmp(json_string_value(json_object_get(row, "state")), "running") == 0;
        snprintf(ret->version, sizeof ret->version, "%s",
                 json_string_value(json_object_get(row, "version")));
    }
    json_decref(status);
    return found;
}

pid_t suite_wait_running(struct suite *suite, const char *name, pid_t but_not)
{
    struct program_status status;
    int64_t deadline_ms = 0;
    while (!suite_status(suite, name, &status) || !status.running || status.pid == but_not)
        wait_turn(&deadline_ms, name);
    return status.pid;
}

void suite_wait_deaths(struct suite *suite, const char *name, int deaths)
{
    struct program_status status;
    int64_t deadline_ms = 0;
    while (!suite_status(suite, name, &status) || status.deaths < deaths)
        wait_turn(&deadline_ms, name);
}

bool suite_has_file(struct suite *suite, const char *name)
{
    char path[256];
    struct stat info;
    path_of(suite, name, path);
    return stat(path, &info) == 0 && info.st_size > 0;
}

const char *suite_wait_file(struct suite *suite, const char *name)
{
    static char text[4096];
    char path[256];
    int64_t deadline_ms = 0;
    while (!suite_has_file(suite, name))
        wait_turn(&deadline_ms, name);
    path_of(suite, name, path);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

/* A zombie, which whoever adopted it has yet to collect, has ended. */
static bool is_alive(pid_t pid)
{
    char path[64], state = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    int fields = fscanf(file, "%*d (%*[^)]) %c", &state);
    fclose(file);
    return fields == 1 && state != 'Z' && state != 'X';
}

void wait_gone(pid_t pid)
{
    int64_t deadline_ms = 0;
    while (is_alive(pid))
        wait_turn(&deadline_ms, "a process should end");
}
