/* poll, send, recv. */
#include "raw.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "core/clock.h"

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

struct raw raw_open(uint16_t port)
{
    struct raw raw = {.fd = connect_to(port)};
    if (raw.fd < 0) {
        fprintf(stderr, "raw: cannot connect to %u\n", port);
        exit(1);
    }
    return raw;
}

void raw_close(struct raw *raw)
{
    close(raw->fd);
    raw->fd = -1;
}

bool raw_wait_port(uint16_t port, int ms)
{
    int64_t end_ms = clock_monotonic_ms() + ms;
    while (clock_monotonic_ms() < end_ms) {
        int fd = connect_to(port);
        if (fd >= 0) {
            close(fd);
            return true;
        }
        poll(NULL, 0, 5);
    }
    return false;
}

bool raw_send_bytes(struct raw *raw, const void *data, size_t len)
{
    const char *at = data;
    while (len > 0) {
        ssize_t sent = send(raw->fd, at, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        at += sent;
        len -= (size_t)sent;
    }
    return true;
}

void raw_send(struct raw *raw, const char *text)
{
    raw_send_bytes(raw, text, strlen(text));
}

/* One read, waiting at most until `end_ms`; false: nothing more will come in time. */
static bool read_some(struct raw *raw, int64_t end_ms)
{
    int64_t left_ms = end_ms - clock_monotonic_ms();
    struct pollfd pollfd = {.fd = raw->fd, .events = POLLIN};
    if (raw->is_closed || raw->len == RAW_TEXT_MAX || left_ms <= 0 ||
        poll(&pollfd, 1, (int)left_ms) <= 0)
        return false;
    ssize_t got = recv(raw->fd, raw->text + raw->len, RAW_TEXT_MAX - raw->len, 0);
    if (got <= 0)
        raw->is_closed = true;
    else
        raw->len += (size_t)got;
    raw->text[raw->len] = '\0';
    return true;
}

bool raw_read_until(struct raw *raw, const char *needle, int ms)
{
    int64_t end_ms = clock_monotonic_ms() + ms;
    while (!memmem(raw->text, raw->len, needle, strlen(needle))) {
        if (!read_some(raw, end_ms))
            return false;
    }
    return true;
}

bool raw_read_all(struct raw *raw, int ms)
{
    int64_t end_ms = clock_monotonic_ms() + ms;
    while (!raw->is_closed && read_some(raw, end_ms))
        ;
    return raw->is_closed;
}

void raw_forget(struct raw *raw)
{
    raw->len = 0;
    raw->text[0] = '\0';
}

unsigned raw_count(const struct raw *raw, const char *needle)
{
    unsigned count = 0;
    const char *at = raw->text, *end = raw->text + raw->len;
    while ((at = memmem(at, (size_t)(end - at), needle, strlen(needle))) != NULL) {
        count++;
        at++;
    }
    return count;
}

int raw_status(const struct raw *raw)
{
    return raw->len > 12 && memcmp(raw->text, "HTTP/1.1 ", 9) == 0 ? atoi(raw->text + 9) : 0;
}

bool raw_ws_open(struct raw *raw, const char *path, const char *token)
{
    char head[8192];
    snprintf(head, sizeof head,
             "GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
             "Sec-WebSocket-Protocol: wardroom.v1, bearer.%s\r\n\r\n",
             path, token);
    raw_send(raw, head);
    bool is_open = raw_read_until(raw, "\r\n\r\n", 5000) && raw_status(raw) == 101 &&
                   strstr(raw->text, "Sec-WebSocket-Protocol: wardroom.v1\r\n") != NULL;
    if (is_open)
        raw_forget(raw);
    return is_open;
}

void raw_ws_send(struct raw *raw, uint8_t first, const void *data, size_t len)
{
    static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
    uint8_t head[14] = {first};
    size_t at = 2;
    if (len < 126) {
        head[1] = (uint8_t)(0x80 | len);
    } else if (len < 65536) {
        head[1] = 0x80 | 126;
        head[at++] = (uint8_t)(len >> 8);
        head[at++] = (uint8_t)len;
    } else {
        head[1] = 0x80 | 127;
        for (int shift = 56; shift >= 0; shift -= 8)
            head[at++] = (uint8_t)((uint64_t)len >> shift);
    }
    memcpy(head + at, mask, sizeof mask);
    uint8_t *masked = malloc(len + 1);
    for (size_t i = 0; i < len; i++)
        masked[i] = ((const uint8_t *)data)[i] ^ mask[i % 4];
    raw_send_bytes(raw, head, at + 4);
    raw_send_bytes(raw, masked, len);
    free(masked);
}

/* The code of the first close frame among whole frames; -1: there is none yet. */
static int find_close(const struct raw *raw)
{
    const uint8_t *bytes = (const uint8_t *)raw->text;
    size_t at = 0;
    while (at + 2 <= raw->len) {
        size_t len = bytes[at + 1], head = 2;
        if (len == 126 && at + 4 <= raw->len) {
            len = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
            head = 4;
        }
        if (at + head + len > raw->len)
            return -1;
        if (bytes[at] == 0x88 && len >= 2)
            return bytes[at + head] << 8 | bytes[at + head + 1];
        at += head + len;
    }
    return -1;
}

int raw_ws_close_code(struct raw *raw, int ms)
{
    int64_t end_ms = clock_monotonic_ms() + ms;
    while (find_close(raw) < 0) {
        if (!read_some(raw, end_ms))
            return raw->is_closed ? 0 : -1;
    }
    return find_close(raw);
}
