/* The table. The JSON of the same figures is in report_json.c.
 *
 * Next: report_json.c */
#include "report.h"

#include "verdict.h"

#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

static bool has_run(const struct load_result *result)
{
    return result->plan.threads > 0;
}

static double per(double amount, uint64_t count)
{
    return count > 0 ? amount / (double)count : 0;
}

static void print_faults(const struct load_result *result)
{
    const struct load_faults *faults = &result->faults;
    if (!result->is_valid)
        printf("    NOT MEASURED: %s\n", result->why);
    if (load_faults_none(faults))
        return;
    printf("    FAULTS: %llu errors, %llu missing acks, %llu stray acks, %llu seq gaps, %llu stray "
           "events,\n            %llu unseen, %llu resyncs, %llu unreadable; first: %s\n",
           (unsigned long long)faults->errors, (unsigned long long)faults->missing_acks,
           (unsigned long long)faults->stray_acks, (unsigned long long)faults->seq_gaps,
           (unsigned long long)faults->stray_events, (unsigned long long)faults->unseen,
           (unsigned long long)faults->resyncs, (unsigned long long)faults->unreadable,
           faults->first);
}

static void print_cpu(const struct bench *bench, const struct load_result *result, uint64_t count)
{
    if (!result->is_valid || count == 0)
        return;
    printf("    CPU us each:");
    if (result->has_cpu)
        for (unsigned i = 0; i < bench->procs.group_count; i++)
            if (per(result->server_cpu.us[i], count) >= 0.005)
                printf(" %s %.2f,", bench->procs.groups[i].name,
                       per(result->server_cpu.us[i], count));
    printf(" this generator %.2f; %llu other events\n", per(result->client_cpu_us, count),
           (unsigned long long)result->other_events);
}

static void print_posts(const struct bench *bench)
{
    printf("\nDurable posts, acked after COMMIT\n"
           "  %-22s %8s %8s %10s %9s %9s %9s %8s\n",
           "threads, in flight", "sockets", "tenants", "acked/s", "p50 ms", "p99 ms", "max ms",
           "CPU us");
    for (unsigned i = 0; i < POSTS_SCENARIOS; i++) {
        const struct load_result *result = &bench->posts[i];
        if (!has_run(result))
            continue;
        printf("  %-22s %8u %8u %10.0f %9.2f %9.2f %9.2f %8.1f\n", result->plan.name,
               result->sockets, result->plan.tenants, result->acked_per_s, result->ack_p50_ms,
               result->ack_p99_ms, result->ack_max_ms,
               per(result->server_cpu.total_us, result->acked));
        print_cpu(bench, result, result->acked);
        print_faults(result);
    }
}

static void print_fan_row(const struct bench *bench, const char *what,
                          const struct load_result *result)
{
    if (!has_run(result))
        return;
    printf("  %-9s %-16s %7u %9u %12.0f %9.0f %8.2f %8.2f %8.2f\n", result->plan.name, what,
           result->sockets, result->plan.in_flight, result->delivered_per_s, result->acked_per_s,
           result->seen_p50_ms, result->seen_p99_ms,
           per(result->server_cpu.total_us, result->delivered));
    if (result->delivered > 0 && result->frames > 0)
        printf("    %.1f messages a frame; a frame with one has %zu bytes\n",
               (double)result->delivered / (double)result->frames, result->event_frame_len);
    print_cpu(bench, result, result->delivered);
    print_faults(result);
}

static void print_fans(const struct bench *bench)
{
    printf("\nDeliveries, post->seen by every subscriber (plain; in flight until all have seen)\n"
           "  %-9s %-16s %7s %9s %12s %9s %8s %8s %8s\n",
           "threads", "", "sockets", "in flight", "deliveries/s", "posts/s", "p50 ms", "p99 ms",
           "CPU us");
    for (unsigned i = 0; i < FAN_SCENARIOS; i++) {
        print_fan_row(bench, "peak", &bench->fans[i].peak);
        print_fan_row(bench, "30 % of it", &bench->fans[i].paced);
        print_fan_row(bench, "bare sender", &bench->fans[i].bare);
        print_fan_row(bench, "bare, batching", &bench->fans[i].bare_batched);
    }
}

static void print_inserts(const struct bench *bench)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct insert_result *result = &bench->inserts[i];
        if (result->connections == 0)
            continue;
        if (i == 0 || bench->inserts[0].connections == 0)
            printf("\nCeiling: the same rows in prepared statements of 100, a transaction each\n");
        if (!result->is_valid)
            printf("  %u connection(s): NOT MEASURED: %s\n", result->connections, result->why);
        else
            printf("  %u connection(s): %.0f rows/s, %.1f us of PostgreSQL CPU each, sealed %u "
                   "bytes, synchronous_commit=%s fsync=%s\n",
                   result->connections, result->rows_per_s, result->server_us_per_row,
                   result->sealed_bytes, result->synchronous_commit, result->fsync);
    }
}

static void print_rest(const struct bench *bench)
{
    const struct idle_result *idle = &bench->idle;
    const struct restart_result *restart = &bench->restart;
    if (idle->sockets > 0 && idle->is_valid)
        printf("\nIdle TLS 1.3 WebSockets: %u, gateways %llu -> %llu kB resident: %.1f kB each "
               "(private %.1f kB; kB = 1,000 bytes)\n",
               idle->sockets, (unsigned long long)idle->before_kb,
               (unsigned long long)idle->after_kb, idle->bytes_each / 1000,
               idle->private_bytes_each / 1000);
    else if (idle->sockets > 0)
        printf("\nIdle TLS 1.3 WebSockets: NOT MEASURED: %s\n", idle->why);
    if (restart->is_valid)
        printf("\nGateway: %.2f s from process start to /readyz 200 (%.2f s from SIGTERM, with "
               "drain and the supervisor's pause)\n",
               restart->start_to_ready_s, restart->kill_to_ready_s);
    else if (restart->why[0])
        printf("\nGateway restart: NOT MEASURED: %s\n", restart->why);
}

