/* Who may ask for what, as far as the head alone tells: pure decisions.
 *
 * Whether it is a head at all has been decided by head_scan.h. Next: http.h
 */
#ifndef WARDROOM_GATEWAY_GUARD_H
#define WARDROOM_GATEWAY_GUARD_H

#include "core/ids.h"
#include "counters.h"
#include "head.h"

/* Why a head is refused; zero-initialised: it is not. */
struct refusal {
    enum status status; /* OK: not refused */
    int http_status;    /* 0: the status's own */
    const char *detail; /* a literal */
    enum counter counter;
};

/* May a page of this origin talk to us? `origins`: comma-separated list. No Origin: not a browser.
 */
bool guard_origin_is_allowed(const struct head *head, const char *origins);
/* 0: no body. */
uint64_t guard_body_len(const struct head *head);
/* A request that carries Upgrade, checked against RFC 6455 and our paths, all but the token. */
struct refusal guard_upgrade(const struct head *head, const char *origins);
/* The path of a WebSocket; *ret_thread is zero for /ws/chat/. */
bool guard_ws_path(const char *path, struct uuid *ret_thread);

/* Where the token of a WebSocket stands: the Authorization header, which head_scan.c has made of a
 * sub-protocol pair, or ?token=. Empty: nowhere, or an Authorization of another scheme. */
struct bytes guard_ws_token(const struct head *head);
/* The token of an Authorization: Bearer header; empty: none. */
struct bytes guard_bearer(const struct head *head);
#define WS_PROTOCOL "wardroom.v1"
/* Does the comma-separated list hold this token? Case counts. */
bool guard_list_has(const char *list, const char *token);

#endif
