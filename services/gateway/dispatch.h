/* From a request to an rpc and back: the generic part of every route. Next: rpc.h */
#ifndef WARDROOM_GATEWAY_DISPATCH_H
#define WARDROOM_GATEWAY_DISPATCH_H

#include "exchange.h"
#include "rpc.h"

/* The head is there: find the route, check token, role and body. May answer already. */
void dispatch_begin(struct exchange *exchange);
/* The body is there too: make the request and go. */
void dispatch_run(struct exchange *exchange);
/* Nobody waits any more: cancel what is under way. */
void dispatch_abandon(struct exchange *exchange);

/* For routes with a `run` of their own: call the route's rpc; `done` NULL: answer with the reply.
 */
void dispatch_call(struct exchange *exchange, const ProtobufCMessage *request,
                   void (*done)(void *exchange, const struct bus_reply *reply));
/* Answer with a reply of the route's rpc, as the row says. */
void dispatch_answer(struct exchange *exchange, const struct bus_reply *reply);
/* The reply unpacked; NULL: answered already (an error, or unreadable). */
ProtobufCMessage *dispatch_open_reply(struct exchange *exchange, const struct bus_reply *reply);

#endif
