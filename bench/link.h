/* A TCP connection, with TLS 1.3 over it or without. It is opened blocking with a deadline; once
 * the conversation is set up, link_set_nonblocking hands it to an epoll loop.
 *
 * Next: http.h */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <openssl/ssl.h>
#include <sys/types.h>

/* A connect, a handshake or a reply over HTTP that takes longer has failed. argon2 with two at once
 * and a full queue in front of it stays well below. */
#define LINK_TIMEOUT_S 30

struct target {
    char host[256];
    char port[8];
    bool is_tls;
};

struct link {
    int fd; /* -1: closed */
    SSL *ssl;
};

/* Read `https://host:port`, `http://host:port` or `host:port` (plain). */
bool target_parse(const char *url, struct target *ret_target);

/* True for 127.0.0.0/8, ::1 and localhost: the only hosts whose self-signed certificate is taken.
 */
bool target_is_loopback(const struct target *target);

/* Open `link`; the caller closes it. False with fault_text. */
bool link_open(struct link *link, const struct target *target);

/* Take a connected plain socket; the link owns it now. */
void link_take_fd(struct link *link, int fd);

/* Close, if open; harmless twice. */
void link_close(struct link *link);

bool link_set_nonblocking(struct link *link);

/* Like recv and send, for both kinds: -1 with errno EAGAIN for `later`, 0 from link_read for the
 * end of the stream. link_read returns what one call gives; loop until EAGAIN when ssl is set. */
ssize_t link_read(struct link *link, void *ret_buf, size_t size);
ssize_t link_write(struct link *link, const void *buf, size_t len);

/* Write everything on a blocking link. */
bool link_write_all(struct link *link, const void *buf, size_t len);
