/* The subscriber: one link for subscriptions, one for commands, and a heartbeat through both.
 *
 * Every second the command link publishes to a control channel of this process; when nothing of
 * that comes back for 3 s, Redis is taken for dead and both links start again. The control channel
 * is subscribed last after a reconnect, so its confirmation means that every tenant's is in effect.
 * UNSUBSCRIBE goes out one at a time and a tenant that is wanted again waits for its answer:
 * hiredis 0.14 forgets the callback otherwise. Next: ../bus/call.h
 */
#include "channel/channel.h"

#include <stdio.h>
#include <stdlib.h>
#include "channel/payload.h"
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
    struct subscriber *owner;
    struct tenant_id tenant;
    char channel[CHANNEL_NAME_SIZE];
    enum entry_state state;
    bool is_wanted;
};

struct subscriber {
    struct redis_link *listen, *command;
    const struct keyring *keys;
    char region[REGION_NAME_SIZE];
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
    struct subscriber *subscriber = entry->owner;
    buf_clear(&subscriber->work);
    if (payload_open(subscriber->keys, entry->channel, clock_now_us(), payload,
                     &subscriber->work) != OK) {
        /* Not ours, or held up for so long that it is too old: then something is missing. */
        metric_add(&refused, 1);
        if (entry->is_wanted && subscriber->handlers.on_added)
            subscriber->handlers.on_added(subscriber->handlers.data, &entry->tenant);
        return;
    }
    metric_add(&received, 1);
    if (entry->is_wanted)
        subscriber->handlers.on_batch(subscriber->handlers.data, &entry->tenant,
                                      buf_bytes(&subscriber->work));
}