static void print_noisy(const struct noisy_result *noisy)
{
    if (!noisy->has_run)
        return;
    printf("\nA quiet tenant (20 posts/s) beside a noisy one that is at its limits; p99 in ms\n"
           "  %-10s %12s %12s %12s %12s\n",
           "round", "ack alone", "ack beside", "seen alone", "seen beside");
    for (unsigned i = 0; i < noisy->rounds; i++)
        printf("  %-10u %12.2f %12.2f %12.2f %12.2f\n", i + 1, noisy->alone[i].ack_p99_ms,
               noisy->beside[i].ack_p99_ms, noisy->alone[i].seen_p99_ms,
               noisy->beside[i].seen_p99_ms);
    printf("  %-10s %12.2f %12.2f %12.2f %12.2f\n", "median", noisy->alone_median.ack_p99_ms,
           noisy->beside_median.ack_p99_ms, noisy->alone_median.seen_p99_ms,
           noisy->beside_median.seen_p99_ms);
    if (noisy->noise.seconds > 0)
        printf("  the noise: %.0f posts/s offered, %.0f acked, %.0f refused by its limits; %llu "
               "other errors, %llu sockets closed\n",
               (double)noisy->noise.posted / noisy->noise.seconds,
               (double)noisy->noise.acked / noisy->noise.seconds,
               (double)noisy->noise.refused / noisy->noise.seconds,
               (unsigned long long)noisy->noise.errors, (unsigned long long)noisy->noise.closed);
    if (!noisy->is_valid)
        printf("    NOT MEASURED: %s\n", noisy->why);
}

static void print_storm(const struct storm_result *storm)
{
    if (!storm->has_run)
        return;
    printf("\nStorm: %u TLS clients, subscribed; %u gateways killed with -9\n", storm->sockets,
           storm->gateways);
    if (storm->is_valid)
        printf("  half of them are back after %.1f s, all after %.1f s, in %.1f attempts each\n",
               storm->half_back_s, storm->all_back_s, per((double)storm->attempts, storm->sockets));
    else
        printf("    NOT MEASURED: %s\n", storm->why);
}

static void print_verdicts(const struct bench *bench)
{
    struct verdict verdicts[VERDICTS_MAX];
    unsigned count = verdict_all(bench, verdicts);
    printf("\nAgainst the targets\n");
    for (unsigned i = 0; i < count; i++) {
        const struct verdict *verdict = &verdicts[i];
        const char *relation = verdict->is_floor ? ">=" : "<=";
        if (!verdict->is_known)
            printf("  %-44s   not measured %s %6.2f %s\n", verdict->name, relation, verdict->target,
                   verdict->unit);
        else
            printf("  %-44s %14.2f %s %6.2f %-3s %s\n", verdict->name, verdict->value, relation,
                   verdict->target, verdict->unit, verdict->is_met ? "met" : "MISSED");
    }
}

void report_print(const struct bench *bench)
{
    struct utsname machine;
    const struct options *options = &bench->options;
    uname(&machine);
    printf("wardroom-bench on %ld processors, Linux %s; generator and suite share them\n",
           sysconf(_SC_NPROCESSORS_ONLN), machine.release);
    printf("posts and deliveries over %s:%s %s; windows of %.1f s after %.1f s of warm-up; bodies "
           "of %d bytes\n",
           bench->plain.host, bench->plain.port, bench->plain.is_tls ? "with TLS" : "without TLS",
           options->seconds, options->warm_s, LOAD_BODY_BYTES);
    printf("suite: %s\n", options->suite_note ? options->suite_note : "started with its defaults");
    if (has_run(&bench->posts[0]))
        print_posts(bench);
    if (has_run(&bench->fans[0].peak) || has_run(&bench->fans[0].bare))
        print_fans(bench);
    print_inserts(bench);
    print_rest(bench);
    print_noisy(&bench->noisy);
    print_storm(&bench->storm);
    print_verdicts(bench);
}

static bool is_load_sound(const struct load_result *result)
{
    return !has_run(result) || (result->is_valid && load_faults_none(&result->faults));
}

bool report_is_sound(const struct bench *bench)
{
    bool is_sound = (bench->idle.sockets == 0 || bench->idle.is_valid) && !bench->restart.why[0] &&
                    (!bench->noisy.has_run || bench->noisy.is_valid) &&
                    (!bench->storm.has_run || bench->storm.is_valid);
    for (unsigned i = 0; i < POSTS_SCENARIOS; i++)
        is_sound = is_sound && is_load_sound(&bench->posts[i]);
    for (unsigned i = 0; i < FAN_SCENARIOS; i++)
        is_sound = is_sound && is_load_sound(&bench->fans[i].peak) &&
                   is_load_sound(&bench->fans[i].paced) && is_load_sound(&bench->fans[i].bare) &&
                   is_load_sound(&bench->fans[i].bare_batched);
    for (unsigned i = 0; i < 2; i++)
        is_sound = is_sound && (bench->inserts[i].connections == 0 || bench->inserts[i].is_valid);
    return is_sound;
}
