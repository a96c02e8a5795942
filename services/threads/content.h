/* The content of a leaf: the JSON text that is committed to, sealed and kept verbatim.
 *
 * docs/evidence.md has its members for each kind. Written here once and read back for people; a
 * verifier hashes the bytes it was given. Next: content.c
 */
#ifndef WARDROOM_THREADS_CONTENT_H
#define WARDROOM_THREADS_CONTENT_H

#include "core/arena.h"
#include "crypto/token.h"
#include "threads.pb-c.h"

/* Each appends one JSON object. */
void content_write_post(const Threads__PostRequest *in, const struct principal *who,
                        struct buf *out);
void content_write_acknowledgement(int64_t seq, const ProtobufCBinaryData *client_id,
                                   const struct principal *who, struct buf *out);
void content_write_created(const Threads__Thread *thread, struct buf *out);
/* `fields`: bits of enum patch_field; the values are those the thread has now. */
void content_write_fields(const Threads__Thread *thread, unsigned fields,
                          const struct principal *who, struct buf *out);
void content_write_participant(const Threads__Participant *person, bool added,
                               const struct principal *who, struct buf *out);

/* Fill kind, body, attachments, reply_to, corrects, question, answer and the author's name and role
 * of a message from its content; what the system recorded gets a sentence for a body. Everything
 * is allocated in `arena`. CORRUPT: not content as written here. */
MUST_CHECK enum status content_read(struct bytes content, struct arena *arena,
                                    Threads__Message *message);

/* "closed" for THREAD_STATUS_CLOSED; "" for a number the enum does not name. */
struct enum_text {
    char text[32];
};
struct enum_text enum_text(const ProtobufCEnumDescriptor *descriptor, int value);

#endif
