/* The publisher: a thread that takes packed batches from a bounded queue, seals them and sends
 * everything that waits in one pipeline. Services call publisher_send from their actors and never
 * wait. What cannot be sent is dropped and counted: subscribers see the gap by seq.
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
    size_t len;
    uint8_t batch[];
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
    bool stopping;              /* under lock */
    atomic_bool connected;
    redisContext *redis;        /* the thread's own */
};

static struct metric published = {.name = "wardroom_published_batches_total", .labels = "",
                                  .help = "event batches sent to Redis", .type = METRIC_COUNTER};
static struct metric dropped = {.name = "wardroom_publish_dropped_total", .labels = "",
                                .help = "event batches dropped: Redis away or the queue full",
                                .type = METRIC_COUNTER};

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

static void append_publish(struct publisher *publisher, const struct item *item, size_t *count)
{
    CLEANUP(buf_fini) struct buf payload = {0};
    char channel[CHANNEL_NAME_SIZE];
    channel_name(publisher->region, &item->tenant, channel);
    if (payload_seal(&publisher->keys->keys[0], channel, clock_now_us(),
                     bytes_of(item->batch, item->len), &payload) != OK ||
        redisAppendCommand(publisher->redis, "PUBLISH %b %b", channel, strlen(channel),
                           payload.data, payload.len) != REDIS_OK) {
        metric_add(&dropped, 1);
        return;
    }
    (*count)++;
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
static const struct item *send_pipeline(struct publisher *publisher, const struct item *items)
{
    size_t count = 0;
    if (!connect_redis(publisher))
        return items;
    for (const struct item *item = items; item; item = item->next)
        append_publish(publisher, item, &count);
    for (; count > 0; count--) {
        void *reply = NULL;
        if (redisGetReply(publisher->redis, &reply) != REDIS_OK) {
            disconnect(publisher);
            return items;
        }
        freeReplyObject(reply);
        metric_add(&published, 1);
        items = items->next;
    }
    return NULL;
}

/* A connection that broke while idle shows only now, so what was not answered is sent once more;
 * subscribers drop what they saw already by its seq. */
static void send_items(struct publisher *publisher, const struct item *items)
{
    const struct item *rest = send_pipeline(publisher, items);
    if (rest)
        rest = send_pipeline(publisher, rest);
    for (; rest; rest = rest->next)
        metric_add(&dropped, 1);
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
    pthread_cond_destroy(&publisher->wake);
    pthread_mutex_destroy(&publisher->lock);
    bytes_wipe(&publisher->url, sizeof publisher->url);
    free(publisher);
}

void publisher_send(struct publisher *publisher, const struct tenant_id *tenant,
                    struct bytes batch)
{
    struct item *item = batch.len <= CHANNEL_BYTES_MAX ? malloc(sizeof *item + batch.len) : NULL;
    if (!item) {
        metric_add(&dropped, 1);
        return;
    }
    item->next = NULL;
    item->tenant = *tenant;
    item->len = batch.len;
    memcpy(item->batch, batch.data, batch.len);
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
        metric_add(&dropped, 1);
        free(item);
    }
}

bool publisher_connected(const struct publisher *publisher)
{
    return atomic_load(&publisher->connected);
}
