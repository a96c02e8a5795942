/* The list of registered metrics and their Prometheus text (exposition format 0.0.4).
 *
 * Next: limits.h */
#include "core/metrics.h"

#include <inttypes.h>

#define BUCKET_FIRST_US 100

static struct metric *first;

void metric_register(struct metric *metric)
{
    /* Metrics of one name stand together, since HELP and TYPE may be said only once. */
    struct metric **place = &first;
    bool met = false;
    while (*place != NULL) {
        bool same = strcmp((*place)->name, metric->name) == 0;
        if (met && !same) {
            break;
        }
        met = met || same;
        place = &(*place)->next;
    }
    metric->next = *place;
    *place = metric;
}

void metric_observe_us(struct metric *metric, int64_t took_us)
{
    int bucket = 0;
    while (bucket < METRIC_BUCKETS - 1 && took_us > (int64_t)BUCKET_FIRST_US << bucket) {
        bucket++;
    }
    atomic_fetch_add_explicit(&metric->buckets[bucket], 1, memory_order_relaxed);
    metric_add(metric, took_us);
}

/* Microseconds as a decimal fraction of seconds: exact, where a double would round. */
static void print_seconds(struct buf *out, int64_t us)
{
    buf_printf(out, "%s%" PRId64 ".%06" PRId64, us < 0 ? "-" : "", (us < 0 ? -us : us) / 1000000,
               (us < 0 ? -us : us) % 1000000);
}

static void print_histogram(const struct metric *metric, struct buf *out)
{
    const char *comma = metric->labels[0] != '\0' ? "," : "";
    int64_t total = 0;
    for (int i = 0; i < METRIC_BUCKETS; i++) {
        total += atomic_load_explicit(&metric->buckets[i], memory_order_relaxed);
        buf_printf(out, "%s_bucket{%s%sle=\"", metric->name, metric->labels, comma);
        if (i == METRIC_BUCKETS - 1) {
            buf_text(out, "+Inf");
        } else {
            print_seconds(out, (int64_t)BUCKET_FIRST_US << i);
        }
        buf_printf(out, "\"} %" PRId64 "\n", total);
    }
    buf_printf(out, "%s_sum{%s} ", metric->name, metric->labels);
    print_seconds(out, atomic_load_explicit(&metric->value, memory_order_relaxed));
    buf_printf(out, "\n%s_count{%s} %" PRId64 "\n", metric->name, metric->labels, total);
}

void metrics_print(struct buf *out)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    const char *last = "";
    for (const struct metric *metric = first; metric != NULL; metric = metric->next) {
        if (strcmp(metric->name, last) != 0) {
            buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help,
                       metric->name, types[metric->type]);
            last = metric->name;
        }
        if (metric->type == METRIC_HISTOGRAM) {
            print_histogram(metric, out);
        } else if (metric->labels[0] != '\0') {
            buf_printf(out, "%s{%s} %" PRId64 "\n", metric->name, metric->labels,
                       atomic_load_explicit(&metric->value, memory_order_relaxed));
        } else {
            buf_printf(out, "%s %" PRId64 "\n", metric->name,
                       atomic_load_explicit(&metric->value, memory_order_relaxed));
        }
    }
}
