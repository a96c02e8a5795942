/* Stands in front of SSL_read and recv, for the connections of clients that are no WebSocket yet.
 *
 * libwebsockets reads a client by these two alone and calls them through its PLT, so definitions in
 * the program come first; front_io_init checks at the start that they do. Its answers stay true for
 * it: nothing is held back that it could have, so SSL_pending needs no stand-in, and nothing to
 * hand on ends as the real read ends, so SSL_get_error needs none. Other descriptors, and other
 * threads, pass by. Next: guard.h
 */
#include <dlfcn.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "front.h"

/* In one turn of the loop, so that a peer who sends on behind a refusal does not hold up the
 * others: 64 x 16 KiB, 1 ms of decrypting. */
#define DEAF_READS_MAX 64

static struct {
    struct front **by_fd;
    size_t count;
    uint8_t in[FRONT_IN_BYTES]; /* one read; only this thread reads clients */
} io;
/* libzmq's threads call recv, too. */
static __thread bool is_loop_thread;

static struct front *front_of(int fd)
{
    return is_loop_thread && fd >= 0 && (size_t)fd < io.count ? io.by_fd[fd] : NULL;
}

/* How much may be read at once into `len` bytes of libwebsockets; 0: never, listener.c gives it a
 * larger buffer. For a WebSocket it has a small one; there one byte may have been held. */
static size_t room_of(const struct front *front, size_t len)
{
    if (len >= FRONT_OUT_BYTES)
        return sizeof io.in;
    return front_is_upgraded(front) && len > 1 ? len - 1 : 0;
}

static size_t feed(int fd, struct front *front, size_t got, uint8_t *out)
{
    size_t len = front_feed(front, bytes_of(io.in, got), out);
    if (!front_is_passing(front))
        return len;
    if (front_has_bare_frame(front))
        count(COUNT_REFUSED_UNMASKED);
    front_io_close(fd); /* from now on its reads are untouched, and cost nothing */
    return len;
}

static int read_tls(SSL *ssl, int fd, uint8_t *out, size_t out_len)
{
    struct front *front = front_of(fd);
    size_t got, len = 0, room = room_of(front, out_len);
    unsigned deaf_reads = 0;
    if (room > 0 && front_is_loose(front))
        len = feed(fd, front, 0, out);
    while (room > 0 && len == 0) {
        if (front_is_deaf(front) && ++deaf_reads > DEAF_READS_MAX)
            return -1; /* libwebsockets hangs up */
        if (SSL_read_ex(ssl, io.in, room, &got) != 1)
            return -1;
        len = feed(fd, front, got, out);
    }
    return len > 0 ? (int)len : -1;
}

static ssize_t read_plain(int fd, uint8_t *out, size_t out_len)
{
    struct front *front = front_of(fd);
    size_t room = room_of(front, out_len);
    size_t len = room > 0 && front_is_loose(front) ? feed(fd, front, 0, out) : 0;
    if (len == 0) {
        ssize_t got = room > 0 ? recvfrom(fd, io.in, room, 0, NULL, NULL) : 0;
        if (got <= 0)
            return got;
        len = feed(fd, front, (size_t)got, out);
    }
    errno = EAGAIN; /* should nothing have come of it */
    return len > 0 ? (ssize_t)len : -1;
}

int SSL_read(SSL *ssl, void *buf, int len)
{
    int fd = SSL_get_fd(ssl);
    size_t got = 0, most = len > 0 ? (size_t)len : 0;
    if (front_of(fd))
        return read_tls(ssl, fd, buf, most);
    return SSL_read_ex(ssl, buf, most, &got) == 1 ? (int)got : -1;
}

ssize_t recv(int fd, void *buf, size_t len, int flags)
{
    return front_of(fd) ? read_plain(fd, buf, len) : recvfrom(fd, buf, len, flags, NULL, NULL);
}

static bool is_ours(const char *name, uintptr_t ours)
{
    return (uintptr_t)dlsym(RTLD_DEFAULT, name) == ours;
}

enum status front_io_init(size_t files_max)
{
    io.by_fd = calloc(files_max, sizeof(struct front *));
    if (!io.by_fd)
        return STATUS_RESOURCE_EXHAUSTED;
    io.count = files_max;
    is_loop_thread = true;
    return is_ours("SSL_read", (uintptr_t)SSL_read) && is_ours("recv", (uintptr_t)recv)
               ? OK
               : STATUS_INVALID;
}

enum status front_io_open(int fd)
{
    if (fd < 0 || (size_t)fd >= io.count)
        return STATUS_RESOURCE_EXHAUSTED;
    front_io_close(fd);
    io.by_fd[fd] = front_new();
    return io.by_fd[fd] ? OK : STATUS_RESOURCE_EXHAUSTED;
}

void front_io_close(int fd)
{
    if (fd < 0 || (size_t)fd >= io.count)
        return;
    front_free(io.by_fd[fd]);
    io.by_fd[fd] = NULL;
}

bool front_io_next(int fd)
{
    struct front *front = front_of(fd);
    return front && front_next(front);
}

bool front_io_is_deaf(int fd)
{
    struct front *front = front_of(fd);
    return front && front_is_deaf(front);
}

struct refusal front_io_refusal(int fd)
{
    struct front *front = front_of(fd);
    return front ? front_refusal(front) : (struct refusal){0};
}
