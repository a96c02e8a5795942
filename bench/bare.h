/* The ceiling of the machine for deliveries: the least a server can do to send one event to many
 * WebSockets. A forked process with epoll; no TLS, no JSON, no database, no queue. Either one send
 * per event and socket, or, as the suite may do it too, one send per socket for all events of a
 * turn of the loop. It speaks just enough of the protocol that the same client code, the same
 * closed loop and the same checks run against it.
 *
 * Next: report.h */
#pragma once

#include "link.h"

#include <sys/types.h>

struct bare_server {
    pid_t pid;
    struct target target;
};

/* Fork the server on a free loopback port.
 *
 * event_frame_len: bytes of the payload with one message event, as seen from the suite.
 * is_batching:     one send for all events of a turn. */
bool bare_server_start(struct bare_server *server, size_t event_frame_len, bool is_batching);

/* End it and wait for it. */
void bare_server_stop(struct bare_server *server);
