/* What retention answers: one function per rpc of proto/retention.proto, and who may call it.
 *
 * Next: handlers.c
 */
#ifndef WARDROOM_RETENTION_HANDLERS_H
#define WARDROOM_RETENTION_HANDLERS_H

#include "bus/service.h"
#include "retention.pb-c.h"

extern const struct rpc_rule retention_rules[];

void retention_get_policy(Retention__Api_Service *service, const Wardroom__Empty *input,
                          Retention__Policy_Closure reply, void *data);
void retention_set_policy(Retention__Api_Service *service, const Retention__Policy *input,
                          Retention__Policy_Closure reply, void *data);

#endif
