/* Read: stash, recv, frames, stash the rest. Write: append, send once, keep the rest.
 *
 * Next: load.c */
#include "socket.h"

#include "fault.h"
#include "frame.h"
#include "http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One recv takes up to this; a frame that is cut off at its end goes to the stash. */
static uint8_t shared_buf[2 * SOCKET_FRAME_BYTES_MAX];

/* One thread drives all sockets; this catches a second frame_fn reading inside the first. */
static bool is_shared_buf_used;

static bool stash_set(struct socket *socket, const uint8_t *bytes, size_t len)
{
    if (len > socket->stash_size) {
        uint8_t *grown = realloc(socket->stash, len + 1024);
        if (!grown)
            return fault_set("out of memory");
        socket->stash = grown;
        socket->stash_size = len + 1024;
    }
    if (len > 0)
        memcpy(socket->stash, bytes, len);
    socket->stash_len = len;
    return true;
}

bool socket_open(struct socket *socket, const struct target *target, const char *path,
                 const char *token)
{
    uint8_t rest[8192];
    size_t rest_len = 0;
    *socket = (struct socket){.link = {.fd = -1}};
    if (!http_upgrade(&socket->link, target, path, token, rest, sizeof(rest), &rest_len))
        return false;
    if (stash_set(socket, rest, rest_len) && link_set_nonblocking(&socket->link))
        return true;
    socket_close(socket);
    return false;
}

bool socket_take_fd(struct socket *socket, int fd)
{
    *socket = (struct socket){0};
    link_take_fd(&socket->link, fd);
    return link_set_nonblocking(&socket->link);
}

void socket_close(struct socket *socket)
{
    link_close(&socket->link);
    free(socket->stash);
    free(socket->out);
    *socket = (struct socket){.link = {.fd = -1}, .close_code = socket->close_code};
}

uint8_t *socket_reserve(struct socket *socket, size_t len)
{
    if (socket->out_at == socket->out_len)
        socket->out_at = socket->out_len = 0;
    if (socket->out_len + len > socket->out_size) {
        size_t size = (socket->out_len + len) * 2;
        uint8_t *grown = realloc(socket->out, size);
        if (!grown)
            return NULL;
        socket->out = grown;
        socket->out_size = size;
    }
    uint8_t *room = socket->out + socket->out_len;
    socket->out_len += len;
    return room;
}

static bool send_frame(struct socket *socket, uint8_t opcode, const void *payload, size_t len)
{
    static const uint8_t zero_mask[4];
    uint8_t head[FRAME_HEAD_BYTES_MAX];
    size_t head_len = frame_put_head(head, opcode, len, zero_mask);
    uint8_t *room = socket_reserve(socket, head_len + len);
    if (!room)
        return fault_set("out of memory");
    memcpy(room, head, head_len);
    memcpy(room + head_len, payload, len);
    return true;
}

bool socket_send_text(struct socket *socket, const char *text, size_t len)
{
    return send_frame(socket, FRAME_TEXT, text, len);
}

bool socket_flush(struct socket *socket)
{
    while (socket_has_output(socket)) {
        ssize_t n = link_write(&socket->link, socket->out + socket->out_at,
                               socket->out_len - socket->out_at);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return true;
        if (n <= 0)
            return fault_set("write: %s", strerror(errno));
        socket->out_at += (size_t)n;
    }
    return true;
}

static bool closed_by_peer(struct socket *socket, const struct frame *frame)
{
    if (frame->payload_len >= 2)
        socket->close_code = (uint16_t)(frame->payload[0] << 8 | frame->payload[1]);
    size_t reason_len = frame->payload_len > 2 ? frame->payload_len - 2 : 0;
    return fault_set("the server closed with %u %.*s", socket->close_code, (int)reason_len,
                     reason_len ? (const char *)frame->payload + 2 : "");
}

static bool frame_take(struct socket *socket, struct frame *frame, frame_fn *on_frame,
                       void *context)
{
    uint8_t *payload = (uint8_t *)(uintptr_t)frame->payload;
    if (!frame->is_final || frame->opcode == FRAME_CONTINUATION)
        return fault_set("a fragmented frame: the generator does not read these");
    if (frame->is_masked)
        frame_mask(payload, frame->payload_len, frame->mask);
    if (frame->opcode == FRAME_TEXT)
        on_frame(context, socket, (char *)payload, frame->payload_len);
    else if (frame->opcode == FRAME_CLOSE)
        return closed_by_peer(socket, frame);
    else if (frame->opcode == FRAME_PING)
        return send_frame(socket, FRAME_PONG, payload, frame->payload_len) && socket_flush(socket);
    return true;
}

/* All whole frames in shared_buf[0..len); what is left goes to the stash. */
static bool frames_take(struct socket *socket, size_t len, frame_fn *on_frame, void *context)
{
    size_t at = 0;
    struct frame frame;
    while (at < len) {
        enum frame_result result =
            frame_parse(shared_buf + at, len - at, SOCKET_FRAME_BYTES_MAX, &frame);
        if (result == FRAME_BROKEN)
            return fault_set("a frame that is broken or exceeds %d bytes", SOCKET_FRAME_BYTES_MAX);
        if (result == FRAME_NEEDS_MORE)
            break;
        if (!frame_take(socket, &frame, on_frame, context))
            return false;
        at += frame.frame_len;
    }
    return stash_set(socket, shared_buf + at, len - at);
}

static bool read_once(struct socket *socket, frame_fn *on_frame, void *context, bool *ret_has_more)
{
    size_t kept = socket->stash_len;
    if (kept > 0)
        memcpy(shared_buf, socket->stash, kept);
    ssize_t n = link_read(&socket->link, shared_buf + kept, sizeof(shared_buf) - kept);
    *ret_has_more = n > 0 && socket->link.ssl != NULL;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        n = 0;
    else if (n <= 0)
        return fault_set("read: %s", n == 0 ? "closed without a close frame" : strerror(errno));
    return kept + (size_t)n == 0 || frames_take(socket, kept + (size_t)n, on_frame, context);
}

bool socket_read(struct socket *socket, frame_fn *on_frame, void *context)
{
    if (is_shared_buf_used)
        return fault_set("socket_read inside a frame_fn");
    is_shared_buf_used = true;
    bool has_more = true;
    bool is_open = true;
    while (is_open && has_more)
        is_open = read_once(socket, on_frame, context, &has_more);
    is_shared_buf_used = false;
    return is_open;
}
