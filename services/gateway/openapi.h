/* The OpenAPI 3.1 document, made from the rows of routes.c and the message descriptors, so that it
 * cannot say anything else than they do. Next: main.c
 */
#ifndef WARDROOM_GATEWAY_OPENAPI_H
#define WARDROOM_GATEWAY_OPENAPI_H

#include "exchange.h"

/* `run` of routes.c. */
void openapi_answer(struct exchange *exchange, ProtobufCMessage *request);
/* Append the document. */
void openapi_write(struct buf *out);

#endif
