/* Reading REDIS_URL. Next: publisher.c */
#include "channel/redis_url.h"

#include <stdlib.h>
#include <string.h>

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
    static const char scheme[] = "redis://";
    struct redis_url url = {.port = 6379};
    if (strncmp(text, scheme, sizeof scheme - 1) != 0)
        return STATUS_INVALID;
    const char *rest = text + sizeof scheme - 1;
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
    if (host_len == 0 || !copy_part(url.host, sizeof url.host, host, host_len))
        return STATUS_INVALID;
    *ret = url;
    return OK;
}