static void confirmed(struct entry *entry)
{
    struct subscriber *subscriber = entry->owner;
    entry->state = ENTRY_SUBSCRIBED;
    if (!entry->is_wanted)
        unsubscribe_entry(entry);
    else if (subscriber->is_connected && subscriber->handlers.on_added)
        subscriber->handlers.on_added(subscriber->handlers.data, &entry->tenant);
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

static void set_connected(struct subscriber *subscriber, bool is_connected)
{
    if (subscriber->is_connected == is_connected)
        return;
    subscriber->is_connected = is_connected;
    subscriber->handlers.on_state(subscriber->handlers.data, is_connected);
}

/* The control channel: confirmed after all tenants', then our own heartbeats. */
static void on_control(redisAsyncContext *context, void *data, void *privdata)
{
    struct subscriber *subscriber = privdata;
    const redisReply *reply = data;
    (void)context;
    if (!reply || reply->type != REDIS_REPLY_ARRAY || reply->elements != 3)
        return;
    subscriber->heard_ms = clock_monotonic_ms();
    set_connected(subscriber, true);
}

/* Entries that nobody wants and that Redis no longer knows are gone with the connection. */
static void sweep_entries(struct subscriber *subscriber)
{
    struct entry *entry = subscriber->entries;
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
    struct subscriber *subscriber = data;
    subscriber->heard_ms = clock_monotonic_ms();
    sweep_entries(subscriber);
    for (struct entry *entry = subscriber->entries; entry; entry = entry->next)
        subscribe_entry(entry);
    redisAsyncCommand(redis_link_context(subscriber->listen), on_control, subscriber,
                      "SUBSCRIBE %s", subscriber->control);
}

static void on_listen_down(void *data)
{
    struct subscriber *subscriber = data;
    sweep_entries(subscriber);
    set_connected(subscriber, false);
}

static void on_command_change(void *data)
{
    (void)data;
}

static void on_heartbeat(uv_timer_t *timer)
{
    struct subscriber *subscriber = timer->data;
    redisAsyncContext *context = redis_link_context(subscriber->command);
    if (context)
        redisAsyncCommand(context, NULL, NULL, "PUBLISH %s 1", subscriber->control);
    if (!redis_link_context(subscriber->listen) ||
        clock_monotonic_ms() - subscriber->heard_ms < HEARTBEAT_LIMIT_MS)
        return;
    subscriber->heard_ms = clock_monotonic_ms();
    redis_link_reset(subscriber->listen);
    if (context)
        redis_link_reset(subscriber->command);
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

static enum status open_links(struct subscriber *subscriber, uv_loop_t *loop,
                              const struct redis_url *url)
{
    subscriber->listen = redis_link_new(
        loop, url, (struct redis_link_handlers){on_listen_up, on_listen_down, subscriber});
    subscriber->command = redis_link_new(
        loop, url, (struct redis_link_handlers){on_command_change, on_command_change, subscriber});
    return subscriber->listen && subscriber->command ? OK : STATUS_RESOURCE_EXHAUSTED;
}

enum status subscriber_new(uv_loop_t *loop, const char *redis_url,
                           const struct keyring *channel_keys, const char *region,
                           struct subscriber_handlers handlers, struct subscriber **ret)
{
    struct redis_url url;
    char random[UUID_TEXT_SIZE];
    struct uuid id = uuid_new();
    if (channel_keys->count == 0 || redis_url_parse(redis_url, &url) != OK)
        return STATUS_INVALID;
    struct subscriber *subscriber = calloc(1, sizeof *subscriber);
    if (!subscriber)
        return STATUS_RESOURCE_EXHAUSTED;
    register_metrics();
    uuid_format(&id, random);
    snprintf(subscriber->control, sizeof subscriber->control, "wr:1:control:%s", random);
    strncpy(subscriber->region, region, sizeof subscriber->region - 1);
    subscriber->keys = channel_keys;
    subscriber->handlers = handlers;
    if (open_links(subscriber, loop, &url) != OK) {
        free(subscriber); /* only without memory: the process is about to end */
        return STATUS_RESOURCE_EXHAUSTED;
    }
    uv_timer_init(loop, &subscriber->heartbeat);
    subscriber->heartbeat.data = subscriber;
    uv_timer_start(&subscriber->heartbeat, on_heartbeat, HEARTBEAT_MS, HEARTBEAT_MS);
    *ret = subscriber;
    return OK;
}

static void on_heartbeat_closed(uv_handle_t *handle)
{
    struct subscriber *subscriber = handle->data;
    while (subscriber->entries)
        remove_entry(subscriber->entries);
    buf_fini(&subscriber->work);
    free(subscriber);
}

void subscriber_close(struct subscriber *subscriber)
{
    if (!subscriber)
        return;
    redis_link_close(subscriber->listen);
    redis_link_close(subscriber->command);
    uv_timer_stop(&subscriber->heartbeat);
    uv_close((uv_handle_t *)&subscriber->heartbeat, on_heartbeat_closed);
}

static struct entry *find_entry(struct subscriber *subscriber, const struct tenant_id *tenant)
{
    struct entry *entry = subscriber->entries;
    while (entry && !tenant_id_equal(&entry->tenant, tenant))
        entry = entry->next;
    return entry;
}

void subscriber_add(struct subscriber *subscriber, const struct tenant_id *tenant)
{
    struct entry *entry = find_entry(subscriber, tenant);
    if (!entry) {
        entry = calloc(1, sizeof *entry);
        if (!entry)
            return;
        entry->owner = subscriber;
        entry->tenant = *tenant;
        channel_name(subscriber->region, tenant, entry->channel);
        entry->next = subscriber->entries;
        subscriber->entries = entry;
    }
    entry->is_wanted = true;
    if (entry->state == ENTRY_IDLE)
        subscribe_entry(entry);
}

void subscriber_remove(struct subscriber *subscriber, const struct tenant_id *tenant)
{
    struct entry *entry = find_entry(subscriber, tenant);
    if (!entry)
        return;
    entry->is_wanted = false;
    if (entry->state == ENTRY_SUBSCRIBED)
        unsubscribe_entry(entry);
    else if (entry->state == ENTRY_IDLE)
        remove_entry(entry);
}

bool subscriber_connected(const struct subscriber *subscriber)
{
    return subscriber->is_connected;
}

bool subscriber_publish(struct subscriber *subscriber, const struct tenant_id *tenant,
                        struct bytes batch)
{
    CLEANUP(buf_fini) struct buf payload = {0};
    char channel[CHANNEL_NAME_SIZE];
    redisAsyncContext *context = redis_link_context(subscriber->command);
    channel_name(subscriber->region, tenant, channel);
    if (!context || payload_seal(&subscriber->keys->keys[0], channel, clock_now_us(), batch,
                                 &payload) != OK)
        return false;
    return redisAsyncCommand(context, NULL, NULL, "PUBLISH %b %b", channel, strlen(channel),
                             payload.data, payload.len) == REDIS_OK;
}
