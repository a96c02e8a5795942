/* Who is typing in a thread: never stored, and over by itself when nothing more is heard.
 *
 * What a session says goes out through Redis and comes back from there, to this gateway too. Every
 * gateway ends by itself what was not repeated for TYPING_LIFE_MS, so that a gateway that dies
 * leaves nobody typing. Next: read_marks.h
 */
#ifndef WARDROOM_GATEWAY_TYPING_H
#define WARDROOM_GATEWAY_TYPING_H

#include "events.pb-c.h"
#include "fanout.h"

#define TYPING_LIFE_MS    6000 /* clients repeat it every 3 s */
#define TYPING_BETWEEN_MS 1000 /* what comes sooner from one subscription is dropped */

/* From a session that is subscribed. */
void typing_say(struct subscription *subscription, bool is_active);
/* It has posted, or its subscription ends: nothing is being typed any more. */
void typing_end(struct subscription *subscription);
/* From the channel. */
void typing_on_event(struct tenant *tenant, const Events__Typing *typing);
/* A room ends. */
void typing_forget_room(struct room *room);
/* Ten times a second. */
void typing_tick(struct gateway *gateway);

#endif
