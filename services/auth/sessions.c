/* Refresh, Revoke and RevokedSince: how a session goes on and how it ends.
 *
 * A refresh token is good once. Used a second time, it is in two hands: its session ends, whoever
 * came first, and every gateway hears of it by RevokedSince. Next: accounts.c
 */
#include "sessions.h"

#include "core/clock.h"

/* Of one reply: x 36 bytes packed = 144 KiB; the rest comes with the next poll. */
#define REVOCATIONS_MAX 4096

int64_t revocation_life_us(void)
{
    return (auth_settings.access_s + 2 * TOKEN_SKEW_S) * US_PER_S;
}

enum status session_mint(const struct auth_state *state, const struct account *account,
                         const struct tenant *tenant, int64_t now_us, struct session *session,
                         struct tokens *ret)
{
    int64_t now_s = now_us / US_PER_S;
    struct principal who = {.user = account->id,
                            .tenant = tenant->id,
                            .session = session->id,
                            .role = account->role,
                            .expires_at_s = now_s + auth_settings.access_s};
    memcpy(who.name, account->name, sizeof who.name);
    memcpy(who.region, tenant->region, sizeof who.region);
    enum status status = mint(state->minter, &who, TOKEN_ACCESS, now_s, ret->access);
    if (status == OK) {
        who.expires_at_s = now_s + auth_settings.refresh_s;
        status = mint(state->minter, &who, TOKEN_REFRESH, now_s, ret->refresh);
    }
    if (status == OK) {
        session->expires_us = who.expires_at_s * US_PER_S;
        sha256(bytes_text(ret->refresh), session->refresh_hash);
    }
    return status;
}

void session_reply(Auth__TokenReply_Closure reply, void *data, struct tokens *tokens)
{
    Auth__TokenReply message = AUTH__TOKEN_REPLY__INIT;
    message.access = tokens->access;
    message.refresh = tokens->refresh;
    message.token_type = (char *)"Bearer";
    message.expires_in = (uint32_t)auth_settings.access_s;
    reply(&message, data);
    bytes_wipe(tokens, sizeof *tokens);
}

/* In a transaction that has entered the session's tenant; it has left it afterwards. */
static enum status session_kill(struct tenant_tx *tx, const struct principal *who, int64_t now_us)
{
    const struct revocation revocation = {.session = who->session, .user = who->user};
    enum status status = session_end(tx, &who->session, now_us);
    if (status == OK) {
        status = tenant_tx_leave(tx);
    }
    return status == OK ? revocation_add(tx, &revocation, now_us, now_us - revocation_life_us())
                        : status;
}

struct refreshing {
    struct principal who;
    uint8_t hash[SHA256_SIZE]; /* of the token that was sent */
    int64_t now_us;
    struct tenant tenant;
    struct session session;
    struct account account;
    bool end_session;
};

static enum status refresh_load(struct auth_state *state, struct tenant_tx *tx,
                                struct refreshing *refreshing)
{
    const struct principal *who = &refreshing->who;
    enum status status = registry_find(&state->store, tx, &who->tenant, &refreshing->tenant);
    if (status == OK) {
        status = tenant_tx_enter(tx, &who->tenant);
    }
    if (status == OK) {
        status = session_find(tx, &who->session, &refreshing->session);
    }
    return status == OK ? account_find(&state->store, tx, &who->user, &refreshing->account)
                        : status;
}

/* OK: the session may go on. INVALID_TOKEN: not, and perhaps it has to end (end_session). */
static enum status refresh_judge(struct refreshing *refreshing)
{
    const struct session *session = &refreshing->session;
    if (!uuid_equal(&session->user.u, &refreshing->who.user.u) || session->ended_us != 0 ||
        session->expires_us <= refreshing->now_us) {
        return STATUS_INVALID_TOKEN;
    }
    bool spent = !secret_equal(session->refresh_hash, refreshing->hash, SHA256_SIZE);
    refreshing->end_session = spent || refreshing->account.disabled;
    return refreshing->end_session ? STATUS_INVALID_TOKEN : OK;
}

static enum status refresh_carry_on(struct auth_state *state, struct tenant_tx *tx,
                                    struct refreshing *refreshing, struct tokens *ret)
{
    struct session next = refreshing->session;
    enum status status = session_mint(state, &refreshing->account, &refreshing->tenant,
                                      refreshing->now_us, &next, ret);
    if (status == OK) {
        status = session_rotate(tx, &refreshing->session, &next);
    }
    if (status == STATUS_CONFLICT) {
        /* Somebody else used the same token between our look and now. */
        refreshing->end_session = true;
        status = STATUS_INVALID_TOKEN;
    }
    return status;
}

/* Everything between BEGIN and COMMIT. OK: commit and answer with the tokens; INVALID_TOKEN:
 * commit what ended the session, and refuse. */
