/* A trust directory and a verifier of it, fresh for each test of tokens. Next: fixture.c */
#ifndef WARDROOM_TESTS_CRYPTO_FIXTURE_H
#define WARDROOM_TESTS_CRYPTO_FIXTURE_H

#include "support/token.h"

#define HEADER "{\"alg\":\"ES256\",\"kid\":\"" TEST_KID "\",\"typ\":\"JWT\"}"
#define SUB    "0190b8a2-7c3d-7e4f-8a1b-c2d3e4f50617"
#define SID    "0190b8a2-7c3d-7e4f-8a1b-c2d3e4f50618"
#define JTI    "0190b8a2-7c3d-7e4f-8a1b-c2d3e4f50619"

extern struct test_trust trust;
extern struct token_verifier *verifier;

int set_up(void **state);
int tear_down(void **state);
/* Verify as an access token and free it. */
enum status verify(char *token);
int64_t now_s(void);

#define WITH_TRUST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
