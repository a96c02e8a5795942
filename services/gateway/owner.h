/* What hangs on a connection of libwebsockets: an HTTP exchange or a WebSocket session. Both start
 * with their kind, so that a connection that ends knows whom to tell. */
#ifndef WARDROOM_GATEWAY_OWNER_H
#define WARDROOM_GATEWAY_OWNER_H

enum owner_kind { OWNER_EXCHANGE, OWNER_SESSION };

#endif
