/* The rows of counters.def as metrics. Next: problem.h */
#include "counters.h"

static struct metric metrics[COUNTER_COUNT] = {
#define X(counter, metric, label_text, metric_type, help_text)                                     \
    [COUNT_##                                                                                      \
        counter] = {.name = metric, .labels = label_text, .help = help_text, .type = metric_type},
#include "counters.def"
#undef X
};

void counters_register(void)
{
    for (int i = 0; i < COUNTER_COUNT; i++)
        metric_register(&metrics[i]);
}

struct metric *counter_metric(enum counter counter)
{
    return &metrics[counter];
}
