/* What is counted of a service, and the one log line of a request.
 *
 * Successes are logged at debug, refusals at info, faults at warn or error; at most
 * LINES_PER_S of them, so that a flood of bad requests is not a flood of lines. Next: announce.c
 */
#include <stdio.h>

#include "bus/runtime.h"
#include "core/clock.h"

#define LINES_PER_S 200

static const char *const refusal_names[REFUSED_COUNT] = {
    [REFUSED_SIZE] = "size",       [REFUSED_MALFORMED] = "malformed",
    [REFUSED_METHOD] = "method",   [REFUSED_CALLER] = "caller",
    [REFUSED_EXPIRED] = "expired", [REFUSED_TOKEN] = "token",
    [REFUSED_ROLE] = "role",       [REFUSED_BODY] = "body",
    [REFUSED_TENANT] = "tenant",   [REFUSED_FULL] = "full",
    [REFUSED_SHARE] = "share",     [REFUSED_STOPPING] = "not_ready"};
static const char *const class_names[ENDED_CLASSES] = {"ok", "refused", "failed"};

static void register_one(struct metric *metric, enum metric_type type, const char *name,
                         const char *labels, const char *help)
{
    metric->name = name;
    metric->labels = labels;
    metric->help = help;
    metric->type = type;
    metric_register(metric);
}

static void register_method(const char *package, struct method *method)
{
    const char *name = method->descriptor->name;
    for (int i = 0; i < ENDED_CLASSES; i++) {
        snprintf(method->labels[i], sizeof method->labels[i], "method=\"%s.%s\",class=\"%s\"",
                 package, name, class_names[i]);
        register_one(&method->ended[i], METRIC_COUNTER, "wardroom_requests_total",
                     method->labels[i], "Requests by method and how they ended.");
    }
    snprintf(method->labels[ENDED_CLASSES], sizeof method->labels[0], "method=\"%s.%s\"", package,
             name);
    register_one(&method->latency, METRIC_HISTOGRAM, "wardroom_request_seconds",
                 method->labels[ENDED_CLASSES], "From arrival to the reply's leaving.");
}

void stats_register(struct runtime *runtime)
{
    struct stats *stats = &runtime->stats;
    for (size_t i = 0; i < runtime->method_count; i++) {
        register_method(runtime->spec->vtable->descriptor->package, &runtime->methods[i]);
    }
    for (int i = 0; i < REFUSED_COUNT; i++) {
        snprintf(stats->refused_labels[i], sizeof stats->refused_labels[i], "why=\"%s\"",
                 refusal_names[i]);
        register_one(&stats->refused[i], METRIC_COUNTER, "wardroom_refused_total",
                     stats->refused_labels[i], "Requests refused before any work.");
    }
    register_one(&stats->curve_refused, METRIC_COUNTER, "wardroom_curve_refused_total", "",
                 "Connections with a key that nobody admitted has.");
    register_one(&stats->undeliverable, METRIC_COUNTER, "wardroom_replies_lost_total", "",
                 "Replies whose caller was gone or did not read.");
    register_one(&stats->unanswered, METRIC_COUNTER, "wardroom_unanswered_total", "",
                 "Calls whose handler neither replied nor failed.");
    register_one(&stats->replayed, METRIC_COUNTER, "wardroom_replayed_total", "",
                 "Calls run again alone after their shared transaction failed.");
    register_one(&stats->retried, METRIC_COUNTER, "wardroom_batches_retried_total", "",
                 "Shared transactions run once more because another writer came first.");
    register_one(&stats->batches, METRIC_COUNTER, "wardroom_batches_total", "",
                 "Shared transactions.");
    register_one(&stats->batched_calls, METRIC_COUNTER, "wardroom_batched_calls_total", "",
                 "Calls handled in shared transactions.");
    register_one(&stats->expired, METRIC_COUNTER, "wardroom_expired_total", "",
                 "Calls dropped because their deadline passed while they waited.");
    register_one(&stats->publish_dropped, METRIC_COUNTER, "wardroom_events_dropped_total", "",
                 "Batches of events that were too large to publish.");
    register_one(&stats->pending, METRIC_GAUGE, "wardroom_requests_pending", "",
                 "Requests in this process.");
}

static enum ended_class class_of(enum status status)
{
    if (status == OK) {
        return ENDED_OK;
    }
    return status_http(status) >= 500 ? ENDED_FAILED : ENDED_REFUSED;
}

static enum log_level level_of(enum status status)
{
    if (status == STATUS_INTERNAL || status == STATUS_CORRUPT) {
        return LOG_ERROR;
    }
    static const enum log_level levels[ENDED_CLASSES] = {LOG_DEBUG, LOG_INFO, LOG_WARN};
    return levels[class_of(status)];
}

static bool may_log(struct stats *stats, int64_t now_us)
{
    if (now_us / 1000000 != stats->log_second) {
        if (stats->log_cut > 0) {
            log_event(LOG_WARN, "request.lines_cut", {"count", LOG_I(stats->log_cut)});
        }
        stats->log_second = now_us / 1000000;
        stats->log_lines = stats->log_cut = 0;
    }
    if (stats->log_lines >= LINES_PER_S) {
        stats->log_cut++;
        return false;
    }
    stats->log_lines++;
    return true;
}

static void log_call(const struct call_private *call, enum log_level level, int64_t took_us)
{
    char id[2 * sizeof call->request_id + 1];
    hex_encode(bytes_of(call->request_id, sizeof call->request_id), id);
    const Wardroom__Envelope *envelope = call->envelope;
    log_event(level, "request", {"method", LOG_S(envelope != NULL ? envelope->method : "")},
              {"status", LOG_S(status_code(call->status))},
              {"request_id", LOG_S(call->has_request_id ? id : "")},
              {"caller", LOG_S(call->program)}, {"tenant", LOG_S(call->call.tenant.text)},
              {"took_us", LOG_I(took_us)},
              {"trace", LOG_S(envelope != NULL ? envelope->traceparent : "")},
              {"why", LOG_S(call->detail != NULL ? call->detail : "")});
}

void stats_call_ended(struct runtime *runtime, const struct call_private *call, int64_t now_us)
{
    int64_t took_us = now_us - call->arrived_us;
    if (call->method != NULL) {
        metric_add(&call->method->ended[class_of(call->status)], 1);
        metric_observe_us(&call->method->latency, took_us);
    }
    enum log_level level = level_of(call->status);
    bool heartbeat = call->status == OK && call->method == NULL;
    if (level >= runtime->settings.least && !heartbeat &&
        (level == LOG_DEBUG || may_log(&runtime->stats, now_us))) {
        log_call(call, level, took_us);
    }
}

void stats_tick(struct runtime *runtime)
{
    metric_set(&runtime->stats.curve_refused, (int64_t)zap_refused(runtime->zap));
    metric_set(&runtime->stats.pending, (int64_t)runtime->mailbox.pending);
}
