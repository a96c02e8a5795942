/* Tokens verified lately, so that ES256 (about 135 us) is paid once per token and process.
 *
 * Keyed by the whole token: a seeded hash finds the place, a full comparison decides. Only verified
 * tokens get in, so nobody without a signing key can fill it. Belongs to one token_verifier, which
 * guards it. Next: token.c
 */
#ifndef WARDROOM_CRYPTO_TOKEN_CACHE_H
#define WARDROOM_CRYPTO_TOKEN_CACHE_H

#include "crypto/token.h"

struct token_cache;

struct token_cache *token_cache_new(void); /* NULL: no memory */
void token_cache_free(struct token_cache *cache);
void token_cache_clear(struct token_cache *cache);
/* The principal of this token and use, borrowed until the next call; NULL: not known, or expired
 * at `now_s`, and then it is dropped. */
const struct principal *token_cache_find(struct token_cache *cache, struct bytes token,
                                         enum token_use use, int64_t now_s);
/* Remember; a full place loses what was used longest ago. Without memory nothing is kept. */
void token_cache_put(struct token_cache *cache, struct bytes token, enum token_use use,
                     const struct principal *principal);

#endif
