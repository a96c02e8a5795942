/* What the store tests of threads share: a migrated database, two writers and a reader, people of
 * two tenants, and a thread of the other tenant that must never be seen. Next: world.c
 */
#ifndef WARDROOM_TESTS_THREADS_WORLD_H
#define WARDROOM_TESTS_THREADS_WORLD_H

#include "fake_call.h"

extern struct test_database base;
extern struct fake_actor writer, second_writer, reader;
extern struct principal analyst, member, outsider, admin, auditor; /* of tenant acme */
extern struct principal stranger;                                  /* an admin of tenant globex */
extern struct uuid foreign_thread;                                 /* globex's */

bool world_open(void);
void world_close(void);

/* A thread of acme, opened by the analyst, with the member taking part. */
struct uuid make_thread(const char *title);
struct uuid make_thread_by(const struct principal *who, const char *title,
                           const struct principal *guest);
/* A request with a new client id; borrowed: `thread` and `body` must stay. */
struct posting {
    Threads__PostRequest in;
    struct uuid client;
};
void posting_init(struct posting *posting, const struct uuid *thread, const char *body);
/* Post and expect success; the seq. */
int64_t say(struct fake_actor *actor, const struct principal *who, const struct uuid *thread,
            const char *body);
/* The status of a call, its result thrown away. */
enum status status_of(struct fake_actor *actor, const struct principal *who, const char *method,
                      const ProtobufCMessage *in);
Threads__GetRequest get_request(const struct uuid *thread);
/* Verify; true when all is well. `detail` may be NULL. */
bool verified(const struct uuid *thread, char detail[160]);
/* Run SQL as the superuser, in acme's schema: what somebody with the database can do. */
void tamper(const char *sql);

int run_post_tests(void);
int run_thread_tests(void);
int run_read_tests(void);
int run_receipt_tests(void);

#endif
