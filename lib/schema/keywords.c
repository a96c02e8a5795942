/* The table of keywords, and the rules they fill. Next: keywords_apply.c */
#include "schema/keywords.h"

#include <stddef.h>

#define CORE              VOCABULARY_CORE
#define APPLICATOR        VOCABULARY_APPLICATOR
#define VALIDATION        VOCABULARY_VALIDATION
#define META_DATA         VOCABULARY_META_DATA
#define CONTENT           VOCABULARY_CONTENT
#define UNEVALUATED       VOCABULARY_UNEVALUATED
#define FORMAT            (VOCABULARY_FORMAT_ANNOTATION | VOCABULARY_FORMAT_ASSERTION)
#define IN(rules, member) offsetof(struct rules, member)

/* $schema, $id and the anchors were read before (resources.c). */
static const struct keyword keywords[] = {
    {"$ref", CORE, read_reference, 0},
    {"$dynamicRef", CORE, read_dynamic_reference, 0},
    {"$defs", CORE, read_places, 0},
    {"$comment", CORE, read_text, 0},
    {"$vocabulary", CORE, read_vocabulary, 0},
    {"allOf", APPLICATOR, read_branches, IN(branch_rules, all_of)},
    {"anyOf", APPLICATOR, read_branches, IN(branch_rules, any_of)},
    {"oneOf", APPLICATOR, read_branches, IN(branch_rules, one_of)},
    {"not", APPLICATOR, read_branch, IN(branch_rules, negated)},
    {"if", APPLICATOR, read_branch, IN(branch_rules, condition)},
    {"then", APPLICATOR, read_branch, IN(branch_rules, consequence)},
    {"else", APPLICATOR, read_branch, IN(branch_rules, alternative)},
    {"dependentSchemas", APPLICATOR, read_dependent_schemas, 0},
    {"prefixItems", APPLICATOR, read_prefix, 0},
    {"items", APPLICATOR, read_item_schema, IN(array_rules, items)},
    {"contains", APPLICATOR, read_item_schema, IN(array_rules, contains)},
    {"properties", APPLICATOR, read_properties, 0},
    {"patternProperties", APPLICATOR, read_patterns, 0},
    {"additionalProperties", APPLICATOR, read_member_schema, IN(object_rules, additional)},
    {"propertyNames", APPLICATOR, read_member_schema, IN(object_rules, names)},
    {"unevaluatedItems", UNEVALUATED, read_unevaluated_items, 0},
    {"unevaluatedProperties", UNEVALUATED, read_unevaluated_properties, 0},
    {"type", VALIDATION, read_type, 0},
    {"const", VALIDATION, read_constant, 0},
    {"enum", VALIDATION, read_choices, 0},
    {"multipleOf", VALIDATION, read_step, 0},
    {"maximum", VALIDATION, read_bound, IN(number_rules, maximum)},
    {"exclusiveMaximum", VALIDATION, read_bound, IN(number_rules, below)},
    {"minimum", VALIDATION, read_bound, IN(number_rules, minimum)},
    {"exclusiveMinimum", VALIDATION, read_bound, IN(number_rules, above)},
    {"maxLength", VALIDATION, read_text_count, IN(text_rules, length_max)},
    {"minLength", VALIDATION, read_text_count, IN(text_rules, length_min)},
    {"pattern", VALIDATION, read_pattern, 0},
    {"maxItems", VALIDATION, read_item_count, IN(array_rules, count_max)},
    {"minItems", VALIDATION, read_item_count, IN(array_rules, count_min)},
    {"uniqueItems", VALIDATION, read_unique, 0},
    {"maxContains", VALIDATION, read_item_count, IN(array_rules, contains_max)},
    {"minContains", VALIDATION, read_item_count, IN(array_rules, contains_min)},
    {"maxProperties", VALIDATION, read_member_count, IN(object_rules, count_max)},
    {"minProperties", VALIDATION, read_member_count, IN(object_rules, count_min)},
    {"required", VALIDATION, read_required, 0},
    {"dependentRequired", VALIDATION, read_dependent_required, 0},
    {"format", FORMAT, read_format, 0},
    {"title", META_DATA, read_text, 0},
    {"description", META_DATA, read_text, 0},
    {"deprecated", META_DATA, read_flag, 0},
    {"readOnly", META_DATA, read_flag, 0},
    {"writeOnly", META_DATA, read_flag, 0},
    {"examples", META_DATA, read_list, 0},
    {"contentEncoding", CONTENT, read_text, 0},
    {"contentMediaType", CONTENT, read_text, 0},
    {"contentSchema", CONTENT, read_place, 0},
};

void compile_keywords(struct compiler *compiler, uint32_t node)
{
    json_t *source = compiler->places[node].source;
    unsigned vocabularies = compiler->resources[compiler->places[node].resource].vocabularies;
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
        json_t *value = keywords[i].vocabularies & vocabularies
                            ? json_object_get(source, keywords[i].name)
                            : NULL;
        if (value)
            keywords[i].read(compiler, node, &keywords[i], value);
    }
}

/* --- rules, made when first asked for --- */

struct number_rules *number_rules_of(struct compiler *compiler, uint32_t node)
{
    struct node *place = compile_node(compiler, node);
    if (!place->number)
        place->number = compile_alloc(compiler, sizeof *place->number);
    return place->number;
}

struct value_rules *value_rules_of(struct compiler *compiler, uint32_t node)
{
    struct node *place = compile_node(compiler, node);
    if (!place->value)
        place->value = compile_alloc(compiler, sizeof *place->value);
    return place->value;
}

struct text_rules *text_rules_of(struct compiler *compiler, uint32_t node)
{
    struct node *place = compile_node(compiler, node);
    if (!place->text && (place->text = compile_alloc(compiler, sizeof *place->text)))
        place->text->length_max = UINT64_MAX;
    return place->text;
}

