/* Token: user name and password for a session and its first two tokens.
 *
 * Whether a name exists must not show: not in the answer, and not in the time it takes, which is
 * why a missing account is checked against a dummy hash. Next: sessions.c
 */
#include "backoff.h"
#include "core/clock.h"
#include "core/metrics.h"
#include "sessions.h"

static struct backoff backoff = BACKOFF_INIT;

static struct metric signed_in = {.name = "wardroom_auth_sign_ins_total",
                                  .labels = "result=\"done\"",
                                  .help = "sign-ins by how they ended"};
static struct metric sign_in_refused = {.name = "wardroom_auth_sign_ins_total",
                                        .labels = "result=\"refused\"",
                                        .help = "sign-ins by how they ended"};
static struct metric sign_in_limited = {.name = "wardroom_auth_sign_ins_total",
                                        .labels = "result=\"rate_limited\"",
                                        .help = "sign-ins by how they ended"};

void auth_metrics_register(void)
{
    metric_register(&signed_in);
    metric_register(&sign_in_refused);
    metric_register(&sign_in_limited);
}

struct attempt {
    char username[USERNAME_BYTES_MAX + 1]; /* "" when nobody can have that name */
    struct bytes address;
    struct tenant tenant;
    struct account account;
};

static enum status attempt_load(struct auth_state *state, struct tenant_tx *tx,
                                struct attempt *attempt)
{
    struct home home;
    enum status status = directory_find(&state->store, tx, attempt->username, &home);
    if (status == OK) {
        status = registry_find(&state->store, tx, &home.tenant, &attempt->tenant);
    }
    if (status == OK) {
        status = tenant_tx_enter(tx, &home.tenant);
    }
    return status == OK ? account_find(&state->store, tx, &home.user, &attempt->account) : status;
}

/* NOT_FOUND: no such account. The transaction has ended when this returns. */
static enum status attempt_find(struct auth_state *state, struct attempt *attempt)
{
    struct tenant_tx *tx;
    if (attempt->username[0] == '\0') {
        return STATUS_NOT_FOUND;
    }
    enum status status = tenant_tx_begin(state->db, true, &tx);
    if (status == OK) {
        status = attempt_load(state, tx, attempt);
        tenant_tx_rollback(tx);
    }
    return status;
}

/* OK, INVALID_CREDENTIALS, or a failure that says nothing about the password. */
static enum status attempt_check(struct auth_state *state, const Auth__TokenRequest *input,
                                 struct attempt *attempt)
{
    enum status found = attempt_find(state, attempt);
    if (found != OK && found != STATUS_NOT_FOUND) {
        return found;
    }
    struct bytes password = bytes_text(input->password);
    if (password.len > PASSWORD_BYTES_MAX) {
        return STATUS_INVALID_CREDENTIALS;
    }
    enum status status =
        password_check(found == OK ? attempt->account.password : state->dummy, password);
    bool elsewhere =
        input->tenant[0] != '\0' && strcmp(input->tenant, attempt->tenant.id.text) != 0;
    if (status == OK && (found != OK || attempt->account.disabled || elsewhere)) {
        status = STATUS_INVALID_CREDENTIALS;
    }
    return status;
}

static enum status session_begin(struct auth_state *state, const struct attempt *attempt,
                                 struct tokens *ret)
{
    struct tenant_tx *tx;
    int64_t now_us = clock_now_us();
    struct session session = {
        .id.u = uuid_new(), .user = attempt->account.id, .created_us = now_us};
    enum status status =
        session_mint(state, &attempt->account, &attempt->tenant, now_us, &session, ret);
    if (status == OK) {
        status = tenant_tx_begin(state->db, false, &tx);
    }
    if (status != OK) {
        return status;
    }
    status = tenant_tx_enter(tx, &attempt->tenant.id);
    if (status == OK) {
        status = session_add(tx, &session);
    }
    if (status != OK) {
        tenant_tx_rollback(tx);
        return status;
    }
    return tenant_tx_commit(tx);
}

static void refuse(struct call *call, const struct attempt *attempt, enum status status)
{
    if (status != STATUS_INVALID_CREDENTIALS) {
        auth_fail(call, status);
        return;
    }
    backoff_note_failure(&backoff, bytes_text(attempt->username), attempt->address,
                         clock_monotonic_ms());
    metric_add(&sign_in_refused, 1);
    call_fail(call, status, "user name or password is wrong");
}

static bool has_to_wait(struct call *call, const struct attempt *attempt)
{
    uint32_t wait_ms = backoff_wait_ms(&backoff, bytes_text(attempt->username), attempt->address,
                                       clock_monotonic_ms());
    if (wait_ms > 0) {
        metric_add(&sign_in_limited, 1);
        call_fail(call, STATUS_RATE_LIMITED, "too many failed sign-ins, wait and try again");
        call_retry_after(call, wait_ms);
    }
    return wait_ms > 0;
}

void auth_token(Auth__Api_Service *service, const Auth__TokenRequest *input,
                Auth__TokenReply_Closure reply, void *data)
{
    (void)service;
    struct call *call = data;
    struct auth_state *state = call->state;
    struct attempt attempt = {.address = bytes_text(input->address_filled)};
    struct tokens tokens;
    if (!username_fold(bytes_text(input->username), attempt.username)) {
        attempt.username[0] = '\0';
    }
    if (has_to_wait(call, &attempt)) {
        return;
    }
    enum status status = attempt_check(state, input, &attempt);
    bytes_wipe(attempt.account.password, sizeof attempt.account.password);
    if (status != OK) {
        refuse(call, &attempt, status);
        return;
    }
    backoff_note_success(&backoff, bytes_text(attempt.username), attempt.address);
    if (attempt.tenant.state != TENANT_ACTIVE) {
        call_fail(call, STATUS_FORBIDDEN, "this tenant is suspended");
        return;
    }
    status = session_begin(state, &attempt, &tokens);
    if (status == STATUS_CONFLICT) { /* disabled since it was checked */
        refuse(call, &attempt, STATUS_INVALID_CREDENTIALS);
        return;
    }
    if (status != OK) {
        auth_fail(call, status);
        return;
    }
    metric_add(&signed_in, 1);
    session_reply(reply, data, &tokens);
}
