/* Sessions that ended: sign-out, a disabled account, a stolen refresh token. Polled, so that it
 * does not depend on Redis. Next: openapi.h
 */
#ifndef WARDROOM_GATEWAY_REVOCATION_H
#define WARDROOM_GATEWAY_REVOCATION_H

#include "gateway.h"

#define REVOCATION_POLL_S    2
#define REVOCATION_PAGE_FULL 2048 /* auth gives 4096 at most: after so many, there may be more */
#define REVOCATIONS_KEPT                                                                           \
    65536 /* x 72 bytes = 5 MiB: the newest; auth forgets them after 17 min                        \
           */

/* Ask auth what ended since the last time, and close those sockets with 4401. */
void revocation_poll(struct gateway *gateway);
/* False until all that matters has been heard: to be polled at once and again. */
bool revocation_is_current(void);
/* Is it known that this session ended? Its access token may still look good. */
bool revocation_has(const struct session_id *session);
void revocation_fini(void);

#endif
