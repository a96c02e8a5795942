/* SO_REUSEPORT, a bound of accepts a turn, one uv_poll a socket. Next: http.h */
#include "accept.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "core/log.h"

#define ADDRESSES_MAX   8
#define BACKLOG         4096 /* 2,000 that were cut at once, if one gateway is left */
#define NO_FILES_MS     200 /* without file descriptors: try again later instead of spinning */
/* A TLS handshake costs 1 ms, and those who are accepted in one turn shake hands in the next ones:
 * whoever is connected waits at most that many. More a turn would not be faster. */
#define ACCEPT_TURN_MAX 8

struct port {
    uv_poll_t poll;
    struct acceptor *acceptor;
    int fd;
};
struct acceptor {
    struct port ports[ADDRESSES_MAX];
    size_t count;
    size_t open; /* handles that are not closed yet */
    uv_timer_t retry;
    bool is_paused;
    void (*take)(void *data, int fd);
    void *data;
};

static void on_retry(uv_timer_t *timer);

static void wait_for_files(struct acceptor *acceptor)
{
    log_event(LOG_ERROR, "accept.no_files", {"retry_ms", LOG_I(NO_FILES_MS)});
    for (size_t i = 0; i < acceptor->count; i++)
        uv_poll_stop(&acceptor->ports[i].poll);
    uv_timer_start(&acceptor->retry, on_retry, NO_FILES_MS, 0);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct port *port = poll->data;
    (void)events;
    if (status < 0)
        return;
    for (int i = 0; i < ACCEPT_TURN_MAX; i++) {
        int fd = accept4(port->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE)
                wait_for_files(port->acceptor);
            return;
        }
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        port->acceptor->take(port->acceptor->data, fd);
    }
}

static void on_retry(uv_timer_t *timer)
{
    struct acceptor *acceptor = timer->data;
    if (!acceptor->is_paused)
        acceptor_pause(acceptor, false);
}

static int open_socket(const struct addrinfo *info)
{
    int on = 1;
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (info->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0 &&
        bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

/* "127.0.0.1:8443" or "[::1]:8443" -> a listening socket, or -1 with errno. */
static int open_address(const char *text, size_t len)
{
    char copy[128], *host = copy;
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *info = NULL;
    errno = EINVAL;
    if (len == 0 || len >= sizeof copy)
        return -1;
    memcpy(copy, text, len);
    copy[len] = '\0';
    char *colon = strrchr(copy, ':');
    if (!colon)
        return -1;
    *colon = '\0';
    if (host[0] == '[' && colon > copy && colon[-1] == ']') {
        host++;
        colon[-1] = '\0';
    }
    if (getaddrinfo(host, colon + 1, &hints, &info) != 0)
        return -1;
    int fd = open_socket(info);
    int reason = errno;
    freeaddrinfo(info);
    errno = reason;
    return fd;
}

static bool is_left_out(const char *text)
{
    return text[0] == '[' && (errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT);
}

static void add_port(struct acceptor *acceptor, uv_loop_t *loop, int fd)
{
    struct port *port = &acceptor->ports[acceptor->count++];
    port->acceptor = acceptor;
    port->fd = fd;
    uv_poll_init(loop, &port->poll, fd);
    port->poll.data = port;
    uv_poll_start(&port->poll, UV_READABLE, on_readable);
    acceptor->open++;
}

enum status acceptor_open(uv_loop_t *loop, const char *addresses, void (*take)(void *data, int fd),
                          void *data, struct acceptor **ret)
{
    struct acceptor *acceptor = calloc(1, sizeof *acceptor);
    if (!acceptor)
        return STATUS_RESOURCE_EXHAUSTED;
    acceptor->take = take;
    acceptor->data = data;
    uv_timer_init(loop, &acceptor->retry);
    acceptor->retry.data = acceptor;
    acceptor->open = 1;
    *ret = acceptor;
    while (*addresses) {
        size_t len = strcspn(addresses, ",");
        int fd = acceptor->count < ADDRESSES_MAX ? open_address(addresses, len) : -1;
        if (fd >= 0) {
            add_port(acceptor, loop, fd);
        } else if (!is_left_out(addresses)) {
            log_event(LOG_ERROR, "listen.failed", {"addresses", LOG_S(addresses)},
                      {"reason", LOG_S(strerror(errno))});
            return STATUS_INVALID;
        }
        addresses += len + (addresses[len] == ',');
    }
    if (acceptor->count == 0)
        log_event(LOG_ERROR, "listen.failed", {"reason", LOG_S("no address")});
    return acceptor->count > 0 ? OK : STATUS_INVALID;
}

void acceptor_pause(struct acceptor *acceptor, bool is_paused)
{
    if (acceptor)
        acceptor->is_paused = is_paused;
    for (size_t i = 0; acceptor && i < acceptor->count; i++) {
        if (is_paused)
            uv_poll_stop(&acceptor->ports[i].poll);
        else
            uv_poll_start(&acceptor->ports[i].poll, UV_READABLE, on_readable);
    }
}

static void drop(struct acceptor *acceptor)
{
    if (--acceptor->open == 0)
        free(acceptor);
}

static void on_port_closed(uv_handle_t *handle)
{
    struct port *port = handle->data;
    drop(port->acceptor);
}

static void on_timer_closed(uv_handle_t *handle)
{
    drop(handle->data);
}

void acceptor_close(struct acceptor *acceptor)
{
    if (!acceptor)
        return;
    for (size_t i = 0; i < acceptor->count; i++) {
        uv_poll_stop(&acceptor->ports[i].poll);
        close(acceptor->ports[i].fd);
        uv_close((uv_handle_t *)&acceptor->ports[i].poll, on_port_closed);
    }
    uv_close((uv_handle_t *)&acceptor->retry, on_timer_closed);
}
