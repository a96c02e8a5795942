/* What the loop itself does: the end of each turn, the ticks, the signals and the way down.
 *
 * Next: listener.h
 */
#ifndef WARDROOM_GATEWAY_TURN_H
#define WARDROOM_GATEWAY_TURN_H

#include "gateway.h"

/* Timers, signals and the listening sockets. INVALID: said why in the log. */
MUST_CHECK enum status turn_open(struct gateway *gateway);
/* After uv_run has returned. */
void turn_fini(struct gateway *gateway);

/* subscriber_handlers */
void turn_on_batch(void *gateway, const struct tenant_id *tenant, struct bytes batch);
void turn_on_channel_state(void *gateway, bool is_connected);
void turn_on_channel_added(void *gateway, const struct tenant_id *tenant);

#endif
