/* Minting tokens: the only code of the suite that holds the signing key.
 *
 * A minter belongs to one thread. Keys are `<dir>/<kid>.pem`; the kid that sorts last signs; the
 * folder is looked at again every second, so a rotation needs no restart. Next: store.h
 */
#ifndef WARDROOM_AUTH_MINT_H
#define WARDROOM_AUTH_MINT_H

#include "crypto/token.h"

struct minter;

/* INVALID: no folder, no key in it, or one that is not P-256. */
MUST_CHECK enum status minter_open(const char *signing_dir, struct minter **ret);
void minter_close(struct minter *minter); /* NULL is fine */

/* A token for `who` (its expires_at_s is when), issued at `now_s`. `out` holds TOKEN_BYTES_MAX + 1.
 * INTERNAL: it cannot be made, or does not fit. */
MUST_CHECK enum status mint(struct minter *minter, const struct principal *who, enum token_use use,
                            int64_t now_s, char *out);

#endif
