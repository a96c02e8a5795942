/* Reading REDIS_URL and choosing among its servers. Next: publisher.c */
#include "channel/redis_url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/bytes.h"

#define SCHEME      "redis://"
#define SERVER_SIZE (256 + 8) /* host:port */

static bool copy_part(char *out, size_t size, const char *start, size_t len)
{
    if (len >= size)
        return false;
    memcpy(out, start, len);
    out[len] = '\0';
    return true;
}

static bool parse_login(const char *start, size_t len, struct redis_url *url)
{
    const char *colon = memchr(start, ':', len);
    size_t user_len = colon ? (size_t)(colon - start) : len;
    if (!copy_part(url->user, sizeof url->user, start, user_len))
        return false;
    return !colon || copy_part(url->password, sizeof url->password, colon + 1, len - user_len - 1);
}

enum status redis_url_parse(const char *text, struct redis_url *ret)
{
    struct redis_url url = {.port = 6379};
    if (strncmp(text, SCHEME, strlen(SCHEME)) != 0)
        return STATUS_INVALID;
    const char *rest = text + strlen(SCHEME);
    size_t authority_len = strcspn(rest, "/?");
    const char *at = memrchr(rest, '@', authority_len);
    if (at && !parse_login(rest, (size_t)(at - rest), &url))
        return STATUS_INVALID;
    const char *host = at ? at + 1 : rest;
    size_t host_len = authority_len - (size_t)(host - rest);
    const char *colon = memrchr(host, ':', host_len);
    if (colon) {
        char *end;
        long port = strtol(colon + 1, &end, 10);
        if (end != rest + authority_len || end == colon + 1 || port < 1 || port > 65535)
            return STATUS_INVALID;
        url.port = (int)port;
        host_len = (size_t)(colon - host);
    }
    if (host_len == 0 || memchr(host, ',', host_len) ||
        !copy_part(url.host, sizeof url.host, host, host_len))
        return STATUS_INVALID;
    *ret = url;
    return OK;
}

static bool has_server(const struct redis_urls *urls, const struct redis_url *url)
{
    for (size_t i = 0; i < urls->count; i++)
        if (urls->servers[i].port == url->port && strcmp(urls->servers[i].host, url->host) == 0)
            return true;
    return false;
}

/* Only a comma before the next scheme parts two servers: a password may have commas. */
enum status redis_urls_parse(const char *text, struct redis_urls *ret)
{
    char one[sizeof(struct redis_url) + 64];
    struct redis_urls urls = {.count = 0};
    enum status status = OK;
    const char *next = text;
    while (next && status == OK) {
        const char *start = next, *comma = strstr(start, "," SCHEME);
        size_t len = comma ? (size_t)(comma - start) : strlen(start);
        next = comma ? comma + 1 : NULL;
        if (urls.count == REDIS_SERVERS_MAX || !copy_part(one, sizeof one, start, len))
            status = STATUS_INVALID;
        else
            status = redis_url_parse(one, &urls.servers[urls.count]);
        if (status == OK && has_server(&urls, &urls.servers[urls.count]))
            status = STATUS_INVALID;
        urls.count++;
    }
    if (status == OK)
        *ret = urls;
    bytes_wipe(one, sizeof one);
    bytes_wipe(&urls, sizeof urls);
    return status;
}

size_t redis_urls_choose(const struct redis_urls *urls, const char *channel)
{
    size_t best = 0;
    uint64_t best_score = 0;
    for (size_t i = 0; i < urls->count; i++) {
        char server[SERVER_SIZE];
        snprintf(server, sizeof server, "%s:%d", urls->servers[i].host, urls->servers[i].port);
        uint64_t score = hash_bytes(bytes_text(channel), hash_bytes(bytes_text(server), 0));
        if (i == 0 || score > best_score) {
            best = i;
            best_score = score;
        }
    }
    return best;
}
