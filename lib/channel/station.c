/* A station of the subscriber, which is one Redis server: a link for subscriptions, one for
 * commands, and a heartbeat through both.
 *
 * Every second the command link publishes to a control channel of this process; when nothing of
 * that comes back for 3 s, Redis is taken for dead and both links start again. The control channel
 * is subscribed last after a reconnect, so its confirmation means that every tenant's is in effect.
 * UNSUBSCRIBE goes out one at a time and a tenant that is wanted again waits for its answer:
 * hiredis 0.14 forgets the callback otherwise. Next: ../bus/call.h
 */
#include "channel/station.h"

#include <stdio.h>
#include <stdlib.h>
#include "channel/redis_loop.h"
#include "core/clock.h"
#include "core/cleanup.h"
#include "core/limits.h"
#include "core/metrics.h"

#define HEARTBEAT_MS       1000
#define HEARTBEAT_LIMIT_MS 3000

enum entry_state {
    ENTRY_IDLE,  /* not at Redis: no connection yet */
    ENTRY_ASKED, /* SUBSCRIBE is on its way */
    ENTRY_SUBSCRIBED,
    ENTRY_LEAVING /* UNSUBSCRIBE is on its way */
};

struct entry {
    struct entry *next;
    struct station *owner;
    struct tenant_id tenant;
    char channel[CHANNEL_NAME_SIZE];
    enum entry_state state;
    bool is_wanted;
};

struct station {
    struct redis_link *listen, *command;
    const struct keyring *keys;
    char control[64];
    struct subscriber_handlers handlers;
    struct entry *entries;
    uv_timer_t heartbeat;
    int64_t heard_ms;
    bool is_connected;
    struct buf work; /* plaintext of one batch, reused */
};

static struct metric received = {.name = "wardroom_received_batches_total",
                                 .labels = "",
                                 .help = "event batches opened",
                                 .type = METRIC_COUNTER};
static struct metric refused = {.name = "wardroom_refused_batches_total",
                                .labels = "",
                                .help = "payloads from Redis that are not ours, or too old",
                                .type = METRIC_COUNTER};

static void on_channel(redisAsyncContext *context, void *data, void *privdata);

static void subscribe_entry(struct entry *entry)
{
    redisAsyncContext *context = redis_link_context(entry->owner->listen);
    if (!context)
        return;
    entry->state = ENTRY_ASKED;
    redisAsyncCommand(context, on_channel, entry, "SUBSCRIBE %b", entry->channel,
                      strlen(entry->channel));
}

static void unsubscribe_entry(struct entry *entry)
{
    redisAsyncContext *context = redis_link_context(entry->owner->listen);
    if (!context)
        return;
    entry->state = ENTRY_LEAVING;
    redisAsyncCommand(context, NULL, NULL, "UNSUBSCRIBE %b", entry->channel,
                      strlen(entry->channel));
}

static void remove_entry(struct entry *entry)
{
    struct entry **link = &entry->owner->entries;
    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    free(entry);
}

static void deliver(struct entry *entry, struct bytes payload)
{
    struct station *station = entry->owner;
    buf_clear(&station->work);
    if (payload_open(station->keys, entry->channel, clock_now_us(), payload, &station->work) !=
        OK) {
        /* Not ours, or held up for so long that it is too old: then something is missing. */
        metric_add(&refused, 1);
        if (entry->is_wanted && station->handlers.on_added)
            station->handlers.on_added(station->handlers.data, &entry->tenant);
        return;
    }
    metric_add(&received, 1);
    if (entry->is_wanted)
        station->handlers.on_batch(station->handlers.data, &entry->tenant,
                                   buf_bytes(&station->work));
}

static void confirmed(struct entry *entry)
{
    struct station *station = entry->owner;
    entry->state = ENTRY_SUBSCRIBED;
    if (!entry->is_wanted)
        unsubscribe_entry(entry);
    else if (station->is_connected && station->handlers.on_added)
        station->handlers.on_added(station->handlers.data, &entry->tenant);
}

static void left(struct entry *entry)
{
    entry->state = ENTRY_IDLE;
    if (entry->is_wanted)
        subscribe_entry(entry);
    else
        remove_entry(entry);
}

/* subscribe, unsubscribe and message replies of one tenant's channel. */
static void on_channel(redisAsyncContext *context, void *data, void *privdata)
{
    const redisReply *reply = data;
    (void)context;
    if (!reply || reply->type != REDIS_REPLY_ARRAY || reply->elements != 3 ||
        reply->element[0]->type != REDIS_REPLY_STRING)
        return;
    const char *kind = reply->element[0]->str;
    const redisReply *last = reply->element[2];
    if (strcmp(kind, "message") == 0 && last->type == REDIS_REPLY_STRING)
        deliver(privdata, bytes_of(last->str, last->len));
    else if (strcmp(kind, "subscribe") == 0)
        confirmed(privdata);
    else if (strcmp(kind, "unsubscribe") == 0)
        left(privdata);
}

static void set_connected(struct station *station, bool is_connected)
{
    if (station->is_connected == is_connected)
        return;
    station->is_connected = is_connected;
    station->handlers.on_state(station->handlers.data, is_connected);
}

/* The control channel: confirmed after all tenants', then our own heartbeats. */
static void on_control(redisAsyncContext *context, void *data, void *privdata)
{
    struct station *station = privdata;
    const redisReply *reply = data;
    (void)context;
    if (!reply || reply->type != REDIS_REPLY_ARRAY || reply->elements != 3)
        return;
    station->heard_ms = clock_monotonic_ms();
    set_connected(station, true);
}

