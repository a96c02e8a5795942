/* Sealing a file: its own random key, and its bytes under that key, both bound to tenant and file.
 *
 * Next: store.h
 */
#ifndef WARDROOM_FILES_SEAL_H
#define WARDROOM_FILES_SEAL_H

#include "crypto/keyring.h"

struct file_id {
    struct uuid u;
};

/* Whose bytes they are: tenant and file stand in the additional data. */
struct file_seal {
    const struct keyring *ring; /* keys of file contents */
    const struct tenant_id *tenant;
    const struct file_id *file;
};

/* Make the file's key; append it, wrapped, to `wrapped`, and `plain` under it to `sealed`. */
MUST_CHECK enum status file_seal_bytes(const struct file_seal *seal, struct bytes plain,
                                       struct buf *wrapped, struct buf *sealed);
/* The reverse. CORRUPT: not what file_seal_bytes made for this tenant and file. */
MUST_CHECK enum status file_open_bytes(const struct file_seal *seal, struct bytes wrapped,
                                       struct bytes sealed, struct buf *plain);

#endif
