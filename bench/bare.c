/* Three commands' worth of server: upgrade, subscribe, post. It trusts its one client, which is
 * this program: the thread number is the last digits of the thread id, the refs stand where they
 * stand.
 *
 * Next: report.c */
#include "bare.h"

#include "events.h"
#include "fault.h"
#include "frame.h"
#include "http.h"
#include "socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PORT_FIRST      21800
#define PORT_LAST       21999
#define SOCKETS_MAX     16384
#define THREADS_MAX     64
#define FRAME_MAX       16384
#define PENDING_MAX     (256 * 1024)
#define READY_MAX       512
#define SEND_WAIT_MS    10000
#define SUBSCRIBERS_MAX 4096

struct room {
    int fds[SUBSCRIBERS_MAX];
    unsigned count;
    uint64_t last_seq;
    uint8_t pending[PENDING_MAX]; /* frames of this turn */
    size_t pending_len;
};

struct bare {
    int listen_fd;
    int epoll_fd;
    size_t event_frame_len;
    bool is_batching;
    struct socket *sockets[SOCKETS_MAX]; /* by fd */
    struct room rooms[THREADS_MAX];
};

/* A frame that the kernel does not take now is waited for: the client reads all the time. */
static void send_all(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            struct pollfd ready = {.fd = fd, .events = POLLOUT};
            if (poll(&ready, 1, SEND_WAIT_MS) > 0)
                continue;
        }
        if (n <= 0)
            return;
        at += n;
        len -= (size_t)n;
    }
}

static size_t frame_build(uint8_t *ret_frame, const char *json, size_t len)
{
    size_t head = frame_put_head(ret_frame, FRAME_TEXT, len, NULL);
    memcpy(ret_frame + head, json, len);
    return head + len;
}

static void room_flush(struct room *room)
{
    for (unsigned i = 0; i < room->count && room->pending_len > 0; i++)
        send_all(room->fds[i], room->pending, room->pending_len);
    room->pending_len = 0;
}

static void subscribe(struct bare *bare, struct socket *socket, unsigned thread)
{
    struct room *room = &bare->rooms[thread];
    char json[160];
    uint8_t frame[192];
    if (room->count == SUBSCRIBERS_MAX)
        return;
    room->fds[room->count++] = socket->link.fd;
    int len = snprintf(json, sizeof(json),
                       "[{\"type\":\"subscribed\",\"thread_id\":\"00000000-0000-7000-8000-%012x\","
                       "\"last_seq\":%llu}]",
                       thread, (unsigned long long)room->last_seq);
    send_all(socket->link.fd, frame, frame_build(frame, json, (size_t)len));
}

static void post(struct bare *bare, struct socket *socket, unsigned thread, struct text ref,
                 struct text body)
{
    static const char tail[] = "\"}}]";
    struct room *room = &bare->rooms[thread];
    char json[FRAME_MAX];
    uint8_t frame[FRAME_MAX + FRAME_HEAD_BYTES_MAX];
    room->last_seq++;
    int len = snprintf(json, sizeof(json), "[{\"type\":\"ack\",\"ref\":\"%.*s\",\"seq\":%llu}]",
                       (int)ref.len, ref.at, (unsigned long long)room->last_seq);
    send_all(socket->link.fd, frame, frame_build(frame, json, (size_t)len));
    len = snprintf(json, sizeof(json),
                   "[{\"type\":\"message\",\"message\":{\"thread_id\":\"00000000-0000-7000-8000-"
                   "%012x\",\"seq\":%llu,\"body\":\"%.*s\",\"pad\":\"",
                   thread, (unsigned long long)room->last_seq, (int)body.len, body.at);
    while ((size_t)len + sizeof(tail) - 1 < bare->event_frame_len)
        json[len++] = '.';
    memcpy(json + len, tail, sizeof(tail) - 1);
    size_t frame_len = frame_build(frame, json, (size_t)len + sizeof(tail) - 1);
    if (room->pending_len + frame_len > PENDING_MAX)
        room_flush(room);
    memcpy(room->pending + room->pending_len, frame, frame_len);
    room->pending_len += frame_len;
    if (!bare->is_batching)
        room_flush(room);
}

