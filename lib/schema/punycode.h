/* Punycode (RFC 3492), both ways. Private to lib/schema. Next: punycode.c */
#ifndef WARDROOM_SCHEMA_PUNYCODE_H
#define WARDROOM_SCHEMA_PUNYCODE_H

#include "core/bytes.h"

#define PUNYCODE_POINTS_MAX 63 /* of a label: each takes at least one octet */

/* false: not Punycode, or more than PUNYCODE_POINTS_MAX code points. */
bool punycode_decode(struct bytes text, uint32_t *points, size_t *ret_len);
/* Without the prefix; false: longer than `cap`. */
bool punycode_encode(const uint32_t *points, size_t len, char *out, size_t cap, size_t *ret_len);

#endif
