/* Is it alive, can it serve, and with which keys are tokens signed. Next: openapi.h */
#ifndef WARDROOM_GATEWAY_HEALTH_H
#define WARDROOM_GATEWAY_HEALTH_H

#include "exchange.h"

/* `run` of routes.c. */
void health_live(struct exchange *exchange, ProtobufCMessage *request);
void health_ready(struct exchange *exchange, ProtobufCMessage *request);
void health_keys(struct exchange *exchange, ProtobufCMessage *request);

/* Once a second: look at the parts, and tell the ops thread. */
void health_look(struct gateway *gateway);
/* For ops_start: `data` is the gateway; thread-safe. */
bool health_ops_ready(void *data, const char **why);

#endif
