/* One program: its process, its deaths, its back-off.
 *
 * Called by suite.c only. Every process gets exactly the environment its file says, no open files
 * but its log, and the order to end when this supervisor dies. Next: logfile.c */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ENVIRONMENT_MAX = 512 };

struct program *program_new(struct spec *spec, const char *logs)
{
    struct program *program = calloc(1, sizeof *program);
    if (!program || !logfile_open(&program->log, logs, spec->name)) {
        free(program);
        spec_free(spec);
        return NULL;
    }
    program->spec = spec;
    program->wake_ms = NEVER_MS;
    return program;
}

void program_free(struct program *program)
{
    if (!program)
        return;
    logfile_close(&program->log);
    spec_free(program->spec);
    free(program);
}

/* --- in the new process: each step or a sentence in the log and exit 127 --- */

_Noreturn static void child_refuse(const char *what, const char *which)
{
    fprintf(stderr, "supervisor: cannot %s %s: %s\n", what, which, strerror(errno));
    _exit(127);
}

/* The environment file's lines as an environment; all of it, nothing inherited. */
static char **child_environment(const char *path)
{
    static char *environment[ENVIRONMENT_MAX + 1];
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    int count = 0;

    if (!path)
        return environment;
    FILE *file = fopen(path, "re");
    if (!file)
        child_refuse("open", path);
    while (count < ENVIRONMENT_MAX && (len = getline(&line, &size, file)) > 0) {
        if (line[len - 1] == '\n')
            line[len - 1] = '\0';
        if (strchr(line, '='))
            environment[count++] = strdup(line);
    }
    fclose(file);
    return environment;
}

static void child_become(const char *name)
{
    if (!name || geteuid() != 0)
        return;
    errno = ENOENT;
    const struct passwd *user = getpwnam(name);
    if (!user || initgroups(name, user->pw_gid) < 0 || setgid(user->pw_gid) < 0 ||
        setuid(user->pw_uid) < 0)
        child_refuse("become the user", name);
}

static void child_files(const struct logfile *log)
{
    int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(log->write_end, STDOUT_FILENO) < 0 ||
        dup2(log->write_end, STDERR_FILENO) < 0)
        _exit(127);
    if (null > STDERR_FILENO)
        close(null);

    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

_Noreturn static void child_run(const struct program *program, pid_t supervisor)
{
    const struct spec *spec = program->spec;
    sigset_t none;

    child_files(&program->log);
    setpgid(0, 0);
    umask(077);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    char **environment = child_environment(spec->environment);
    child_become(spec->user);
    if (chdir("/") < 0)
        child_refuse("enter", "/");
    /* After the change of user, which would clear it. */
    prctl(PR_SET_PDEATHSIG, spec->stop_signal);
    if (getppid() != supervisor)
        _exit(127);
    execve(spec->arguments[0], spec->arguments, environment);
    child_refuse("run", spec->arguments[0]);
}

/* --- in the supervisor --- */

static void program_wait(struct program *program, int64_t pause_ms, int64_t now_ms)
{
    program->state = PROGRAM_WAITING;
    program->wake_ms = now_ms + pause_ms;
}

void program_start(struct program *program, int64_t now_ms)
{
    pid_t supervisor = getpid();
    pid_t pid = fork();
    if (pid == 0)
        child_run(program, supervisor);
    if (pid < 0) {
        fprintf(stderr, "%s: cannot start: %s\n", program->spec->name, strerror(errno));
        program_wait(program, BACKOFF_FIRST_MS, now_ms);
        return;
    }
    fprintf(stderr, "%s: started, process %d\n", program->spec->name, (int)pid);
    program->pid = pid;
    program->state = PROGRAM_RUNNING;
    program->started_ms = now_ms;
    program->started_at_s = (int64_t)time(NULL);
    program->wake_ms = NEVER_MS;
    program->start_again = false;
}

void program_stop(struct program *program, bool start_again, int64_t now_ms)
{
    program->start_again = start_again;
    switch (program->state) {
    case PROGRAM_RUNNING:
        program->state = PROGRAM_STOPPING;
        program->wake_ms = now_ms + STOP_GRACE_MS;
        kill(program->pid, program->spec->stop_signal);
        break;
    case PROGRAM_WAITING:
    case PROGRAM_STOPPED:
        program->state = PROGRAM_STOPPED;
        program->wake_ms = NEVER_MS;
        if (start_again)
            program_start(program, now_ms);
        break;
    case PROGRAM_STOPPING:
        break;
    }
}

/* How long it stays down after this death: nothing for the first, little after a short life, a
 * doubling back-off once deaths come too fast. */
static int64_t pause_after_death(struct program *program, int64_t now_ms)
{
    unsigned slot = program->death_count++ % DEATHS_KEPT;
    bool all_slots_used = program->death_count > DEATHS_KEPT;
    /* The slot about to be reused holds the oldest death kept. */
    bool too_fast = all_slots_used && now_ms - program->deaths_ms[slot] < DEATHS_WINDOW_MS;
    bool lived_short = now_ms - program->started_ms < LIFE_SHORT_MS;

    program->deaths_ms[slot] = now_ms;
    if (program->backoff_ms > 0 && now_ms - program->started_ms < DEATHS_WINDOW_MS)
        too_fast = true;
    if (!too_fast) {
        program->backoff_ms = 0;
        return lived_short && program->death_count > 1 ? PAUSE_SHORT_MS : 0;
    }
    program->backoff_ms = program->backoff_ms ? program->backoff_ms * 2 : BACKOFF_FIRST_MS;
    if (program->backoff_ms > BACKOFF_MAX_MS)
        program->backoff_ms = BACKOFF_MAX_MS;
    return program->backoff_ms;
}

static void death_describe(const char *name, pid_t pid, int wait_status)
{
    if (WIFSIGNALED(wait_status))
        fprintf(stderr, "%s: process %d was ended by signal %d (%s)\n", name, (int)pid,
                WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));
    else
        fprintf(stderr, "%s: process %d ended with status %d\n", name, (int)pid,
                WEXITSTATUS(wait_status));
}

void program_ended(struct program *program, int wait_status, int64_t now_ms)
{
    death_describe(program->spec->name, program->pid, wait_status);
    program->pid = 0;
    program->wake_ms = NEVER_MS;
    if (program->state == PROGRAM_STOPPING) {
        program->state = PROGRAM_STOPPED;
        if (program->start_again)
            program_start(program, now_ms);
        return;
    }
    int64_t pause_ms = pause_after_death(program, now_ms);
    if (pause_ms == 0) {
        program_start(program, now_ms);
        return;
    }
    fprintf(stderr, "%s: next start in %lld ms\n", program->spec->name, (long long)pause_ms);
    program_wait(program, pause_ms, now_ms);
}

void program_wake(struct program *program, int64_t now_ms)
{
    if (program->wake_ms == NEVER_MS || now_ms < program->wake_ms)
        return;
    if (program->state == PROGRAM_WAITING) {
        program_start(program, now_ms);
    } else if (program->state == PROGRAM_STOPPING) {
        fprintf(stderr, "%s: did not end in time, killed\n", program->spec->name);
        kill(program->pid, SIGKILL);
        program->wake_ms = now_ms + STOP_GRACE_MS;
    }
}

const char *program_state_name(const struct program *program)
{
    switch (program->state) {
    case PROGRAM_STOPPED:
        return "stopped";
    case PROGRAM_RUNNING:
        return "running";
    case PROGRAM_WAITING:
        return "restarting";
    case PROGRAM_STOPPING:
        return "stopping";
    }
    return "";
}
