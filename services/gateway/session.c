/* The life of a session; what it says is parsed in commands.c, what it is sent waits in outbox.c.
 *
 * Next: outbox.c
 */
#include "session.h"

#include <inttypes.h>
#include <stdlib.h>
#include "commands.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/log.h"
#include "counters.h"
#include "events.h"
#include "fanout.h"
#include "outbox.h"
#include "read_marks.h"
#include "resync.h"
#include "revocation.h"
#include "wire.h"

#define PING_AFTER_MS  25000 /* of silence; NAT tables forget after 30 s and more */
#define DEAD_AFTER_MS  60000
#define STUCK_AFTER_MS 15000 /* a queue without progress */
#define WARN_BEFORE_S  60
#define BURST_S        2 /* seconds of allowance that may come at once */

enum status credential_new(struct token_verifier *verifier, struct bytes token,
                           struct credential **ret)
{
    struct principal who;
    enum status status = STATUS_INVALID_TOKEN;
    if (token.len > 0)
        status = token_verify(verifier, token, TOKEN_ACCESS, &who);
    if (status == OK && revocation_has(&who.session))
        status = STATUS_INVALID_TOKEN;
    if (status != OK)
        return status;
    struct credential *credential = malloc(sizeof *credential + token.len);
    if (!credential)
        return STATUS_RESOURCE_EXHAUSTED;
    credential->refs = 1;
    credential->who = who;
    credential->token_len = token.len;
    memcpy(credential->token, token.data, token.len);
    *ret = credential;
    return OK;
}

void credential_drop(struct credential *credential)
{
    if (credential && --credential->refs == 0) {
        bytes_wipe(credential->token, credential->token_len);
        free(credential);
    }
}

static struct refusal refuse(enum status status, enum counter counter, const char *detail)
{
    return (struct refusal){.status = status, .counter = counter, .detail = detail};
}

static struct rate_limit frames_limit(const struct gateway *gateway)
{
    int64_t per_s = gateway->settings->frames_per_s;
    return (struct rate_limit){.per_s = per_s, .burst = per_s * BURST_S};
}

struct session *session_new(struct gateway *gateway, struct lws *wsi, const struct head *head,
                            struct refusal *ret_refusal)
{
    struct credential *credential;
    if (gateway->is_stopping) {
        *ret_refusal = refuse(STATUS_UNAVAILABLE, COUNT_REFUSED_BUSY, "this gateway is stopping");
        return NULL;
    }
    enum status status = credential_new(gateway->verifier, guard_ws_token(head), &credential);
    if (status != OK) {
        *ret_refusal = refuse(status, COUNT_REFUSED_TOKEN, NULL);
        return NULL;
    }
    struct session *session = NULL;
    if (credential->who.role == ROLE_OPERATOR)
        *ret_refusal = refuse(STATUS_FORBIDDEN, COUNT_REFUSED_ROLE, "operators see no content");
    else if (!(session = calloc(1, sizeof *session)))
        *ret_refusal = refuse(STATUS_RESOURCE_EXHAUSTED, COUNT_REFUSED_BUSY, NULL);
    if (!session) {
        credential_drop(credential);
        return NULL;
    }
    session->kind = OWNER_SESSION;
    session->refs = 1;
    session->gateway = gateway;
    session->wsi = wsi;
    session->credential = credential;
    if (!guard_ws_path(head->path, &session->first_thread))
        session->first_thread = (struct uuid){0};
    session->heard_ms = session->written_ms = gateway_now_ms(gateway);
    const struct rate_limit limit = frames_limit(gateway);
    rate_bucket_init(&session->frames, &limit, session->heard_ms);
    return session;
}

struct session *session_keep(struct session *session)
{
    session->refs++;
    return session;
}

void session_drop(struct session *session)
{
    if (--session->refs > 0)
        return;
    outbox_fini(session);
    buf_fini(&session->inbox);
    credential_drop(session->credential);
    free(session);
}

void session_on_open(struct session *session)
{
    session->state = SESSION_OPEN;
    if (fanout_join(session) != OK) {
        session_close(session, CLOSE_GOING_AWAY, "overloaded");
        return;
    }
    metric_add(counter_metric(COUNT_SESSIONS), 1);
    if (!uuid_is_zero(&session->first_thread))
        resync_subscribe(session, &(struct thread_id){session->first_thread}, false, 0);
}

/* Take a frame off the allowance; false: too fast. */
static bool spend(struct session *session)
{
    const struct rate_limit limit = frames_limit(session->gateway);
    return rate_take(&session->frames, &limit, gateway_now_ms(session->gateway)) == 0;
}

