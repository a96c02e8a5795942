/* Reading tests/vectors/<name>.json. What is missing or ill-formed there fails the test. */
#ifndef WARDROOM_TESTS_EVIDENCE_VECTORS_H
#define WARDROOM_TESTS_EVIDENCE_VECTORS_H

#include <jansson.h>

#include "crypto/aead.h"
#include "evidence/leaf.h"

json_t *vectors_load(const char *name);
const char *vector_text(json_t *vector, const char *name);
int64_t vector_number(json_t *vector, const char *name);
/* Hex text into `out`; its length must be exactly `len`. */
void vector_hash(json_t *hex, uint8_t out[SHA256_SIZE]);
/* A member of hex text, appended to `out`. */
void vector_hex(json_t *vector, const char *name, struct buf *out);
/* An array of hashes, appended to `out`. */
void vector_hashes(json_t *array, struct buf *out);
/* The record of a leaf vector, its commitment made from salt and content. */
struct leaf_record vector_record(json_t *vector);

#endif
