/* JSON text -> jansson values, three times as fast as json_loadb, which reads byte by byte.
 *
 * Takes exactly what json_loadb takes with JSON_REJECT_DUPLICATES | JSON_DECODE_ANY |
 * JSON_ALLOW_NUL (tests/fuzz/fuzz_schema_read.c compares the two), but refuses nesting beyond
 * SCHEMA_VALUE_DEPTH_MAX, reals of more than SCHEMA_NUMBER_BYTES_MAX bytes and bare NUL bytes. No
 * recursion. Private to lib/schema. Next: read.c
 */
#ifndef WARDROOM_SCHEMA_READ_H
#define WARDROOM_SCHEMA_READ_H

#include <jansson.h>
#include "core/bytes.h"

/* ret:     owned by the caller, json_decref; written only on OK.
 * Returns: OK; INVALID, TOO_LARGE, RESOURCE_EXHAUSTED: ret_fault says why and ret_at at which byte.
 */
MUST_CHECK enum status json_read(struct bytes text, json_t **ret, const char **ret_fault,
                                 size_t *ret_at);

#endif
