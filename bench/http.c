/* Requests are one formatted buffer; replies are read to the announced length or to the end.
 *
 * Next: accounts.c */
#include "http.h"

#include "fault.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HEAD_BYTES_MAX 8192

/* The value of a header in a head that ends in NUL; NULL when it is not there. */
static const char *header_find(const char *head, const char *name)
{
    size_t len = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, len) == 0 && line[len] == ':') {
            const char *value = line + len + 1;
            return value + strspn(value, " ");
        }
    }
    return NULL;
}

/* Read until the blank line. On return buf[0..*ret_len) ends in NUL and *ret_head_len is behind the
 * blank line. */
static bool head_read(struct link *link, char *buf, size_t size, size_t *ret_head_len,
                      size_t *ret_len)
{
    size_t len = 0;
    while (len < size - 1) {
        ssize_t n = link_read(link, buf + len, size - 1 - len);
        if (n <= 0)
            return fault_set("no reply: %s", n == 0 ? "closed by the server" : strerror(errno));
        len += (size_t)n;
        buf[len] = '\0';
        char *blank = strstr(buf, "\r\n\r\n");
        if (blank) {
            *ret_head_len = (size_t)(blank + 4 - buf);
            *ret_len = len;
            return true;
        }
    }
    return fault_set("the head of the reply exceeds %zu bytes", size);
}

static int head_status(const char *head)
{
    return strncmp(head, "HTTP/1.", 7) == 0 && strlen(head) > 12 ? atoi(head + 9) : 0;
}

static bool reply_read(struct link *link, struct http_reply *reply)
{
    size_t head_len = 0;
    size_t len = 0;
    if (!head_read(link, reply->body, sizeof(reply->body), &head_len, &len))
        return false;
    reply->body[head_len - 1] = '\0';
    const char *announced = header_find(reply->body, "Content-Length");
    const char *retry_after = header_find(reply->body, "Retry-After");
    size_t wanted = announced ? strtoul(announced, NULL, 10) : sizeof(reply->body);
    reply->status = head_status(reply->body);
    reply->retry_after_s = retry_after ? atoi(retry_after) : 0;
    reply->body_len = len - head_len;
    memmove(reply->body, reply->body + head_len, reply->body_len);
    while (reply->body_len < wanted && reply->body_len < sizeof(reply->body) - 1) {
        ssize_t n = link_read(link, reply->body + reply->body_len,
                              sizeof(reply->body) - 1 - reply->body_len);
        if (n <= 0)
            break;
        reply->body_len += (size_t)n;
    }
    reply->body[reply->body_len] = '\0';
    return reply->status != 0 || fault_set("the reply is not HTTP/1.1");
}

bool http_request(const struct target *target, const char *method, const char *path,
                  const char *token, const char *json, struct http_reply *ret_reply)
{
    char request[HEAD_BYTES_MAX];
    int len = snprintf(request, sizeof(request),
                       "%s %s HTTP/1.1\r\nHost: %s:%s\r\nConnection: close\r\n%s%s%s", method, path,
                       target->host, target->port, token ? "Authorization: Bearer " : "",
                       token ? token : "", token ? "\r\n" : "");
    if (json && len > 0 && (size_t)len < sizeof(request))
        len += snprintf(request + len, sizeof(request) - (size_t)len,
                        "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                        strlen(json), json);
    else if (len > 0 && (size_t)len < sizeof(request))
        len += snprintf(request + len, sizeof(request) - (size_t)len, "\r\n");
    if (len < 0 || (size_t)len >= sizeof(request))
        return fault_set("the request exceeds %d bytes", HEAD_BYTES_MAX);
    struct link link;
    if (!link_open(&link, target))
        return false;
    bool is_ok = link_write_all(&link, request, (size_t)len) && reply_read(&link, ret_reply);
    link_close(&link);
    return is_ok;
}

void http_accept_key(const char *key, char ret_accept[29])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    char text[128];
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_len = 0;
    int len = snprintf(text, sizeof(text), "%.60s%s", key, guid);
    EVP_Digest(text, (size_t)len, digest, &digest_len, EVP_sha1(), NULL);
    EVP_EncodeBlock((unsigned char *)ret_accept, digest, 20);
}

static bool upgrade_on(struct link *link, const struct target *target, const char *path,
                       const char *token, void *ret_rest, size_t size, size_t *ret_rest_len)
{
    unsigned char random[16];
    char key[25];
    char accept[29];
    char head[HEAD_BYTES_MAX];
    RAND_bytes(random, sizeof(random));
    EVP_EncodeBlock((unsigned char *)key, random, sizeof(random));
    int len = snprintf(head, sizeof(head),
                       "GET %s HTTP/1.1\r\nHost: %s:%s\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: %s\r\nAuthorization: Bearer %s\r\n\r\n",
                       path, target->host, target->port, key, token);
    size_t head_len = 0;
    size_t total = 0;
    if (len < 0 || (size_t)len >= sizeof(head))
        return fault_set("the token is too long");
    if (!link_write_all(link, head, (size_t)len) ||
        !head_read(link, head, sizeof(head), &head_len, &total))
        return false;
    if (head_status(head) != 101)
        return fault_set("upgrade of %s refused: %.*s", path, (int)strcspn(head, "\r"), head);
    const char *answer = header_find(head, "Sec-WebSocket-Accept");
    http_accept_key(key, accept);
    if (!answer || strncmp(answer, accept, 28) != 0)
        return fault_set("the server's Sec-WebSocket-Accept is wrong");
    if (total - head_len > size)
        return fault_set("too many bytes behind the upgrade");
    memcpy(ret_rest, head + head_len, total - head_len);
    *ret_rest_len = total - head_len;
    return true;
}

bool http_upgrade(struct link *link, const struct target *target, const char *path,
                  const char *token, void *ret_rest, size_t size, size_t *ret_rest_len)
{
    if (!link_open(link, target))
        return false;
    if (upgrade_on(link, target, path, token, ret_rest, size, ret_rest_len))
        return true;
    link_close(link);
    return false;
}
