/* What the service tests of files share: one running binary, its object store, calls in a line.
 *
 * Next: fixture.c
 */
#ifndef WARDROOM_TESTS_FILES_FIXTURE_H
#define WARDROOM_TESTS_FILES_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "files.pb-c.h"
#include "support/service_process.h"

extern struct test_service service;
extern struct tenant_id acme, globex; /* names of this run */
extern struct user_id somebody;

int open_service(void **state);
int close_service(void **state);
/* kill -9, then a new process over the same database and objects. */
void kill_and_start(void);

struct test_reply call_as(const struct tenant_id *tenant, enum role role,
                          const struct user_id *user, const char *method,
                          const ProtobufCMessage *request);
Files__StoreRequest store_request(const char *name, struct bytes content);
/* Store as an analyst of acme; must succeed. */
void store_file(const char *name, struct bytes content, uint8_t ret_id[16]);
/* "Get" or "Content" of a file. */
struct test_reply ask(const struct tenant_id *tenant, enum role role, const struct user_id *user,
                      const char *method, uint8_t id[16]);
/* Its content as an analyst of acme. */
struct test_reply content_of(uint8_t id[16]);

/* Call `visit` with the path of each object; returns how many. */
size_t each_object(void (*visit)(const char *path, void *data), void *data);

extern const struct CMUnitTest access_tests[], durable_tests[];
extern const size_t access_test_count, durable_test_count;

#endif
