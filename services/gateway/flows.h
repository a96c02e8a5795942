/* The few operations of more than one step: look something up in one service, then tell another.
 *
 * Each step can be repeated, so a crash between two of them is finished by the client's retry. The
 * lookups of one flow go out together; what was found becomes the `_filled` fields of the request,
 * which JSON can never set. Next: content.h
 */
#ifndef WARDROOM_GATEWAY_FLOWS_H
#define WARDROOM_GATEWAY_FLOWS_H

#include "exchange.h"
#include "threads.pb-c.h"

struct flow;

/* Post a message with attachments: files.Get for each, then threads.Post. Takes `arena`, in which
 * `request` lives; `token` is copied. `done` comes once, later, unless the flow is abandoned.
 * NULL: could not start (out of memory), nothing will come, and the arena is still the caller's. */
struct flow *flow_post(struct gateway *gateway, struct arena *arena, struct bytes token,
                       Threads__PostRequest *request,
                       void (*done)(void *data, const struct bus_reply *reply), void *data);
/* Nobody waits any more: what has been asked for is finished, `done` does not come. */
void flow_abandon(struct flow *flow);

/* `run` of routes.c. */
void flow_sign_in(struct exchange *exchange, ProtobufCMessage *request);
void flow_create_thread(struct exchange *exchange, ProtobufCMessage *request);
void flow_add_participant(struct exchange *exchange, ProtobufCMessage *request);
void flow_post_message(struct exchange *exchange, ProtobufCMessage *request);

#endif
