/* Small things about ZeroMQ sockets that client and service share. Next: wire.h */
#ifndef WARDROOM_BUS_SOCKET_H
#define WARDROOM_BUS_SOCKET_H

#include "core/bytes.h"

#define ENDPOINT_SIZE 128 /* ipc:// paths stay under 100 bytes, host names under 64 */
#define ZAP_DOMAIN    "wardroom"
#define PORT_BELOW    32768 /* the ephemeral range begins there (platform-notes) */

bool socket_set_int(void *socket, int option, int value);

/* Where a key belongs: FNV-1a, then mixed so that every bit counts (rendezvous, shards). */
static inline uint64_t hash_bytes(struct bytes bytes, uint64_t seed)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ seed;
    for (size_t i = 0; i < bytes.len; i++) {
        hash = (hash ^ bytes.data[i]) * UINT64_C(0x100000001b3);
    }
    hash ^= hash >> 32;
    hash *= UINT64_C(0xd6e8feb86659fd93);
    hash ^= hash >> 32;
    return hash;
}

#endif
