/* A lane of the publisher: a thread that takes packed batches for one Redis server from a bounded
 * queue, seals them and sends everything that waits in one pipeline. What cannot be sent is dropped
 * and counted, and its tenant remembered: when the server is back, gateways are told to compare
 * with the database, for no later event may show them the gap.
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

/* A tenant that gateways must be told about, and since when. At most one a tenant of the server:
 * TENANTS_OPEN_MAX x 64 bytes. */
struct loss {
    struct loss *next;
    struct tenant_id tenant;
    int64_t since_us;
};

struct lane {
    struct redis_url url;
    const struct keyring *keys;
    const char *region;
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

static void note_loss(struct lane *lane, const struct tenant_id *tenant, int64_t since_us)
{
    pthread_mutex_lock(&lane->lock);
    struct loss *loss = lane->losses;
    while (loss && !tenant_id_equal(&loss->tenant, tenant))
        loss = loss->next;
    if (!loss && (loss = malloc(sizeof *loss))) {
        *loss = (struct loss){lane->losses, *tenant, since_us};
        lane->losses = loss;
    }
    if (loss && since_us < loss->since_us)
        loss->since_us = since_us;
    pthread_mutex_unlock(&lane->lock);
}

static void drop_item(struct lane *lane, const struct item *item)
{
    metric_add(&dropped, 1);
    note_loss(lane, &item->tenant, item->queued_us);
}

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

static void append_publish(struct lane *lane, struct item *item)
{
    CLEANUP(buf_fini) struct buf payload = {0};
    char channel[CHANNEL_NAME_SIZE];
    channel_name(lane->region, &item->tenant, channel);
    item->is_sent = payload_seal(&lane->keys->keys[0], channel, clock_now_us(),
                                 bytes_of(item->batch, item->len), &payload) == OK &&
                    redisAppendCommand(lane->redis, "PUBLISH %b %b", channel, strlen(channel),
                                       payload.data, payload.len) == REDIS_OK;
    if (!item->is_sent)
        drop_item(lane, item);
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
static struct item *send_pipeline(struct lane *lane, struct item *items)
{
    if (!connect_redis(lane))
        return items;
    for (struct item *item = items; item; item = item->next)
        append_publish(lane, item);
    for (; items; items = items->next) {
        void *answer = NULL;
        if (!items->is_sent)
            continue;
        if (redisGetReply(lane->redis, &answer) != REDIS_OK) {
            disconnect(lane);
            return items;
        }
        const redisReply *reply = answer;
        if (reply->type == REDIS_REPLY_ERROR)
            drop_item(lane, items);
        else
            metric_add(&published, 1);
        freeReplyObject(answer);
    }
    return NULL;
}

/* A connection that broke while idle shows only now, so what was not answered is sent once more;
 * subscribers drop what they saw already by its seq. */
static void send_items(struct lane *lane, struct item *items)
{
    struct item *rest = send_pipeline(lane, items);
    if (rest)
        rest = send_pipeline(lane, rest);
    for (; rest; rest = rest->next)
        drop_item(lane, rest);
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
static void send_losses(struct lane *lane)
{
    CLEANUP(buf_fini) struct buf batch = {0};
    bool is_up = true;
    pthread_mutex_lock(&lane->lock);
    struct loss *losses = lane->write_lost ? lane->losses : NULL;
    if (losses)
        lane->losses = NULL;
    pthread_mutex_unlock(&lane->lock);
    while (losses) {
        struct loss *loss = losses;
        struct item *item = NULL;
        losses = loss->next;
        buf_clear(&batch);
        lane->write_lost(&loss->tenant, loss->since_us, &batch);
        if (!batch.failed)
            item = item_new(&loss->tenant, buf_bytes(&batch));
        if (item)
            item->queued_us = loss->since_us; /* what is noted when Redis refuses this one too */
        is_up = is_up && item && !send_pipeline(lane, item);
        if (!is_up)
            note_loss(lane, &loss->tenant, loss->since_us);
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
        if (lane_connected(lane))
            send_losses(lane);
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
                     const char *region, struct lane **ret)
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
    lane->region = region;
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
    while (lane->losses) {
        struct loss *next = lane->losses->next;
        free(lane->losses);
        lane->losses = next;
    }
    pthread_cond_destroy(&lane->wake);
    pthread_mutex_destroy(&lane->lock);
    bytes_wipe(&lane->url, sizeof lane->url);
    free(lane);
}

void lane_send(struct lane *lane, const struct tenant_id *tenant, struct bytes batch)
{
    struct item *item = item_new(tenant, batch);
    if (!item) {
        lane_note_lost(lane, tenant);
        return;
    }
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
        drop_item(lane, item);
        free(item);
    }
}

void lane_note_lost(struct lane *lane, const struct tenant_id *tenant)
{
    metric_add(&dropped, 1);
    note_loss(lane, tenant, clock_now_us());
}

void lane_set_lost(struct lane *lane,
                   void (*write)(const struct tenant_id *tenant, int64_t since_us, struct buf *out))
{
    pthread_mutex_lock(&lane->lock);
    lane->write_lost = write;
    pthread_mutex_unlock(&lane->lock);
}

bool lane_connected(const struct lane *lane)
{
    return atomic_load(&lane->connected);
}
