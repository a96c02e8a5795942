/* Latencies in buckets whose width is below one percent of their value, in constant memory and
 * without sorting, so that recording a delivery costs a few nanoseconds.
 *
 * Next: frame.h */
#pragma once

#include <stdint.h>

/* 128 steps for each power of two: an error of at most 1/128 = 0.8 %. */
#define HISTOGRAM_STEPS   128
#define HISTOGRAM_BUCKETS (58 * HISTOGRAM_STEPS)

struct histogram {
    uint64_t count;
    uint64_t max_ns;
    uint32_t buckets[HISTOGRAM_BUCKETS];
};

/* Forget everything recorded so far. */
void histogram_reset(struct histogram *h);

/* Record one value. */
void histogram_record(struct histogram *h, uint64_t ns);

/* The upper edge of the bucket in which the given share of the values lies at or below.
 *
 * share: 0..1, such as 0.99.
 * Returns: nanoseconds; 0 when nothing was recorded. */
uint64_t histogram_percentile(const struct histogram *h, double share);
