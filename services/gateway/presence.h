/* Typing, presence and read marks: nothing here is recorded, and losing one is no loss.
 *
 * They go out through Redis and come back from there, to this gateway too. Next: commands.h
 */
#ifndef WARDROOM_GATEWAY_PRESENCE_H
#define WARDROOM_GATEWAY_PRESENCE_H

#include "events.pb-c.h"
#include "fanout.h"

/* From a session; it is subscribed to the thread. */
void presence_say_typing(struct session *session, const struct thread_id *thread, bool is_active);
void presence_say_status(struct session *session, const char *status);

/* From the channel. */
void presence_on_typing(struct tenant *tenant, const Events__Typing *typing);
void presence_on_read(struct tenant *tenant, const Events__Read *read);
void presence_on_presence(struct tenant *tenant, const Events__Presence *presence);

#endif
