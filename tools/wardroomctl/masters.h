/* The two master keys, DB_ENCRYPTION_KEY and FILE_ENCRYPTION_KEY, and what is derived from them.
 *
 * No service ever sees a master: each gets HKDF(master, "wardroom/service/<service>") for every
 * master key id. Next: signing.h
 */
#ifndef WARDROOM_TOOLS_MASTERS_H
#define WARDROOM_TOOLS_MASTERS_H

#include "crypto/keyring.h"

struct master {
    const char *option; /* "DB_ENCRYPTION_KEY" */
    const char *file;   /* "db_encryption_key", in the folder of secrets */
    const char *value;  /* of the option; "" when it is not set */
    struct keyring ring;
    bool generated; /* now or before: it is not the operator's own */
};

/* Fill `ring` from the option, else from the file, else generate and keep it there.
 * FORBIDDEN: not set, in production. Failures are said on stderr. */
MUST_CHECK enum status master_load(struct master *master, const char *secrets_dir, bool production);
/* Write `<secrets>/<file>` with the keys that HKDF makes of `master` for `purpose`. CONFLICT
 * (said): the file holds a key that this master does not give, so what it sealed could not be read.
 */
MUST_CHECK enum status master_derive(const struct master *master, const char *secrets_dir,
                                     const char *file, const char *purpose);

#endif
