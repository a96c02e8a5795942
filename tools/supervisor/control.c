/* The supervisor's socket, both sides: the loop answers, `wardroom-supervisor --ask` asks.
 *
 * A caller that says nothing holds the loop for CONTROL_WAIT_MS at most. Next: nothing, that is
 * all. */
#include "control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static bool address_fill(struct sockaddr_un *address, const char *run)
{
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    int len = snprintf(address->sun_path, sizeof address->sun_path, "%s/supervisor.sock", run);
    return len > 0 && (size_t)len < sizeof address->sun_path;
}

int control_open(const char *run)
{
    struct sockaddr_un address;
    if (!address_fill(&address, run)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    unlink(address.sun_path);
    mode_t mask = umask(0177);
    bool ok = bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 16) == 0;
    umask(mask);
    if (ok)
        return fd;
    close(fd);
    return -1;
}

static bool peer_is_ours(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
           (peer.uid == 0 || peer.uid == geteuid());
}

static void time_limit(int fd, long ms)
{
    struct timeval limit = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

/* Returns whether the caller waits for the end: then its connection stays open. */
static bool command_do(struct suite *suite, const char *command, int64_t now_ms, char *answer,
                       size_t answer_bytes)
{
    char err[512];

    snprintf(answer, answer_bytes, "ok\n");
    if (strcmp(command, "ping") == 0)
        return false;
    if (strcmp(command, "stop") == 0) {
        suite_stop(suite);
        return true;
    }
    if (strcmp(command, "reload") == 0) {
        if (!suite_reload(suite, now_ms, err, sizeof err))
            snprintf(answer, answer_bytes, "error: %s\n", err);
    } else if (strncmp(command, "restart ", 8) == 0) {
        if (!suite_restart(suite, command + 8, now_ms))
            snprintf(answer, answer_bytes, "error: no program of that name is to be running\n");
    } else {
        snprintf(answer, answer_bytes, "error: unknown command\n");
    }
    return false;
}

void control_serve(int listener, struct suite *suite, int64_t now_ms)
{
    char command[CONTROL_BYTES_MAX], answer[600];
    bool waits = false;
    size_t len = 0;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    time_limit(fd, CONTROL_WAIT_MS);
    while (peer_is_ours(fd) && len < sizeof command) {
        ssize_t got = recv(fd, command + len, sizeof command - len, 0);
        if (got <= 0)
            break;
        len += (size_t)got;
        char *end = memchr(command, '\n', len);
        if (!end)
            continue;
        *end = '\0';
        waits = command_do(suite, command, now_ms, answer, sizeof answer);
        (void)send(fd, answer, strlen(answer), MSG_NOSIGNAL);
        break;
    }
    /* Whoever asked for a stop learns of its end by this socket closing with the process. */
    if (!waits)
        close(fd);
}

int control_ask(const char *run, const char *command)
{
    struct sockaddr_un address;
    char line[CONTROL_BYTES_MAX + 1], answer[600];
    size_t len = 0;
    ssize_t got;

    int line_len = snprintf(line, sizeof line, "%s\n", command);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || line_len >= CONTROL_BYTES_MAX || !address_fill(&address, run) ||
        connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        return 3;
    time_limit(fd, ASK_SECONDS_MAX * 1000L);
    if (send(fd, line, (size_t)line_len, MSG_NOSIGNAL) != line_len)
        return 3;
    while (len + 1 < sizeof answer &&
           (got = recv(fd, answer + len, sizeof answer - 1 - len, 0)) > 0)
        len += (size_t)got;
    answer[len] = '\0';
    close(fd);
    if (strcmp(answer, "ok\n") == 0)
        return 0;
    fputs(len ? answer : "error: no answer\n", stderr);
    return 1;
}
