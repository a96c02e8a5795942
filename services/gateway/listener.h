/* Sockets of clients: listening, accepting, and the one callback of libwebsockets.
 *
 * Every gateway opens its own listening sockets with SO_REUSEPORT and hands what it accepts to
 * libwebsockets, so several processes share a port and each can hold back. Next: http.h
 */
#ifndef WARDROOM_GATEWAY_LISTENER_H
#define WARDROOM_GATEWAY_LISTENER_H

#include "gateway.h"

/* Open everything in settings->listen and ->plain_listen. INVALID: said why in the log. */
MUST_CHECK enum status listener_open(struct gateway *gateway, struct listener **ret);
/* Take no more connections. */
void listener_stop(struct listener *listener);
/* End every connection; the loop must run on until its handles are closed. NULL is fine. */
void listener_close(struct listener *listener);

#endif
