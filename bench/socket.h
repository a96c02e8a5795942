/* One WebSocket of the generator: non-blocking, with room for what could not be written yet and for
 * the start of a frame whose end has not come. Reads go into one large buffer that all sockets
 * share, so that 2,000 of them cost the machine next to nothing.
 *
 * Next: load.h */
#pragma once

#include "link.h"

/* What api.md allows a frame to the client, with slack; a larger one is a fault. */
#define SOCKET_FRAME_BYTES_MAX (512 * 1024)

struct socket {
    struct link link;
    uint8_t *stash; /* the head of an incomplete frame */
    size_t stash_len;
    size_t stash_size;
    uint8_t *out; /* out[out_at..out_len) waits to be written */
    size_t out_at;
    size_t out_len;
    size_t out_size;
    uint16_t close_code; /* what the peer said when it closed; 0: nothing */
};

/* Called for each text frame; the payload may be changed and is valid during the call. */
typedef void frame_fn(void *context, struct socket *socket, char *payload, size_t len);

/* Upgrade and become non-blocking. False with fault_text; the socket is closed then. */
bool socket_open(struct socket *socket, const struct target *target, const char *path,
                 const char *token);

/* Take an accepted fd whose upgrade has been answered (the bare server). */
bool socket_take_fd(struct socket *socket, int fd);

/* Close and free; harmless twice and on a zeroed socket with link.fd = -1. */
void socket_close(struct socket *socket);

/* Read what one recv gives (with TLS: until nothing is left) and hand out the frames in it. Pings
 * are answered. False with fault_text when the connection is over. */
bool socket_read(struct socket *socket, frame_fn *on_frame, void *context);

/* Room for `len` bytes at the end of what waits to be written; NULL when memory is out. */
uint8_t *socket_reserve(struct socket *socket, size_t len);

/* Queue one text frame under the zero mask key, which is legal and leaves the bytes as they are. */
bool socket_send_text(struct socket *socket, const char *text, size_t len);

/* Write what waits as far as the kernel takes it. False with fault_text when the connection is
 * over. */
bool socket_flush(struct socket *socket);

/* True while something waits to be written. */
static inline bool socket_has_output(const struct socket *socket)
{
    return socket->out_at < socket->out_len;
}
