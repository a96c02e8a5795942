/* A session: what signing in begins, refreshing carries on and signing out ends. It is the family
 * of its refresh tokens. Next: sessions.c
 */
#ifndef WARDROOM_AUTH_SESSIONS_H
#define WARDROOM_AUTH_SESSIONS_H

#include "handlers.h"

#define US_PER_S INT64_C(1000000)

struct tokens {
    char access[TOKEN_BYTES_MAX + 1], refresh[TOKEN_BYTES_MAX + 1];
};

/* Mint both tokens of `account` in `session` (its id is set) and note in it the newest refresh
 * token's hash and end. */
MUST_CHECK enum status session_mint(const struct auth_state *state, const struct account *account,
                                    const struct tenant *tenant, int64_t now_us,
                                    struct session *session, struct tokens *ret);
/* How long a revocation matters: until the last access token of its session has expired, by the
 * clock of whoever checks it. */
int64_t revocation_life_us(void);
void session_reply(Auth__TokenReply_Closure reply, void *data, struct tokens *tokens);

#endif
