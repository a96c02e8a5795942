/* The five things that happen to a WebSocket, in terms of libwebsockets. Next: session.h */
#include "wire.h"

#include <libwebsockets.h>

_Static_assert(FRAME_HEADROOM >= LWS_PRE, "the WebSocket header is written in front of the text");

bool wire_is_blocked(struct lws *wsi)
{
    return lws_partial_buffered(wsi);
}

bool wire_write(struct lws *wsi, struct frame *frame)
{
    return lws_write(wsi, frame_text(frame), frame->len, LWS_WRITE_TEXT) >= 0;
}

bool wire_ping(struct lws *wsi)
{
    /* Not empty: libwebsockets 4.1 tells nobody of a pong without a payload, and a pong has what the
     * ping had. */
    unsigned char memory[LWS_PRE + 4] = {0};
    memcpy(memory + LWS_PRE, "ping", 4);
    return lws_write(wsi, memory + LWS_PRE, 4, LWS_WRITE_PING) >= 0;
}

void wire_ask_writable(struct lws *wsi)
{
    lws_callback_on_writable(wsi);
}

void wire_close(struct lws *wsi, uint16_t code, const char *reason)
{
    lws_close_reason(wsi, (enum lws_close_status)code, (unsigned char *)(uintptr_t)reason,
                     strlen(reason));
    lws_set_timeout(wsi, PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_SYNC);
}

void wire_kill(struct lws *wsi)
{
    lws_set_timeout(wsi, PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_SYNC);
}
