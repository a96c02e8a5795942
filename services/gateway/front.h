/* What stands between a client's bytes and libwebsockets, on each connection until it is a
 * WebSocket.
 *
 * Heads are replaced by canonical ones (head_scan.h), bodies pass by their length, and what follows
 * a refused head is dropped. front.c is pure but for the memory of a half head; front_io.c puts it
 * into the way of libwebsockets' reads. Next: guard.h
 */
#ifndef WARDROOM_GATEWAY_FRONT_H
#define WARDROOM_GATEWAY_FRONT_H

#include "head_scan.h"

#define FRONT_IN_BYTES 16384 /* at once: a whole TLS record */
/* What may come of that: a head that was held, now whole, and the rest of these bytes behind it. */
#define FRONT_OUT_BYTES (HEAD_OUT_BYTES + FRONT_IN_BYTES + HEAD_GROWTH_BYTES)

struct front;

/* NULL: out of memory. */
struct front *front_new(void);
void front_free(struct front *front);
/* Take the next 1..FRONT_IN_BYTES bytes of a client. What libwebsockets is to see of them goes to
 * `out`, which holds FRONT_OUT_BYTES. Returns how many: 0 within a head, or behind a refused one.
 */
size_t front_feed(struct front *front, struct bytes in, uint8_t *out);
/* Has a head been refused? All that comes now is dropped. */
bool front_is_deaf(const struct front *front);
/* libwebsockets has read the next of the heads that front_feed handed on. Status OK: it is served.
 */
struct refusal front_take_head(struct front *front);

/* --- front_io.c: the fronts of this process's connections, by file descriptor --- */

/* Do the reads of libwebsockets in this process come to us? `files_max`: most descriptors. */
MUST_CHECK enum status front_io_init(size_t files_max);
/* A connection that libwebsockets is about to adopt. */
MUST_CHECK enum status front_io_open(int fd);
/* It is gone, or it is a WebSocket now: its bytes pass untouched. */
void front_io_close(int fd);
/* front_take_head of this connection. */
struct refusal front_io_take_head(int fd);

#endif
