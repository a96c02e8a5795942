/* One function per rpc of proto/threads.proto: unpack, rules, store; reply and events go out after
 * the commit.
 *
 * handlers.c         the table of rpcs; what only one thread's people need
 * handlers_read.c    lists, history, verification
 * handlers_create.c  a new thread
 * handlers_change.c  fields and participants
 * handlers_post.c    posts and acknowledgements, many at once
 * handlers_marks.c   read marks, many at once
 * handlers_heads.c   where threads end, for gateways that missed something
 *
 * Next: handlers.c
 */
#ifndef WARDROOM_THREADS_HANDLERS_H
#define WARDROOM_THREADS_HANDLERS_H

#include "bus/service.h"
#include "threads.pb-c.h"
#include "threads/rules.h"
#include "threads/view.h"

extern const struct rpc_rule threads_rules[];
extern Threads__Api_Service threads_vtable;

void threads_create(Threads__Api_Service *service, const Threads__CreateRequest *in,
                    Threads__Thread_Closure reply, void *data);
void threads_get(Threads__Api_Service *service, const Threads__GetRequest *in,
                 Threads__Thread_Closure reply, void *data);
void threads_list(Threads__Api_Service *service, const Threads__ListRequest *in,
                  Threads__ListReply_Closure reply, void *data);
void threads_patch(Threads__Api_Service *service, const Threads__PatchRequest *in,
                   Threads__Thread_Closure reply, void *data);
void threads_participants(Threads__Api_Service *service, const Threads__GetRequest *in,
                          Threads__ParticipantsReply_Closure reply, void *data);
void threads_add_participant(Threads__Api_Service *service,
                             const Threads__AddParticipantRequest *in,
                             Threads__ParticipantsReply_Closure reply, void *data);
void threads_remove_participant(Threads__Api_Service *service,
                                const Threads__RemoveParticipantRequest *in,
                                Wardroom__Empty_Closure reply, void *data);
void threads_post(Threads__Api_Service *service, const Threads__PostRequest *in,
                  Threads__PostReply_Closure reply, void *data);
void threads_acknowledge(Threads__Api_Service *service, const Threads__AcknowledgeRequest *in,
                         Threads__PostReply_Closure reply, void *data);
void threads_history(Threads__Api_Service *service, const Threads__HistoryRequest *in,
                     Threads__HistoryReply_Closure reply, void *data);
void threads_read(Threads__Api_Service *service, const Threads__ReadRequest *in,
                  Threads__Receipt_Closure reply, void *data);
void threads_receipts(Threads__Api_Service *service, const Threads__GetRequest *in,
                      Threads__ReceiptsReply_Closure reply, void *data);
void threads_heads(Threads__Api_Service *service, const Threads__HeadsRequest *in,
                   Threads__HeadsReply_Closure reply, void *data);
void threads_verify(Threads__Api_Service *service, const Threads__GetRequest *in,
                    Threads__VerifyReply_Closure reply, void *data);

/* Posts, acknowledgements and read marks of one tenant in one transaction (rpc_rule.batch): first
 * what is said, in its order, then the marks, so that each of the two is one set of statements. */
enum status threads_write_batch(struct call **calls, size_t count);
enum status threads_post_batch(struct call **calls, size_t count);
enum status threads_mark_batch(struct call **calls, size_t count);

/* ---- what handlers share, in handlers.c */

/* End the call with a status and its general words. */
void fail_with(struct call *call, enum status status);
void fail_no_thread(struct call *call);
/* Report a broken rule; returns false for `return`. */
bool refuse_field(struct call *call, const struct rule_break *broken);
/* The id in a request; fails the call when it is none. */
bool take_id(struct call *call, const ProtobufCBinaryData *field, const char *pointer,
             struct uuid *ret);
/* The thread's key and head when the caller may see it; fails the call otherwise. */
bool load_access(struct call *call, const struct uuid *thread, struct access_row *ret);
/* One thread as the caller sees it; fails the call when there is none. */
Threads__Thread *load_thread(struct call *call, const struct uuid *id);

void publish_message(struct call *call, Threads__Message *message);
/* `change`: events.Change. What belongs to the caller alone is left out. */
void publish_thread(struct call *call, const Threads__Thread *thread, int change);

#endif
