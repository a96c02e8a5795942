/* One HTTP request on its way through the gateway, and the ways to answer it.
 *
 * Answers are kept until the end of the loop's turn and written there (http.c), outside of every
 * callback of libwebsockets. Next: http.h
 */
#ifndef WARDROOM_GATEWAY_EXCHANGE_H
#define WARDROOM_GATEWAY_EXCHANGE_H

#include "answer.h"
#include "crypto/token.h"
#include "gateway.h"
#include "guard.h"
#include "owner.h"
#include "problem.h"

#define EXCHANGE_CAPTURES_MAX 4

struct route;
struct flow;

enum exchange_state {
    EXCHANGE_BODY,      /* its body is arriving */
    EXCHANGE_WORKING,   /* a service has been asked */
    EXCHANGE_ANSWERED,  /* to be written at the end of this turn */
    EXCHANGE_LINGERING, /* answered before its body was there: the rest is read and dropped */
    EXCHANGE_FLUSHING   /* written; the peer has not taken all of it yet */
};

struct exchange {
    enum owner_kind kind; /* OWNER_EXCHANGE, first: see owner.h */
    enum exchange_state state;
    struct exchange *next, *previous; /* gateway->exchanges */
    struct exchange *next_ready;      /* of those ready, or flushing */
    struct gateway *gateway;
    struct lws *wsi;
    struct arena *arena;
    const struct head *head;
    const struct route *route;
    struct bytes captures[EXCHANGE_CAPTURES_MAX]; /* what stood for {names} in the path */
    struct bytes token;                           /* verified; empty on open routes */
    struct principal who;                         /* of the token */
    struct buf body;
    uint64_t body_left; /* announced and not here yet */
    char id[UUID_TEXT_SIZE];
    char traceparent[56];
    int64_t started_us, deadline_ms;
    uint64_t call;     /* a bus call that can be cancelled; 0: none */
    struct flow *flow; /* several calls; NULL: none */
    struct answer answer;
    struct buf answer_body; /* what answer.body borrows, unless it is a static file */
    struct buf answer_headers;
    bool closes; /* the connection ends with this answer */
};

/* Answer once; a second answer is dropped. `answer` is copied, its body and headers are borrowed
 * and must live as long as the exchange's arena or buffers. */
void exchange_answer(struct exchange *exchange, const struct answer *answer);
void exchange_answer_problem(struct exchange *exchange, const struct problem *problem,
                             uint32_t retry_after_ms);
void exchange_fail(struct exchange *exchange, enum status status, const char *detail);
/* With the errors that a service found. */
void exchange_answer_reply(struct exchange *exchange, const struct bus_reply *reply);
/* Refused by a guard: counted, and the connection closed. */
void exchange_refuse(struct exchange *exchange, const struct refusal *refusal);
/* Append a header line to the coming answer. */
void exchange_add_header(struct exchange *exchange, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
