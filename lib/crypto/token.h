/* Access tokens: JWT (RFC 7519) signed with ES256, checked the same way by every program.
 *
 * Verification has three layers: a strict pre-parser of our own (libjwt 1.10 takes what it should
 * not), the signature by libjwt under the algorithm that our key table binds to the `kid`, and the
 * claims. A verifier caches by the token's bytes until it expires, at most TOKEN_CACHE_MAX.
 * Only services/auth can mint. Next: token_preparse.c
 */
#ifndef WARDROOM_CRYPTO_TOKEN_H
#define WARDROOM_CRYPTO_TOKEN_H

#include "core/ids.h"
#include "core/limits.h"

enum role {
    ROLE_NONE,
    ROLE_MEMBER,
    ROLE_ANALYST,
    ROLE_ADMIN,
    ROLE_AUDITOR,
    ROLE_OPERATOR,
    ROLE_COUNT
};
#define ROLE_BIT(role) (1u << (role))

enum token_use { TOKEN_ACCESS, TOKEN_REFRESH, TOKEN_TICKET };

/* Who a verified token speaks for. A plain copy: it outlives the cache it came from. */
struct principal {
    struct user_id user;
    struct tenant_id tenant;
    struct session_id session;
    enum role role;
    char name[NAME_BYTES_MAX + 1];
    char region[REGION_NAME_SIZE];
    int64_t expires_at_s;
};

/* What the pre-parser found; all borrowed from the token. Pure, bounded, fuzzed (tests/fuzz).
 * INVALID_TOKEN: over 4 KiB, not three base64url parts, header not a JSON object of known members
 * or with duplicates, alg other than ES256, any of crit jku jwk x5c x5u. */
struct token_parts {
    struct bytes header, payload, signature;
    char kid[64];
};
MUST_CHECK enum status token_preparse(struct bytes token, struct token_parts *ret);

struct token_verifier;

/* Keys come from `<trust_dir>/jwks.json` and are re-read when the file changes. One verifier serves
 * a process; it is thread-safe. NULL: the file cannot be read or holds no usable key. */
struct token_verifier *token_verifier_new(const char *trust_dir);
void token_verifier_free(struct token_verifier *verifier);
/* Check everything and copy who it is for. INVALID_TOKEN otherwise; iss "wardroom", aud "wardroom",
 * use as asked, exp, nbf and iat with TOKEN_SKEW_S. */
MUST_CHECK enum status token_verify(struct token_verifier *verifier, struct bytes token,
                                    enum token_use use, struct principal *ret);

bool role_parse(struct bytes text, enum role *ret);
const char *role_text(enum role role);

#endif
