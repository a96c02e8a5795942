/* Counters, gauges and histograms of one process, printed in Prometheus text form.
 *
 * Declared as static objects and registered once (metric_register, before threads start); updates
 * are relaxed atomics and never allocate. Labels are fixed at registration: no user ids. Names are
 * wardroom_<noun>_total, _seconds, _bytes. Next: limits.h
 */
#ifndef WARDROOM_CORE_METRICS_H
#define WARDROOM_CORE_METRICS_H

#include <stdatomic.h>
#include "core/bytes.h"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };
#define METRIC_BUCKETS 16 /* 100 us, then doubling, to 1.6 s; the last is +Inf */

struct metric {
    const char *name;   /* "wardroom_requests_total" */
    const char *labels; /* "method=\"threads.Post\"" or "" */
    const char *help;
    enum metric_type type;
    _Atomic int64_t value; /* of a histogram: the sum in microseconds */
    _Atomic int64_t buckets[METRIC_BUCKETS];
    struct metric *next;
};

void metric_register(struct metric *metric); /* the metric must live for ever */
static inline void metric_add(struct metric *metric, int64_t by)
{
    atomic_fetch_add_explicit(&metric->value, by, memory_order_relaxed);
}
static inline void metric_set(struct metric *metric, int64_t to)
{
    atomic_store_explicit(&metric->value, to, memory_order_relaxed);
}
void metric_observe_us(struct metric *metric, int64_t took_us);
void metrics_print(struct buf *out);

#endif
