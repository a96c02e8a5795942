/* The publisher: a thread that takes packed batches from a bounded queue, seals them and sends
 * everything that waits in one pipeline. Services call publisher_send from their actors and never
 * wait. What cannot be sent is dropped and counted, and its tenant remembered: when Redis is back,
 * gateways are told to compare with the database, for no later event may show them the gap.
 *
 * Next: redis_loop.c
 */
#include "channel/channel.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include "channel/payload.h"
#include "channel/redis_url.h"
#include "core/clock.h"
#include "core/cleanup.h"
#include "core/limits.h"
#include "core/metrics.h"

#define CONNECT_TIMEOUT_MS 500
#define COMMAND_TIMEOUT_MS 1000
#define RECONNECT_WAIT_MS  100

struct item {
    struct item *next;
    struct tenant_id tenant;
    int64_t queued_us;
    bool is_sent; /* an answer to it is to come */
    size_t len;
    uint8_t batch[];
};

/* A tenant that gateways must be told about, and since when. At most one a tenant of the service:
 * TENANTS_OPEN_MAX x 64 bytes. */
struct loss {
    struct loss *next;
    struct tenant_id tenant;
    int64_t since_us;
};

struct publisher {
    struct redis_url url;
    const struct keyring *keys;
    char region[REGION_NAME_SIZE];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct item *first, **last; /* under lock */
    size_t queued_bytes;        /* under lock */
    struct loss *losses;        /* under lock */
    /* under lock until it is set */
    void (*write_lost)(const struct tenant_id *tenant, int64_t since_us, struct buf *out);
    bool stopping; /* under lock */
    atomic_bool connected;
    redisContext *redis; /* the thread's own */
};

static struct metric published = {.name = "wardroom_published_batches_total",
                                  .labels = "",
                                  .help = "event batches sent to Redis",
                                  .type = METRIC_COUNTER};
static struct metric dropped = {.name = "wardroom_publish_dropped_total",
                                .labels = "",
                                .help = "event batches dropped: Redis away or the queue full",
                                .type = METRIC_COUNTER};

static void note_loss(struct publisher *publisher, const struct tenant_id *tenant, int64_t since_us)
{
    pthread_mutex_lock(&publisher->lock);
    struct loss *loss = publisher->losses;
    while (loss && !tenant_id_equal(&loss->tenant, tenant))
        loss = loss->next;
    if (!loss && (loss = malloc(sizeof *loss))) {
        *loss = (struct loss){publisher->losses, *tenant, since_us};
        publisher->losses = loss;
    }
    if (loss && since_us < loss->since_us)
        loss->since_us = since_us;
    pthread_mutex_unlock(&publisher->lock);
}

static void drop_item(struct publisher *publisher, const struct item *item)
{
    metric_add(&dropped, 1);
    note_loss(publisher, &item->tenant, item->queued_us);
}

static void disconnect(struct publisher *publisher)
{
    if (publisher->redis)
        redisFree(publisher->redis);
    publisher->redis = NULL;
    atomic_store(&publisher->connected, false);
}

static bool authenticate(struct publisher *publisher)
{
    const struct redis_url *url = &publisher->url;
    if (url->password[0] == '\0')
        return true;
    redisReply *reply = url->user[0]
                            ? redisCommand(publisher->redis, "AUTH %s %s", url->user, url->password)
                            : redisCommand(publisher->redis, "AUTH %s", url->password);
    bool is_fine = reply && reply->type != REDIS_REPLY_ERROR;
    freeReplyObject(reply);
    return is_fine;
}

static bool connect_redis(struct publisher *publisher)
{
    struct timeval connect_limit = {.tv_usec = CONNECT_TIMEOUT_MS * 1000};
    struct timeval command_limit = {.tv_sec = COMMAND_TIMEOUT_MS / 1000};
    if (publisher->redis)
        return true;
    publisher->redis =
        redisConnectWithTimeout(publisher->url.host, publisher->url.port, connect_limit);
    if (!publisher->redis || publisher->redis->err ||
        redisSetTimeout(publisher->redis, command_limit) != REDIS_OK || !authenticate(publisher)) {
        disconnect(publisher);
        return false;
    }
    redisEnableKeepAlive(publisher->redis);
    atomic_store(&publisher->connected, true);
    return true;
}

