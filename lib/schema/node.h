/* What a compiled schema is: a flat array of nodes, one per sub-schema, that name each other by
 * number. Private to lib/schema.
 *
 * Rules of a node are grouped by the type of value they judge, so that a string meets only what is
 * said of strings. Everything here lives in the schema's arena and never changes after compiling.
 * Next: compile.h
 */
#ifndef WARDROOM_SCHEMA_NODE_H
#define WARDROOM_SCHEMA_NODE_H

#include "core/arena.h"
#include "schema/format.h"
#include "schema/number.h"
#include "schema/regex.h"
#include "schema/schema.h"

/* The first two nodes are the schemas `true` and `false`. */
enum { NODE_TRUE, NODE_FALSE, NODE_FIRST };
#define NODE_NONE UINT32_MAX

enum type_bit {
    TYPE_NULL = 1,
    TYPE_BOOLEAN = 2,
    TYPE_INTEGER = 4,
    TYPE_NUMBER = 8,
    TYPE_STRING = 16,
    TYPE_ARRAY = 32,
    TYPE_OBJECT = 64
};

struct node_list {
    const uint32_t *ids;
    uint32_t len;
};

/* const and enum. Values are borrowed from the document, which the schema keeps. */
struct value_rules {
    json_t *constant;
    json_t *choices;        /* an array */
    const uint64_t *hashes; /* of the choices, in their order */
};

struct bound {
    bool is_set;
    struct number number;
};

struct number_rules {
    struct bound minimum, maximum, above, below;
    bool has_step;
    struct decimal step; /* multipleOf */
};

struct text_rules {
    uint64_t length_min, length_max;
    const struct regex *pattern;
    const struct format *format;
};

struct array_rules {
    uint64_t count_min, count_max;
    bool unique;
    struct node_list prefix;
    uint32_t items, contains;
    uint64_t contains_min, contains_max;
};

/* A name that a schema speaks of: its sub-schema, or only that it is required. */
struct property {
    const char *name;
    size_t name_len;
    uint32_t hash;
    uint32_t node;
    uint32_t next; /* in its bucket, NODE_NONE ends */
    bool required;
};

struct pattern_property {
    const struct regex *pattern;
    uint32_t node;
};

struct dependency {
    struct bytes name;
    uint32_t node;  /* dependentSchemas; NODE_NONE: `needed` counts */
    json_t *needed; /* dependentRequired: an array of names */
};

struct object_rules {
    uint64_t count_min, count_max;
    struct property *properties;
    uint32_t properties_len, required_len;
    uint32_t
        *buckets; /* the first property of each, NODE_NONE: none; their number a power of two */
    uint32_t buckets_mask;
    struct pattern_property *patterns;
    uint32_t patterns_len;
    uint32_t additional, names;
    struct dependency *dependencies;
    uint32_t dependencies_len;
};

/* Sub-schemas for the same value. */
struct branch_rules {
    uint32_t reference;
    uint32_t dynamic;        /* where $dynamicRef leads at first */
    uint32_t dynamic_anchor; /* its name's number; NODE_NONE: nothing dynamic about it */
    struct node_list all_of, any_of, one_of;
    uint32_t negated, condition, consequence, alternative;
};

struct node {
    uint16_t types;   /* type_bits; 0: any */
    bool is_tracking; /* it has an unevaluated keyword */
    uint32_t resource;
    struct value_rules *value;
    struct number_rules *number;
    struct text_rules *text;
    struct array_rules *array;
    struct object_rules *object;
    struct branch_rules *branch;
    uint32_t unevaluated_items, unevaluated_properties;
};

struct dynamic_anchor {
    uint32_t name, node;
};

/* A schema resource: what one $id spans. */
struct resource {
    const struct dynamic_anchor *dynamic_anchors;
    uint32_t dynamic_anchors_len;
};

struct schema {
    struct arena *arena;
    struct node *nodes;
    uint32_t nodes_len, root;
    struct resource *resources;
    uint32_t resources_len;
    json_t **documents; /* kept for const, enum and names */
    size_t documents_len;
    struct regex *regexes; /* a list, to be freed */
    unsigned depth_max;
    uint64_t steps_max;
};

uint32_t property_hash(struct bytes name);
/* Borrowed; NULL: the rules do not name it. */
const struct property *property_find(const struct object_rules *rules, struct bytes name);

static inline struct bytes json_text(const json_t *text)
{
    return bytes_of(json_string_value(text), json_string_length(text));
}

#endif
