/* Readers of keywords: each puts one keyword into the rules of a node. Private to lib/schema.
 *
 * A row of the table in keywords.c names a keyword, the vocabularies it belongs to, its reader, and
 * where in the rules its value goes. Next: keywords.c
 */
#ifndef WARDROOM_SCHEMA_KEYWORDS_H
#define WARDROOM_SCHEMA_KEYWORDS_H

#include "schema/compile.h"

struct keyword {
    const char *name;
    unsigned vocabularies; /* any of these */
    void (*read)(struct compiler *compiler, uint32_t node, const struct keyword *keyword,
                 json_t *value);
    size_t offset; /* in number_rules, text_rules, array_rules, object_rules or branch_rules */
};

#define READER(name)                                                                               \
    void name(struct compiler *compiler, uint32_t node, const struct keyword *keyword,             \
              json_t *value)

/* keywords_apply.c */
READER(read_places); /* an object of schemas that apply nowhere: $defs */
READER(read_place);  /* a schema that applies nowhere: contentSchema */
READER(read_reference);
READER(read_dynamic_reference);
READER(read_branch);      /* not, if, then, else */
READER(read_branches);    /* allOf, anyOf, oneOf */
READER(read_item_schema); /* items, contains */
READER(read_prefix);
READER(read_member_schema); /* additionalProperties, propertyNames */
READER(read_properties);
READER(read_patterns);
READER(read_dependent_schemas);
READER(read_unevaluated_items);
READER(read_unevaluated_properties);

/* keywords_validate.c */
READER(read_type);
READER(read_constant);
READER(read_choices);
READER(read_bound);
READER(read_step);
READER(read_text_count);
READER(read_pattern);
READER(read_format);
READER(read_item_count);
READER(read_unique);
READER(read_member_count);
READER(read_required);
READER(read_dependent_required);
READER(read_text); /* $comment, title, ...: a string */
READER(read_flag); /* deprecated, ...: a boolean */
READER(read_list); /* examples: an array */
READER(read_vocabulary);

/* The rules of the node, made when first asked for; NULL: stopped. */
struct number_rules *number_rules_of(struct compiler *compiler, uint32_t node);
struct text_rules *text_rules_of(struct compiler *compiler, uint32_t node);
struct array_rules *array_rules_of(struct compiler *compiler, uint32_t node);
struct object_rules *object_rules_of(struct compiler *compiler, uint32_t node);
struct branch_rules *branch_rules_of(struct compiler *compiler, uint32_t node);
struct value_rules *value_rules_of(struct compiler *compiler, uint32_t node);
/* The property called `name`, added when it is new; NULL: stopped. */
struct property *property_add(struct compiler *compiler, struct object_rules *rules,
                              struct bytes name);
/* One more dependency; NULL: stopped. */
struct dependency *dependency_add(struct compiler *compiler, uint32_t node, struct bytes name);

#endif
