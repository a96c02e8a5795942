/* Equality of JSON values as JSON Schema means it: 1 and 1.0 are equal, true and 1 are not, members
 * have no order. Work is counted in steps by the caller's budget. Next: regex.h
 */
#ifndef WARDROOM_SCHEMA_EQUAL_H
#define WARDROOM_SCHEMA_EQUAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* How much may still be done. Values nested deeper than SCHEMA_VALUE_DEPTH_MAX spend all of it. */
struct effort {
    uint64_t steps; /* left */
    bool spent;     /* it ran out; the answer means nothing */
};

bool value_equal(struct effort *effort, json_t *a, json_t *b);
/* Equal values have equal hashes. */
uint64_t value_hash(struct effort *effort, json_t *value);

#endif
