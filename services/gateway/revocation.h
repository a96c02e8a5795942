/* Sessions that ended: sign-out, a disabled account, a stolen refresh token. Polled, so that it does
 * not depend on Redis. Next: openapi.h
 */
#ifndef WARDROOM_GATEWAY_REVOCATION_H
#define WARDROOM_GATEWAY_REVOCATION_H

#include "gateway.h"

#define REVOCATION_POLL_S 2

/* Ask auth what ended since the last time, and close those sockets with 4401. */
void revocation_poll(struct gateway *gateway);

#endif
