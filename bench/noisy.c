/* Rounds and medians.
 *
 * Next: storm.h */
#include "noisy.h"

#include "fault.h"

#include <stdio.h>
#include <stdlib.h>

#define NOISY_TENANT 0
#define QUIET_TENANT 1

/* A tenth over what two gateways let a tenant do, so that it is at its limit all the time: 5.5 a
 * second of each socket. */
#define NOISE_POSTS_PER_S 1100
#define NOISE_POSTERS     200
#define NOISE_SUBSCRIBERS 2 /* of each thread */

#define QUIET_POSTS_PER_S 20

/* 400 posts a window: the p99 is the fifth worst, not the worst. */
#define QUIET_WINDOW_S 20

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static double median(const double *values, unsigned count)
{
    double sorted[NOISY_ROUNDS];
    for (unsigned i = 0; i < count; i++)
        sorted[i] = values[i];
    qsort(sorted, count, sizeof(sorted[0]), by_value);
    return count == 0 ? 0 : (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

static struct quiet_figures median_of(const struct quiet_figures *figures, unsigned count)
{
    double acks[NOISY_ROUNDS], seens[NOISY_ROUNDS];
    for (unsigned i = 0; i < count; i++) {
        acks[i] = figures[i].ack_p99_ms;
        seens[i] = figures[i].seen_p99_ms;
    }
    return (struct quiet_figures){median(acks, count), median(seens, count)};
}

static bool quiet_run(const struct load_plan *plan, struct accounts *accounts,
                      struct quiet_figures *ret)
{
    static struct load_result result;
    load_run(plan, accounts, NULL, &result);
    if (!result.is_valid)
        return fault_set("the quiet tenant: %s", result.why);
    if (!load_faults_none(&result.faults))
        return fault_set("the quiet tenant: %s",
                         result.faults.first[0] ? result.faults.first : "something is missing");
    *ret = (struct quiet_figures){result.ack_p99_ms, result.seen_p99_ms};
    return true;
}

static bool round_run(const struct load_plan *plan, struct accounts *accounts, struct noise *noise,
                      struct noisy_result *result)
{
    unsigned i = result->rounds;
    struct noise_count count = {0};
    if (!quiet_run(plan, accounts, &result->alone[i]) || !noise_begin(noise))
        return false;
    bool is_measured = quiet_run(plan, accounts, &result->beside[i]);
    if (!is_measured || !noise_end(noise, &count))
        return false;
    fprintf(stderr,
            "bench: round %u: ack p99 %.2f ms alone, %.2f ms beside; seen p99 %.2f ms, %.2f ms\n",
            i + 1, result->alone[i].ack_p99_ms, result->beside[i].ack_p99_ms,
            result->alone[i].seen_p99_ms, result->beside[i].seen_p99_ms);
    result->noise.seconds += count.seconds;
    result->noise.posted += count.posted;
    result->noise.acked += count.acked;
    result->noise.refused += count.refused;
    result->noise.errors += count.errors;
    result->noise.frames += count.frames;
    result->noise.closed = count.closed;
    result->rounds++;
    return true;
}

void noisy_run(const struct target *target, struct accounts *accounts, double warm_s,
               double measured_s, struct noisy_result *ret_result)
{
    struct noisy_result result = {.has_run = true};
    const struct noise_plan noise_plan = {.target = *target,
                                          .tenant = NOISY_TENANT,
                                          .posters = NOISE_POSTERS,
                                          .subscribers_per_thread = NOISE_SUBSCRIBERS,
                                          .posts_per_s = NOISE_POSTS_PER_S};
    const struct load_plan plan = {.name = "quiet",
                                   .target = *target,
                                   .threads = 4,
                                   .subscribers_per_thread = 1,
                                   .in_flight = 4,
                                   .first_tenant = QUIET_TENANT,
                                   .tenants = 1,
                                   .posts_per_s = QUIET_POSTS_PER_S,
                                   .warm_s = warm_s,
                                   .measured_s =
                                       measured_s > QUIET_WINDOW_S ? measured_s : QUIET_WINDOW_S};
    struct noise noise;
    result.is_valid = accounts_sign_in(accounts) && noise_start(&noise, &noise_plan, accounts);
    if (result.is_valid) {
        while (result.is_valid && result.rounds < NOISY_ROUNDS)
            result.is_valid = round_run(&plan, accounts, &noise, &result);
        noise_stop(&noise);
    }
    if (!result.is_valid)
        snprintf(result.why, sizeof(result.why), "%.500s", fault_text());
    result.alone_median = median_of(result.alone, result.rounds);
    result.beside_median = median_of(result.beside, result.rounds);
    *ret_result = result;
}
