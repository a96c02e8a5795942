/* What one user, one tenant and one address may ask of this gateway in a second.
 *
 * A user's writes count over all their sockets and requests; a tenant's writes and requests over all
 * its users. Other gateways count for themselves. The limits of one socket are in session.c.
 * Next: guard.h
 */
#ifndef WARDROOM_GATEWAY_QUOTA_H
#define WARDROOM_GATEWAY_QUOTA_H

#include "exchange.h"
#include "session.h"

/* May this request be served? False: it has been answered with 429. Requests without a token are
 * nobody's and pass. */
bool quota_admits_request(struct exchange *exchange);
/* May this sign-in be tried? By the address it comes from; false: answered with 429. */
bool quota_admits_sign_in(struct exchange *exchange);
/* May this session write (post, answer, acknowledge)? NULL: yes; else why not, in words. One that
 * goes on after many refusals is closed with 4429. */
const char *quota_refuses_write(struct session *session);

/* Once a second: forget the idle. */
void quota_sweep(struct gateway *gateway);
void quota_fini(struct gateway *gateway);

#endif
