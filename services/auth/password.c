/* argon2id behind three functions. Next: backoff.c */
#include "password.h"

#include <argon2.h>

#include "crypto/aead.h"

#define SALT_BYTES 16
#define HASH_BYTES 32

enum status password_hash(struct bytes password, char out[PASSWORD_HASH_SIZE])
{
    uint8_t salt[SALT_BYTES];
    random_bytes(salt, sizeof salt);
    int code =
        argon2id_hash_encoded(PASSWORD_PASSES, PASSWORD_MEMORY_KIB, PASSWORD_LANES, password.data,
                              password.len, salt, sizeof salt, HASH_BYTES, out, PASSWORD_HASH_SIZE);
    return code == ARGON2_OK ? OK : STATUS_RESOURCE_EXHAUSTED;
}

enum status password_check(const char *encoded, struct bytes password)
{
    switch (argon2id_verify(encoded, password.data, password.len)) {
    case ARGON2_OK:
        return OK;
    case ARGON2_VERIFY_MISMATCH:
        return STATUS_INVALID_CREDENTIALS;
    case ARGON2_MEMORY_ALLOCATION_ERROR:
    case ARGON2_THREAD_FAIL:
        return STATUS_RESOURCE_EXHAUSTED;
    default: /* libargon2's enum: everything else is about the text of the hash */
        return STATUS_CORRUPT;
    }
}

enum status password_dummy(char out[PASSWORD_HASH_SIZE])
{
    uint8_t unknown[32];
    random_bytes(unknown, sizeof unknown);
    return password_hash(bytes_of(unknown, sizeof unknown), out);
}
