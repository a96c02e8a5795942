/* What auth answers: one function per rpc of proto/auth.proto, and the table of who may call it.
 *
 * Token and Refresh run without the runtime's transaction (SCOPE_NONE): hashing a password takes
 * 30 ms in which none should be open, and a spent refresh token must end its session although the
 * answer is a refusal. Next: sign_in.c
 */
#ifndef WARDROOM_AUTH_HANDLERS_H
#define WARDROOM_AUTH_HANDLERS_H

#include "auth.pb-c.h"
#include "bus/service.h"
#include "mint.h"
#include "store.h"

/* Filled from the options by main. */
struct auth_settings {
    const char *signing_dir, *regions;
    int64_t access_s, refresh_s;
};
extern struct auth_settings auth_settings;

/* Of one actor. */
struct auth_state {
    struct db *db;
    struct store store;
    struct token_verifier *verifier;
    struct minter *minter;          /* not of read actors */
    char dummy[PASSWORD_HASH_SIZE]; /* of work actors: the hash for names without account */
};
enum status auth_actor_open(const struct actor_env *env, void **ret_state);
void auth_actor_close(void *state);
/* Before any thread starts. */
void auth_metrics_register(void);

extern const struct rpc_rule auth_rules[];

/* sign_in.c */
void auth_token(Auth__Api_Service *service, const Auth__TokenRequest *input,
                Auth__TokenReply_Closure reply, void *data);
/* sessions.c */
void auth_refresh(Auth__Api_Service *service, const Auth__RefreshRequest *input,
                  Auth__TokenReply_Closure reply, void *data);
void auth_revoke(Auth__Api_Service *service, const Auth__RevokeRequest *input,
                 Wardroom__Empty_Closure reply, void *data);
void auth_revoked_since(Auth__Api_Service *service, const Auth__RevokedSinceRequest *input,
                        Auth__RevokedSinceReply_Closure reply, void *data);
/* accounts.c */
void auth_me(Auth__Api_Service *service, const Wardroom__Empty *input, Auth__Profile_Closure reply,
             void *data);
void auth_directory(Auth__Api_Service *service, const Auth__DirectoryRequest *input,
                    Auth__DirectoryReply_Closure reply, void *data);
void auth_get_user(Auth__Api_Service *service, const Auth__GetUserRequest *input,
                   Auth__DirectoryEntry_Closure reply, void *data);
void auth_create_user(Auth__Api_Service *service, const Auth__CreateUserRequest *input,
                      Auth__User_Closure reply, void *data);
/* account_state.c */
void auth_disable_user(Auth__Api_Service *service, const Auth__UserNameRequest *input,
                       Auth__User_Closure reply, void *data);
void auth_enable_user(Auth__Api_Service *service, const Auth__UserNameRequest *input,
                      Auth__User_Closure reply, void *data);
/* tenants.c */
void auth_create_tenant(Auth__Api_Service *service, const Auth__CreateTenantRequest *input,
                        Auth__Tenant_Closure reply, void *data);
void auth_list_tenants(Auth__Api_Service *service, const Auth__ListTenantsRequest *input,
                       Auth__ListTenantsReply_Closure reply, void *data);

/* handlers.c: what several of them do. */
/* End the call with a status of the store, in its own words. */
void auth_fail(struct call *call, enum status status);
/* accounts.c: an account, as its administrator sees it. */
void account_reply(const struct account *account, Auth__User_Closure reply, void *data);
/* A rule's verdict (rules.h) becomes a field error; NULL is none. */
void auth_check_field(struct call *call, const char *pointer, const char *problem);
/* The page size that a request asks for; 0: refused. */
size_t auth_limit(struct call *call, uint32_t limit);

#endif
