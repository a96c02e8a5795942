/* One request head: is it served, how long is its body, and what does libwebsockets see of it?
 *
 * libwebsockets 4.1 reads heads carelessly, so it never sees one of a client's. It sees a canonical
 * head, made here: the request line and those headers that the gateway uses, each once, spelled and
 * checked by us. A head that is refused becomes a harmless one, and front.h says why. Pure; front.c
 * calls it. Next: front.h
 */
#ifndef WARDROOM_GATEWAY_HEAD_SCAN_H
#define WARDROOM_GATEWAY_HEAD_SCAN_H

#include "guard.h"
#include "head_syntax.h"

/* A canonical head is never longer than the client's, but for the token of a WebSocket, which moves
 * into a header of its own (14 bytes), or when it stands for one that is refused (60). */
#define HEAD_GROWTH_BYTES 64
#define HEAD_OUT_BYTES    (HEAD_BYTES_MAX + HEAD_GROWTH_BYTES)

/* Zero-initialised before the first byte of a head; all but `walk` is set at its end. */
struct head_scan {
    struct head_walk walk;
    struct refusal refusal; /* status OK: it is served */
    size_t len;             /* of the client's head: what follows is its body, or the next one */
    uint64_t body_len;
    bool is_upgrade; /* to a WebSocket */
};

/* Look at more bytes of a head: `bytes` is all of it so far, and whatever follows. False: it has
 * not ended. Else *scan says how to go on, and the first *ret_len bytes of `out`, which holds
 * HEAD_OUT_BYTES, are its canonical form. */
bool head_scan(struct head_scan *scan, struct bytes bytes, uint8_t *out, size_t *ret_len);

#endif
