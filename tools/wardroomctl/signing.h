/* The keys that sign tokens: `<trust>/signing/<kid>.pem` (auth only) and `<trust>/jwks.json` with
 * their public halves (everybody).
 *
 * A kid begins with the time it was made, so the newest sorts last and signs. Next: call.c
 */
#ifndef WARDROOM_TOOLS_SIGNING_H
#define WARDROOM_TOOLS_SIGNING_H

#include "core/status.h"

/* Make a P-256 key when there is none, then write jwks.json from all that are there. */
MUST_CHECK enum status signing_init(const char *trust_dir);

#endif