static void take_frame(void *context, struct socket *socket, char *payload, size_t len)
{
    struct bare *bare = context;
    struct text thread_id = events_find_string(payload, len, "thread_id");
    struct text body = events_find_string(payload, len, "body");
    unsigned thread = thread_id.len == 36 ? (unsigned)strtoul(thread_id.at + 24, NULL, 16) : 0;
    if (thread >= THREADS_MAX)
        return;
    if (body.at)
        post(bare, socket, thread, events_find_string(payload, len, "ref"), body);
    else
        subscribe(bare, socket, thread);
}

static bool answer_upgrade(int fd)
{
    char head[4096];
    char accept[29];
    size_t len = 0;
    while (len < sizeof(head) - 1) {
        ssize_t n = recv(fd, head + len, sizeof(head) - 1 - len, 0);
        if (n <= 0)
            return false;
        len += (size_t)n;
        head[len] = '\0';
        if (strstr(head, "\r\n\r\n"))
            break;
    }
    const char *key = strstr(head, "Sec-WebSocket-Key: ");
    if (!key)
        return false;
    char copy[25] = "";
    memcpy(copy, key + 19, strnlen(key + 19, 24));
    http_accept_key(copy, accept);
    int n = snprintf(head, sizeof(head),
                     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                     accept);
    send_all(fd, head, (size_t)n);
    return true;
}

static void accept_one(struct bare *bare)
{
    int on = 1;
    int fd = accept4(bare->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    struct socket *socket = fd >= 0 && fd < SOCKETS_MAX ? calloc(1, sizeof(*socket)) : NULL;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (!socket || !answer_upgrade(fd) || !socket_take_fd(socket, fd)) {
        free(socket);
        if (fd >= 0)
            close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    bare->sockets[fd] = socket;
    epoll_ctl(bare->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static void drop(struct bare *bare, int fd)
{
    for (unsigned i = 0; i < THREADS_MAX; i++) {
        struct room *room = &bare->rooms[i];
        for (unsigned k = 0; k < room->count; k++)
            if (room->fds[k] == fd)
                room->fds[k--] = room->fds[--room->count];
    }
    socket_close(bare->sockets[fd]);
    free(bare->sockets[fd]);
    bare->sockets[fd] = NULL;
}

static void serve(int listen_fd, size_t event_frame_len, bool is_batching)
{
    static struct bare bare;
    struct epoll_event ready[READY_MAX];
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listen_fd};
    size_t most = FRAME_MAX - 64;
    bare.listen_fd = listen_fd;
    bare.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    bare.event_frame_len = event_frame_len < most ? event_frame_len : most;
    bare.is_batching = is_batching;
    epoll_ctl(bare.epoll_fd, EPOLL_CTL_ADD, listen_fd, &event);
    for (;;) {
        int count = epoll_wait(bare.epoll_fd, ready, READY_MAX, -1);
        for (int i = 0; i < count; i++) {
            int fd = ready[i].data.fd;
            if (fd == listen_fd)
                accept_one(&bare);
            else if (bare.sockets[fd] && !socket_read(bare.sockets[fd], take_frame, &bare))
                drop(&bare, fd);
        }
        for (unsigned i = 0; i < THREADS_MAX; i++)
            room_flush(&bare.rooms[i]);
        if (count < 0 && errno != EINTR)
            return;
    }
}

/* A port below the ephemeral range, so that no outgoing connection of the machine sits on it. */
static int listen_somewhere(char *ret_port, size_t size)
{
    int on = 1;
    for (unsigned port = PORT_FIRST; port <= PORT_LAST; port++) {
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons((uint16_t)port),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 4096) == 0) {
            snprintf(ret_port, size, "%u", port);
            return fd;
        }
        close(fd);
    }
    return -1;
}

bool bare_server_start(struct bare_server *server, size_t event_frame_len, bool is_batching)
{
    *server = (struct bare_server){.target = {.host = "127.0.0.1"}};
    int fd = listen_somewhere(server->target.port, sizeof(server->target.port));
    if (fd < 0)
        return fault_set("no free port for the bare sender");
    server->pid = fork();
    if (server->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(fd, event_frame_len, is_batching);
        _exit(1);
    }
    close(fd);
    return server->pid > 0 || fault_set("fork: %s", strerror(errno));
}

void bare_server_stop(struct bare_server *server)
{
    if (server->pid <= 0)
        return;
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}
