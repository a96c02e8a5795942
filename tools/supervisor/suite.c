/* All programs of one suite: started in the order of the plan, reloaded, stopped stage by stage.
 *
 * Called by main.c's loop. Processes are program.c's business. Next: program.c */
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Also one that left the plan and is on its way out. */
static struct program *suite_find(const struct suite *suite, const char *name)
{
    for (int i = 0; i < suite->count; i++)
        if (strcmp(suite->programs[i]->spec->name, name) == 0)
            return suite->programs[i];
    return NULL;
}

static bool plan_names(const struct plan *plan, const char *name)
{
    for (int i = 0; i < plan->count; i++)
        if (plan->specs[i] && strcmp(plan->specs[i]->name, name) == 0)
            return true;
    return false;
}

static void suite_remove_absent(struct suite *suite, const struct plan *plan, int64_t now_ms)
{
    for (int i = 0; i < suite->count; i++) {
        struct program *program = suite->programs[i];
        if (!program->removed && !plan_names(plan, program->spec->name)) {
            program->removed = true;
            program_stop(program, false, now_ms);
        }
    }
}

static void suite_adopt(struct suite *suite, struct spec *spec, int64_t now_ms)
{
    struct program *program = suite_find(suite, spec->name);
    if (program && !program->removed && spec_equal(program->spec, spec)) {
        spec_free(spec);
        return;
    }
    if (program) {
        /* One that comes back while it still ends: never two of a name at once. */
        spec_free(program->spec);
        program->spec = spec;
        program->removed = false;
        program_stop(program, true, now_ms);
        return;
    }
    if (suite->count == PROGRAMS_MAX || !(program = program_new(spec, suite->logs))) {
        fprintf(stderr, "cannot add a program: too many, or no log file\n");
        return;
    }
    suite->programs[suite->count++] = program;
    program_start(program, now_ms);
}

bool suite_reload(struct suite *suite, int64_t now_ms, char *err, size_t err_bytes)
{
    if (suite->stopping) {
        snprintf(err, err_bytes, "the suite is stopping");
        return false;
    }
    struct plan *plan = plan_read(suite->plan_path, err, err_bytes);
    if (!plan)
        return false;
    suite_remove_absent(suite, plan, now_ms);
    for (int i = 0; i < plan->count; i++) {
        suite_adopt(suite, plan->specs[i], now_ms);
        plan->specs[i] = NULL;
    }
    plan_free(plan);
    suite->changed = true;
    return true;
}

bool suite_restart(struct suite *suite, const char *name, int64_t now_ms)
{
    struct program *program = suite_find(suite, name);
    if (!program || program->removed || suite->stopping)
        return false;
    program_stop(program, true, now_ms);
    suite->changed = true;
    return true;
}

void suite_stop(struct suite *suite)
{
    suite->stopping = true;
}

/* The highest stage that still has something alive; 0 when nothing is. */
static int suite_stage(const struct suite *suite)
{
    int stage = 0;
    for (int i = 0; i < suite->count; i++) {
        const struct program *program = suite->programs[i];
        if (program->state != PROGRAM_STOPPED && program->spec->stage > stage)
            stage = program->spec->stage;
    }
    return stage;
}

bool suite_is_over(const struct suite *suite)
{
    return suite->stopping && suite_stage(suite) == 0;
}

static void suite_stop_stage(struct suite *suite, int64_t now_ms)
{
    int stage = suite_stage(suite);
    for (int i = suite->count - 1; i >= 0; i--) {
        struct program *program = suite->programs[i];
        if (program->state == PROGRAM_STOPPED || program->spec->stage != stage)
            continue;
        if (program->state != PROGRAM_STOPPING)
            suite->changed = true;
        program_stop(program, false, now_ms);
    }
}

void suite_reap(struct suite *suite, int64_t now_ms)
{
    int wait_status;
    pid_t pid;

    while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0) {
        for (int i = 0; i < suite->count; i++) {
            if (suite->programs[i]->pid != pid)
                continue;
            program_ended(suite->programs[i], wait_status, now_ms);
            suite->changed = true;
        }
    }
}

/* Forget programs that left the plan and have ended. */
static void suite_sweep(struct suite *suite)
{
    int kept = 0;
    for (int i = 0; i < suite->count; i++) {
        struct program *program = suite->programs[i];
        if (program->removed && program->state == PROGRAM_STOPPED) {
            program_free(program);
            suite->changed = true;
        } else {
            suite->programs[kept++] = program;
        }
    }
    suite->count = kept;
}

static void status_write_program(FILE *file, const struct program *program, const char *comma)
{
    const char *version = program->spec->version;
    fprintf(file,
            "%s\n  {\"name\": \"%s\", \"pid\": %d, \"state\": \"%s\", \"version\": \"%s\", "
            "\"deaths\": %u, \"started_at\": %lld}",
            comma, program->spec->name, (int)program->pid, program_state_name(program),
            version ? version : "", program->death_count, (long long)program->started_at_s);
}

/* Written beside and renamed, so that a reader sees one state or the next. */
static void suite_write_status(const struct suite *suite)
{
    char path[4200], fresh[4200];
    snprintf(path, sizeof path, "%s/status.json", suite->run);
    snprintf(fresh, sizeof fresh, "%s/status.json.new", suite->run);
    FILE *file = fopen(fresh, "we");
    if (!file)
        return;
    fprintf(file, "{\"supervisor\": %d, \"programs\": [", (int)getpid());
    for (int i = 0; i < suite->count; i++)
        status_write_program(file, suite->programs[i], i > 0 ? "," : "");
    fprintf(file, "\n]}\n");
    if (fclose(file) == 0)
        (void)rename(fresh, path);
}

void suite_tick(struct suite *suite, int64_t now_ms)
{
    for (int i = 0; i < suite->count; i++) {
        enum program_state before = suite->programs[i]->state;
        program_wake(suite->programs[i], now_ms);
        if (suite->programs[i]->state != before)
            suite->changed = true;
    }
    suite_sweep(suite);
    if (suite->stopping)
        suite_stop_stage(suite, now_ms);
    if (suite->changed)
        suite_write_status(suite);
    suite->changed = false;
}

static void wake_no_later(int64_t *wake_ms, int64_t at_ms)
{
    if (*wake_ms == NEVER_MS || at_ms < *wake_ms)
        *wake_ms = at_ms;
}

int suite_poll(const struct suite *suite, struct pollfd *fds, int64_t now_ms, int64_t *wake_ms)
{
    int count = 0;
    for (int i = 0; i < suite->count; i++) {
        const struct program *program = suite->programs[i];
        if (program->wake_ms != NEVER_MS)
            wake_no_later(wake_ms, program->wake_ms);
        if (program->log.next_ms > now_ms)
            wake_no_later(wake_ms, program->log.next_ms);
        else
            fds[count++] = (struct pollfd){.fd = program->log.read_end, .events = POLLIN};
    }
    return count;
}

void suite_collect(struct suite *suite, const struct pollfd *fds, int count, int64_t now_ms)
{
    for (int i = 0; i < count; i++)
        for (int j = 0; fds[i].revents && j < suite->count; j++)
            if (suite->programs[j]->log.read_end == fds[i].fd)
                logfile_collect(&suite->programs[j]->log, now_ms);
}

void suite_fini(struct suite *suite)
{
    suite_write_status(suite);
    for (int i = 0; i < suite->count; i++)
        program_free(suite->programs[i]);
    suite->count = 0;
}
