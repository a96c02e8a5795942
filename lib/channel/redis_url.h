/* REDIS_URL: redis://[user:password@]host[:port][/db], or several with commas between them, and
 * which of them has a channel. Private to lib/channel. */
#ifndef WARDROOM_CHANNEL_REDIS_URL_H
#define WARDROOM_CHANNEL_REDIS_URL_H

#include <stddef.h>
#include "core/limits.h"
#include "core/status.h"

struct redis_url {
    char host[256];
    int port;
    char user[128];     /* "" : none */
    char password[256]; /* "" : none */
};

/* INVALID: another scheme, an empty host or a bad port. The database number does not matter to
 * publish and subscribe and is read over. */
MUST_CHECK enum status redis_url_parse(const char *text, struct redis_url *ret);

struct redis_urls {
    struct redis_url servers[REDIS_SERVERS_MAX];
    size_t count;
};

/* INVALID: one of them is, the same server stands there twice, or there are too many. */
MUST_CHECK enum status redis_urls_parse(const char *text, struct redis_urls *ret);
/* The server of a channel, by rendezvous hashing of host and port: every program that has the same
 * servers in its list, in whatever order, finds the same one, and a server more or less moves only
 * the channels that it gets or had. */
size_t redis_urls_choose(const struct redis_urls *urls, const char *channel);

#endif
