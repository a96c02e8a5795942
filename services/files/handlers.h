/* What files answers: one function per rpc of proto/files.proto, and who may call it.
 *
 * Next: handlers.c
 */
#ifndef WARDROOM_FILES_HANDLERS_H
#define WARDROOM_FILES_HANDLERS_H

#include "bus/service.h"
#include "files.pb-c.h"

/* Filled from the options by main. */
struct files_settings {
    const char *dir, *keys;
};
extern struct files_settings files_settings;

extern const struct rpc_rule files_rules[];

enum status files_actor_open(const struct actor_env *env, void **ret_state);
void files_actor_close(void *state);

void files_store(Files__Api_Service *service, const Files__StoreRequest *input,
                 Files__File_Closure reply, void *data);
void files_get(Files__Api_Service *service, const Files__GetRequest *input,
               Files__File_Closure reply, void *data);
void files_content(Files__Api_Service *service, const Files__GetRequest *input,
                   Files__ContentReply_Closure reply, void *data);

#endif
