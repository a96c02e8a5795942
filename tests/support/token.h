/* A trust directory for tests: an ES256 key, its jwks.json, and tokens signed by it.
 *
 * Services under test are given `trust.dir`; the test plays auth. Nothing here is linked into a
 * program that ships: only services/auth can mint. A step that fails ends the test program.
 */
#ifndef WARDROOM_TESTS_SUPPORT_TOKEN_H
#define WARDROOM_TESTS_SUPPORT_TOKEN_H

#include "crypto/token.h"

struct evp_pkey_st;

#define TEST_KID "test-1"

struct test_trust {
    char dir[256];
    bool own_dir; /* made by us, removed by test_trust_close */
    struct evp_pkey_st *key;
};

/* What a token says. Zero members take the value that makes a good access token: a random id, role
 * member, name "Test User", region "default", tenant "acme", issued now, valid for 15 minutes. */
struct test_token {
    struct user_id user;
    struct tenant_id tenant;
    struct session_id session;
    enum role role;
    const char *name, *region;
    enum token_use use;
    int64_t issued_at_s;
    int64_t lifetime_s;
};

/* Make the key and `<dir>/jwks.json`; dir NULL: a new temporary directory. */
void test_trust_open(struct test_trust *trust, const char *dir);
void test_trust_close(struct test_trust *trust);
/* Write jwks.json anew, by rename, with this key under this kid, as a rotation does. */
void test_trust_publish(const struct test_trust *trust, const char *kid);

/* A signed token as text, freed by the caller. */
char *test_token_mint(const struct test_trust *trust, const struct test_token *token);
/* The same from any header and payload text, however wrong: for forgeries. */
char *test_token_sign(const struct test_trust *trust, const char *header, const char *payload);
/* The public key as libjwt would be given it, for tokens that take it for an HMAC secret. Freed by
 * the caller. */
char *test_trust_pem(const struct test_trust *trust);
/* x and y of the public key in base64url, 44 bytes each. */
void test_trust_point(const struct test_trust *trust, char x[44], char y[44]);

#endif
