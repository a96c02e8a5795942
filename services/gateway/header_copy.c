/* Stands in front of lws_hdr_copy, for one header.
 *
 * libwebsockets 4.1 copies Sec-WebSocket-Protocol into 128 bytes and hangs up when it is longer,
 * while the contract carries the access token there. The list has been read and checked by then
 * (guard.c), so libwebsockets is shown only the one name that it may choose. The library calls this
 * symbol through its PLT, so a definition in the program comes first; listener.c checks at the
 * start that it does. Next: guard.h
 */
#include "header_copy.h"

#include <dlfcn.h>
#include <libwebsockets.h>

#include "guard.h"

typedef int header_copy_function(struct lws *wsi, char *dest, int len, enum lws_token_indexes h);

int lws_hdr_copy(struct lws *wsi, char *dest, int len, enum lws_token_indexes h)
{
    static header_copy_function *original;
    if (!original)
        *(void **)&original = dlsym(RTLD_NEXT, "lws_hdr_copy");
    if (h != WSI_TOKEN_PROTOCOL || lws_hdr_total_length(wsi, h) <= 0)
        return original(wsi, dest, len, h);
    if (len <= (int)sizeof WS_PROTOCOL)
        return -1;
    strcpy(dest, WS_PROTOCOL);
    return (int)sizeof WS_PROTOCOL - 1;
}

bool header_copy_is_ours(void)
{
    return dlsym(RTLD_DEFAULT, "lws_hdr_copy") == (void *)(uintptr_t)lws_hdr_copy;
}
