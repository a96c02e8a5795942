/* Listening sockets of our own: addresses in, accepted file descriptors out. Next: http.h */
#ifndef WARDROOM_GATEWAY_ACCEPT_H
#define WARDROOM_GATEWAY_ACCEPT_H

#include <stdbool.h>
#include <uv.h>
#include "core/status.h"

struct acceptor;

/* Listen on every address of the comma-separated list ("127.0.0.1:8443,[::1]:8443"); `take` owns
 * each fd it is given (non-blocking). An IPv6 address that this machine has not is left out, as
 * long as another address works. INVALID: said why in the log. */
MUST_CHECK enum status acceptor_open(uv_loop_t *loop, const char *addresses,
                                     void (*take)(void *data, int fd), void *data,
                                     struct acceptor **ret);
/* Pause and go on, when there is no room. */
void acceptor_pause(struct acceptor *acceptor, bool is_paused);
/* Closes the sockets; frees itself once the loop has run. NULL is fine. */
void acceptor_close(struct acceptor *acceptor);

#endif
