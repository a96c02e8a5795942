/* wardroom-auth as it ships, with two tenants, the platform and a few people in them.
 * Next: test_sign_in.c
 */
#ifndef WARDROOM_TESTS_AUTH_FIXTURE_H
#define WARDROOM_TESTS_AUTH_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "auth.pb-c.h"
#include "support/service_process.h"

#define PASSWORD "vq8wzh2kfm3p" /* of everybody */

extern struct test_service service;
extern struct test_client gateway, admin;

int open_service(void **state);
int close_service(void **state);
void start_service(void);

/* Calls. `token` NULL: in the program's own name. */
struct test_reply call_as(struct test_client *client, const char *method,
                          const ProtobufCMessage *request, const char *token);
struct test_reply create_user(struct test_client *client, const char *token, const char *tenant,
                              const char *username, enum role role);
struct test_reply create_tenant(struct test_client *client, const char *token, const char *id,
                                const char *name);
struct test_reply sign_in(const char *username, const char *password, const char *tenant,
                          const char *address);
struct test_reply refresh(const char *token);
struct test_reply sign_out(const char *token);

struct pair {
    char access[TOKEN_BYTES_MAX + 1], refresh[TOKEN_BYTES_MAX + 1];
    struct principal who;
};
/* Sign in with PASSWORD, which has to work. */
struct pair pair_of(const char *username);
/* The pair in a TokenReply, which has to be one. */
struct pair pair_take(struct test_reply *reply);
void assert_refused(struct test_reply reply, enum status status);
/* How often the session is in RevokedSince(*cursor). */
int revoked(const struct pair *pair, int64_t *cursor);

/* test_sign_in.c, test_accounts.c */
extern const struct CMUnitTest sign_in_tests[], account_tests[];
extern const size_t sign_in_test_count, account_test_count;

#endif
