/* Just enough HTTP/1.1 to sign in, to create a thread, to ask whether a gateway is ready, and to
 * upgrade to a WebSocket. One connection per request; blocking.
 *
 * Next: accounts.h */
#pragma once

#include "link.h"

#define HTTP_REPLY_BYTES_MAX 65536

struct http_reply {
    int status;
    int retry_after_s; /* 0: not said */
    size_t body_len;
    char body[HTTP_REPLY_BYTES_MAX];
};

/* Send one request and read its reply.
 *
 * token: bearer token or NULL.
 * json:  body or NULL.
 * Returns: false with fault_text when there is no whole reply; any status is true. */
bool http_request(const struct target *target, const char *method, const char *path,
                  const char *token, const char *json, struct http_reply *ret_reply);

/* Open a link and make it a WebSocket (version 13; the server's accept key is checked).
 *
 * ret_rest: bytes that came behind the 101, at most `size`.
 * Returns: false with fault_text; the link is closed then. */
bool http_upgrade(struct link *link, const struct target *target, const char *path,
                  const char *token, void *ret_rest, size_t size, size_t *ret_rest_len);

/* The Sec-WebSocket-Accept for a key: 28 characters and a NUL. */
void http_accept_key(const char *key, char ret_accept[29]);
