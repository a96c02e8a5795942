/* JSON Schema draft 2020-12: a schema is compiled once, then values are checked against it.
 *
 * Templates check the schemas they store, threads check the answers they take. A compiled schema is
 * immutable and may be used by several threads at once; each check has a state of its own. Both
 * sides are hostile: every size, depth and amount of work is bounded by the options, regular
 * expressions included. Keywords: core, applicator, unevaluated, validation, meta-data, content
 * and format; content and meta-data are annotations and judge nothing. Next: node.h
 */
#ifndef WARDROOM_SCHEMA_SCHEMA_H
#define WARDROOM_SCHEMA_SCHEMA_H

#include <jansson.h>
#include "core/bytes.h"
#include "core/limits.h"

struct schema;

/* A document that references may lead to, under the address it is known by. Borrowed. */
struct schema_document {
    const char *uri;
    struct bytes text;
};

struct schema_options {
    size_t bytes_max;        /* of the schema's text */
    unsigned depth_max;      /* sub-schemas within sub-schemas; and levels of a value */
    unsigned subschemas_max; /* of the schema and every document it leads to */
    uint64_t steps_max;      /* of one check: sub-schemas applied, members, items, backtracking */
    bool formats_asserted;   /* `format` judges; otherwise it is an annotation */
    bool local_refs_only;    /* references must start with `#` */
    const struct schema_document *documents;
    size_t documents_len;
};

/* For templates: bounds of limits.h, formats asserted, references only within the schema. */
extern const struct schema_options schema_options_templates;

struct schema_error {
    char pointer[256]; /* RFC 6901; of what is wrong, a missing member as if it were there. One that
                          does not fit ends at the nearest parent that does. */
    char keyword[32];  /* the keyword that refuses; empty: the text or a limit */
    char detail[192];  /* words for a person, to be read after the name of the field */
};

struct schema_errors {
    size_t count;
    bool more; /* there were more than these */
    struct schema_error list[SCHEMA_ERRORS_MAX];
};

/* Compile the text of a schema.
 *
 * options: borrowed for the call, as are its documents; NULL: schema_options_templates.
 * ret:     owned by the caller, schema_free; written only on OK.
 * errors:  what is wrong, with pointers into the schema; may be NULL.
 * Returns: OK; INVALID not JSON, or not as I-JSON wants it (duplicates, lone surrogates, beyond 64
 *          bits); TOO_LARGE over a limit; VALIDATION_FAILED not a schema; RESOURCE_EXHAUSTED. */
MUST_CHECK enum status schema_compile(struct bytes text, const struct schema_options *options,
                                      struct schema **ret, struct schema_errors *errors);
void schema_free(struct schema *schema); /* NULL is fine */

/* Does `value` (borrowed, unchanged) satisfy the schema?
 *
 * errors:  NULL: only the verdict is wanted, which is faster: it ends at the first fault.
 * Returns: OK it does; VALIDATION_FAILED it does not; TOO_LARGE the check would take more steps,
 *          depth or backtracking than the options allow, no verdict; RESOURCE_EXHAUSTED. */
MUST_CHECK enum status schema_check(const struct schema *schema, json_t *value,
                                    struct schema_errors *errors);
/* The same for the text of a value; INVALID: it is not JSON, as above. */
MUST_CHECK enum status schema_check_text(const struct schema *schema, struct bytes text,
                                         struct schema_errors *errors);

/* The schema of schemas: whether `document` is a schema of draft 2020-12, with a pointer to each
 * fault. schema_compile refuses all of that too; this tells every fault at once. */
MUST_CHECK enum status schema_check_document(json_t *document, struct schema_errors *errors);

#endif
