/* A gateway without sockets, bus and Redis: sessions whose frames are kept as text, calls that wait
 * until the test answers them, and a clock that the test moves.
 *
 * fake.c defines the functions of wire.h, rpc.h and of the subscriber, so the archive's own are not
 * linked. Everything here is made anew by fake_open. */
#ifndef WARDROOM_TESTS_GATEWAY_FAKE_H
#define WARDROOM_TESTS_GATEWAY_FAKE_H

#include "events.pb-c.h"
#include "fanout.h"
#include "resync.h"
#include "session.h"
#include "thread_list.h"

extern struct gateway fake_gateway;

int fake_open(void **state);
int fake_close(void **state);

/* An open session of user number `user` in a tenant. */
struct session *fake_session(const char *tenant, enum role role, uint8_t user);
/* Its socket ends. */
void fake_hang_up(struct session *session);
/* What was written to it since the last look, one frame a line; at most 64 KiB. */
const char *fake_written(struct session *session);
/* How many frames that was. */
unsigned fake_frames(struct session *session);
/* From now on each write keeps the loop busy for so long. */
void fake_slow_writes_us(int64_t each_us);
void fake_block(struct session *session, bool is_blocked);
/* The code it was closed with; 0: open. */
uint16_t fake_closed(const struct session *session);

/* The end of a loop turn; then `ms` pass. */
void fake_turn(void);
void fake_pass(int64_t ms);

/* Some time passes for presence, typing and read marks as well. */
void fake_live_pass(int64_t ms);

/* What the gateway published, and what it hears: as if Redis were there, or were not. */
void fake_channel_away(bool is_away);
size_t fake_published_count(void);
Events__Batch *fake_published(size_t at); /* the caller frees it */
void fake_forget_published(void);
/* All that was published comes back, as it does from Redis. */
void fake_loop_back(void);
void fake_deliver(const char *tenant, Events__Event **events, size_t count);

/* The oldest unanswered call of a method ("History"); NULL: none. Answering it runs its `done`. */
struct fake_call;
struct fake_call *fake_call_of(const char *method);
const ProtobufCMessage *fake_request(const struct fake_call *call);
void fake_answer(struct fake_call *call, const ProtobufCMessage *reply);
void fake_fail(struct fake_call *call, enum status status);
unsigned fake_calls(const char *method); /* unanswered */

/* Thread number `thread`. */
struct thread_id fake_thread(uint8_t thread);
/* Answer the oldest History with `from`..`to` of a thread that ends at `last`. */
void fake_answer_history(int64_t from, int64_t to, int64_t last);
void fake_answer_thread(uint8_t thread, int64_t last);
/* Answer the oldest Heads; users `first` and `second` take part, 0: not said. */
struct fake_head {
    uint8_t thread;
    int64_t last;
    uint8_t first, second;
};
void fake_answer_heads(const struct fake_head *heads, size_t count, int64_t next_since_us);
/* Messages `from`..`to` of a thread come from the channel, in one batch. */
void fake_batch(const char *tenant, uint8_t thread, int64_t from, int64_t to);
/* The service says that it could not publish something. */
void fake_lost(const char *tenant, int64_t since_us);
/* A change of a thread in which users `first` and, unless 0, `second` take part. */
void fake_thread_event(const char *tenant, uint8_t thread, uint8_t first, uint8_t second);

/* Subscribe from `after` and be let in at `last`, nothing missing: live. */
void fake_subscribe_live(struct session *session, uint8_t thread, int64_t last);

#endif
