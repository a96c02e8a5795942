/* The order matters: idle memory first, on gateways that have grown nothing yet; the bare sender
 * after the suite's own fan-out, because it sends frames of the size seen there; the restart last.
 *
 * Next: idle.c */
#include "scenarios.h"

#include "fault.h"

#include <stdio.h>

/* Posts in flight per thread that are tried for the peak of a fan-out. */
static const unsigned fan_windows[] = {2, 8, 32};

#define FAN_WINDOWS (sizeof(fan_windows) / sizeof(fan_windows[0]))
#define FAN_TRIAL_S 1.5
#define PACED_SHARE 0.3

/* 200 threads and 256 posts in flight stay the same over 1, 20 and 200 tenants, so that the number
 * of tenants is the only thing that changes. */
static const struct load_plan posts_plans[POSTS_SCENARIOS] = {
    {.name = "32 threads x 8", .threads = 32, .in_flight = 256, .tenants = 1},
    {.name = "20 threads x 64", .threads = 20, .in_flight = 1280, .tenants = 1},
    {.name = "256 over 1 tenant", .threads = 200, .in_flight = 256, .tenants = 1},
    {.name = "256 over 20 tenants", .threads = 200, .in_flight = 256, .tenants = 20},
    {.name = "256 over 200 tenants", .threads = 200, .in_flight = 256, .tenants = 200},
    {.name = "one post in flight", .threads = 1, .in_flight = 1, .tenants = 1},
};

static const struct load_plan fan_plans[FAN_SCENARIOS] = {
    {.name = "1 x 1000", .threads = 1, .subscribers_per_thread = 1000, .tenants = 1},
    {.name = "20 x 50", .threads = 20, .subscribers_per_thread = 50, .tenants = 1},
};

static void say(const char *what, const char *name)
{
    fprintf(stderr, "bench: %s %s\n", what, name);
}

static const struct procs *procs_of(const struct bench *bench)
{
    return bench->has_procs ? &bench->procs : NULL;
}

static void posts_run(struct bench *bench)
{
    for (unsigned i = 0; i < POSTS_SCENARIOS; i++) {
        struct load_plan plan = posts_plans[i];
        if (plan.tenants > bench->accounts.tenant_count) {
            say("left out, for there are too few tenants:", plan.name);
            continue;
        }
        plan.target = bench->plain;
        plan.warm_s = bench->options.warm_s;
        plan.measured_s = bench->options.seconds;
        say("posts,", plan.name);
        load_run(&plan, &bench->accounts, procs_of(bench), &bench->posts[i]);
    }
}

/* Try the windows shortly and run the best of them in full. */
static void fan_peak_run(struct bench *bench, struct load_plan plan, struct load_result *ret_result)
{
    static struct load_result trial;
    unsigned best = 0;
    double best_per_s = 0;
    for (unsigned i = 0; i < FAN_WINDOWS; i++) {
        plan.in_flight = plan.threads * fan_windows[i];
        plan.warm_s = 0.5;
        plan.measured_s =
            FAN_TRIAL_S < bench->options.seconds ? FAN_TRIAL_S : bench->options.seconds;
        load_run(&plan, &bench->accounts, procs_of(bench), &trial);
        if (trial.is_valid && trial.delivered_per_s > best_per_s) {
            best_per_s = trial.delivered_per_s;
            best = i;
        }
    }
    plan.in_flight = plan.threads * fan_windows[best];
    plan.warm_s = bench->options.warm_s;
    plan.measured_s = bench->options.seconds;
    load_run(&plan, &bench->accounts, procs_of(bench), ret_result);
}

static void fan_run(struct bench *bench, unsigned i)
{
    struct fan_result *fan = &bench->fans[i];
    struct load_plan plan = fan_plans[i];
    plan.target = bench->plain;
    say("deliveries at peak,", plan.name);
    fan_peak_run(bench, plan, &fan->peak);
    if (!fan->peak.is_valid || fan->peak.delivered == 0)
        return;
    say("deliveries at 30 %,", plan.name);
    plan.posts_per_s = PACED_SHARE * fan->peak.delivered_per_s / plan.subscribers_per_thread;
    plan.warm_s = bench->options.warm_s;
    plan.measured_s = bench->options.seconds;
    load_run(&plan, &bench->accounts, procs_of(bench), &fan->paced);
}

static void bare_run(struct bench *bench, unsigned i, bool is_batching)
{
    struct fan_result *fan = &bench->fans[i];
    struct load_result *result = is_batching ? &fan->bare_batched : &fan->bare;
    struct load_plan plan = fan_plans[i];
    struct bare_server server;
    size_t seen = fan->peak.event_frame_len;
    if (fan->paced.event_frame_len > seen)
        seen = fan->paced.event_frame_len;
    say(is_batching ? "bare sender that batches," : "bare sender,", plan.name);
    plan.is_bare = true;
    if (!bare_server_start(&server, seen ? seen : bench->options.frame_bytes, is_batching)) {
        result->plan = plan;
        snprintf(result->why, sizeof(result->why), "%s", fault_text());
        return;
    }
    plan.target = server.target;
    fan_peak_run(bench, plan, result);
    bare_server_stop(&server);
}

static void inserts_run(struct bench *bench)
{
    for (unsigned i = 0; i < 2; i++) {
        say("batched INSERT on", i == 0 ? "one connection" : "two connections");
        insert_run(bench->options.pg, i + 1, bench->options.sealed_bytes, bench->options.seconds,
                   procs_of(bench), &bench->inserts[i]);
    }
}

void scenarios_run(struct bench *bench)
{
    const struct options *options = &bench->options;
    if (options_has_part(options, "idle") && bench->has_procs) {
        say("memory of", "idle TLS sockets");
        idle_run(&bench->url, &bench->accounts, &bench->procs, options->idle_sockets, &bench->idle);
    }
    if (options_has_part(options, "posts"))
        posts_run(bench);
    for (unsigned i = 0; i < FAN_SCENARIOS; i++) {
        if (options_has_part(options, "fan"))
            fan_run(bench, i);
        if (options_has_part(options, "bare"))
            bare_run(bench, i, false);
        if (options_has_part(options, "bare"))
            bare_run(bench, i, true);
    }
    if (options_has_part(options, "insert"))
        inserts_run(bench);
    if (options_has_part(options, "restart") && bench->has_procs) {
        say("start to ready of", "the gateways");
        restart_run(&bench->url, &bench->procs, &bench->restart);
    }
    if (options_asks_for(options, "noisy")) {
        say("a quiet tenant beside", "a noisy one");
        noisy_run(&bench->plain, &bench->accounts, options->warm_s, options->seconds,
                  &bench->noisy);
    }
    if (options_asks_for(options, "storm") && bench->has_procs) {
        say("all gateways killed under", "2,000 clients"); /* last: the gateways are others now */
        storm_run(&bench->url, &bench->accounts, &bench->procs, options->idle_sockets,
                  &bench->storm);
    }
}
