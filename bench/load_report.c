/* Begin and end of the measured window, and what must hold once everything has come back.
 *
 * Next: scenarios.h */
#include "load_parts.h"

#include "clock.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static double client_cpu_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

bool load_window_begin(struct load *load)
{
    if (load->procs && !procs_cpu(load->procs, &load->begin_cpu))
        return false;
    histogram_reset(&load->ack);
    histogram_reset(&load->seen);
    load->result->acked = load->result->delivered = 0;
    load->result->frames = load->result->other_events = 0;
    load->begin_client_us = client_cpu_us();
    load->begin_ns = clock_now_ns();
    load->phase = PHASE_MEASURED;
    return true;
}

static double percentile_ms(const struct histogram *h, double share)
{
    return (double)histogram_percentile(h, share) / (double)NS_PER_MS;
}

bool load_window_end(struct load *load)
{
    struct load_result *result = load->result;
    struct cpu end_cpu;
    result->seconds = (double)(clock_now_ns() - load->begin_ns) / (double)NS_PER_S;
    result->client_cpu_us = client_cpu_us() - load->begin_client_us;
    if (load->procs) {
        if (!procs_cpu(load->procs, &end_cpu))
            return false;
        result->server_cpu = cpu_between(&load->begin_cpu, &end_cpu);
        result->has_cpu = true;
    }
    result->acked_per_s = (double)result->acked / result->seconds;
    result->delivered_per_s = (double)result->delivered / result->seconds;
    result->ack_p50_ms = percentile_ms(&load->ack, 0.50);
    result->ack_p99_ms = percentile_ms(&load->ack, 0.99);
    result->ack_max_ms = (double)load->ack.max_ns / (double)NS_PER_MS;
    result->seen_p50_ms = percentile_ms(&load->seen, 0.50);
    result->seen_p99_ms = percentile_ms(&load->seen, 0.99);
    result->seen_max_ms = (double)load->seen.max_ns / (double)NS_PER_MS;
    return true;
}

/* Acks of one thread by one poster: as many different seqs as posts, and no hole between them. */
static bool are_acks_gapless(const struct poster *poster)
{
    if (poster->acked == 0)
        return true;
    return poster->seq_max - poster->seq_min + 1 == poster->acked &&
           poster->seq_sum * 2 == (poster->seq_min + poster->seq_max) * poster->acked;
}

void load_check_end(struct load *load)
{
    struct load_faults *faults = &load->result->faults;
    uint64_t subscribers = load->plan->subscribers_per_thread;
    for (unsigned i = 0; i < load->plan->threads; i++) {
        const struct poster *poster = &load->posters[i];
        faults->missing_acks += poster->posted - poster->acked;
        if (poster->posted * subscribers > poster->delivered)
            faults->unseen += poster->posted * subscribers - poster->delivered;
        if (!are_acks_gapless(poster))
            load_fault(load, &faults->seq_gaps, "holes between acked seqs", 24);
    }
}

bool load_faults_none(const struct load_faults *faults)
{
    return faults->errors == 0 && faults->stray_acks == 0 && faults->missing_acks == 0 &&
           faults->seq_gaps == 0 && faults->stray_events == 0 && faults->unseen == 0 &&
           faults->resyncs == 0 && faults->unreadable == 0;
}
