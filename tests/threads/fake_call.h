/* The runtime's part, played by tests: a call with its transaction, reply, failure and events.
 *
 * fake_call.c defines the functions of bus/call.h itself, so handlers run on this thread, inside a
 * transaction of a real database, without a bus. Next: fake_call.c
 */
#ifndef WARDROOM_TESTS_THREADS_FAKE_CALL_H
#define WARDROOM_TESTS_THREADS_FAKE_CALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "events.pb-c.h"
#include "support/database.h"
#include "threads/actor.h"
#include "threads/handlers.h"

#define FAKE_EVENTS_MAX 8

struct fake_call {
    struct call call;
    struct principal who;
    bool replied;
    enum status status;
    char detail[256], pointer[256];
    ProtobufCMessage *reply; /* unpacked again, in the arena */
    Events__Event *events[FAKE_EVENTS_MAX];
    size_t event_count;
};

/* One actor: a connection and its state. */
struct fake_actor {
    struct db *db;
    void *state;
    bool reads_only;
};
void fake_actor_open(struct fake_actor *actor, const struct test_database *base, bool reads_only);
void fake_actor_close(struct fake_actor *actor);

/* A person of a tenant with a new id. */
struct principal fake_person(const char *tenant, const char *name, enum role role);

/* Run one rpc by its name, in a transaction of its own. The result is freed by fake_free. */
struct fake_call *fake_run(struct fake_actor *actor, const struct principal *who,
                           const char *method, const ProtobufCMessage *in);
/* Posts in one transaction, as the runtime does: a failure of the whole is returned, and rolled
 * back; nothing is replayed. */
enum status fake_run_posts(struct fake_actor *actor, const struct principal *const *who,
                           const Threads__PostRequest *const *in, size_t count,
                           struct fake_call **ret);
/* The same with any requests that go in batches; `again`: they were rolled back before. */
enum status fake_run_batch(struct fake_actor *actor, const struct principal *const *who,
                           const ProtobufCMessage *const *in, size_t count, bool again,
                           struct fake_call **ret);
/* Roll back instead of committing, and do or do not tell the actor. */
void fake_roll_back_next(bool tell);
void fake_free(struct fake_call *fake);

#endif
