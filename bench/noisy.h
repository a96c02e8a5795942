/* One noisy tenant and a quiet one beside it: how much slower is the quiet one than alone?
 *
 * Next: storm.h */
#pragma once

#include "load.h"
#include "noise.h"

#define NOISY_ROUNDS 6

/* Of the quiet tenant in one window. */
struct quiet_figures {
    double ack_p99_ms, seen_p99_ms;
};

struct noisy_result {
    bool has_run, is_valid; /* not valid: `why` says it */
    char why[512];
    unsigned rounds;
    struct quiet_figures alone[NOISY_ROUNDS], beside[NOISY_ROUNDS];
    struct quiet_figures alone_median, beside_median;
    struct noise_count noise; /* summed over the rounds */
};

/* Six rounds of the quiet tenant alone and beside the noise, one after the other. The limits of the
 * suite have to be on, since they are what keeps the noise down.
 *
 * accounts: of two tenants; the first has many people and makes the noise. */
void noisy_run(const struct target *target, struct accounts *accounts, double warm_s,
               double measured_s, struct noisy_result *ret_result);