static void append_publish(struct publisher *publisher, struct item *item)
{
    CLEANUP(buf_fini) struct buf payload = {0};
    char channel[CHANNEL_NAME_SIZE];
    channel_name(publisher->region, &item->tenant, channel);
    item->is_sent = payload_seal(&publisher->keys->keys[0], channel, clock_now_us(),
                                 bytes_of(item->batch, item->len), &payload) == OK &&
                    redisAppendCommand(publisher->redis, "PUBLISH %b %b", channel, strlen(channel),
                                       payload.data, payload.len) == REDIS_OK;
    if (!item->is_sent)
        drop_item(publisher, item);
}

static void free_items(struct item *item)
{
    while (item) {
        struct item *next = item->next;
        free(item);
        item = next;
    }
}

/* Send `items` in one pipeline. Returns the first that was not answered; NULL: all were. */
static struct item *send_pipeline(struct publisher *publisher, struct item *items)
{
    if (!connect_redis(publisher))
        return items;
    for (struct item *item = items; item; item = item->next)
        append_publish(publisher, item);
    for (; items; items = items->next) {
        void *answer = NULL;
        if (!items->is_sent)
            continue;
        if (redisGetReply(publisher->redis, &answer) != REDIS_OK) {
            disconnect(publisher);
            return items;
        }
        const redisReply *reply = answer;
        if (reply->type == REDIS_REPLY_ERROR)
            drop_item(publisher, items);
        else
            metric_add(&published, 1);
        freeReplyObject(answer);
    }
    return NULL;
}

/* A connection that broke while idle shows only now, so what was not answered is sent once more;
 * subscribers drop what they saw already by its seq. */
static void send_items(struct publisher *publisher, struct item *items)
{
    struct item *rest = send_pipeline(publisher, items);
    if (rest)
        rest = send_pipeline(publisher, rest);
    for (; rest; rest = rest->next)
        drop_item(publisher, rest);
}

static struct item *item_new(const struct tenant_id *tenant, struct bytes batch)
{
    struct item *item = batch.len <= CHANNEL_BYTES_MAX ? malloc(sizeof *item + batch.len) : NULL;
    if (item) {
        item->next = NULL;
        item->tenant = *tenant;
        item->queued_us = clock_now_us();
        item->is_sent = false;
        item->len = batch.len;
        memcpy(item->batch, batch.data, batch.len);
    }
    return item;
}

/* Redis takes batches again: say whose were lost. One that fails is noted again. */
static void send_losses(struct publisher *publisher)
{
    CLEANUP(buf_fini) struct buf batch = {0};
    bool is_up = true;
    pthread_mutex_lock(&publisher->lock);
    struct loss *losses = publisher->write_lost ? publisher->losses : NULL;
    if (losses)
        publisher->losses = NULL;
    pthread_mutex_unlock(&publisher->lock);
    while (losses) {
        struct loss *loss = losses;
        struct item *item = NULL;
        losses = loss->next;
        buf_clear(&batch);
        publisher->write_lost(&loss->tenant, loss->since_us, &batch);
        if (!batch.failed)
            item = item_new(&loss->tenant, buf_bytes(&batch));
        if (item)
            item->queued_us = loss->since_us; /* what is noted when Redis refuses this one too */
        is_up = is_up && item && !send_pipeline(publisher, item);
        if (!is_up)
            note_loss(publisher, &loss->tenant, loss->since_us);
        free(item);
        free(loss);
    }
}

static void deadline_in(struct timespec *at, long ms)
{
    clock_gettime(CLOCK_MONOTONIC, at);
    at->tv_nsec += ms * 1000000L;
    at->tv_sec += at->tv_nsec / 1000000000L;
    at->tv_nsec %= 1000000000L;
}

