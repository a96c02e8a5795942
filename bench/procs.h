/* CPU time and memory of the suite's processes, read from /proc.
 *
 * The CPU time of a program is user + system time of its process and of everything below it,
 * children that have ended and were waited for included, so a PostgreSQL backend that comes and
 * goes within the measurement is not lost.
 *
 * Next: load.h */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCS_MAX  64
#define GROUPS_MAX 16

/* All processes of one name: gateway-1 and gateway-2 are the group `gateway`. */
struct group {
    char name[32];
};

struct proc {
    pid_t pid;
    unsigned group;
    char name[32]; /* as the status says, such as gateway-1 */
};

struct procs {
    unsigned count;
    unsigned group_count;
    struct proc items[PROCS_MAX];
    struct group groups[GROUPS_MAX];
};

struct cpu {
    double us[GROUPS_MAX]; /* since the processes began */
    double total_us;
};

/* Read the output of `./wardroom status --json` from a file. */
bool procs_load(struct procs *procs, const char *path);

/* The same from text, for tests. */
bool procs_parse(struct procs *procs, const char *json);

/* CPU time up to now. False with fault_text when a listed process is gone. */
bool procs_cpu(const struct procs *procs, struct cpu *ret_cpu);

/* what was used between two readings */
struct cpu cpu_between(const struct cpu *from, const struct cpu *to);

/* Sum of the resident (ret_rss_kb) and of the private (ret_private_kb) memory of a group. */
bool procs_memory(const struct procs *procs, const char *group, uint64_t *ret_rss_kb,
                  uint64_t *ret_private_kb);

struct proc_stat {
    pid_t pid;
    pid_t parent;
    uint64_t ticks;       /* user + system, own and of children that ended, in 1/100 s */
    uint64_t start_ticks; /* since boot */
};

/* One /proc/PID/stat; false when there is no such process. */
bool proc_stat_read(pid_t pid, struct proc_stat *ret_stat);

/* Every process of the machine; the caller frees *ret_stats. Returns how many. */
unsigned proc_stat_read_all(struct proc_stat **ret_stats);