/* Entries that nobody wants and that Redis no longer knows are gone with the connection. */
static void sweep_entries(struct station *station)
{
    struct entry *entry = station->entries;
    while (entry) {
        struct entry *next = entry->next;
        entry->state = ENTRY_IDLE;
        if (!entry->is_wanted)
            remove_entry(entry);
        entry = next;
    }
}

static void on_listen_up(void *data)
{
    struct station *station = data;
    station->heard_ms = clock_monotonic_ms();
    sweep_entries(station);
    for (struct entry *entry = station->entries; entry; entry = entry->next)
        subscribe_entry(entry);
    redisAsyncCommand(redis_link_context(station->listen), on_control, station, "SUBSCRIBE %s",
                      station->control);
}

static void on_listen_down(void *data)
{
    struct station *station = data;
    sweep_entries(station);
    set_connected(station, false);
}

static void on_command_change(void *data)
{
    (void)data;
}

static void on_heartbeat(uv_timer_t *timer)
{
    struct station *station = timer->data;
    redisAsyncContext *context = redis_link_context(station->command);
    if (context)
        redisAsyncCommand(context, NULL, NULL, "PUBLISH %s 1", station->control);
    if (!redis_link_context(station->listen) ||
        clock_monotonic_ms() - station->heard_ms < HEARTBEAT_LIMIT_MS)
        return;
    station->heard_ms = clock_monotonic_ms();
    redis_link_reset(station->listen);
    if (context)
        redis_link_reset(station->command);
}

static void register_metrics(void)
{
    static bool is_done;
    if (is_done)
        return;
    is_done = true;
    metric_register(&received);
    metric_register(&refused);
}

static enum status open_links(struct station *station, uv_loop_t *loop, const struct redis_url *url)
{
    station->listen = redis_link_new(
        loop, url, (struct redis_link_handlers){on_listen_up, on_listen_down, station});
    station->command = redis_link_new(
        loop, url, (struct redis_link_handlers){on_command_change, on_command_change, station});
    return station->listen && station->command ? OK : STATUS_RESOURCE_EXHAUSTED;
}

enum status station_new(uv_loop_t *loop, const struct redis_url *url,
                        const struct keyring *channel_keys, struct subscriber_handlers handlers,
                        struct station **ret)
{
    char random[UUID_TEXT_SIZE];
    struct uuid id = uuid_new();
    struct station *station = calloc(1, sizeof *station);
    if (!station)
        return STATUS_RESOURCE_EXHAUSTED;
    register_metrics();
    uuid_format(&id, random);
    snprintf(station->control, sizeof station->control, "wr:1:control:%s", random);
    station->keys = channel_keys;
    station->handlers = handlers;
    if (open_links(station, loop, url) != OK) {
        free(station); /* only without memory: the process is about to end */
        return STATUS_RESOURCE_EXHAUSTED;
    }
    uv_timer_init(loop, &station->heartbeat);
    station->heartbeat.data = station;
    uv_timer_start(&station->heartbeat, on_heartbeat, HEARTBEAT_MS, HEARTBEAT_MS);
    *ret = station;
    return OK;
}

static void on_heartbeat_closed(uv_handle_t *handle)
{
    struct station *station = handle->data;
    while (station->entries)
        remove_entry(station->entries);
    buf_fini(&station->work);
    free(station);
}

void station_close(struct station *station)
{
    redis_link_close(station->listen);
    redis_link_close(station->command);
    uv_timer_stop(&station->heartbeat);
    uv_close((uv_handle_t *)&station->heartbeat, on_heartbeat_closed);
}

static struct entry *find_entry(struct station *station, const struct tenant_id *tenant)
{
    struct entry *entry = station->entries;
    while (entry && !tenant_id_equal(&entry->tenant, tenant))
        entry = entry->next;
    return entry;
}

void station_add(struct station *station, const struct tenant_id *tenant,
                 const char channel[CHANNEL_NAME_SIZE])
{
    struct entry *entry = find_entry(station, tenant);
    if (!entry) {
        entry = calloc(1, sizeof *entry);
        if (!entry)
            return;
        entry->owner = station;
        entry->tenant = *tenant;
        memcpy(entry->channel, channel, sizeof entry->channel);
        entry->next = station->entries;
        station->entries = entry;
    }
    entry->is_wanted = true;
    if (entry->state == ENTRY_IDLE)
        subscribe_entry(entry);
}

void station_remove(struct station *station, const struct tenant_id *tenant)
{
    struct entry *entry = find_entry(station, tenant);
    if (!entry)
        return;
    entry->is_wanted = false;
    if (entry->state == ENTRY_SUBSCRIBED)
        unsubscribe_entry(entry);
    else if (entry->state == ENTRY_IDLE)
        remove_entry(entry);
}

bool station_connected(const struct station *station)
{
    return station->is_connected;
}

bool station_publish(struct station *station, const char channel[CHANNEL_NAME_SIZE],
                     struct bytes batch)
{
    CLEANUP(buf_fini) struct buf payload = {0};
    redisAsyncContext *context = redis_link_context(station->command);
    if (!context ||
        payload_seal(&station->keys->keys[0], channel, clock_now_us(), batch, &payload) != OK)
        return false;
    return redisAsyncCommand(context, NULL, NULL, "PUBLISH %b %b", channel, strlen(channel),
                             payload.data, payload.len) == REDIS_OK;
}