static void refuse_input(struct session *session, enum counter counter, uint16_t code,
                         const char *reason)
{
    count(counter);
    session_close(session, code, reason);
}

/* A whole message is here. */
static void take_message(struct session *session, struct bytes text)
{
    count(COUNT_FRAMES_IN);
    if (spend(session))
        command_run(session, text);
    else
        refuse_input(session, COUNT_REFUSED_RATE, CLOSE_TOO_FAST, "too many frames");
}

void session_on_receive(struct session *session, const struct received *received)
{
    if (session->state != SESSION_OPEN && session->state != SESSION_LAGGING)
        return;
    session->heard_ms = gateway_now_ms(session->gateway);
    session->is_pinged = false;
    size_t len = session->inbox.len + received->data.len;
    if (received->is_binary) {
        refuse_input(session, COUNT_REFUSED_BINARY, CLOSE_BINARY, "text only");
        return;
    }
    if (received->announced > FRAME_IN_BYTES_MAX ||
        len + received->announced > FRAME_IN_BYTES_MAX) {
        refuse_input(session, COUNT_REFUSED_FRAME_SIZE, CLOSE_TOO_BIG, "frame too big");
        return;
    }
    if (received->ends_message && session->inbox.len == 0) {
        session->fragments = 0;
        take_message(session, received->data);
        return;
    }
    buf_append(&session->inbox, received->data.data, received->data.len);
    if (received->ends_fragment && ++session->fragments > FRAME_FRAGMENTS_MAX) {
        refuse_input(session, COUNT_REFUSED_FRAGMENTS, CLOSE_TOO_BIG, "too many fragments");
        return;
    }
    if (!received->ends_message)
        return;
    session->fragments = 0;
    if (session->inbox.failed)
        session_close(session, CLOSE_GOING_AWAY, "overloaded");
    else
        take_message(session, buf_bytes(&session->inbox));
    buf_fini(&session->inbox);
    session->inbox = (struct buf){0};
}

void session_on_pong(struct session *session)
{
    session->heard_ms = gateway_now_ms(session->gateway);
    session->is_pinged = false;
}

void session_on_closed(struct session *session)
{
    read_marks_flush(session, NULL);
    if (session->tenant) {
        metric_add(counter_metric(COUNT_SESSIONS), -1);
        fanout_leave(session);
    }
    session->state = SESSION_GONE;
}

void session_on_gone(struct session *session)
{
    session_on_closed(session);
    session->wsi = NULL;
    session_drop(session);
}

void session_close(struct session *session, uint16_t code, const char *reason)
{
    if (session->state == SESSION_CLOSING || session->state == SESSION_GONE)
        return;
    session->state = SESSION_CLOSING;
    session->close_code = code;
    session->close_reason = reason;
    outbox_mark(session);
}

static void check_token(struct session *session, int64_t now_s)
{
    int64_t left_s = session_who(session)->expires_at_s - now_s;
    if (left_s <= 0) {
        session_close(session, CLOSE_TOKEN, "token expired");
    } else if (revocation_has(&session_who(session)->session)) {
        count(COUNT_REVOKED); /* heard of between the check of its token and its opening */
        session_close(session, CLOSE_TOKEN, "session ended");
    } else if (left_s <= WARN_BEFORE_S && !session->is_warned) {
        session->is_warned = true;
        event_expiry(session_event(session), "expiring", session_who(session)->expires_at_s);
    }
}

void session_look(struct session *session, int64_t now_ms, int64_t now_s)
{
    int64_t silent_ms = now_ms - session->heard_ms;
    if (!session_is_open(session))
        return;
    check_token(session, now_s);
    if (session->queue_count > 0 && now_ms - session->written_ms > STUCK_AFTER_MS) {
        count(COUNT_REFUSED_TOO_SLOW);
        session_close(session, CLOSE_TOO_SLOW, "too slow");
    } else if (silent_ms > DEAD_AFTER_MS) {
        count(COUNT_CLOSED_IDLE);
        session_close(session, CLOSE_GOING_AWAY, "no answer to ping");
    } else if (silent_ms > PING_AFTER_MS && !session->is_pinged && session->queue_count == 0 &&
               !wire_is_blocked(session->wsi)) {
        session->is_pinged = true;
        if (!wire_ping(session->wsi))
            session_close(session, CLOSE_GOING_AWAY, "lost");
    }
}
