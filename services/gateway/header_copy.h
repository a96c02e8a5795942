/* The stand-in for lws_hdr_copy; see header_copy.c. Next: guard.h */
#ifndef WARDROOM_GATEWAY_HEADER_COPY_H
#define WARDROOM_GATEWAY_HEADER_COPY_H

#include <stdbool.h>

/* Does libwebsockets in this process call ours? */
bool header_copy_is_ours(void);

#endif
