/* One Redis server as a gateway listens to it. Private to lib/channel; the functions are those of
 * the subscriber (channel.h), for the tenants of this server. Next: station.c */
#ifndef WARDROOM_CHANNEL_STATION_H
#define WARDROOM_CHANNEL_STATION_H

#include "channel/channel.h"
#include "channel/payload.h"
#include "channel/redis_url.h"

struct station;

MUST_CHECK enum status station_new(uv_loop_t *loop, const struct redis_url *url,
                                   const struct keyring *channel_keys,
                                   struct subscriber_handlers handlers, struct station **ret);
void station_close(struct station *station); /* frees itself when its handles are closed */
void station_add(struct station *station, const struct tenant_id *tenant,
                 const char channel[CHANNEL_NAME_SIZE]);
void station_remove(struct station *station, const struct tenant_id *tenant);
bool station_connected(const struct station *station);
bool station_publish(struct station *station, const char channel[CHANNEL_NAME_SIZE],
                     struct bytes batch);

#endif
