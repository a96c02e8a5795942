/* Filling gaps: a subscription begins here, and comes here again when live events passed it by.
 *
 * While it is filled, live frames are not queued for it; only the highest seq seen is noted, and
 * pages of the history are fetched with its own token until it has caught up. At most
 * RESYNC_IN_FLIGHT_MAX requests run at once, the rest stand in line, so that a Redis that comes
 * back does not become a stampede on the threads service. Next: thread_list.h
 */
#ifndef WARDROOM_GATEWAY_RESYNC_H
#define WARDROOM_GATEWAY_RESYNC_H

#include "fanout.h"

#define RESYNC_IN_FLIGHT_MAX 64
#define CLOCKS_APART_US      10000000LL /* between two machines of a suite, at most */

/* The command: everything after `after_seq` when it has one, then live. A second one for the same
 * thread starts again from there. */
void resync_subscribe(struct session *session, const struct thread_id *thread, bool has_start,
                      int64_t after_seq);
/* A gap: fetch what is missing. Does nothing while that is under way. */
void resync_refill(struct subscription *subscription);
/* Events may have been lost: compare every room of a tenant (NULL: of all) with the service, and
 * the list of threads as far as something was recorded since then (0: rooms only). */
void resync_check(struct gateway *gateway, struct tenant *tenant, int64_t since_us);
/* They end: forget what is planned for them. */
void resync_forget(struct subscription *subscription);
void resync_forget_tenant(struct tenant *tenant);
/* Ten times a second. */
void resync_tick(struct gateway *gateway);
void resync_check_tick(struct gateway *gateway);
/* Once a second: tenants whose rooms nobody compared for a while. */
void resync_sweep(struct gateway *gateway);

#endif
