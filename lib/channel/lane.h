/* One Redis server as a service publishes to it. Private to lib/channel. Next: lane.c */
#ifndef WARDROOM_CHANNEL_LANE_H
#define WARDROOM_CHANNEL_LANE_H

#include "channel/payload.h"
#include "channel/redis_url.h"

struct lane;

/* `channel_keys` is borrowed for the lane's life; the first seals. */
MUST_CHECK enum status lane_new(const struct redis_url *url, const struct keyring *channel_keys,
                                struct lane **ret);
/* Ask it to end, without waiting: what is queued is still sent, for one time-out (1 s) at most. */
void lane_stop(struct lane *lane);
void lane_free(struct lane *lane); /* waits for that */
/* Thread-safe, never blocks, copies; dropped and counted when the queue is full. */
void lane_send(struct lane *lane, const char channel[CHANNEL_NAME_SIZE], struct bytes batch);
bool lane_connected(const struct lane *lane);

#endif
