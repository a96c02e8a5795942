/* Small things about ZeroMQ sockets that client and service share. Next: wire.h */
#ifndef WARDROOM_BUS_SOCKET_H
#define WARDROOM_BUS_SOCKET_H

#include "core/bytes.h"

#define ENDPOINT_SIZE 128 /* ipc:// paths stay under 100 bytes, host names under 64 */
#define ZAP_DOMAIN    "wardroom"
#define PORT_BELOW    32768 /* the ephemeral range begins there (platform-notes) */

bool socket_set_int(void *socket, int option, int value);

#endif
