/* Every client is cut at once, because all gateways were killed: how long until all are back?
 *
 * Next: insert.h */
#pragma once

#include "accounts.h"
#include "procs.h"

struct storm_result {
    bool has_run, is_valid; /* not valid: `why` says it */
    char why[512];
    unsigned sockets;
    unsigned gateways; /* killed */
    double open_s;     /* until all had been subscribed the first time */
    double half_back_s, all_back_s;
    uint64_t attempts; /* of all, until they were back */
};

/* Open `sockets` WebSockets over TLS, each subscribed to a thread from its last seq, kill -9 every
 * gateway, and let each come back as the client library does: the same token, waits that double and
 * are spread out, the thread asked for again with its last seq. */
void storm_run(const struct target *target, struct accounts *accounts, const struct procs *procs,
               unsigned sockets, struct storm_result *ret_result);
