/* One WebSocket client: who it is, what waits to be written to it, when it ends.
 *
 * Writing is straight to the socket while nothing waits; else into a bounded queue of shared
 * frames. Small events (acks, errors) of one loop turn are collected into one frame. Whatever would
 * free or close happens at the end of the turn, so that no loop over sessions loses its footing.
 * Next: commands.h
 */
#ifndef WARDROOM_GATEWAY_SESSION_H
#define WARDROOM_GATEWAY_SESSION_H

#include "frame.h"
#include "gateway.h"
#include "guard.h"
#include "owner.h"

#define CLOSE_GOING_AWAY  1001
#define CLOSE_BINARY      1003
#define CLOSE_TOO_BIG     1009
#define CLOSE_BAD_MESSAGE 4400
#define CLOSE_TOKEN       4401
#define CLOSE_FORBIDDEN   4403
#define CLOSE_TOO_SLOW    4408
#define CLOSE_TOO_FAST    4429

#define POSTS_IN_FLIGHT_MAX 256 /* of one socket: four times what the bench uses */

struct tenant;
struct subscription;
struct person;
struct read_mark;

/* A verified token and who it speaks for; counted, because calls in flight use it. */
struct credential {
    unsigned refs;
    struct principal who;
    size_t token_len;
    char token[];
};

enum session_state {
    SESSION_OPENING, /* the upgrade is not answered yet */
    SESSION_OPEN,
    SESSION_LAGGING, /* its queue is full: dropped at the end of the turn */
    SESSION_CLOSING, /* a close frame is due or sent; nothing else is written */
    SESSION_GONE     /* no socket any more; kept by calls in flight */
};

struct session {
    enum owner_kind kind; /* OWNER_SESSION, first: see owner.h */
    enum session_state state;
    unsigned refs;
    unsigned posts_in_flight;
    struct gateway *gateway;
    struct lws *wsi; /* NULL: gone */
    struct credential *credential;
    struct tenant *tenant;           /* NULL until it is open */
    struct session *next, *previous; /* of the tenant */
    struct session *next_dirty;
    struct subscription *subscriptions;
    unsigned subscription_count;
    unsigned mark;         /* fanout.c: seen in this pass */
    struct person *person; /* presence.c, and the four below; NULL: nobody hears of it */
    struct session *next_of_person, *previous_of_person;
    bool is_away, is_listener, is_greeting_due;
    struct read_mark *read_marks; /* read_marks.c: under way */
    unsigned read_mark_count;
    struct uuid first_thread;    /* of the path; zero: none */
    struct frame_builder outbox; /* events of this turn */
    struct frame **queue;        /* ring; NULL while nothing has ever waited */
    uint32_t queue_at, queue_count, queue_cap;
    size_t queue_bytes;
    struct buf inbox; /* a message that came in parts */
    uint16_t fragments;
    uint16_t close_code;          /* 0: none yet */
    const char *close_reason;     /* a literal */
    int64_t heard_ms, written_ms; /* the peer's last word; the queue's last progress */
    struct rate_bucket frames;    /* that may still come */
    struct rate_bucket refusals;  /* quota.c: of writes, that are still answered */
    bool is_dirty, is_warned, is_pinged, has_lagged, was_refused, is_leaving;
};

/* Before the upgrade: check the token, make the session. NULL: `ret_refusal` says why. */
struct session *session_new(struct gateway *gateway, struct lws *wsi, const struct head *head,
                            struct refusal *ret_refusal);
struct session *session_keep(struct session *session);
void session_drop(struct session *session);
static inline const struct principal *session_who(const struct session *session)
{
    return &session->credential->who;
}
static inline struct bytes session_token(const struct session *session)
{
    return bytes_of(session->credential->token, session->credential->token_len);
}
/* Verify a token and keep it with its principal. */
MUST_CHECK enum status credential_new(struct token_verifier *verifier, struct bytes token,
                                      struct credential **ret);
void credential_drop(struct credential *credential);

/* Where to append one event for this session alone; it leaves at the end of the turn. */
struct buf *session_event(struct session *session);
/* Send a shared frame, after whatever session_event collected. `frame` stays the caller's. */
void session_send(struct session *session, struct frame *frame);
/* End with a close code, at the end of the turn; the first call counts. */
void session_close(struct session *session, uint16_t code, const char *reason);
/* May it still be sent to? */
static inline bool session_is_open(const struct session *session)
{
    return session->state == SESSION_OPEN;
}

struct received {
    struct bytes data;
    bool is_binary, ends_fragment, ends_message;
    size_t announced; /* of this WebSocket frame, still to come */
};
/* From listener.c. */
void session_on_open(struct session *session);
void session_on_receive(struct session *session, const struct received *received);
void session_on_writable(struct session *session);
void session_on_pong(struct session *session);
void session_on_closed(struct session *session); /* the socket has ended; it may still be named */
void session_on_gone(struct session *session);   /* and now not even that */

/* The end of a loop turn: write outboxes, close what is to be closed. */
void sessions_end_turn(struct gateway *gateway);
/* Once a second, each session: life, token, progress. */
void session_look(struct session *session, int64_t now_ms, int64_t now_s);

#endif
