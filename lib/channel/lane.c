/* A lane of the publisher: a thread that takes packed batches for one Redis server from a bounded
 * queue, seals them and sends everything that waits in one pipeline. What cannot be sent is dropped
 * and counted: subscribers see the gap by seq.
 *
 * Next: redis_loop.c
 */
#include "channel/lane.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include "channel/payload.h"
#include "core/clock.h"
#include "core/cleanup.h"
#include "core/limits.h"
#include "core/metrics.h"

#define CONNECT_TIMEOUT_MS 500
#define COMMAND_TIMEOUT_MS 1000
#define RECONNECT_WAIT_MS  100

struct item {
    struct item *next;
    char channel[CHANNEL_NAME_SIZE];
    size_t len;
    uint8_t batch[];
};

struct lane {
    struct redis_url url;
    const struct keyring *keys;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct item *first, **last; /* under lock */
    size_t queued_bytes;        /* under lock */
    bool stopping;              /* under lock */
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

static void disconnect(struct lane *lane)
{
    if (lane->redis)
        redisFree(lane->redis);
    lane->redis = NULL;
    atomic_store(&lane->connected, false);
}

static bool authenticate(struct lane *lane)
{
    const struct redis_url *url = &lane->url;
    if (url->password[0] == '\0')
        return true;
    redisReply *reply = url->user[0]
                            ? redisCommand(lane->redis, "AUTH %s %s", url->user, url->password)
                            : redisCommand(lane->redis, "AUTH %s", url->password);
    bool is_fine = reply && reply->type != REDIS_REPLY_ERROR;
    freeReplyObject(reply);
    return is_fine;
}

static bool connect_redis(struct lane *lane)
{
    struct timeval connect_limit = {.tv_usec = CONNECT_TIMEOUT_MS * 1000};
    struct timeval command_limit = {.tv_sec = COMMAND_TIMEOUT_MS / 1000};
    if (lane->redis)
        return true;
    lane->redis = redisConnectWithTimeout(lane->url.host, lane->url.port, connect_limit);
    if (!lane->redis || lane->redis->err ||
        redisSetTimeout(lane->redis, command_limit) != REDIS_OK || !authenticate(lane)) {
        disconnect(lane);
        return false;
    }
    redisEnableKeepAlive(lane->redis);
    atomic_store(&lane->connected, true);
    return true;
}

static void append_publish(struct lane *lane, const struct item *item, size_t *count)
{
    CLEANUP(buf_fini) struct buf payload = {0};
    if (payload_seal(&lane->keys->keys[0], item->channel, clock_now_us(),
                     bytes_of(item->batch, item->len), &payload) != OK ||
        redisAppendCommand(lane->redis, "PUBLISH %b %b", item->channel, strlen(item->channel),
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
static const struct item *send_pipeline(struct lane *lane, const struct item *items)
{
    size_t count = 0;
    if (!connect_redis(lane))
        return items;
    for (const struct item *item = items; item; item = item->next)
        append_publish(lane, item, &count);
    for (; count > 0; count--) {
        void *reply = NULL;
        if (redisGetReply(lane->redis, &reply) != REDIS_OK) {
            disconnect(lane);
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
static void send_items(struct lane *lane, const struct item *items)
{
    const struct item *rest = send_pipeline(lane, items);
    if (rest)
        rest = send_pipeline(lane, rest);
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
static struct item *take_items(struct lane *lane, bool *ret_stopping)
{
    struct timespec until;
    deadline_in(&until, RECONNECT_WAIT_MS);
    pthread_mutex_lock(&lane->lock);
    while (!lane->first && !lane->stopping &&
           pthread_cond_timedwait(&lane->wake, &lane->lock, &until) != ETIMEDOUT) {
    }
    struct item *items = lane->first;
    lane->first = NULL;
    lane->last = &lane->first;
    lane->queued_bytes = 0;
    *ret_stopping = lane->stopping;
    pthread_mutex_unlock(&lane->lock);
    return items;
}

static void *lane_main(void *data)
{
    struct lane *lane = data;
    bool is_stopping = false;
    while (!is_stopping) {
        struct item *items = take_items(lane, &is_stopping);
        if (items)
            send_items(lane, items);
        else
            connect_redis(lane);
        free_items(items);
    }
    disconnect(lane);
    return NULL;
}

static void register_metrics(void)
{
    metric_register(&published);
    metric_register(&dropped);
}

enum status lane_new(const struct redis_url *url, const struct keyring *channel_keys,
                     struct lane **ret)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_condattr_t attributes;
    struct lane *lane = calloc(1, sizeof *lane);
    if (!lane)
        return STATUS_RESOURCE_EXHAUSTED;
    pthread_once(&once, register_metrics);
    lane->url = *url;
    lane->keys = channel_keys;
    lane->last = &lane->first;
    pthread_mutex_init(&lane->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&lane->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&lane->thread, NULL, lane_main, lane) != 0) {
        free(lane);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    *ret = lane;
    return OK;
}

void lane_stop(struct lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    lane->stopping = true;
    pthread_cond_signal(&lane->wake);
    pthread_mutex_unlock(&lane->lock);
}

void lane_free(struct lane *lane)
{
    lane_stop(lane);
    pthread_join(lane->thread, NULL);
    free_items(lane->first);
    pthread_cond_destroy(&lane->wake);
    pthread_mutex_destroy(&lane->lock);
    bytes_wipe(&lane->url, sizeof lane->url);
    free(lane);
}

void lane_send(struct lane *lane, const char channel[CHANNEL_NAME_SIZE], struct bytes batch)
{
    struct item *item = batch.len <= CHANNEL_BYTES_MAX ? malloc(sizeof *item + batch.len) : NULL;
    if (!item) {
        metric_add(&dropped, 1);
        return;
    }
    item->next = NULL;
    memcpy(item->channel, channel, sizeof item->channel);
    item->len = batch.len;
    memcpy(item->batch, batch.data, batch.len);
    pthread_mutex_lock(&lane->lock);
    bool is_full = lane->queued_bytes + batch.len > PUBLISH_QUEUE_BYTES_MAX;
    if (!is_full) {
        *lane->last = item;
        lane->last = &item->next;
        lane->queued_bytes += batch.len;
        pthread_cond_signal(&lane->wake);
    }
    pthread_mutex_unlock(&lane->lock);
    if (is_full) {
        metric_add(&dropped, 1);
        free(item);
    }
}

bool lane_connected(const struct lane *lane)
{
    return atomic_load(&lane->connected);
}
