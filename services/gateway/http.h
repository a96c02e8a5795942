/* HTTP on a connection of libwebsockets: its callbacks in, answers out.
 *
 * Called by listener.c only. The int results are what libwebsockets wants: 0, or -1 to close.
 * Next: dispatch.h
 */
#ifndef WARDROOM_GATEWAY_HTTP_H
#define WARDROOM_GATEWAY_HTTP_H

#include "exchange.h"

/* `refusal`: of its head, by front.h. */
int http_on_request(struct gateway *gateway, struct lws *wsi, struct refusal refusal);
int http_on_body(struct lws *wsi, const void *data, size_t len);
int http_on_body_complete(struct lws *wsi);
/* A request that wants to become a WebSocket: 0 lets it, -1 has answered and closes. */
int http_on_upgrade(struct gateway *gateway, struct lws *wsi);
/* The connection is gone. */
void http_on_gone(struct exchange *exchange);

/* Write what was answered in this turn. True: more is answered already, for the next turn. */
bool http_write_answers(struct gateway *gateway);
/* Once a second: bodies that come too slowly, answers that nobody reads. */
void http_sweep(struct gateway *gateway);

#endif
