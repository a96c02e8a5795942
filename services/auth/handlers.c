/* Who may call what, and what every actor has in hand. Next: sign_in.c */
#include "handlers.h"

#include <stdlib.h>

#include "core/limits.h"

#define ANY_ROLE                                                                                   \
    (ROLE_BIT(ROLE_MEMBER) | ROLE_BIT(ROLE_ANALYST) | ROLE_BIT(ROLE_ADMIN) |                       \
     ROLE_BIT(ROLE_AUDITOR) | ROLE_BIT(ROLE_OPERATOR))
#define IN_TENANT (ANY_ROLE & ~ROLE_BIT(ROLE_OPERATOR))
#define STAFF     (ROLE_BIT(ROLE_ANALYST) | ROLE_BIT(ROLE_ADMIN) | ROLE_BIT(ROLE_AUDITOR))

_Static_assert((int)AUTH__ROLE__ROLE_MEMBER == ROLE_MEMBER &&
                   (int)AUTH__ROLE__ROLE_ANALYST == ROLE_ANALYST &&
                   (int)AUTH__ROLE__ROLE_ADMIN == ROLE_ADMIN &&
                   (int)AUTH__ROLE__ROLE_AUDITOR == ROLE_AUDITOR &&
                   (int)AUTH__ROLE__ROLE_OPERATOR == ROLE_OPERATOR,
               "roles have one numbering");

struct auth_settings auth_settings;

const struct rpc_rule auth_rules[] = {
    {"Token", 0, CALLER_GATEWAY, 8192, ACTOR_WORK, SCOPE_NONE, NULL},
    {"Refresh", 0, CALLER_GATEWAY, 8192, ACTOR_WRITE, SCOPE_NONE, NULL},
    {"Revoke", 0, CALLER_GATEWAY, 8192, ACTOR_WRITE, SCOPE_GLOBAL, NULL},
    {"Me", ANY_ROLE, CALLER_USER, 64, ACTOR_READ, SCOPE_GLOBAL, NULL},
    {"Directory", STAFF, CALLER_USER, 4096, ACTOR_READ, SCOPE_TENANT, NULL},
    {"GetUser", IN_TENANT, CALLER_USER, 64, ACTOR_READ, SCOPE_TENANT, NULL},
    {"CreateUser", ROLE_BIT(ROLE_ADMIN), CALLER_USER | CALLER_ADMIN, 8192, ACTOR_WORK, SCOPE_GLOBAL,
     NULL},
    {"DisableUser", 0, CALLER_ADMIN, 1024, ACTOR_WRITE, SCOPE_GLOBAL, NULL},
    {"EnableUser", 0, CALLER_ADMIN, 1024, ACTOR_WRITE, SCOPE_GLOBAL, NULL},
    {"CreateTenant", ROLE_BIT(ROLE_OPERATOR), CALLER_USER | CALLER_ADMIN, 4096, ACTOR_WRITE,
     SCOPE_GLOBAL, NULL},
    {"ListTenants", ROLE_BIT(ROLE_OPERATOR), CALLER_USER | CALLER_ADMIN, 4096, ACTOR_READ,
     SCOPE_GLOBAL, NULL},
    {"RevokedSince", 0, CALLER_GATEWAY, 64, ACTOR_READ, SCOPE_GLOBAL, NULL},
    {0}};

void auth_actor_close(void *pointer)
{
    struct auth_state *state = pointer;
    if (state != NULL) {
        tenant_keys_free(state->store.keys);
        minter_close(state->minter);
        free(state);
    }
}

enum status auth_actor_open(const struct actor_env *env, void **ret_state)
{
    struct auth_state *state = calloc(1, sizeof *state);
    if (state == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    enum status status = OK;
    state->db = env->db;
    state->verifier = env->verifier;
    state->store = (struct store){.ring = env->keys, .keys = tenant_keys_new(env->keys)};
    if (state->store.keys == NULL) {
        status = STATUS_RESOURCE_EXHAUSTED;
    }
    if (status == OK && env->kind != ACTOR_READ) {
        status = minter_open(auth_settings.signing_dir, &state->minter);
    }
    if (status == OK && env->kind == ACTOR_WORK) {
        status = password_dummy(state->dummy);
    }
    if (status != OK) {
        auth_actor_close(state);
        return status;
    }
    *ret_state = state;
    return OK;
}

void auth_fail(struct call *call, enum status status)
{
    call_fail(call, status, "%s", status_meaning(status));
}

size_t auth_limit(struct call *call, uint32_t limit)
{
    if (limit > LIST_ROWS_MAX) {
        call_field_error(call, "/limit", "must be from 1 to 200");
        return 0;
    }
    return limit > 0 ? limit : LIST_ROWS_DEFAULT;
}

void auth_check_field(struct call *call, const char *pointer, const char *problem)
{
    if (problem != NULL) {
        call_field_error(call, pointer, problem);
    }
}
