/* wardroom-supervisor: keeps the programs of one suite running.
 *
 * Started by `./wardroom up`, asked by `--ask` from up, down and the tests. It goes to the
 * background when everything in the plan has been started once, so its exit code says whether that
 * was possible. See README.md beside this file. Next: suite.c */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "suite.h"

static const char usage[] =
    "Usage: wardroom-supervisor [--foreground] PLAN RUN LOGS\n"
    "       wardroom-supervisor --ask RUN ping|reload|stop|'restart NAME'\n"
    "       wardroom-supervisor --help | --version\n"
    "\n"
    "Keeps the programs that the file PLAN names running. RUN is the folder for its socket, its\n"
    "lock and status.json; LOGS the folder of one log file per program; all paths are absolute.\n"
    "SIGHUP reads the plan again, SIGTERM and SIGINT stop everything. It takes no options from\n"
    "the environment.\n"
    "Exit codes of --ask: 0 done, 1 refused, 3 no supervisor there.\n";

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Say why it could not start: to the parent that waits on `ready`, or here in the foreground. */
static int refuse(int ready, const char *what, const char *why)
{
    dprintf(ready >= 0 ? ready : STDERR_FILENO, "supervisor: %s: %s\n", what, why);
    return 1;
}

/* One supervisor per run folder: the lock is held until this process ends, however it ends.
 * Returns NULL, or why not. */
static const char *lock_take(const char *run)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/supervisor.pid", run);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return strerror(errno);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? "another supervisor runs there" : strerror(errno);
    if (ftruncate(fd, 0) < 0 || dprintf(fd, "%d\n", (int)getpid()) < 0)
        return "cannot write supervisor.pid";
    return NULL;
}

/* The parent's side: silence until the pipe closes means started, words mean refused. */
_Noreturn static void parent_wait(int ready)
{
    char words[600];
    int code = 0;
    ssize_t len;

    while ((len = read(ready, words, sizeof words)) > 0) {
        code = 1;
        if (write(STDERR_FILENO, words, (size_t)len) != len)
            break;
    }
    _exit(code);
}

/* Go to the background: a session of its own, its log as output. Returns the pipe on which the
 * parent waits, -1 in the foreground. */
static int background(bool foreground, const char *logs)
{
    char path[4200];
    int ready[2];

    if (foreground || pipe2(ready, O_CLOEXEC) < 0)
        return -1;
    if (fork() > 0) {
        close(ready[1]);
        parent_wait(ready[0]);
    }
    close(ready[0]);
    setsid();
    snprintf(path, sizeof path, "%s/supervisor.log", logs);
    int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(null, STDIN_FILENO);
    dup2(log >= 0 ? log : null, STDOUT_FILENO);
    dup2(log >= 0 ? log : null, STDERR_FILENO);
    return ready[1];
}

static int signals_open(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void signals_serve(int fd, struct suite *suite)
{
    struct signalfd_siginfo info;
    char err[512];

    while (read(fd, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGHUP && !suite_reload(suite, clock_ms(), err, sizeof err))
            fprintf(stderr, "supervisor: %s\n", err);
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
            suite_stop(suite);
    }
    suite_reap(suite, clock_ms());
}

static void loop(struct suite *suite, int signals, int listener)
{
    struct pollfd fds[PROGRAMS_MAX + 2];

    while (!suite_is_over(suite)) {
        int64_t now_ms = clock_ms(), wake_ms = NEVER_MS;
        fds[0] = (struct pollfd){.fd = signals, .events = POLLIN};
        fds[1] = (struct pollfd){.fd = listener, .events = POLLIN};
        int logs = suite_poll(suite, fds + 2, now_ms, &wake_ms);
        int wait_ms = -1;
        if (wake_ms != NEVER_MS)
            wait_ms = wake_ms > now_ms ? (int)(wake_ms - now_ms) : 0;
        if (poll(fds, (nfds_t)logs + 2, wait_ms) < 0 && errno != EINTR)
            break;
        suite_collect(suite, fds + 2, logs, clock_ms());
        if (fds[0].revents)
            signals_serve(signals, suite);
        if (fds[1].revents)
            control_serve(listener, suite, clock_ms());
        suite_tick(suite, clock_ms());
    }
}

static int supervise(const char *const *folders, bool foreground)
{
    struct suite suite = {.plan_path = folders[0], .run = folders[1], .logs = folders[2]};
    char err[512];

    int ready = background(foreground, suite.logs);
    setvbuf(stderr, NULL, _IOLBF, 0);
    const char *why = lock_take(suite.run);
    if (why)
        return refuse(ready, suite.run, why);
    int signals = signals_open();
    int listener = control_open(suite.run);
    if (signals < 0 || listener < 0)
        return refuse(ready, suite.run, strerror(errno));
    if (!suite_reload(&suite, clock_ms(), err, sizeof err))
        return refuse(ready, "plan", err);
    suite_tick(&suite, clock_ms());
    if (ready >= 0)
        close(ready);
    loop(&suite, signals, listener);
    suite_fini(&suite);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts(WARDROOM_VERSION);
        return 0;
    }
    if (argc == 4 && strcmp(argv[1], "--ask") == 0)
        return control_ask(argv[2], argv[3]);

    bool foreground = argc > 1 && strcmp(argv[1], "--foreground") == 0;
    bool absolute = argc == (foreground ? 5 : 4);
    for (int i = argc - 3; absolute && i < argc; i++)
        absolute = argv[i][0] == '/';
    if (!absolute || chdir("/") < 0) {
        fputs(usage, stderr);
        return 2;
    }
    return supervise((const char *const *)argv + argc - 3, foreground);
}
