/* A tenant that posts as fast as it is let, in a process of its own that is told to begin and to
 * stop, so that somebody else can be measured beside it.
 *
 * Next: noise.c */
#pragma once

#include "accounts.h"

#include <sys/types.h>

struct noise_plan {
    struct target target;
    unsigned tenant;  /* number of the noisy one */
    unsigned posters; /* sockets, each with a thread of its own, spread over the tenant's people */
    unsigned subscribers_per_thread;
    double posts_per_s; /* offered, over all; what is refused is not sent again */
};

/* Between begin and end. */
struct noise_count {
    double seconds;
    uint64_t posted;
    uint64_t acked;
    uint64_t refused; /* rate_limited */
    uint64_t errors;  /* any other */
    uint64_t closed;  /* sockets, over its whole life */
    uint64_t frames;  /* to its subscribers */
};

struct noise {
    pid_t pid;
    int to_child, from_child;
};

/* Start the process and wait until its sockets are open. `accounts` are signed in. False with
 * fault_text; nothing is left behind then. */
bool noise_start(struct noise *noise, const struct noise_plan *plan,
                 const struct accounts *accounts);
bool noise_begin(struct noise *noise);
/* False with fault_text when the process does not answer. */
bool noise_end(struct noise *noise, struct noise_count *ret_count);
void noise_stop(struct noise *noise);
