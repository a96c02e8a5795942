/* What the gateway counts. One row per counter in counters.def; labels are fixed, so no user,
 * tenant or path ever becomes one. Next: problem.h
 */
#ifndef WARDROOM_GATEWAY_COUNTERS_H
#define WARDROOM_GATEWAY_COUNTERS_H

#include "core/metrics.h"

enum counter {
#define X(name, metric, labels, type, help) COUNT_##name,
#include "counters.def"
#undef X
    COUNTER_COUNT
};

void counters_register(void);
struct metric *counter_metric(enum counter counter);
static inline void count(enum counter counter)
{
    metric_add(counter_metric(counter), 1);
}
static inline void count_by(enum counter counter, int64_t by)
{
    metric_add(counter_metric(counter), by);
}

#endif
