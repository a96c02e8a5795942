/* Keywords that hold schemas. Next: keywords_validate.c */
#include <stdio.h>
#include "schema/keywords.h"

static struct bytes iter_key(void *iter)
{
    return bytes_of(json_object_iter_key(iter), json_object_iter_key_len(iter));
}

static uint32_t child(struct compiler *compiler, uint32_t node, const struct keyword *keyword,
                      json_t *value)
{
    return compile_child(compiler, node, keyword->name, bytes_of(NULL, 0), value);
}

static bool is_object(struct compiler *compiler, uint32_t node, const struct keyword *keyword,
                      json_t *value)
{
    if (!json_is_object(value))
        compile_refuse(compiler, node, keyword->name, "must be an object");
    return json_is_object(value);
}

READER(read_place)
{
    (void)child(compiler, node, keyword, value);
}

READER(read_places)
{
    if (!is_object(compiler, node, keyword, value))
        return;
    for (void *i = json_object_iter(value); i; i = json_object_iter_next(value, i))
        (void)compile_child(compiler, node, keyword->name, iter_key(i), json_object_iter_value(i));
}

READER(read_reference)
{
    (void)keyword;
    if (branch_rules_of(compiler, node))
        compile_reference(compiler, node, false, value);
}

READER(read_dynamic_reference)
{
    (void)keyword;
    if (branch_rules_of(compiler, node))
        compile_reference(compiler, node, true, value);
}

/* Nodes may move while children are added; rules do not. */
READER(read_branch)
{
    struct branch_rules *rules = branch_rules_of(compiler, node);
    uint32_t id = child(compiler, node, keyword, value);
    if (rules)
        *(uint32_t *)((char *)rules + keyword->offset) = id;
}

static void read_nodes(struct compiler *compiler, uint32_t node, const struct keyword *keyword,
                       json_t *value, struct node_list *list)
{
    if (!json_is_array(value) || json_array_size(value) == 0)
        return compile_refuse(compiler, node, keyword->name,
                              "must be a list of schemas, not empty");
    uint32_t *ids = compile_alloc(compiler, json_array_size(value) * sizeof *ids);
    for (size_t i = 0; ids && i < json_array_size(value); i++) {
        char index[24];
        snprintf(index, sizeof index, "%zu", i);
        ids[i] = compile_child(compiler, node, keyword->name, bytes_text(index),
                               json_array_get(value, i));
    }
    if (ids)
        *list = (struct node_list){.ids = ids, .len = (uint32_t)json_array_size(value)};
}

READER(read_branches)
{
    struct branch_rules *rules = branch_rules_of(compiler, node);
    if (rules)
        read_nodes(compiler, node, keyword, value,
                   (struct node_list *)((char *)rules + keyword->offset));
}

READER(read_prefix)
{
    struct array_rules *rules = array_rules_of(compiler, node);
    if (rules)
        read_nodes(compiler, node, keyword, value, &rules->prefix);
}

READER(read_item_schema)
{
    struct array_rules *rules = array_rules_of(compiler, node);
    uint32_t id = child(compiler, node, keyword, value);
    if (rules)
        *(uint32_t *)((char *)rules + keyword->offset) = id;
}

READER(read_member_schema)
{
    struct object_rules *rules = object_rules_of(compiler, node);
    uint32_t id = child(compiler, node, keyword, value);
    if (rules)
        *(uint32_t *)((char *)rules + keyword->offset) = id;
}

READER(read_properties)
{
    struct object_rules *rules = object_rules_of(compiler, node);
    if (!rules || !is_object(compiler, node, keyword, value))
        return;
    for (void *i = json_object_iter(value); i; i = json_object_iter_next(value, i)) {
        struct property *property = property_add(compiler, rules, iter_key(i));
        uint32_t id =
            compile_child(compiler, node, keyword->name, iter_key(i), json_object_iter_value(i));
        if (property)
            property->node = id;
    }
}

READER(read_patterns)
{
    struct object_rules *rules = object_rules_of(compiler, node);
    if (!rules || !is_object(compiler, node, keyword, value))
        return;
    for (void *i = json_object_iter(value); i; i = json_object_iter_next(value, i)) {
        char detail[160];
        struct pattern_property pattern;
        enum status status =
            regex_compile(compiler->schema->arena, iter_key(i), &compiler->schema->regexes,
                          &pattern.pattern, detail, sizeof detail);
        pattern.node =
            compile_child(compiler, node, keyword->name, iter_key(i), json_object_iter_value(i));
        if (status == STATUS_VALIDATION_FAILED)
            compile_refuse(compiler, node, keyword->name, "%.60s %s", json_object_iter_key(i),
                           detail);
        else if (status != OK)
            compile_stop(compiler, status, "", "takes too much memory");
        else
            rules->patterns[rules->patterns_len++] = pattern;
    }
}

READER(read_dependent_schemas)
{
    if (!is_object(compiler, node, keyword, value))
        return;
    for (void *i = json_object_iter(value); i; i = json_object_iter_next(value, i)) {
        struct dependency *dependency = dependency_add(compiler, node, iter_key(i));
        uint32_t id =
            compile_child(compiler, node, keyword->name, iter_key(i), json_object_iter_value(i));
        if (dependency)
            dependency->node = id;
    }
}

READER(read_unevaluated_items)
{
    uint32_t id = child(compiler, node, keyword, value);
    compile_node(compiler, node)->unevaluated_items = id;
    compile_node(compiler, node)->is_tracking = true;
}

READER(read_unevaluated_properties)
{
    uint32_t id = child(compiler, node, keyword, value);
    compile_node(compiler, node)->unevaluated_properties = id;
    compile_node(compiler, node)->is_tracking = true;
}
