/* What templates answers: one function per rpc of proto/templates.proto, and who may call it.
 *
 * Next: handlers.c
 */
#ifndef WARDROOM_TEMPLATES_HANDLERS_H
#define WARDROOM_TEMPLATES_HANDLERS_H

#include "bus/service.h"
#include "templates.pb-c.h"

extern const struct rpc_rule templates_rules[];

enum status templates_actor_open(const struct actor_env *env, void **ret_state);
void templates_actor_close(void *state);

void templates_list(Templates__Api_Service *service, const Templates__ListRequest *input,
                    Templates__ListReply_Closure reply, void *data);
void templates_get(Templates__Api_Service *service, const Templates__GetRequest *input,
                   Templates__Template_Closure reply, void *data);
void templates_create(Templates__Api_Service *service, const Templates__CreateRequest *input,
                      Templates__Template_Closure reply, void *data);

#endif
