/* AES-256-GCM, HKDF, HMAC, SHA-256 and random bytes, all by OpenSSL 3.
 *
 * Ciphers and MACs are fetched once per process; each thread keeps one context of its own.
 * Next: keyring.h
 */
#ifndef WARDROOM_CRYPTO_AEAD_H
#define WARDROOM_CRYPTO_AEAD_H

#include "core/bytes.h"

#define KEY_SIZE       32
#define SHA256_SIZE    32
#define GCM_NONCE_SIZE 12
#define GCM_TAG_SIZE   16
/* version:u8 key_id:u32 nonce:12 ciphertext tag:16 */
#define SEALED_OVERHEAD (1 + 4 + GCM_NONCE_SIZE + GCM_TAG_SIZE)
#define SEALED_VERSION  1

struct key {
    uint32_t id;
    uint8_t bytes[KEY_SIZE];
};

/* Encrypt `plain` under `key` with the additional data `aad`; appends SEALED_OVERHEAD + plain.len
 * bytes to `out`, in which neither input may lie. Nonce: 96 random bits. UNAVAILABLE: `out` is full
 * or there is no memory. */
MUST_CHECK enum status aead_seal(const struct key *key, struct bytes aad, struct bytes plain,
                                 struct buf *out);
/* The reverse; appends the plaintext. CORRUPT: too short, other version or key id, or the tag does
 * not match; nothing is appended then and the work space is wiped. */
MUST_CHECK enum status aead_open(const struct key *key, struct bytes aad, struct bytes sealed,
                                 struct buf *out);
/* The key id a sealed value names; CORRUPT when it is too short. */
MUST_CHECK enum status aead_key_id(struct bytes sealed, uint32_t *ret_id);

void sha256(struct bytes in, uint8_t out[SHA256_SIZE]);
/* Over two pieces, saving a copy: SHA-256(a || b). */
void sha256_pair(struct bytes a, struct bytes b, uint8_t out[SHA256_SIZE]);
void hmac_sha256(struct bytes key, struct bytes in, uint8_t out[SHA256_SIZE]);
/* RFC 5869 with SHA-256, no salt; out_len <= 255 * 32. */
void hkdf_sha256(struct bytes secret, const char *info, uint8_t *out, size_t out_len);
/* Never fails: aborts when the kernel has no randomness, which is no peer's doing. */
void random_bytes(void *out, size_t len);
/* Constant time. */
bool secret_equal(const void *a, const void *b, size_t len);

#endif
