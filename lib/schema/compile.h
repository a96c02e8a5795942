/* A schema in the making: what the compiler's files share. Private to lib/schema.
 *
 * compile.c drives: it visits places (sub-schemas) until none is left, then resolves the references
 * that were met, which may add places, and so on. keywords*.c read one keyword each into a node.
 * Nothing recurses: places wait in a list, and each carries its depth. Next: compile.c
 */
#ifndef WARDROOM_SCHEMA_COMPILE_H
#define WARDROOM_SCHEMA_COMPILE_H

#include <stdarg.h>
#include "schema/node.h"

enum vocabulary {
    VOCABULARY_CORE = 1,
    VOCABULARY_APPLICATOR = 2,
    VOCABULARY_UNEVALUATED = 4,
    VOCABULARY_VALIDATION = 8,
    VOCABULARY_META_DATA = 16,
    VOCABULARY_FORMAT_ANNOTATION = 32,
    VOCABULARY_FORMAT_ASSERTION = 64,
    VOCABULARY_CONTENT = 128
};
/* What the schema of draft 2020-12 itself names. */
#define VOCABULARY_DRAFT (255 & ~VOCABULARY_FORMAT_ASSERTION)

/* One sub-schema, at the index of its node. */
struct place {
    json_t *source;      /* an object, borrowed from its document */
    const char *pointer; /* of it in its document */
    uint32_t resource;
    unsigned depth;
    bool in_document; /* of the schema itself, not of one that it leads to */
};

struct resource_place {
    const char *uri; /* absolute, no fragment */
    json_t *root;
    uint32_t node; /* of its root */
    unsigned vocabularies;
};

struct anchor {
    const char *name;
    uint32_t resource, node;
    uint32_t number; /* of the name among dynamic ones; NODE_NONE: a plain $anchor */
};

struct reference {
    uint32_t node;
    bool is_dynamic;
    const char *text;
};

/* A document by the address it was asked for. */
struct loaded {
    const char *uri;
    uint32_t resource;
};

struct compiler {
    const struct schema_options *options;
    struct schema *schema;
    struct schema_errors *errors;
    enum status status;   /* the first that went wrong */
    struct place *places; /* as long as schema->nodes */
    size_t nodes_cap;
    struct resource_place *resources;
    size_t resources_len, resources_cap;
    struct anchor *anchors;
    size_t anchors_len, anchors_cap;
    struct reference *references;
    size_t references_len, references_cap, references_done;
    struct loaded *loaded;
    size_t loaded_len, loaded_cap;
    uint32_t *by_source; /* hash table of node numbers by their json_t */
    size_t by_source_cap;
    uint32_t dynamic_names;
    bool has_loaded_all;
};

/* compile.c */

/* Say what is wrong with `keyword` of the node (NULL: the sub-schema itself); compiling goes on. */
void compile_refuse(struct compiler *compiler, uint32_t node, const char *keyword,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));
void compile_stop(struct compiler *compiler, enum status status, const char *pointer,
                  const char *detail);
/* Zeroed memory of the schema's arena; NULL: over budget, compile_stop was called. */
void *compile_alloc(struct compiler *compiler, size_t size);
const char *compile_text(struct compiler *compiler, struct bytes text);
/* `parent` with one more token, escaped. */
const char *compile_pointer(struct compiler *compiler, const char *parent, struct bytes token);
/* Room for one more in a growing array; NULL as above. */
void *compile_grow(struct compiler *compiler, void *array, size_t len, size_t *cap, size_t size);
/* The node of the sub-schema `source`, visited later. NODE_TRUE and NODE_FALSE for booleans;
 * NODE_NONE: it is no schema (refused) or there is no room. */
uint32_t compile_place(struct compiler *compiler, json_t *source, const char *pointer,
                       uint32_t resource, unsigned depth, bool in_document);
/* The sub-schema of keyword `name` of `node`, or of its member or item `token` (data may be NULL).
 */
uint32_t compile_child(struct compiler *compiler, uint32_t node, const char *name,
                       struct bytes token, json_t *source);
uint32_t compile_find(const struct compiler *compiler, const json_t *source);
/* A new resource. NODE_NONE: no room. */
uint32_t compile_resource_add(struct compiler *compiler, const struct resource_place *resource);
/* A document's root, as a new resource known as `uri`; NODE_NONE: stopped. */
uint32_t compile_document(struct compiler *compiler, json_t *root, const char *uri,
                          bool in_document);
/* Parse, keep with the schema; NULL: stopped. */
json_t *compile_parse(struct compiler *compiler, struct bytes text);

/* resources.c: $schema, $id and anchors of the node, before its other keywords. */
void compile_identify(struct compiler *compiler, uint32_t node);
void compile_identify_dynamic(struct compiler *compiler);

/* references.c */
void compile_reference(struct compiler *compiler, uint32_t node, bool is_dynamic, json_t *value);
/* Resolve the references not yet done. Ends early when a document was loaded, whose places have to
 * be visited first: then call it again. */
void compile_resolve(struct compiler *compiler);
/* The document given under this address, or a built-in one; NULL: none. */
const struct schema_document *compile_given(const struct compiler *compiler, const char *uri);

/* cycles.c: refuse sub-schemas that apply themselves to the same value for ever. */
void compile_refuse_cycles(struct compiler *compiler);

/* keywords.c */
void compile_keywords(struct compiler *compiler, uint32_t node);

/* metaschema.c: the documents of draft 2020-12; the first is the schema of schemas. */
extern const struct schema_document metaschemas[];
extern const size_t metaschemas_len;

/* errors.c */
void errors_add(struct schema_errors *errors, const char *pointer, const char *keyword,
                const char *format, va_list args) __attribute__((format(printf, 4, 0)));

static inline struct node *compile_node(struct compiler *compiler, uint32_t node)
{
    return &compiler->schema->nodes[node];
}

#endif
