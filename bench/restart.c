/* Only processes that the suite's status listed as gateways get a signal.
 *
 * Next: bare.c */
#include "restart.h"

#include "clock.h"
#include "fault.h"
#include "http.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STOP_TIMEOUT_S  15
#define READY_TIMEOUT_S 60
#define POLL_NS         (5 * NS_PER_MS)

/* What identifies a successor: the same program below the same supervisor. */
struct gateway {
    pid_t pid;
    pid_t parent;
    char program[512];
};

static bool program_of(pid_t pid, char *ret_program, size_t size)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    ssize_t n = readlink(path, ret_program, size - 1);
    if (n <= 0)
        return false;
    ret_program[n] = '\0';
    return true;
}

static unsigned gateways_find(const struct procs *procs, struct gateway *ret_gateways)
{
    unsigned count = 0;
    for (unsigned i = 0; i < procs->count; i++) {
        struct gateway *gateway = &ret_gateways[count];
        struct proc_stat stat;
        if (strcmp(procs->groups[procs->items[i].group].name, "gateway") != 0 ||
            !proc_stat_read(procs->items[i].pid, &stat) ||
            !program_of(stat.pid, gateway->program, sizeof(gateway->program)))
            continue;
        gateway->pid = stat.pid;
        gateway->parent = stat.parent;
        count++;
    }
    return count;
}

static bool gateways_stop(const struct gateway *gateways, unsigned count)
{
    uint64_t deadline_ns = clock_now_ns() + STOP_TIMEOUT_S * NS_PER_S;
    for (unsigned i = 0; i < count; i++)
        kill(gateways[i].pid, SIGTERM);
    for (unsigned i = 0; i < count; i++) {
        while (kill(gateways[i].pid, 0) == 0) {
            if (clock_now_ns() > deadline_ns)
                return fault_set("gateway %d is still there %d s after SIGTERM",
                                 (int)gateways[i].pid, STOP_TIMEOUT_S);
            clock_sleep_ns(POLL_NS);
        }
    }
    return true;
}

static bool ready_wait(const struct target *target)
{
    uint64_t deadline_ns = clock_now_ns() + READY_TIMEOUT_S * NS_PER_S;
    struct http_reply *reply = malloc(sizeof(*reply));
    bool is_ready = false;
    while (reply && !is_ready && clock_now_ns() < deadline_ns) {
        is_ready =
            http_request(target, "GET", "/readyz", NULL, NULL, reply) && reply->status == 200;
        if (!is_ready)
            clock_sleep_ns(POLL_NS);
    }
    free(reply);
    return is_ready || fault_set("no gateway was ready after %d s", READY_TIMEOUT_S);
}

/* Since boot, of the first successor; false when none is found. */
static bool successor_start_s(const struct gateway *gateways, unsigned count, double *ret_start_s)
{
    struct proc_stat *stats = NULL;
    unsigned stat_count = proc_stat_read_all(&stats);
    uint64_t first = UINT64_MAX;
    char program[512];
    for (unsigned i = 0; i < stat_count; i++)
        for (unsigned k = 0; k < count; k++)
            if (stats[i].parent == gateways[k].parent &&
                program_of(stats[i].pid, program, sizeof(program)) &&
                strcmp(program, gateways[k].program) == 0 && stats[i].start_ticks < first)
                first = stats[i].start_ticks;
    free(stats);
    *ret_start_s = (double)first / (double)sysconf(_SC_CLK_TCK);
    return first != UINT64_MAX || fault_set("the supervisor's new gateway was not found");
}

void restart_run(const struct target *target, const struct procs *procs,
                 struct restart_result *ret_result)
{
    struct gateway gateways[PROCS_MAX];
    struct restart_result result = {0};
    unsigned count = gateways_find(procs, gateways);
    uint64_t killed_ns = clock_now_ns();
    double start_s = 0;
    struct timespec boot;
    result.is_valid = count > 0 ? gateways_stop(gateways, count) && ready_wait(target)
                                : fault_set("the status lists no gateway");
    result.kill_to_ready_s = (double)(clock_now_ns() - killed_ns) / (double)NS_PER_S;
    clock_gettime(CLOCK_BOOTTIME, &boot);
    if (result.is_valid)
        result.is_valid = successor_start_s(gateways, count, &start_s);
    result.start_to_ready_s = (double)boot.tv_sec + (double)boot.tv_nsec / 1e9 - start_s;
    if (!result.is_valid)
        snprintf(result.why, sizeof(result.why), "%s", fault_text());
    *ret_result = result;
}
