/* Passwords: argon2id by libargon2, in the encoded form that carries its own parameters.
 *
 * One call takes PASSWORD_MEMORY_KIB for some 30 ms; only work actors call this. Next: backoff.h
 */
#ifndef WARDROOM_AUTH_PASSWORD_H
#define WARDROOM_AUTH_PASSWORD_H

#include "core/bytes.h"

/* OWASP's recommendation for argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane.
 * Two work actors at once take 38 MiB. */
#define PASSWORD_MEMORY_KIB 19456
#define PASSWORD_PASSES     2
#define PASSWORD_LANES      1
#define PASSWORD_HASH_SIZE  128 /* "$argon2id$v=19$m=19456,t=2,p=1$<22>$<43>" and NUL, with room */

/* RESOURCE_EXHAUSTED: no memory. */
MUST_CHECK enum status password_hash(struct bytes password, char out[PASSWORD_HASH_SIZE]);
/* OK: it is the password; INVALID_CREDENTIALS: it is not; RESOURCE_EXHAUSTED: no memory; CORRUPT:
 * `encoded` is no hash. */
MUST_CHECK enum status password_check(const char *encoded, struct bytes password);
/* The hash of a password nobody knows, so that a name without account takes as long as one with. */
MUST_CHECK enum status password_dummy(char out[PASSWORD_HASH_SIZE]);

#endif
