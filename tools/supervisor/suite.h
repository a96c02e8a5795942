/* All programs of one suite. The only owner of struct program; main.c drives it. */
#ifndef SUPERVISOR_SUITE_H
#define SUPERVISOR_SUITE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "program.h"

struct suite {
    const char *plan_path; /* borrowed for its lifetime, like the two below */
    const char *run;
    const char *logs;
    struct program *programs[PROGRAMS_MAX]; /* in the order of the plan */
    int count;
    bool stopping;
    bool changed; /* status.json is behind */
};

/* Make the suite as the plan says: start what is new, restart what is written differently, stop
 * what is gone. At the first call everything is new. False, with a sentence in `err`, changes
 * nothing. */
bool suite_reload(struct suite *suite, int64_t now_ms, char *err, size_t err_bytes);

bool suite_restart(struct suite *suite, const char *name, int64_t now_ms);

/* Begin to stop everything; suite_is_over says when that is done. */
void suite_stop(struct suite *suite);
bool suite_is_over(const struct suite *suite);

/* Collect every process that ended. */
void suite_reap(struct suite *suite, int64_t now_ms);

/* Do what the clocks say, and write status.json where something changed. */
void suite_tick(struct suite *suite, int64_t now_ms);

/* Fill `fds` (room for PROGRAMS_MAX) with the logs to poll for; lower *wake_ms to the next clock.
 * Returns how many. suite_collect reads those that are ready. */
int suite_poll(const struct suite *suite, struct pollfd *fds, int64_t now_ms, int64_t *wake_ms);
void suite_collect(struct suite *suite, const struct pollfd *fds, int count, int64_t now_ms);

/* Free everything; status.json says that all is stopped. */
void suite_fini(struct suite *suite);

#endif