static enum status refresh_in(struct auth_state *state, struct tenant_tx *tx,
                              struct refreshing *refreshing, struct tokens *ret)
{
    enum status status = refresh_load(state, tx, refreshing);
    if (status == OK) {
        status = refresh_judge(refreshing);
    } else if (status == STATUS_NOT_FOUND) {
        return STATUS_INVALID_TOKEN;
    }
    if (status == OK && refreshing->tenant.state != TENANT_ACTIVE) {
        return STATUS_FORBIDDEN;
    }
    if (status == OK) {
        status = refresh_carry_on(state, tx, refreshing, ret);
    }
    if (status == STATUS_INVALID_TOKEN && refreshing->end_session) {
        enum status killed = session_kill(tx, &refreshing->who, refreshing->now_us);
        status = killed == OK ? status : killed;
    }
    return status;
}

static enum status refresh_run(struct auth_state *state, struct refreshing *refreshing,
                               struct tokens *ret)
{
    struct tenant_tx *tx;
    enum status status = tenant_tx_begin(state->db, false, &tx);
    if (status != OK) {
        return status;
    }
    status = refresh_in(state, tx, refreshing, ret);
    if (status != OK && status != STATUS_INVALID_TOKEN) {
        tenant_tx_rollback(tx);
        return status;
    }
    enum status committed = tenant_tx_commit(tx);
    return committed == OK ? status : committed;
}

void auth_refresh(Auth__Api_Service *service, const Auth__RefreshRequest *input,
                  Auth__TokenReply_Closure reply, void *data)
{
    (void)service;
    struct call *call = data;
    struct auth_state *state = call->state;
    struct bytes token = bytes_text(input->refresh);
    struct refreshing refreshing = {.now_us = clock_now_us()};
    struct tokens tokens;
    enum status status = token_verify(state->verifier, token, TOKEN_REFRESH, &refreshing.who);
    if (status == OK) {
        sha256(token, refreshing.hash);
        status = refresh_run(state, &refreshing, &tokens);
    }
    bytes_wipe(refreshing.account.password, sizeof refreshing.account.password);
    if (status == OK) {
        session_reply(reply, data, &tokens);
    } else if (status == STATUS_FORBIDDEN) {
        call_fail(call, status, "this tenant is suspended");
    } else {
        auth_fail(call, status);
    }
}

void auth_revoke(Auth__Api_Service *service, const Auth__RevokeRequest *input,
                 Wardroom__Empty_Closure reply, void *data)
{
    (void)service;
    struct call *call = data;
    struct auth_state *state = call->state;
    struct principal who;
    struct tenant tenant;
    const Wardroom__Empty empty = WARDROOM__EMPTY__INIT;
    enum status status =
        token_verify(state->verifier, bytes_text(input->refresh), TOKEN_REFRESH, &who);
    if (status == OK) {
        status = registry_find(&state->store, call->tx, &who.tenant, &tenant);
        status = status == STATUS_NOT_FOUND ? STATUS_INVALID_TOKEN : status;
    }
    if (status == OK) {
        status = tenant_tx_enter(call->tx, &who.tenant);
    }
    if (status == OK) {
        /* A spent or ended one too: who holds any token of the session may end it. */
        status = session_kill(call->tx, &who, clock_now_us());
    }
    if (status != OK) {
        auth_fail(call, status);
        return;
    }
    reply(&empty, data);
}

void auth_revoked_since(Auth__Api_Service *service, const Auth__RevokedSinceRequest *input,
                        Auth__RevokedSinceReply_Closure reply, void *data)
{
    (void)service;
    struct call *call = data;
    Auth__RevokedSinceReply message = AUTH__REVOKED_SINCE_REPLY__INIT;
    struct revocation *found = arena_alloc(call->arena, REVOCATIONS_MAX * sizeof *found);
    Auth__RevokedSession *rows = arena_alloc(call->arena, REVOCATIONS_MAX * sizeof *rows);
    message.results = arena_alloc(call->arena, REVOCATIONS_MAX * sizeof *message.results);
    if (found == NULL || rows == NULL || message.results == NULL) {
        auth_fail(call, STATUS_RESOURCE_EXHAUSTED);
        return;
    }
    int64_t since_us = clock_now_us() - revocation_life_us();
    enum status status = revocation_since(call->tx, input->after, since_us, found, REVOCATIONS_MAX,
                                          &message.n_results, &message.next);
    if (status != OK) {
        auth_fail(call, status);
        return;
    }
    for (size_t i = 0; i < message.n_results; i++) {
        auth__revoked_session__init(&rows[i]);
        rows[i].session_id = (ProtobufCBinaryData){16, found[i].session.u.b};
        rows[i].user_id = (ProtobufCBinaryData){16, found[i].user.u.b};
        message.results[i] = &rows[i];
    }
    reply(&message, data);
}
