/* The bytes of an HTTP answer: status line, the headers that every answer has, and the body.
 *
 * Pure; http.c writes them. Next: routes.h
 */
#ifndef WARDROOM_GATEWAY_ANSWER_H
#define WARDROOM_GATEWAY_ANSWER_H

#include "core/bytes.h"

struct answer {
    int http_status;
    const char *content_type; /* NULL: no body */
    struct bytes body;
    const char *cache;   /* NULL: no-store */
    const char *headers; /* further lines, each with its CRLF; NULL: none */
    bool is_untrusted;   /* somebody's file: nothing in it may run */
};

/* Append the whole answer. `is_head`: leave the body out. `request_id`: 36 characters. */
void answer_write(const struct answer *answer, bool is_head, bool closes, const char *request_id,
                  struct buf *out);

#endif
