/* DisableUser and EnableUser: an account is switched off with everything that was signed in with
 * it, and on again. Next: tenants.c
 */
#include "core/clock.h"
#include "sessions.h"

/* Of one account, by one transaction: gateways are told the rows of a transaction whole, and 4096
 * rows at a time (sessions.c). Who signed in more often within 17 minutes keeps access tokens until
 * they run out, and nothing else. */
#define REVOCATIONS_OF_USER_MAX 2000

/* NOT_FOUND: nobody has that name. The transaction has entered the tenant of the account. */
static enum status find(struct auth_state *state, struct tenant_tx *tx, const char *name,
                        struct account *ret)
{
    char username[USERNAME_BYTES_MAX + 1];
    struct home home;
    if (!username_fold(bytes_text(name), username)) {
        return STATUS_NOT_FOUND;
    }
    enum status status = directory_find(&state->store, tx, username, &home);
    if (status == OK) {
        status = tenant_tx_enter(tx, &home.tenant);
    }
    return status == OK ? account_find(&state->store, tx, &home.user, ret) : status;
}

/* End what the account has open and let the gateways know. Leaves the tenant. */
static enum status end_sessions(struct call *call, const struct user_id *user)
{
    int64_t now_us = clock_now_us();
    struct uuid *fresh;
    size_t count;
    /* The refresh token is as old as the access token beside it. */
    int64_t fresh_from_us = now_us + auth_settings.refresh_s * US_PER_S - revocation_life_us();
    enum status status =
        session_end_of_user(call->tx, user, now_us, fresh_from_us, call->arena, &fresh, &count);
    if (status == OK) {
        status = tenant_tx_leave(call->tx);
    }
    count = count < REVOCATIONS_OF_USER_MAX ? count : REVOCATIONS_OF_USER_MAX;
    return status == OK ? revocation_add_all(call->tx, user, fresh, count, now_us) : status;
}

static void set_disabled(struct call *call, const char *name, bool disabled,
                         Auth__User_Closure reply, void *data)
{
    struct account account;
    enum status status = find(call->state, call->tx, name, &account);
    if (status == OK) {
        status = account_set_disabled(call->tx, &account.id, disabled);
    }
    if (status == OK && disabled) {
        status = end_sessions(call, &account.id);
    }
    bytes_wipe(account.password, sizeof account.password);
    if (status == OK) {
        account.disabled = disabled;
        account_reply(&account, reply, data);
    } else if (status == STATUS_NOT_FOUND) {
        call_fail(call, status, "nobody has this user name");
    } else {
        auth_fail(call, status);
    }
}

void auth_disable_user(Auth__Api_Service *service, const Auth__UserNameRequest *input,
                       Auth__User_Closure reply, void *data)
{
    (void)service;
    set_disabled(data, input->username, true, reply, data);
}

void auth_enable_user(Auth__Api_Service *service, const Auth__UserNameRequest *input,
                      Auth__User_Closure reply, void *data)
{
    (void)service;
    set_disabled(data, input->username, false, reply, data);
}
