/* A real service binary under test: its own folder of keys, its migrated database beside
 * tools/testenv, real CURVE sockets; and a client that calls it as the gateway, the admin or the
 * retention sweeper.
 *
 * The test plays auth: tokens come from test_token_mint with `service.trust`. A step that fails
 * ends the test program, and the binary with it. Next: token.h
 */
#ifndef WARDROOM_TESTS_SUPPORT_SERVICE_PROCESS_H
#define WARDROOM_TESTS_SUPPORT_SERVICE_PROCESS_H

#include <protobuf-c/protobuf-c.h>
#include <sys/types.h>
#include "bus/client.h"
#include "support/database.h"
#include "support/token.h"

struct test_service {
    const char *name;  /* "auth" */
    char dir[64];      /* trust/, announce/, and room for the test's own */
    char endpoint[96]; /* for bus_peer */
    struct test_trust trust;
    struct test_database database;
    pid_t pid; /* 0: it does not run */
};

/* Make folder and keys and migrate; it does not run yet. False, after a line that says so: no test
 * environment here. */
bool test_service_open(struct test_service *service, const char *name);
/* Start bin/wardroom-<name> with `options` ("NAME=value", NULL-ended; may be NULL) beside its usual
 * ones; also again after a stop, with the same keys and database. */
void test_service_start(struct test_service *service, const char *const *options);
/* SIGTERM, and the exit code has to be 0. */
void test_service_stop(struct test_service *service);
/* Stop it if it runs, and remove its folder. */
void test_service_close(struct test_service *service);

struct test_client {
    uv_loop_t loop;
    struct bus_client *bus;
    const struct test_service *service;
};
/* Connect as `program` ("gateway", "admin", "retention") and wait for the first heartbeat. */
void test_client_open(struct test_client *client, const struct test_service *service,
                      const char *program);
void test_client_close(struct test_client *client);

/* What came back; test_reply_free when done. */
struct test_reply {
    enum status status;
    char detail[256];
    char pointer[64]; /* of the first field error, "" for none */
    uint32_t retry_after_ms;
    ProtobufCMessage *message; /* only of OK */
};
/* Call "<service>.<method>" and wait. `token` and `tenant` may be NULL. */
struct test_reply test_call(struct test_client *client,
                            const ProtobufCServiceDescriptor *descriptor, const char *method,
                            const ProtobufCMessage *request, const char *token, const char *tenant);
void test_reply_free(struct test_reply *reply);

#endif
