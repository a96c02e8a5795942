/* Which loads are run, in which order, and what they leave behind.
 *
 * Next: idle.h */
#pragma once

#include "bare.h"
#include "idle.h"
#include "insert.h"
#include "load.h"
#include "noisy.h"
#include "options.h"
#include "restart.h"
#include "storm.h"

#define POSTS_SCENARIOS 6
#define FAN_SCENARIOS   2

/* A fan-out: the closed loop at the best of a few windows, then paced at 30 % of what it gave. */
struct fan_result {
    struct load_result peak;
    struct load_result paced;
    struct load_result bare;         /* one send per event and socket */
    struct load_result bare_batched; /* one send per socket and turn */
};

struct bench {
    struct options options;
    struct target url;
    struct target plain;
    bool has_procs;
    struct accounts accounts;
    struct procs procs;
    struct idle_result idle;
    struct load_result posts[POSTS_SCENARIOS];
    struct fan_result fans[FAN_SCENARIOS];
    struct insert_result inserts[2]; /* on one and on two connections */
    struct restart_result restart;
    struct noisy_result noisy;
    struct storm_result storm;
};

/* Run every part that the options ask for, saying on stderr what is going on. Parts that fail carry
 * the reason in their result; the others go on. */
void scenarios_run(struct bench *bench);
