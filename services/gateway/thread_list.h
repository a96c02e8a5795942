/* What a session is told about threads it is not subscribed to: made, changed, taken away.
 *
 * Changes that the threads service publishes go to everybody who may see the thread. A new message
 * changes a thread as well (last_seq, waiting_on): the thread is fetched once per THREAD_UPDATE_MS
 * at most and sent whole, many threads in one frame to those who see them all. A tenant with many
 * busy threads gets FETCHES_PER_TICK of them a tick, so each less often. Next: presence_table.h
 */
#ifndef WARDROOM_GATEWAY_THREAD_LIST_H
#define WARDROOM_GATEWAY_THREAD_LIST_H

#include "events.pb-c.h"
#include "fanout.h"

#define THREAD_UPDATE_MS 500
#define FETCHES_PER_TICK 5    /* of a tenant: 50/s; 200 busy threads are told of every 4 s */
#define TOLD_PER_TICK    1000 /* threads times sockets: fewer fetches where many would be told */

void thread_list_on_event(struct tenant *tenant, const Events__ThreadEvent *event);
/* `room` may be NULL: nobody is subscribed. */
void thread_list_on_message(struct tenant *tenant, const struct thread_id *thread,
                            const struct room *room);
/* The threads service says where a thread ends and who takes part: its events may have been lost.
 * Who no longer takes part is told so; the others are told the thread, unless they know it. */
void thread_list_on_head(struct tenant *tenant, const struct thread_id *thread,
                         const Threads__Head *head);
/* The last session of a tenant is gone. */
void thread_list_end(struct tenant *tenant);
/* Ten times a second. */
void thread_list_tick(struct gateway *gateway);

/* Do people of this role see every thread of their tenant? */
static inline bool thread_list_sees_all(enum role role)
{
    return (ROLE_BIT(ROLE_ANALYST) | ROLE_BIT(ROLE_ADMIN) | ROLE_BIT(ROLE_AUDITOR)) &
           ROLE_BIT(role);
}
/* May this session see a thread with these participants? */
bool thread_list_may_see(const struct principal *who, const Threads__Thread *thread);

#endif
