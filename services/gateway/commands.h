/* What a client says on its WebSocket: one JSON object a message, one row per `op`.
 *
 * Next: revocation.h
 */
#ifndef WARDROOM_GATEWAY_COMMANDS_H
#define WARDROOM_GATEWAY_COMMANDS_H

#include "core/arena.h"
#include "session.h"
#include "socket.pb-c.h"

/* Read and do one message. */
void command_run(struct session *session, struct bytes text);

/* The parser alone, pure: the command and its row's members checked. INVALID: not JSON.
 * VALIDATION_FAILED: unknown op or member, wrong type, or a member missing; `detail` (200 bytes)
 * says which, and *ret holds what could be read of it, or NULL. Fuzzed (tests/fuzz). */
MUST_CHECK enum status command_parse(struct bytes text, struct arena *arena, Socket__Command **ret,
                                     char *detail);
#define COMMAND_DETAIL_SIZE 480

#endif
