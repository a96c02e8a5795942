/* The supervisor's ear: a socket in the run folder that takes one command a connection.
 *
 *   ping            ok
 *   reload          ok | error: what is wrong with the plan
 *   restart NAME    ok | error: ...
 *   stop            ok, and the connection closes when everything has stopped
 *
 * Only the suite's own user (and root) may connect: the socket is 0600 and the peer is checked. */
#ifndef SUPERVISOR_CONTROL_H
#define SUPERVISOR_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "suite.h"

enum { CONTROL_BYTES_MAX = 128, CONTROL_WAIT_MS = 1000, ASK_SECONDS_MAX = 120 };

/* Listen at `run`/supervisor.sock, replacing what a dead supervisor left. Returns the socket, -1 on
 * failure. The caller holds the suite's lock. */
int control_open(const char *run);

/* Accept one connection, read its command, do it, answer. */
void control_serve(int listener, struct suite *suite, int64_t now_ms);

/* The other side: send `command` to the suite at `run` and print the answer.
 * Returns an exit code: 0 ok, 1 refused, 3 no supervisor there. */
int control_ask(const char *run, const char *command);

#endif