/* Everything that waits, or NULL when it is time to end or to look after the connection. */
static struct item *take_items(struct publisher *publisher, bool *ret_stopping)
{
    struct timespec until;
    deadline_in(&until, RECONNECT_WAIT_MS);
    pthread_mutex_lock(&publisher->lock);
    while (!publisher->first && !publisher->stopping &&
           pthread_cond_timedwait(&publisher->wake, &publisher->lock, &until) != ETIMEDOUT) {
    }
    struct item *items = publisher->first;
    publisher->first = NULL;
    publisher->last = &publisher->first;
    publisher->queued_bytes = 0;
    *ret_stopping = publisher->stopping;
    pthread_mutex_unlock(&publisher->lock);
    return items;
}

static void *publisher_main(void *data)
{
    struct publisher *publisher = data;
    bool is_stopping = false;
    while (!is_stopping) {
        struct item *items = take_items(publisher, &is_stopping);
        if (items)
            send_items(publisher, items);
        else
            connect_redis(publisher);
        free_items(items);
        if (publisher_connected(publisher))
            send_losses(publisher);
    }
    disconnect(publisher);
    return NULL;
}

static void register_metrics(void)
{
    metric_register(&published);
    metric_register(&dropped);
}

enum status publisher_new(const char *redis_url, const struct keyring *channel_keys,
                          const char *region, struct publisher **ret)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_condattr_t attributes;
    struct publisher *publisher = calloc(1, sizeof *publisher);
    if (!publisher)
        return STATUS_RESOURCE_EXHAUSTED;
    if (channel_keys->count == 0 || redis_url_parse(redis_url, &publisher->url) != OK) {
        free(publisher);
        return STATUS_INVALID;
    }
    pthread_once(&once, register_metrics);
    publisher->keys = channel_keys;
    publisher->last = &publisher->first;
    strncpy(publisher->region, region, sizeof publisher->region - 1);
    pthread_mutex_init(&publisher->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&publisher->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&publisher->thread, NULL, publisher_main, publisher) != 0) {
        free(publisher);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    *ret = publisher;
    return OK;
}

void publisher_free(struct publisher *publisher)
{
    if (!publisher)
        return;
    pthread_mutex_lock(&publisher->lock);
    publisher->stopping = true;
    pthread_cond_signal(&publisher->wake);
    pthread_mutex_unlock(&publisher->lock);
    pthread_join(publisher->thread, NULL);
    free_items(publisher->first);
    while (publisher->losses) {
        struct loss *next = publisher->losses->next;
        free(publisher->losses);
        publisher->losses = next;
    }
    pthread_cond_destroy(&publisher->wake);
    pthread_mutex_destroy(&publisher->lock);
    bytes_wipe(&publisher->url, sizeof publisher->url);
    free(publisher);
}

void publisher_send(struct publisher *publisher, const struct tenant_id *tenant, struct bytes batch)
{
    struct item *item = item_new(tenant, batch);
    if (!item) {
        publisher_note_lost(publisher, tenant);
        return;
    }
    pthread_mutex_lock(&publisher->lock);
    bool is_full = publisher->queued_bytes + batch.len > PUBLISH_QUEUE_BYTES_MAX;
    if (!is_full) {
        *publisher->last = item;
        publisher->last = &item->next;
        publisher->queued_bytes += batch.len;
        pthread_cond_signal(&publisher->wake);
    }
    pthread_mutex_unlock(&publisher->lock);
    if (is_full) {
        drop_item(publisher, item);
        free(item);
    }
}

void publisher_note_lost(struct publisher *publisher, const struct tenant_id *tenant)
{
    metric_add(&dropped, 1);
    note_loss(publisher, tenant, clock_now_us());
}

void publisher_set_lost(struct publisher *publisher,
                        void (*write)(const struct tenant_id *tenant, int64_t since_us,
                                      struct buf *out))
{
    pthread_mutex_lock(&publisher->lock);
    publisher->write_lost = write;
    pthread_mutex_unlock(&publisher->lock);
}

bool publisher_connected(const struct publisher *publisher)
{
    return atomic_load(&publisher->connected);
}
