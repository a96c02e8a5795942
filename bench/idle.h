/* What an idle TLS 1.3 WebSocket costs the gateways in memory.
 *
 * Next: insert.h */
#pragma once

#include "accounts.h"
#include "procs.h"

struct idle_result {
    bool is_valid;
    char why[512];
    unsigned sockets;
    uint64_t before_kb; /* resident, all gateways */
    uint64_t after_kb;
    uint64_t private_before_kb;
    uint64_t private_after_kb;
    double bytes_each; /* of the resident memory; 1 kB is 1,024 bytes in /proc */
    double private_bytes_each;
};

/* Open `sockets` signed-in WebSockets at /ws/chat/, subscribed to nothing, and compare. A few are
 * opened and closed before the first reading, so that what a gateway sets up once is not counted.
 */
void idle_run(const struct target *target, struct accounts *accounts, const struct procs *procs,
              unsigned sockets, struct idle_result *ret_result);
