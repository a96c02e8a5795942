/* Objects: sealed bytes under random names, today as files of one folder.
 *
 * Four functions, so that another kind of store (S3) can stand behind them. An object is written
 * once and never changed. Replicas may share the folder, a store belongs to one thread.
 * Next: seal.h
 */
#ifndef WARDROOM_FILES_OBJECT_STORE_H
#define WARDROOM_FILES_OBJECT_STORE_H

#include "core/bytes.h"

/* Random, and all that a path is ever made of. */
struct object_id {
    uint8_t b[16];
};
struct object_id object_id_new(void);

struct object_store;

/* `dir` is made when only its last part is missing. UNAVAILABLE: it cannot be used; errno says why.
 * Drops what puts that never ended left behind, once it is an hour old. */
MUST_CHECK enum status object_store_open(const char *dir, struct object_store **ret);
void object_store_close(struct object_store *store); /* NULL is fine */

/* Durable when it returns OK: the bytes, the name and the folders above it are on disk.
 * RESOURCE_EXHAUSTED: no space or no descriptor; UNAVAILABLE: any other failure. */
MUST_CHECK enum status object_store_put(struct object_store *store, const struct object_id *id,
                                        struct bytes bytes);
/* Append the object. NOT_FOUND; CORRUPT: more than `bytes_max`; UNAVAILABLE. */
MUST_CHECK enum status object_store_get(struct object_store *store, const struct object_id *id,
                                        size_t bytes_max, struct buf *out);
/* Of an object whose row was not written. Best effort: what stays is named by no row. */
void object_store_remove(struct object_store *store, const struct object_id *id);

#endif
