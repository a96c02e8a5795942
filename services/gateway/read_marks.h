/* Read marks of sockets, one write per thread and READ_BETWEEN_MS at most.
 *
 * The first goes out at once, what comes sooner than the next may go waits, and only the highest of
 * that is written. A mark that could not be written is tried again, also after its socket has
 * closed. Next: commands.h
 */
#ifndef WARDROOM_GATEWAY_READ_MARKS_H
#define WARDROOM_GATEWAY_READ_MARKS_H

#include "events.pb-c.h"
#include "fanout.h"

#define READ_BETWEEN_MS 250

/* RESOURCE_EXHAUSTED: too many of this socket are under way, or without memory. */
MUST_CHECK enum status read_marks_put(struct session *session, const struct thread_id *thread,
                                      int64_t seq);
/* Write what waits now: of one thread, or (NULL) of all. */
void read_marks_flush(struct session *session, const struct thread_id *thread);
/* Ten times a second. */
void read_marks_tick(struct gateway *gateway);
/* Marks not yet written; a gateway that stops waits for them. */
size_t read_marks_waiting(void);

/* From the channel: to those in the thread, and to the reader's other sockets. */
void read_marks_on_event(struct tenant *tenant, const Events__Read *read);

#endif
