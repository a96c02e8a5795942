/* What a session may do to its WebSocket, without knowing libwebsockets.
 *
 * None of these calls back or frees anything at once. Next: session.h
 */
#ifndef WARDROOM_GATEWAY_WIRE_H
#define WARDROOM_GATEWAY_WIRE_H

#include "frame.h"

struct lws;

/* A part of an earlier frame is still waiting for the peer: write nothing more now. */
bool wire_is_blocked(struct lws *wsi);
/* Write one text frame. False: the connection is lost and will be closed by the loop. */
bool wire_write(struct lws *wsi, struct frame *frame);
bool wire_ping(struct lws *wsi);
/* Have session_on_writable called. */
void wire_ask_writable(struct lws *wsi);
/* Send a close frame and end. Not from within a callback of this socket: it may be freed here. */
void wire_close(struct lws *wsi, uint16_t code, const char *reason);
/* End now, without words; same rule. */
void wire_kill(struct lws *wsi);

#endif