struct array_rules *array_rules_of(struct compiler *compiler, uint32_t node)
{
    struct node *place = compile_node(compiler, node);
    if (!place->array && (place->array = compile_alloc(compiler, sizeof *place->array)))
        *place->array = (struct array_rules){.count_max = UINT64_MAX,
                                             .items = NODE_NONE,
                                             .contains = NODE_NONE,
                                             .contains_min = 1,
                                             .contains_max = UINT64_MAX};
    return place->array;
}

struct branch_rules *branch_rules_of(struct compiler *compiler, uint32_t node)
{
    struct node *place = compile_node(compiler, node);
    if (!place->branch && (place->branch = compile_alloc(compiler, sizeof *place->branch)))
        *place->branch = (struct branch_rules){.reference = NODE_NONE,
                                               .dynamic = NODE_NONE,
                                               .dynamic_anchor = NODE_NONE,
                                               .negated = NODE_NONE,
                                               .condition = NODE_NONE,
                                               .consequence = NODE_NONE,
                                               .alternative = NODE_NONE};
    return place->branch;
}

/* Room for as many names as the sub-schema can have, so that nothing grows later. */
static bool object_rules_fill(struct compiler *compiler, const json_t *source,
                              struct object_rules *rules)
{
    size_t names = json_object_size(json_object_get(source, "properties")) +
                   json_array_size(json_object_get(source, "required"));
    size_t dependencies = json_object_size(json_object_get(source, "dependentSchemas")) +
                          json_object_size(json_object_get(source, "dependentRequired"));
    size_t patterns = json_object_size(json_object_get(source, "patternProperties"));
    size_t buckets = 4;
    while (buckets < 2 * names)
        buckets *= 2;
    *rules = (struct object_rules){.count_max = UINT64_MAX,
                                   .additional = NODE_NONE,
                                   .names = NODE_NONE,
                                   .buckets_mask = (uint32_t)buckets - 1};
    rules->properties = compile_alloc(compiler, (names + 1) * sizeof *rules->properties);
    rules->buckets = compile_alloc(compiler, buckets * sizeof *rules->buckets);
    rules->dependencies = compile_alloc(compiler, (dependencies + 1) * sizeof *rules->dependencies);
    rules->patterns = compile_alloc(compiler, (patterns + 1) * sizeof *rules->patterns);
    if (!rules->properties || !rules->buckets || !rules->dependencies || !rules->patterns)
        return false;
    memset(rules->buckets, 0xFF, buckets * sizeof *rules->buckets); /* NODE_NONE */
    return true;
}

struct object_rules *object_rules_of(struct compiler *compiler, uint32_t node)
{
    struct node *place = compile_node(compiler, node);
    if (place->object)
        return place->object;
    struct object_rules *rules = compile_alloc(compiler, sizeof *rules);
    if (!rules || !object_rules_fill(compiler, compiler->places[node].source, rules))
        return NULL;
    return place->object = rules;
}

static uint64_t load(const uint8_t *at, size_t len)
{
    uint64_t word = 0;
    if (len == 8) {
        memcpy(&word, at, 8);
    } else if (len >= 4) {
        uint32_t first, last;
        memcpy(&first, at, 4);
        memcpy(&last, at + len - 4, 4);
        word = (uint64_t)first << 32 | last;
    } else if (len > 0) {
        word = (uint64_t)at[0] << 16 | (uint64_t)at[len / 2] << 8 | at[len - 1];
    }
    return word;
}

/* Eight bytes at a time; what is left, together with the length, at last. */
uint32_t property_hash(struct bytes name)
{
    uint64_t hash = name.len * 0x9E3779B97F4A7C15u;
    const uint8_t *at = name.data;
    size_t left = name.len;
    for (; left > 8; at += 8, left -= 8) {
        hash = (hash ^ load(at, 8)) * 0xD6E8FEB86659FD93u;
        hash ^= hash >> 32;
    }
    hash = (hash ^ load(at, left)) * 0xD6E8FEB86659FD93u;
    return (uint32_t)(hash >> 32);
}

const struct property *property_find(const struct object_rules *rules, struct bytes name)
{
    uint32_t hash = property_hash(name), at = rules->buckets[hash & rules->buckets_mask];
    while (at != NODE_NONE) {
        const struct property *property = &rules->properties[at];
        if (property->hash == hash && property->name_len == name.len &&
            memcmp(property->name, name.data, name.len) == 0)
            return property;
        at = property->next;
    }
    return NULL;
}

struct property *property_add(struct compiler *compiler, struct object_rules *rules,
                              struct bytes name)
{
    const struct property *found = property_find(rules, name);
    if (found)
        return &rules->properties[found - rules->properties];
    const char *text = compile_text(compiler, name);
    if (!text)
        return NULL;
    uint32_t hash = property_hash(name), *bucket = &rules->buckets[hash & rules->buckets_mask];
    struct property *property = &rules->properties[rules->properties_len];
    *property = (struct property){
        .name = text, .name_len = name.len, .hash = hash, .node = NODE_NONE, .next = *bucket};
    *bucket = rules->properties_len++;
    return property;
}

struct dependency *dependency_add(struct compiler *compiler, uint32_t node, struct bytes name)
{
    struct object_rules *rules = object_rules_of(compiler, node);
    const char *text = rules ? compile_text(compiler, name) : NULL;
    if (!text)
        return NULL;
    struct dependency *dependency = &rules->dependencies[rules->dependencies_len++];
    *dependency = (struct dependency){.name = bytes_of(text, name.len), .node = NODE_NONE};
    return dependency;
}
