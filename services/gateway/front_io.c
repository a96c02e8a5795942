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

static int read_tls(SSL *ssl, struct front *front, uint8_t *out)
{
    size_t got, len = 0;
    unsigned deaf_reads = 0;
    do {
        if (front_is_deaf(front) && ++deaf_reads > DEAF_READS_MAX)
            return -1; /* libwebsockets hangs up */
        if (SSL_read_ex(ssl, io.in, sizeof io.in, &got) != 1)
            return len > 0 ? (int)len : -1;
        len += front_feed(front, bytes_of(io.in, got), out + len);
    } while (len == 0);
    return (int)len;
}

static ssize_t read_plain(int fd, struct front *front, uint8_t *out)
{
    ssize_t got = recvfrom(fd, io.in, sizeof io.in, 0, NULL, NULL);
    if (got <= 0)
        return got;
    size_t len = front_feed(front, bytes_of(io.in, (size_t)got), out);
    if (len > 0)
        return (ssize_t)len;
    errno = EAGAIN;
    return -1;
}

int SSL_read(SSL *ssl, void *buf, int len)
{
    size_t got = 0;
    struct front *front = front_of(SSL_get_fd(ssl));
    if (front && len >= FRONT_OUT_BYTES)
        return read_tls(ssl, front, buf);
    if (front)
        return -1; /* never: listener.c gives libwebsockets a larger buffer */
    return SSL_read_ex(ssl, buf, len > 0 ? (size_t)len : 0, &got) == 1 ? (int)got : -1;
}

ssize_t recv(int fd, void *buf, size_t len, int flags)
{
    struct front *front = front_of(fd);
    if (!front)
        return recvfrom(fd, buf, len, flags, NULL, NULL);
    if (len >= FRONT_OUT_BYTES)
        return read_plain(fd, front, buf);
    errno = EIO; /* never, as above */
    return -1;
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

struct refusal front_io_take_head(int fd)
{
    struct front *front = front_of(fd);
    return front ? front_take_head(front) : (struct refusal){0};
}
