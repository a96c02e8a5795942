/* /proc/PID/stat summed up by the listed program a process descends from.
 *
 * Next: load.c */
#include "procs.h"

#include "events.h"
#include "fault.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATUS_BYTES_MAX 65536

/* Processes of one machine; more are left out, and a listed one missing is then reported. */
#define STATS_MAX 32768

/* A process deeper below its program than this is counted for nobody. */
#define ANCESTORS_MAX 32

static bool group_of(struct procs *procs, const char *name, unsigned *ret_group)
{
    char base[32];
    snprintf(base, sizeof(base), "%s", name);
    char *dash = strrchr(base, '-');
    if (dash && dash[1] != '\0' && strspn(dash + 1, "0123456789") == strlen(dash + 1))
        *dash = '\0';
    for (unsigned i = 0; i < procs->group_count; i++) {
        if (strcmp(procs->groups[i].name, base) == 0) {
            *ret_group = i;
            return true;
        }
    }
    if (procs->group_count == GROUPS_MAX)
        return fault_set("more than %d kinds of programs", GROUPS_MAX);
    *ret_group = procs->group_count++;
    memcpy(procs->groups[*ret_group].name, base, sizeof(base));
    return true;
}

bool procs_parse(struct procs *procs, const char *json)
{
    *procs = (struct procs){0};
    const char *at = strstr(json, "\"programs\"");
    while (at && (at = strchr(at, '{')) != NULL && procs->count < PROCS_MAX) {
        const char *end = strchr(at, '}');
        if (!end)
            break;
        size_t len = (size_t)(end - at);
        struct text name = events_find_string(at, len, "name");
        pid_t pid = (pid_t)events_find_number(at, len, "pid");
        struct proc *proc = &procs->items[procs->count];
        at = end;
        if (!name.at || pid <= 0)
            continue;
        snprintf(proc->name, sizeof(proc->name), "%.*s", (int)(name.len < 31 ? name.len : 31),
                 name.at);
        proc->pid = pid;
        if (!group_of(procs, proc->name, &proc->group))
            return false;
        procs->count++;
    }
    return procs->count > 0 || fault_set("the status names no running program");
}

bool procs_load(struct procs *procs, const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return fault_set("cannot read the programs in %s", path);
    char *json = calloc(1, STATUS_BYTES_MAX);
    bool is_ok = json && fread(json, 1, STATUS_BYTES_MAX - 1, file) > 0 && procs_parse(procs, json);
    free(json);
    fclose(file);
    return is_ok || fault_set("%s is not the output of `wardroom status --json`", path);
}

bool proc_stat_read(pid_t pid, struct proc_stat *ret_stat)
{
    char path[64];
    char line[1024];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    bool is_read = fgets(line, sizeof(line), file) != NULL;
    fclose(file);
    char *fields = is_read ? strrchr(line, ')') : NULL;
    char state = 0;
    int parent = 0;
    uint64_t user = 0;
    uint64_t system = 0;
    uint64_t children_user = 0;
    uint64_t children_system = 0;
    uint64_t start = 0;
    if (!fields ||
        sscanf(fields + 1,
               " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64 " %" SCNu64
               " %" SCNu64 " %*d %*d %*d %*d %" SCNu64,
               &state, &parent, &user, &system, &children_user, &children_system, &start) != 7)
        return false;
    *ret_stat = (struct proc_stat){.pid = pid,
                                   .parent = parent,
                                   .ticks = user + system + children_user + children_system,
                                   .start_ticks = start};
    return true;
}

unsigned proc_stat_read_all(struct proc_stat **ret_stats)
{
    struct proc_stat *stats = calloc(STATS_MAX, sizeof(*stats));
    DIR *dir = opendir("/proc");
    unsigned count = 0;
    struct dirent *entry;
    while (stats && dir && count < STATS_MAX && (entry = readdir(dir)) != NULL) {
        pid_t pid = atoi(entry->d_name);
        if (pid > 0 && proc_stat_read(pid, &stats[count]))
            count++;
    }
    if (dir)
        closedir(dir);
    *ret_stats = stats;
    return count;
}

static const struct proc_stat *find_stat(const struct proc_stat *stats, unsigned count, pid_t pid)
{
    for (unsigned i = 0; i < count; i++)
        if (stats[i].pid == pid)
            return &stats[i];
    return NULL;
}

static const struct proc *find_proc(const struct procs *procs, pid_t pid)
{
    for (unsigned i = 0; i < procs->count; i++)
        if (procs->items[i].pid == pid)
            return &procs->items[i];
    return NULL;
}

/* The listed program that this process is or descends from; NULL when it is not of the suite. */
static const struct proc *owner_of(const struct procs *procs, const struct proc_stat *stats,
                                   unsigned count, const struct proc_stat *stat)
{
    for (int up = 0; stat && up < ANCESTORS_MAX; up++) {
        const struct proc *proc = find_proc(procs, stat->pid);
        if (proc)
            return proc;
        stat = find_stat(stats, count, stat->parent);
    }
    return NULL;
}

bool procs_cpu(const struct procs *procs, struct cpu *ret_cpu)
{
    struct proc_stat *stats = NULL;
    struct cpu cpu = {0};
    unsigned count = proc_stat_read_all(&stats);
    double tick_us = 1e6 / (double)sysconf(_SC_CLK_TCK);
    unsigned found = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct proc *proc = owner_of(procs, stats, count, &stats[i]);
        if (!proc)
            continue;
        if (proc->pid == stats[i].pid)
            found++;
        cpu.us[proc->group] += (double)stats[i].ticks * tick_us;
        cpu.total_us += (double)stats[i].ticks * tick_us;
    }
    free(stats);
    if (found != procs->count)
        return fault_set("%u of %u programs of the suite are gone", procs->count - found,
                         procs->count);
    *ret_cpu = cpu;
    return true;
}

struct cpu cpu_between(const struct cpu *from, const struct cpu *to)
{
    struct cpu used = {.total_us = to->total_us - from->total_us};
    for (unsigned i = 0; i < GROUPS_MAX; i++)
        used.us[i] = to->us[i] - from->us[i];
    return used;
}

static bool memory_of(pid_t pid, uint64_t *rss_kb, uint64_t *private_kb)
{
    char path[64];
    char line[256];
    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return fault_set("cannot read %s", path);
    while (fgets(line, sizeof(line), file)) {
        uint64_t kb = 0;
        if (sscanf(line, "Rss: %" SCNu64, &kb) == 1)
            *rss_kb += kb;
        else if (sscanf(line, "Private_Clean: %" SCNu64, &kb) == 1 ||
                 sscanf(line, "Private_Dirty: %" SCNu64, &kb) == 1)
            *private_kb += kb;
    }
    fclose(file);
    return true;
}

bool procs_memory(const struct procs *procs, const char *group, uint64_t *ret_rss_kb,
                  uint64_t *ret_private_kb)
{
    unsigned found = 0;
    *ret_rss_kb = 0;
    *ret_private_kb = 0;
    for (unsigned i = 0; i < procs->count; i++) {
        if (strcmp(procs->groups[procs->items[i].group].name, group) != 0)
            continue;
        if (!memory_of(procs->items[i].pid, ret_rss_kb, ret_private_kb))
            return false;
        found++;
    }
    return found > 0 || fault_set("the status lists no %s", group);
}
