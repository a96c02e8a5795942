/* How long a gateway takes from its start to being ready.
 *
 * Next: bare.h */
#pragma once

#include "link.h"
#include "procs.h"

struct restart_result {
    bool is_valid;
    char why[512];
    double
        start_to_ready_s; /* from the start of the first new gateway process to a 200 of /readyz */
    double kill_to_ready_s; /* the same from SIGTERM: drain and the supervisor's pause included */
};

/* Send SIGTERM to every gateway, wait until they are gone, and ask /readyz until a new one answers
 * 200. All at once, because they share one public port and an old one would answer for a new one.
 * The start of a process is what /proc says, to 10 ms. */
void restart_run(const struct target *target, const struct procs *procs,
                 struct restart_result *ret_result);
