/* What waits for an actor: filled once a turn by the mailbox, drained whole by an actor.
 *
 * Calls wait in lanes, one for each tenant, and are taken one from each lane in turn. So whoever
 * has little to do is in the next batch, however many calls of another tenant came before. Within a
 * tenant they keep their order. Next: actor.c
 */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "bus/runtime.h"

enum status queue_init(struct queue *queue, enum rpc_actor kind, unsigned actors, unsigned index)
{
    static const char *const kinds[ACTOR_KINDS] = {"write", "read", "work"};
    static const size_t take_max[ACTOR_KINDS] = {BATCH_CALLS_MAX, 16, 1};
    pthread_condattr_t monotonic;
    TAILQ_INIT(&queue->turns);
    for (size_t i = 0; i < QUEUE_LANES; i++) {
        STAILQ_INIT(&queue->lanes[i].calls);
    }
    STAILQ_INIT(&queue->turn);
    queue->take_max = take_max[kind];
    queue->actors = actors;
    snprintf(queue->labels, sizeof queue->labels, "actors=\"%s\",queue=\"%u\"", kinds[kind], index);
    queue->depth_metric = (struct metric){.name = "wardroom_queue_depth",
                                          .labels = queue->labels,
                                          .help = "Calls that wait for an actor.",
                                          .type = METRIC_GAUGE};
    metric_register(&queue->depth_metric);
    bool right = pthread_mutex_init(&queue->lock, NULL) == 0 &&
                 pthread_condattr_init(&monotonic) == 0 &&
                 pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 &&
                 pthread_cond_init(&queue->wake, &monotonic) == 0;
    return right ? OK : STATUS_INTERNAL;
}

void queue_fini(struct queue *queue)
{
    pthread_cond_destroy(&queue->wake);
    pthread_mutex_destroy(&queue->lock);
}

/* A fair part of what waits, so that one of several actors does not take it all. */
static size_t part_to_take(const struct queue *queue)
{
    size_t part = (queue->depth + queue->actors - 1) / queue->actors;
    return part < queue->take_max ? part : queue->take_max;
}

static void lane_put(struct queue *queue, struct call_private *call)
{
    struct queue_lane *lane = &queue->lanes[call->tenant_hash % QUEUE_LANES];
    if (STAILQ_EMPTY(&lane->calls)) {
        TAILQ_INSERT_TAIL(&queue->turns, lane, next);
    }
    STAILQ_INSERT_TAIL(&lane->calls, call, next);
    queue->depth++;
}

/* The first call of the lane whose turn it is; the lane goes to the end of the line. */
static struct call_private *lane_take(struct queue *queue, struct queue_lane *lane)
{
    struct call_private *call = STAILQ_FIRST(&lane->calls);
    STAILQ_REMOVE_HEAD(&lane->calls, next);
    TAILQ_REMOVE(&queue->turns, lane, next);
    if (!STAILQ_EMPTY(&lane->calls)) {
        TAILQ_INSERT_TAIL(&queue->turns, lane, next);
    }
    lane->taken++;
    queue->depth--;
    return call;
}

static void take_in_turn(struct queue *queue, struct call_list *ret)
{
    struct queue_lane *lane;
    size_t most = queue->take_max;
    TAILQ_FOREACH(lane, &queue->turns, next)
    {
        lane->taken = 0;
    }
    lane = TAILQ_FIRST(&queue->turns);
    if (lane != NULL && TAILQ_NEXT(lane, next) != NULL && most > BATCH_SHARE_MAX) {
        most = BATCH_SHARE_MAX;
    }
    for (size_t left = part_to_take(queue); left > 0; left--) {
        lane = TAILQ_FIRST(&queue->turns);
        if (lane->taken == most) {
            return; /* it had as many turns as any: the others are empty, or full as well */
        }
        struct call_private *call = lane_take(queue, lane);
        STAILQ_INSERT_TAIL(ret, call, next);
    }
}

bool queue_take(struct queue *queue, int64_t wait_ms, struct call_list *ret)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += wait_ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&queue->lock);
    int err = 0;
    while (queue->depth == 0 && !queue->closed && err != ETIMEDOUT) {
        err = pthread_cond_timedwait(&queue->wake, &queue->lock, &until);
    }
    take_in_turn(queue, ret);
    bool go_on = !queue->closed || !STAILQ_EMPTY(ret);
    metric_set(&queue->depth_metric, (int64_t)queue->depth);
    pthread_mutex_unlock(&queue->lock);
    return go_on;
}

void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    while (!TAILQ_EMPTY(&queue->turns)) {
        struct call_private *call = lane_take(queue, TAILQ_FIRST(&queue->turns));
        call_free(call); /* its caller sees the connection end */
    }
    pthread_cond_broadcast(&queue->wake);
    pthread_mutex_unlock(&queue->lock);
}

uint32_t queue_share(const struct queue *queue, uint64_t tenant_hash)
{
    uint32_t one = queue->shares[0][tenant_hash % SHARE_COUNTERS];
    uint32_t two = queue->shares[1][(tenant_hash >> 32) % SHARE_COUNTERS];
    return one < two ? one : two;
}

void queue_admit(struct queue *queue, struct call_private *call)
{
    call->queue = queue;
    queue->held++;
    queue->shares[0][call->tenant_hash % SHARE_COUNTERS]++;
    queue->shares[1][(call->tenant_hash >> 32) % SHARE_COUNTERS]++;
    STAILQ_INSERT_TAIL(&queue->turn, call, next);
}

void queue_release(struct queue *queue, const struct call_private *call)
{
    queue->held--;
    queue->shares[0][call->tenant_hash % SHARE_COUNTERS]--;
    queue->shares[1][(call->tenant_hash >> 32) % SHARE_COUNTERS]--;
}

void queue_hand_over(struct queue *queue)
{
    size_t count = 0;
    if (STAILQ_EMPTY(&queue->turn)) {
        return;
    }
    pthread_mutex_lock(&queue->lock);
    while (!STAILQ_EMPTY(&queue->turn)) {
        struct call_private *call = STAILQ_FIRST(&queue->turn);
        STAILQ_REMOVE_HEAD(&queue->turn, next);
        lane_put(queue, call);
        count++;
    }
    metric_set(&queue->depth_metric, (int64_t)queue->depth);
    if (count > 1 && queue->actors > 1) {
        pthread_cond_broadcast(&queue->wake);
    } else {
        pthread_cond_signal(&queue->wake);
    }
    pthread_mutex_unlock(&queue->lock);
}
