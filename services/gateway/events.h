/* The small events of the protocol as JSON objects, appended to a frame. Next: commands.h */
#ifndef WARDROOM_GATEWAY_EVENTS_H
#define WARDROOM_GATEWAY_EVENTS_H

#include "core/ids.h"
#include "frame.h"
#include "threads.pb-c.h"

/* {"type": type, "thread_id": thread} */
void event_thread(struct buf *out, const char *type, const struct thread_id *thread);
void event_subscribed(struct buf *out, const struct thread_id *thread, int64_t last_seq);
/* `ref` and `thread` may be NULL; `detail` "" takes the meaning of the status. */
void event_error(struct buf *out, const char *ref, const struct thread_id *thread,
                 enum status status, const char *detail);
void event_ack(struct buf *out, const char *ref, const Threads__Message *message);
/* "expiring" and "authenticated". */
void event_expiry(struct buf *out, const char *type, int64_t expires_at_s);
void event_pong(struct buf *out, const char *ref);
/* What a client is told of a user. */
void event_presence(struct buf *out, const struct user_id *user, const char *status);
/* {"type": type, <the members of message>} as a frame of its own; NULL: without memory. */
struct frame *event_frame(const char *type, const ProtobufCMessage *message);
void event_message(struct buf *out, const Threads__Message *message);

#endif
