/* getaddrinfo, connect, SSL_connect; then the same read and write for plain and TLS.
 *
 * Next: http.c */
#include "link.h"

#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static SSL_CTX *verifying_context;
static SSL_CTX *loopback_context;
static pthread_once_t contexts_once = PTHREAD_ONCE_INIT;

static SSL_CTX *context_new(int verify_mode)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context)
        return NULL;
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_verify(context, verify_mode, NULL);
    SSL_CTX_set_default_verify_paths(context);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    /* Buffers of idle links are given back: the generator must not be what fills the machine. */
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return context;
}

static void contexts_init(void)
{
    verifying_context = context_new(SSL_VERIFY_PEER);
    loopback_context = context_new(SSL_VERIFY_NONE);
}

bool target_parse(const char *url, struct target *ret_target)
{
    struct target target = {0};
    if (strncmp(url, "https://", 8) == 0) {
        target.is_tls = true;
        url += 8;
    } else if (strncmp(url, "http://", 7) == 0) {
        url += 7;
    }
    size_t len = strcspn(url, "/");
    const char *colon = memrchr(url, ':', len);
    if (!colon || colon == url || (size_t)(colon - url) >= sizeof(target.host))
        return fault_set("'%s' is not host:port", url);
    size_t port_len = len - (size_t)(colon - url) - 1;
    if (port_len == 0 || port_len >= sizeof(target.port))
        return fault_set("'%s' has no port", url);
    memcpy(target.host, url, (size_t)(colon - url));
    memcpy(target.port, colon + 1, port_len);
    *ret_target = target;
    return true;
}

bool target_is_loopback(const struct target *target)
{
    return strncmp(target->host, "127.", 4) == 0 || strcmp(target->host, "::1") == 0 ||
           strcmp(target->host, "localhost") == 0;
}

static int connect_any(const struct target *target)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int fd = -1;
    if (getaddrinfo(target->host, target->port, &hints, &found) != 0)
        return -1;
    for (struct addrinfo *address = found; address && fd < 0; address = address->ai_next) {
        fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
            continue;
        struct timeval timeout = {.tv_sec = LINK_TIMEOUT_S};
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
        if (connect(fd, address->ai_addr, address->ai_addrlen) == 0)
            continue;
        int connect_errno = errno;
        close(fd);
        errno = connect_errno;
        fd = -1;
    }
    freeaddrinfo(found);
    return fd;
}

static bool handshake(struct link *link, const struct target *target)
{
    pthread_once(&contexts_once, contexts_init);
    SSL_CTX *context = target_is_loopback(target) ? loopback_context : verifying_context;
    link->ssl = context ? SSL_new(context) : NULL;
    if (!link->ssl || SSL_set_fd(link->ssl, link->fd) != 1)
        return fault_set("OpenSSL gave no connection");
    SSL_set_tlsext_host_name(link->ssl, target->host);
    SSL_set1_host(link->ssl, target->host);
    if (SSL_connect(link->ssl) != 1) {
        unsigned long code = ERR_get_error();
        return fault_set("TLS handshake with %s:%s failed: %s", target->host, target->port,
                         code ? ERR_reason_error_string(code) : strerror(errno));
    }
    return true;
}

bool link_open(struct link *link, const struct target *target)
{
    *link = (struct link){.fd = connect_any(target)};
    if (link->fd < 0)
        return fault_set("connect to %s:%s: %s", target->host, target->port, strerror(errno));
    int on = 1;
    setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (target->is_tls && !handshake(link, target)) {
        link_close(link);
        return false;
    }
    return true;
}

void link_take_fd(struct link *link, int fd)
{
    *link = (struct link){.fd = fd};
}

void link_close(struct link *link)
{
    if (link->ssl) {
        SSL_free(link->ssl);
        link->ssl = NULL;
    }
    if (link->fd >= 0)
        close(link->fd);
    link->fd = -1;
}

bool link_set_nonblocking(struct link *link)
{
    int flags = fcntl(link->fd, F_GETFL);
    return (flags >= 0 && fcntl(link->fd, F_SETFL, flags | O_NONBLOCK) == 0) ||
           fault_set("O_NONBLOCK: %s", strerror(errno));
}

/* OpenSSL's answer in the words of recv and send. */
static ssize_t translate_ssl(struct link *link, int n)
{
    switch (SSL_get_error(link->ssl, n)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        errno = EAGAIN;
        return -1;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    default:
        ERR_clear_error();
        errno = ECONNRESET;
        return -1;
    }
}

ssize_t link_read(struct link *link, void *ret_buf, size_t size)
{
    if (!link->ssl)
        return recv(link->fd, ret_buf, size, 0);
    int n = SSL_read(link->ssl, ret_buf, (int)size);
    return n > 0 ? n : translate_ssl(link, n);
}

ssize_t link_write(struct link *link, const void *buf, size_t len)
{
    if (!link->ssl)
        return send(link->fd, buf, len, MSG_NOSIGNAL);
    int n = SSL_write(link->ssl, buf, (int)len);
    return n > 0 ? n : translate_ssl(link, n);
}

bool link_write_all(struct link *link, const void *buf, size_t len)
{
    const char *at = buf;
    while (len > 0) {
        ssize_t n = link_write(link, at, len);
        if (n <= 0)
            return fault_set("write: %s", strerror(errno));
        at += n;
        len -= (size_t)n;
    }
    return true;
}
