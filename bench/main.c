/* wardroom-bench: drives a running suite as its clients do, measures it from outside, and measures
 * in the same run what the machine could do at best. bench/run starts a suite for it.
 *
 * Exit: 0 every part measured and nothing wrong came back (targets missed are no failure), 1 some
 * part failed or something came back wrong, 2 it could not start.
 *
 * Next: options.h */
#include "fault.h"
#include "report.h"
#include "scenarios.h"
#include "self_test.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* A descriptor per socket and some: 2,000 idle ones are the most. */
static void lift_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static bool needs_suite(const struct options *options)
{
    return options_has_part(options, "idle") || options_has_part(options, "posts") ||
           options_has_part(options, "fan") || options_has_part(options, "restart") ||
           options_asks_for(options, "noisy") || options_asks_for(options, "storm");
}

static bool prepare(struct bench *bench)
{
    const struct options *options = &bench->options;
    if (options->programs && !(bench->has_procs = procs_load(&bench->procs, options->programs)))
        return false;
    if (!needs_suite(options))
        return true;
    if (!options->url || !options->accounts)
        return fault_set("--url and --accounts are needed for these parts");
    if (!target_parse(options->url, &bench->url) ||
        !target_parse(options->plain ? options->plain : options->url, &bench->plain) ||
        !accounts_load(&bench->accounts, options->accounts, &bench->url))
        return false;
    fprintf(stderr, "bench: signing in %u accounts of %u tenants\n", bench->accounts.count,
            bench->accounts.tenant_count);
    return accounts_sign_in(&bench->accounts);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    signal(SIGPIPE, SIG_IGN);
    lift_descriptor_limit();
    if (!options_parse(&bench.options, argc, argv)) {
        fprintf(stderr, "wardroom-bench: %s\n", fault_text());
        return 2;
    }
    if (bench.options.is_help) {
        options_print_help();
        return 0;
    }
    if (bench.options.is_self_test)
        return self_test_run();
    if (!prepare(&bench)) {
        fprintf(stderr, "wardroom-bench: %s\n", fault_text());
        return 2;
    }
    scenarios_run(&bench);
    report_print(&bench);
    bool is_written = !bench.options.out || report_write_json(&bench, bench.options.out);
    if (!is_written)
        fprintf(stderr, "wardroom-bench: %s\n", fault_text());
    accounts_free(&bench.accounts);
    return report_is_sound(&bench) && is_written ? 0 : 1;
}
