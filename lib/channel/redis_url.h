/* REDIS_URL: redis://[user:password@]host[:port][/db]. Private to lib/channel. */
#ifndef WARDROOM_CHANNEL_REDIS_URL_H
#define WARDROOM_CHANNEL_REDIS_URL_H

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

#endif
