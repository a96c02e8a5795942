/* The key table: which public key, and so which algorithm, a `kid` stands for.
 *
 * Read from jwks.json (RFC 7517), where only EC P-256 keys count; others are left for programs that
 * know them. Belongs to one token_verifier, which guards it. Next: token_cache.h
 */
#ifndef WARDROOM_CRYPTO_TOKEN_KEYS_H
#define WARDROOM_CRYPTO_TOKEN_KEYS_H

#include <sys/types.h>

#include "core/bytes.h"

#define TOKEN_KEYS_MAX 16 /* two in use while a key rotates; the rest is room */
#define TOKEN_KID_SIZE 64
#define TOKEN_PEM_SIZE 256 /* a P-256 public key in PEM is 178 bytes */

struct token_key {
    char kid[TOKEN_KID_SIZE];
    char pem[TOKEN_PEM_SIZE];
};

struct token_keys {
    char *path; /* owned */
    struct token_key keys[TOKEN_KEYS_MAX];
    size_t count;
    int64_t looked_at_ms; /* monotonic */
    int64_t changed_ns;   /* these three say which file was read */
    ino_t inode;
    off_t size;
};

/* INVALID: the file cannot be read or holds no usable key. */
MUST_CHECK enum status token_keys_open(struct token_keys *keys, const char *trust_dir);
void token_keys_close(struct token_keys *keys);
/* Read the file again when it is another one, looking at most once a second. True when the keys
 * changed; a file that cannot be used leaves the old keys in place. */
bool token_keys_refresh(struct token_keys *keys);
/* NULL: unknown kid. */
const struct token_key *token_keys_find(const struct token_keys *keys, const char *kid);

#endif
