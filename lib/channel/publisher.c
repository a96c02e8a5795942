/* The publisher: a lane for each Redis server, and which of them a tenant's events take. Services
 * call publisher_send from their actors and never wait; a server that is lost holds up only the
 * tenants that it has. Next: lane.h
 */
#include "channel/channel.h"

#include <stdlib.h>
#include "channel/lane.h"

struct publisher {
    struct redis_urls urls;
    char region[REGION_NAME_SIZE];
    struct lane *lanes[REDIS_SERVERS_MAX]; /* as many as there are servers */
};

enum status publisher_new(const char *redis_url, const struct keyring *channel_keys,
                          const char *region, struct publisher **ret)
{
    struct publisher *publisher = calloc(1, sizeof *publisher);
    if (!publisher)
        return STATUS_RESOURCE_EXHAUSTED;
    strncpy(publisher->region, region, sizeof publisher->region - 1);
    enum status status =
        channel_keys->count > 0 ? redis_urls_parse(redis_url, &publisher->urls) : STATUS_INVALID;
    for (size_t i = 0; status == OK && i < publisher->urls.count; i++)
        status = lane_new(&publisher->urls.servers[i], channel_keys, publisher->region,
                          &publisher->lanes[i]);
    if (status != OK) {
        publisher_free(publisher);
        return status;
    }
    *ret = publisher;
    return OK;
}

/* All are asked first, so that the time-outs of lost servers run side by side. */
void publisher_free(struct publisher *publisher)
{
    if (!publisher)
        return;
    for (size_t i = 0; i < REDIS_SERVERS_MAX && publisher->lanes[i]; i++)
        lane_stop(publisher->lanes[i]);
    for (size_t i = 0; i < REDIS_SERVERS_MAX && publisher->lanes[i]; i++)
        lane_free(publisher->lanes[i]);
    bytes_wipe(&publisher->urls, sizeof publisher->urls);
    free(publisher);
}

static struct lane *lane_of(const struct publisher *publisher, const struct tenant_id *tenant)
{
    char channel[CHANNEL_NAME_SIZE];
    channel_name(publisher->region, tenant, channel);
    return publisher->lanes[redis_urls_choose(&publisher->urls, channel)];
}

void publisher_send(struct publisher *publisher, const struct tenant_id *tenant, struct bytes batch)
{
    lane_send(lane_of(publisher, tenant), tenant, batch);
}

void publisher_note_lost(struct publisher *publisher, const struct tenant_id *tenant)
{
    lane_note_lost(lane_of(publisher, tenant), tenant);
}

void publisher_set_lost(struct publisher *publisher,
                        void (*write)(const struct tenant_id *tenant, int64_t since_us,
                                      struct buf *out))
{
    for (size_t i = 0; i < publisher->urls.count; i++)
        lane_set_lost(publisher->lanes[i], write);
}

bool publisher_connected(const struct publisher *publisher)
{
    for (size_t i = 0; i < publisher->urls.count; i++)
        if (!lane_connected(publisher->lanes[i]))
            return false;
    return true;
}
