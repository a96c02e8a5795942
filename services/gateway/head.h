/* The head of one HTTP request, copied out of libwebsockets so that the rest never asks it.
 *
 * It is the canonical one that front.c made: each header stands once and has been checked by
 * head_scan.c. Texts are NUL-terminated, NULL when the header is absent. Next: guard.h
 */
#ifndef WARDROOM_GATEWAY_HEAD_H
#define WARDROOM_GATEWAY_HEAD_H

#include "core/arena.h"
#include "core/limits.h"

#define HEAD_ADDRESS_SIZE 48

enum http_method {
    HTTP_GET = 1,
    HTTP_HEAD = 2,
    HTTP_POST = 4,
    HTTP_PUT = 8,
    HTTP_PATCH = 16,
    HTTP_DELETE = 32,
    HTTP_OPTIONS = 64
};

struct head_param {
    struct bytes name, value;
};
struct head {
    enum http_method method;
    const char *path; /* percent-decoded */
    bool is_http_1_1;
    bool is_secure;
    bool expects_continue;
    const char *host, *origin, *authorization, *content_length, *content_type, *if_none_match,
        *connection, *ws_version, *ws_key;
    struct head_param params[HEAD_PARAMS_MAX];
    size_t param_count;
    char address[HEAD_ADDRESS_SIZE]; /* of the peer */
};

struct lws;
/* Copy the head of `wsi` into `arena`. NULL: out of memory or budget. */
struct head *head_read(struct lws *wsi, struct arena *arena);
/* The value of a query parameter; empty with NULL data when it is not there. */
struct bytes head_param(const struct head *head, const char *name);
const char *http_method_text(enum http_method method);

#endif
