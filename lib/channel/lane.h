/* One Redis server as a service publishes to it. Private to lib/channel. Next: lane.c */
#ifndef WARDROOM_CHANNEL_LANE_H
#define WARDROOM_CHANNEL_LANE_H

#include "channel/payload.h"
#include "channel/redis_url.h"

struct lane;

/* `channel_keys`, whose first seals, and `region` are borrowed for the lane's life. */
MUST_CHECK enum status lane_new(const struct redis_url *url, const struct keyring *channel_keys,
                                const char *region, struct lane **ret);
/* Ask it to end, without waiting: what is queued is still sent, for one time-out (1 s) at most. */
void lane_stop(struct lane *lane);
void lane_free(struct lane *lane); /* waits for that */
/* The functions of the publisher (channel.h), for the tenants of this server. */
void lane_send(struct lane *lane, const struct tenant_id *tenant, struct bytes batch);
void lane_note_lost(struct lane *lane, const struct tenant_id *tenant);
void lane_set_lost(struct lane *lane, void (*write)(const struct tenant_id *tenant,
                                                    int64_t since_us, struct buf *out));
bool lane_connected(const struct lane *lane);

#endif
