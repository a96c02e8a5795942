/* The page that the `type` of every problem links to. Next: openapi.h */
#ifndef WARDROOM_GATEWAY_PROBLEM_PAGE_H
#define WARDROOM_GATEWAY_PROBLEM_PAGE_H

#include "exchange.h"

/* `run` of routes.c. */
void problem_page_answer(struct exchange *exchange, ProtobufCMessage *request);

#endif
