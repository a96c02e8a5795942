/* One asynchronous hiredis connection on a libuv loop, with a connect timer. Private to lib/channel.
 *
 * hiredis's own libuv adapter never reports a refused connection (platform notes), so this is ours.
 */
#ifndef WARDROOM_CHANNEL_REDIS_LOOP_H
#define WARDROOM_CHANNEL_REDIS_LOOP_H

#include <hiredis/async.h>
#include <uv.h>
#include "channel/redis_url.h"
#include "core/bytes.h"

struct redis_link;

struct redis_link_handlers {
    void (*on_up)(void *data);   /* connected and authenticated commands may be sent */
    void (*on_down)(void *data); /* the context is gone; the link connects again by itself */
    void *data;
};

/* Connect now and again whenever the connection ends. NULL: no memory. */
struct redis_link *redis_link_new(uv_loop_t *loop, const struct redis_url *url,
                                  struct redis_link_handlers handlers);
/* Frees itself once its handles are closed; no handler is called any more. */
void redis_link_close(struct redis_link *link);
/* Drop the connection (from a timer, never from a hiredis callback); it comes back. */
void redis_link_reset(struct redis_link *link);
/* For commands; NULL while down. */
redisAsyncContext *redis_link_context(struct redis_link *link);

#endif
