/* What stands between a client's bytes and libwebsockets, on each connection until it is a
 * WebSocket.
 *
 * Heads are replaced by canonical ones (head_scan.h), bodies pass by their length, and what follows
 * a refused head is dropped. One request is handed on at a time, the next when that is answered:
 * libwebsockets 4.1 takes a pipelined head for its own body and never ends. Of a WebSocket the
 * first frame must have its mask. front.c is pure but for the memory of what it holds; front_io.c
 * puts it into the way of libwebsockets' reads. Next: guard.h
 */
#ifndef WARDROOM_GATEWAY_FRONT_H
#define WARDROOM_GATEWAY_FRONT_H

#include "head_scan.h"

#define FRONT_IN_BYTES 16384 /* at once: a whole TLS record */
/* Half a head and a read behind it, or as much of the requests that wait for an answer. */
#define FRONT_HELD_BYTES_MAX (HEAD_BYTES_MAX + FRONT_IN_BYTES)
#define FRONT_OUT_BYTES      (FRONT_HELD_BYTES_MAX + HEAD_GROWTH_BYTES)

struct front;

/* NULL: out of memory. */
struct front *front_new(void);
void front_free(struct front *front);
/* Take the next bytes of a client, at most FRONT_IN_BYTES; none: what front_next has let loose.
 * What libwebsockets is to see now goes to `out`, which holds FRONT_OUT_BYTES. Returns how many
 * bytes. */
size_t front_feed(struct front *front, struct bytes in, uint8_t *out);
/* The request has been answered: the next may come. True: some of it is here already. */
bool front_next(struct front *front);
/* Is that so, still? Feed nothing before anything else. */
bool front_is_loose(const struct front *front);
/* Of the head that was handed on last. Status OK: it is served. */
struct refusal front_refusal(const struct front *front);
/* Has a head been refused, or more been sent ahead than is held? All that comes now is dropped. */
bool front_is_deaf(const struct front *front);
/* Has an upgrade been handed on, and no frame yet? */
bool front_is_upgraded(const struct front *front);
/* Has a WebSocket begun? All that comes now passes untouched. */
bool front_is_passing(const struct front *front);
/* With a frame that a client may not send, and that libwebsockets will refuse? */
bool front_has_bare_frame(const struct front *front);

/* --- front_io.c: the fronts of this process's connections, by file descriptor --- */

/* Do the reads of libwebsockets in this process come to us? `files_max`: most descriptors. */
MUST_CHECK enum status front_io_init(size_t files_max);
/* A connection that libwebsockets is about to adopt. */
MUST_CHECK enum status front_io_open(int fd);
/* It is gone. */
void front_io_close(int fd);
/* The same of this connection. */
bool front_io_next(int fd);
bool front_io_is_deaf(int fd);
struct refusal front_io_refusal(int fd);

#endif
