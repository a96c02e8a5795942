/* The gateway: one process, one loop, and the parts that hang on it.
 *
 * Everything here runs on the loop's thread. `main.c` makes it and takes it apart. Next: listener.h
 */
#ifndef WARDROOM_GATEWAY_GATEWAY_H
#define WARDROOM_GATEWAY_GATEWAY_H

#include <stdatomic.h>
#include <uv.h>
#include "bus/client.h"
#include "channel/channel.h"
#include "crypto/token.h"
#include "index.h"
#include "rate.h"
#include "settings.h"

struct listener;
struct files;
struct session;
struct exchange;

struct gateway {
    uv_loop_t *loop;
    const struct settings *settings;
    struct bus_client *bus;
    struct subscriber *channel;
    struct token_verifier *verifier;
    struct listener *listener;
    struct files *files;  /* the frontend */
    struct index tenants; /* fanout.c: tenants with at least one session */
    struct rate_table user_rates, tenant_rates, address_rates; /* quota.c */
    struct session *dirty_sessions;      /* what to write or close at the end of this turn */
    struct exchange *ready_exchanges;    /* answered in this turn, to be written at its end */
    struct exchange *flushing_exchanges; /* written, and their peers have not taken all of it */
    struct exchange *exchanges;          /* all */
    uv_prepare_t turn_end;
    uv_timer_t tick;
    uv_timer_t pace; /* turn.c: the next time a room's messages have waited long enough */
    uv_signal_t sigterm, sigint;
    int64_t revoked_after;    /* revocation.c: where the next poll starts */
    unsigned ticks;           /* of 100 ms */
    uint64_t threads_changes; /* turn.c: of the replicas of threads, at the last look */
    int64_t check_again_ms;   /* once more, for what was being committed then; 0: not due */
    int64_t channel_good_us;  /* when every Redis was last known to be there */
    bool is_stopping;
    int64_t stop_by_ms;
    unsigned leave_per_tick, leave_left; /* turn.c: sessions that are sent away */
    _Atomic bool is_auth_alive, is_threads_alive, is_channel_alive; /* for the ops thread */
};

/* Milliseconds of this loop turn, monotonic. */
static inline int64_t gateway_now_ms(const struct gateway *gateway)
{
    return (int64_t)uv_now(gateway->loop);
}
/* May it serve? Parts for people in the body of /readyz. */
bool gateway_is_ready(const struct gateway *gateway);

#endif
