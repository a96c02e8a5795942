/* One line per target. A run with faults has no good figures: its verdicts are unknown.
 *
 * Next: report.c */
#include "verdict.h"

#include <stdio.h>

static bool is_good(const struct load_result *result)
{
    return result->is_valid && load_faults_none(&result->faults);
}

static double ratio(double of, double to)
{
    return to > 0 ? of / to : 0;
}

static void add(struct verdict *verdict, const char *name, bool is_known, double value,
                double target, bool is_floor, const char *unit)
{
    *verdict = (struct verdict){
        .value = value, .target = target, .is_floor = is_floor, .is_known = is_known};
    verdict->is_met = is_known && (is_floor ? value >= target : value <= target);
    snprintf(verdict->name, sizeof(verdict->name), "%s", name);
    snprintf(verdict->unit, sizeof(verdict->unit), "%s", unit);
}

static unsigned add_fan(struct verdict *verdicts, const struct fan_result *fan, const char *plan,
                        double share)
{
    char name[64];
    const struct load_result *peak = &fan->peak;
    snprintf(name, sizeof(name), "deliveries/s over bare sender, %.20s", plan);
    add(&verdicts[0], name, is_good(peak) && is_good(&fan->bare),
        ratio(peak->delivered_per_s, fan->bare.delivered_per_s), share, true, "x");
    snprintf(name, sizeof(name), "server CPU per delivery, %.20s", plan);
    add(&verdicts[1], name, is_good(peak) && peak->has_cpu,
        ratio(peak->server_cpu.total_us, (double)peak->delivered), 10, false, "us");
    snprintf(name, sizeof(name), "post->seen p99 at 30 %%, %.20s", plan);
    add(&verdicts[2], name, is_good(&fan->paced), fan->paced.seen_p99_ms, 50, false, "ms");
    return 3;
}

unsigned verdict_all(const struct bench *bench, struct verdict ret_verdicts[VERDICTS_MAX])
{
    const struct load_result *posts = &bench->posts[0];
    const struct insert_result *ceiling = &bench->inserts[1];
    unsigned count = 0;
    add(&ret_verdicts[count++], "posts/s over two-connection INSERT",
        is_good(posts) && ceiling->is_valid, ratio(posts->acked_per_s, ceiling->rows_per_s), 0.20,
        true, "x");
    add(&ret_verdicts[count++], "server CPU per post", is_good(posts) && posts->has_cpu,
        ratio(posts->server_cpu.total_us, (double)posts->acked), 110, false, "us");
    count += add_fan(ret_verdicts + count, &bench->fans[0], "1 x 1000", 0.25);
    count += add_fan(ret_verdicts + count, &bench->fans[1], "20 x 50", 0.60);
    add(&ret_verdicts[count++], "gateway memory per idle TLS socket", bench->idle.is_valid,
        bench->idle.bytes_each / 1000, 22, false, "kB");
    add(&ret_verdicts[count++], "gateway start to ready", bench->restart.is_valid,
        bench->restart.start_to_ready_s, 1, false, "s");
    const struct noisy_result *noisy = &bench->noisy;
    const struct storm_result *storm = &bench->storm;
    add(&ret_verdicts[count++], "ack p99 beside a noisy tenant over alone",
        noisy->has_run && noisy->is_valid,
        ratio(noisy->beside_median.ack_p99_ms, noisy->alone_median.ack_p99_ms), 1.5, false, "x");
    add(&ret_verdicts[count++], "seen p99 beside a noisy tenant over alone",
        noisy->has_run && noisy->is_valid,
        ratio(noisy->beside_median.seen_p99_ms, noisy->alone_median.seen_p99_ms), 1.5, false, "x");
    add(&ret_verdicts[count++], "all clients back after kill -9 of gateways",
        storm->has_run && storm->is_valid, storm->all_back_s, 20, false, "s");
    return count;
}
