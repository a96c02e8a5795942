/* The content of a template version: one JSON text, written once, kept verbatim and hashed as it
 * is.
 *
 * {"name","title","body","schema","ui_schema"?,"tags":[],"required_placeholders":[]}; `schema` and
 * `ui_schema` stand in it exactly as they were sent. Next: store.h
 */
#ifndef WARDROOM_TEMPLATES_CONTENT_H
#define WARDROOM_TEMPLATES_CONTENT_H

#include "core/arena.h"
#include "templates.pb-c.h"

#define TEMPLATE_KEYS_MAX 20000

/* Is this one JSON object of at most `bytes_max` bytes? NULL when it is, else words for a person.
 */
const char *json_object_problem(struct bytes json, size_t bytes_max);

/* Append the content of `request`, whose members have been checked.
 * TOO_LARGE: over CONTENT_BYTES_MAX, JSON_DEPTH_MAX levels or TEMPLATE_KEYS_MAX keys. */
MUST_CHECK enum status content_write(const Templates__CreateRequest *request, struct arena *arena,
                                     struct buf *out);
/* Fill the members of `ret` that content has, and content_hash; they live in `arena`.
 * CORRUPT: not what content_write writes. */
MUST_CHECK enum status content_read(struct bytes content, struct arena *arena,
                                    Templates__Template *ret);

#endif
