/* A very small HTTP server of its own thread: three paths, GET, one connection after the other.
 *
 * Whoever connects has 2 s and 4 KiB. Next: ../bus/service.h
 */
#include "ops/ops.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/metrics.h"

#define REQUEST_BYTES_MAX 4096
#define DEADLINE_MS       2000
#define BACKLOG           16
#define HOST_SIZE         64

struct ops {
    int listen_fd, stop_fd;
    bool (*ready)(void *data, const char **why);
    void *data;
    pthread_t thread;
};

/* "127.0.0.1:9101" or "[::1]:9101". */
static bool address_parse(const char *text, struct sockaddr_storage *ret, socklen_t *ret_len)
{
    char host[HOST_SIZE];
    const char *colon = strrchr(text, ':');
    bool six = text[0] == '[' && colon != NULL && colon > text + 1 && colon[-1] == ']';
    const char *start = six ? text + 1 : text;
    size_t len = colon != NULL ? (size_t)(colon - start) - (six ? 1 : 0) : 0;
    char *end = NULL;
    long port = colon != NULL ? strtol(colon + 1, &end, 10) : 0;
    if (len == 0 || len >= sizeof host || port <= 0 || port > 65535 || *end != '\0') {
        return false;
    }
    memcpy(host, start, len);
    host[len] = '\0';
    *ret = (struct sockaddr_storage){0};
    if (six) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons((uint16_t)port);
        *ret_len = sizeof *in6;
        return inet_pton(AF_INET6, host, &in6->sin6_addr) == 1;
    }
    struct sockaddr_in *in = (struct sockaddr_in *)ret;
    in->sin_family = AF_INET;
    in->sin_port = htons((uint16_t)port);
    *ret_len = sizeof *in;
    return inet_pton(AF_INET, host, &in->sin_addr) == 1;
}

static int listen_at(const char *text)
{
    struct sockaddr_storage address;
    socklen_t len;
    int one = 1;
    if (!address_parse(text, &address, &len)) {
        errno = EINVAL;
        return -1;
    }
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
                    bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, BACKLOG) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Wait for `events`; false: the deadline passed, or we are to stop. */
static bool wait_for(const struct ops *ops, int fd, short events, int64_t deadline_ms)
{
    struct pollfd fds[] = {{.fd = fd, .events = events}, {.fd = ops->stop_fd, .events = POLLIN}};
    int64_t left_ms = deadline_ms - clock_monotonic_ms();
    return left_ms > 0 && poll(fds, 2, (int)left_ms) > 0 && fds[1].revents == 0;
}

/* The head of a request, NUL-terminated; false: none in time, or over 4 KiB. */
static bool read_head(const struct ops *ops, int fd, int64_t deadline_ms,
                      char head[REQUEST_BYTES_MAX + 1])
{
    size_t len = 0;
    while (len < REQUEST_BYTES_MAX && wait_for(ops, fd, POLLIN, deadline_ms)) {
        ssize_t got = recv(fd, head + len, REQUEST_BYTES_MAX - len, 0);
        if (got <= 0) {
            return false;
        }
        len += (size_t)got;
        head[len] = '\0';
        if (strstr(head, "\r\n\r\n") != NULL) {
            return true;
        }
    }
    return false;
}

static void write_all(const struct ops *ops, int fd, int64_t deadline_ms, struct bytes out)
{
    while (out.len > 0 && wait_for(ops, fd, POLLOUT, deadline_ms)) {
        ssize_t put = send(fd, out.data, out.len, MSG_NOSIGNAL);
        if (put <= 0) {
            return;
        }
        out.data += put;
        out.len -= (size_t)put;
    }
}

static bool asks_for(const char *head, const char *path)
{
    size_t len = strlen(path);
    const char *target = head + strlen("GET ");
    return strncmp(target, path, len) == 0 && (target[len] == ' ' || target[len] == '?');
}

static const char *answer(const struct ops *ops, const char *head, struct buf *body)
{
    const char *why = "";
    if (strncmp(head, "GET ", 4) != 0) {
        buf_text(body, "GET only\n");
        return "405 Method Not Allowed";
    }
    if (asks_for(head, "/metrics")) {
        metrics_print(body);
        return "200 OK";
    }
    if (asks_for(head, "/livez")) {
        buf_text(body, "ok\n");
        return "200 OK";
    }
    if (asks_for(head, "/readyz")) {
        bool ready = ops->ready(ops->data, &why);
        buf_printf(body, "%s\n", ready ? "ok" : why);
        return ready ? "200 OK" : "503 Service Unavailable";
    }
    buf_text(body, "no such path\n");
    return "404 Not Found";
}

static void serve(const struct ops *ops, int fd)
{
    char head[REQUEST_BYTES_MAX + 1];
    CLEANUP(buf_fini) struct buf body = {0}, out = {0};
    int64_t deadline_ms = clock_monotonic_ms() + DEADLINE_MS;
    if (!read_head(ops, fd, deadline_ms, head)) {
        return;
    }
    const char *line = answer(ops, head, &body);
    buf_printf(&out,
               "HTTP/1.1 %s\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
               "Content-Length: %zu\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n",
               line, body.len);
    buf_append(&out, body.data, body.len);
    write_all(ops, fd, deadline_ms, buf_bytes(&out));
}

static void *ops_run(void *data)
{
    const struct ops *ops = data;
    struct pollfd fds[] = {{.fd = ops->listen_fd, .events = POLLIN},
                           {.fd = ops->stop_fd, .events = POLLIN}};
    while ((poll(fds, 2, -1) >= 0 || errno == EINTR) && fds[1].revents == 0) {
        int fd = accept4(ops->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            serve(ops, fd);
            close(fd);
        }
    }
    return NULL;
}

enum status ops_start(const char *listen, bool (*ready)(void *data, const char **why), void *data,
                      struct ops **ret)
{
    if (listen[0] == '\0') {
        *ret = NULL;
        return OK;
    }
    struct ops *ops = calloc(1, sizeof *ops);
    if (ops == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    ops->ready = ready;
    ops->data = data;
    ops->listen_fd = listen_at(listen);
    enum status status = errno == EINVAL ? STATUS_INVALID : STATUS_UNAVAILABLE;
    ops->stop_fd = ops->listen_fd >= 0 ? eventfd(0, EFD_CLOEXEC) : -1;
    if (ops->stop_fd >= 0 && pthread_create(&ops->thread, NULL, ops_run, ops) == 0) {
        *ret = ops;
        return OK;
    }
    if (ops->stop_fd >= 0) {
        close(ops->stop_fd);
    }
    if (ops->listen_fd >= 0) {
        close(ops->listen_fd);
    }
    free(ops);
    return status;
}

void ops_stop(struct ops *ops)
{
    if (ops == NULL) {
        return;
    }
    uint64_t one = 1;
    (void)!write(ops->stop_fd, &one, sizeof one);
    pthread_join(ops->thread, NULL);
    close(ops->listen_fd);
    close(ops->stop_fd);
    free(ops);
}
