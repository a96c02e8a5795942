/* One request as a handler sees it, and what a handler may do with it.
 *
 * A handler runs on one actor's thread, inside a transaction that the runtime opened, and returns;
 * it never sends. The runtime commits, then releases reply and events. Next: service.h
 */
#ifndef WARDROOM_BUS_CALL_H
#define WARDROOM_BUS_CALL_H

#include <protobuf-c/protobuf-c.h>
#include "core/arena.h"
#include "crypto/token.h"

struct tenant_tx;
struct call_private;

/* Who may call: bits of rpc_rule.callers. A user is anybody with a token, through the gateway; the
 * others are programs known by their CURVE key, calling in their own name. */
enum caller_bit {
    CALLER_USER = 1,    /* a verified token whose role is in rpc_rule.roles */
    CALLER_GATEWAY = 2, /* the gateway itself: sign-in, polls */
    CALLER_RETENTION = 4,
    CALLER_ADMIN = 8 /* wardroomctl */
};

struct call {
    const struct principal *who; /* NULL: a call without a user */
    enum caller_bit caller;
    struct tenant_id
        tenant;          /* the token's, or the envelope's for a call without a user; may be "" */
    struct arena *arena; /* freed after the reply has left */
    const ProtobufCMessage *input;
    struct tenant_tx *tx; /* open, entered unless the rule's scope says otherwise */
    void *state;          /* what actor_open made for this actor */
    int64_t deadline_ms;  /* clock_monotonic_ms */
    bool again; /* it ran before and was rolled back: another writer came first, or nobody knows
                   whether it was committed */
    struct call_private *private_;
};

/* Pack `reply` now (it may live on the stack or in the arena). The generated closure that a vtable
 * handler receives does the same. A second reply or a fail after a reply replaces the first. */
void call_reply(struct call *call, const ProtobufCMessage *reply);
/* End with an error: words for a person, no secrets. Nothing of this call is committed: a single
 * call's transaction is rolled back; a batch handler must not have written anything for it. */
void call_fail(struct call *call, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* After call_fail: when to try again, for RATE_LIMITED and its like. */
void call_retry_after(struct call *call, uint32_t wait_ms);
/* Add a field error (JSON pointer into the request); the status becomes VALIDATION_FAILED. */
void call_field_error(struct call *call, const char *pointer, const char *detail);
bool call_failed(const struct call *call);
enum status call_status(const struct call *call);
/* Publish an events.Event on the call's tenant's channel after the commit, in order. */
void call_publish(struct call *call, const ProtobufCMessage *event);

#endif
