/* The keys of one service: service key -> one data key per tenant -> one key per thread.
 *
 * WARDROOM_SERVICE_KEYS is "id:base64,id:base64": the first seals, all open. A data key is 32
 * random bytes, wrapped (aead_seal) by the service key and kept in the tenant's schema. A ring is
 * read-only once parsed; who caches unwrapped keys keeps that cache to one thread. Next: token.h
 */
#ifndef WARDROOM_CRYPTO_KEYRING_H
#define WARDROOM_CRYPTO_KEYRING_H

#include "core/ids.h"
#include "crypto/aead.h"

#define KEYRING_KEYS_MAX 16
/* Id of every key that key_create makes and key_unwrap gives back; who keeps several generations
 * of a key sets `id` from the column beside it. */
#define KEY_ID_FIRST 1

struct keyring {
    struct key keys[KEYRING_KEYS_MAX];
    size_t count;
};

/* Parse "id:key,id:key" (base64 or hex, 32 bytes each; a bare key has id 1). INVALID otherwise. */
MUST_CHECK enum status keyring_parse(const char *text, struct keyring *ret);
void keyring_wipe(struct keyring *ring);
/* The key with this id; NULL: none. */
const struct key *keyring_find(const struct keyring *ring, uint32_t id);

/* A new random key, wrapped by `wrapper` (a ring's first key, or a tenant's data key); aad says
 * what it is for: "wardroom/<service>/<tenant>/data" or ".../thread/<uuid>". Appended to `wrapped`.
 */
MUST_CHECK enum status key_create(const struct key *wrapper, struct bytes aad, struct key *ret_key,
                                  struct buf *wrapped);
MUST_CHECK enum status key_unwrap(const struct keyring *ring, struct bytes aad,
                                  struct bytes wrapped, struct key *ret_key);
/* Same with one wrapping key instead of a ring (a thread's key under its tenant's). */
MUST_CHECK enum status key_unwrap_one(const struct key *wrapper, struct bytes aad,
                                      struct bytes wrapped, struct key *ret_key);
/* Keyed blind index of a value that must be looked up: HMAC under HKDF(key, purpose). */
void blind_index(const struct key *key, const char *purpose, struct bytes value,
                 uint8_t out[SHA256_SIZE]);

#endif
