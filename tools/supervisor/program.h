/* One program of the suite: started, watched, brought back, stopped.
 *
 *   STOPPED --start--> RUNNING --it died--> WAITING --its time came--> RUNNING
 *                         |                    |
 *                       stop: asked to end     | stop
 *                         v                    v
 *                      STOPPING --it died--> STOPPED  */
#ifndef SUPERVISOR_PROGRAM_H
#define SUPERVISOR_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "logfile.h"
#include "plan.h"

enum {
    DEATHS_KEPT = 5,          /* this many deaths ... */
    DEATHS_WINDOW_MS = 10000, /* ... within this time begin the back-off */
    LIFE_SHORT_MS = 1000,     /* who lived shorter waits a little before the next life */
    PAUSE_SHORT_MS = 200,
    BACKOFF_FIRST_MS = 1000,
    BACKOFF_MAX_MS = 10000,
    STOP_GRACE_MS = 10000, /* from being asked to end to being killed */
    NEVER_MS = -1,
};

enum program_state {
    PROGRAM_STOPPED,  /* has no process and wants none */
    PROGRAM_RUNNING,  /* has a process */
    PROGRAM_WAITING,  /* has none until wake_ms */
    PROGRAM_STOPPING, /* was asked to end; killed at wake_ms */
};

struct program {
    struct spec *spec;
    enum program_state state;
    pid_t pid;        /* 0 where there is no process */
    bool start_again; /* while STOPPING: it comes back when it has ended */
    bool removed;     /* left the plan; freed when it has ended */
    int64_t started_ms;
    int64_t started_at_s; /* wall clock, for people */
    int64_t wake_ms;      /* WAITING: start then. STOPPING: kill then. */
    int64_t backoff_ms;
    int64_t deaths_ms[DEATHS_KEPT];
    unsigned death_count;
    struct logfile log;
};

/* `spec` is taken over. Returns NULL, and frees it, when its log cannot be opened. */
struct program *program_new(struct spec *spec, const char *logs);
void program_free(struct program *program);

/* Start its process. On failure it waits and tries again, like after a death. */
void program_start(struct program *program, int64_t now_ms);

/* Ask it to end. With `start_again` it comes back afterwards. */
void program_stop(struct program *program, bool start_again, int64_t now_ms);

/* Its process ended with `wait_status`, as from waitpid. */
void program_ended(struct program *program, int wait_status, int64_t now_ms);

/* Do what its clock says: start again, or kill what would not end. */
void program_wake(struct program *program, int64_t now_ms);

const char *program_state_name(const struct program *program);

#endif
