/* The tables of files: file and file_key, in each tenant's schema.
 *
 * Every function wants a transaction that has entered the tenant. Beside the errors named here all
 * return UNAVAILABLE (nothing written), CORRUPT (a sealed value fails) and INTERNAL.
 * Next: handlers.h
 */
#ifndef WARDROOM_FILES_STORE_H
#define WARDROOM_FILES_STORE_H

#include "core/limits.h"
#include "db/tenant_key.h"
#include "media_type.h"
#include "object_store.h"
#include "seal.h"

struct file {
    struct file_id id;
    struct thread_id thread;
    struct user_id uploader;
    struct object_id object;
    int64_t size; /* of the plaintext, as its hash */
    uint8_t sha256[SHA256_SIZE];
    char name[NAME_BYTES_MAX + 1];
    char media_type[MEDIA_TYPE_BYTES_MAX + 1];
    int64_t created_us;
};

/* `wrapped`: the file's key (seal.h). */
MUST_CHECK enum status file_add(struct tenant_keys *keys, struct tenant_tx *tx,
                                const struct file *file, struct bytes wrapped);
/* NOT_FOUND */
MUST_CHECK enum status file_find(struct tenant_keys *keys, struct tenant_tx *tx,
                                 const struct file_id *id, struct file *ret);
/* Append the file's wrapped key. GONE: it was destroyed, the file is erased. */
MUST_CHECK enum status file_key_find(struct tenant_keys *keys, struct tenant_tx *tx,
                                     const struct file_id *id, struct buf *ret_wrapped);

#endif
