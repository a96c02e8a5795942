/* The subscriber: a station for each Redis server, and which of them has a tenant. The choice is
 * the publisher's (redis_url.h), so both must be given the same servers. Next: station.h
 */
#include "channel/channel.h"

#include <stdlib.h>
#include "channel/station.h"

struct subscriber {
    struct redis_urls urls;
    char region[REGION_NAME_SIZE];
    struct station *stations[REDIS_SERVERS_MAX]; /* as many as there are servers */
};

enum status subscriber_new(uv_loop_t *loop, const char *redis_url,
                           const struct keyring *channel_keys, const char *region,
                           struct subscriber_handlers handlers, struct subscriber **ret)
{
    struct subscriber *subscriber = calloc(1, sizeof *subscriber);
    if (!subscriber)
        return STATUS_RESOURCE_EXHAUSTED;
    strncpy(subscriber->region, region, sizeof subscriber->region - 1);
    enum status status =
        channel_keys->count > 0 ? redis_urls_parse(redis_url, &subscriber->urls) : STATUS_INVALID;
    for (size_t i = 0; status == OK && i < subscriber->urls.count; i++)
        status = station_new(loop, &subscriber->urls.servers[i], channel_keys, handlers,
                             &subscriber->stations[i]);
    if (status != OK) {
        subscriber_close(subscriber);
        return status;
    }
    *ret = subscriber;
    return OK;
}

void subscriber_close(struct subscriber *subscriber)
{
    if (!subscriber)
        return;
    for (size_t i = 0; i < REDIS_SERVERS_MAX && subscriber->stations[i]; i++)
        station_close(subscriber->stations[i]);
    bytes_wipe(&subscriber->urls, sizeof subscriber->urls);
    free(subscriber);
}

static struct station *station_of(const struct subscriber *subscriber,
                                  const struct tenant_id *tenant, char channel[CHANNEL_NAME_SIZE])
{
    channel_name(subscriber->region, tenant, channel);
    return subscriber->stations[redis_urls_choose(&subscriber->urls, channel)];
}

void subscriber_add(struct subscriber *subscriber, const struct tenant_id *tenant)
{
    char channel[CHANNEL_NAME_SIZE];
    station_add(station_of(subscriber, tenant, channel), tenant, channel);
}

void subscriber_remove(struct subscriber *subscriber, const struct tenant_id *tenant)
{
    char channel[CHANNEL_NAME_SIZE];
    station_remove(station_of(subscriber, tenant, channel), tenant);
}

bool subscriber_connected(const struct subscriber *subscriber)
{
    for (size_t i = 0; i < subscriber->urls.count; i++)
        if (station_connected(subscriber->stations[i]))
            return true;
    return false;
}

bool subscriber_complete(const struct subscriber *subscriber)
{
    for (size_t i = 0; i < subscriber->urls.count; i++)
        if (!station_connected(subscriber->stations[i]))
            return false;
    return true;
}

bool subscriber_reaches(const struct subscriber *subscriber, const struct tenant_id *tenant)
{
    char channel[CHANNEL_NAME_SIZE];
    return station_connected(station_of(subscriber, tenant, channel));
}

bool subscriber_publish(struct subscriber *subscriber, const struct tenant_id *tenant,
                        struct bytes batch)
{
    char channel[CHANNEL_NAME_SIZE];
    return station_publish(station_of(subscriber, tenant, channel), channel, batch);
}
