/* Keywords that judge a value by themselves. Next: references.c */
#include "schema/keywords.h"

static const struct {
    const char *name;
    uint16_t bits;
} types[] = {
    {"null", TYPE_NULL},       {"boolean", TYPE_BOOLEAN},
    {"integer", TYPE_INTEGER}, {"number", TYPE_NUMBER | TYPE_INTEGER},
    {"string", TYPE_STRING},   {"array", TYPE_ARRAY},
    {"object", TYPE_OBJECT},
};

/* Adds to `bits`; false: no type, or one that was named before. */
static bool add_type(json_t *name, uint16_t *bits, unsigned *named)
{
    for (unsigned i = 0; json_is_string(name) && i < sizeof types / sizeof *types; i++) {
        if (!bytes_equal(json_text(name), bytes_text(types[i].name)))
            continue;
        bool is_new = !(*named & 1u << i);
        *named |= 1u << i;
        *bits |= types[i].bits;
        return is_new;
    }
    return false;
}

READER(read_type)
{
    uint16_t bits = 0;
    unsigned named = 0;
    bool valid = json_is_array(value) ? json_array_size(value) > 0 : add_type(value, &bits, &named);
    for (size_t i = 0; valid && i < json_array_size(value); i++)
        valid = add_type(json_array_get(value, i), &bits, &named);
    if (!valid)
        compile_refuse(compiler, node, keyword->name,
                       "must be one or several of null, boolean, integer, number, string, array, "
                       "object");
    compile_node(compiler, node)->types = bits;
}

READER(read_constant)
{
    (void)keyword;
    struct value_rules *rules = value_rules_of(compiler, node);
    if (rules)
        rules->constant = value;
}

READER(read_choices)
{
    struct effort effort = {.steps = SCHEMA_ENUM_VALUES_MAX};
    struct value_rules *rules = value_rules_of(compiler, node);
    if (!json_is_array(value))
        return compile_refuse(compiler, node, keyword->name, "must be a list of values");
    uint64_t *hashes = compile_alloc(compiler, (json_array_size(value) + 1) * sizeof *hashes);
    if (!rules || !hashes)
        return;
    for (size_t i = 0; i < json_array_size(value); i++)
        hashes[i] = value_hash(&effort, json_array_get(value, i));
    if (effort.spent)
        compile_stop(compiler, STATUS_TOO_LARGE, compiler->places[node].pointer,
                     "has an enum that is too large or too deep");
    rules->choices = value;
    rules->hashes = hashes;
}

READER(read_bound)
{
    struct number_rules *rules = number_rules_of(compiler, node);
    if (!json_is_number(value))
        return compile_refuse(compiler, node, keyword->name, "must be a number");
    if (rules)
        *(struct bound *)((char *)rules + keyword->offset) =
            (struct bound){.is_set = true, .number = number_of(value)};
}

READER(read_step)
{
    struct number_rules *rules = number_rules_of(compiler, node);
    if (!json_is_number(value) || number_compare(number_of(value), (struct number){0}) <= 0)
        return compile_refuse(compiler, node, keyword->name, "must be a number above 0");
    if (!rules)
        return;
    rules->has_step = true;
    rules->step = decimal_of(number_of(value));
}

static void read_count(struct compiler *compiler, uint32_t node, const struct keyword *keyword,
                       json_t *value, void *rules)
{
    uint64_t count;
    if (!number_is_count(value, &count))
        return compile_refuse(compiler, node, keyword->name, "must be a whole number, 0 or more");
    if (rules)
        *(uint64_t *)((char *)rules + keyword->offset) = count;
}

READER(read_text_count)
{
    read_count(compiler, node, keyword, value, text_rules_of(compiler, node));
}

READER(read_item_count)
{
    read_count(compiler, node, keyword, value, array_rules_of(compiler, node));
}

READER(read_member_count)
{
    read_count(compiler, node, keyword, value, object_rules_of(compiler, node));
}

READER(read_pattern)
{
    char detail[160];
    struct text_rules *rules = text_rules_of(compiler, node);
    if (!json_is_string(value))
        return compile_refuse(compiler, node, keyword->name, "must be a string");
    if (!rules)
        return;
    enum status status =
        regex_compile(compiler->schema->arena, json_text(value), &compiler->schema->regexes,
                      &rules->pattern, detail, sizeof detail);
    if (status == STATUS_VALIDATION_FAILED)
        compile_refuse(compiler, node, keyword->name, "%s", detail);
    else if (status != OK)
        compile_stop(compiler, status, "", "takes too much memory");
}

READER(read_format)
{
    unsigned vocabularies = compiler->resources[compiler->places[node].resource].vocabularies;
    if (!json_is_string(value))
        return compile_refuse(compiler, node, keyword->name, "must be a string");
    if (!compiler->options->formats_asserted && !(vocabularies & VOCABULARY_FORMAT_ASSERTION))
        return;
    const struct format *format = format_find(json_text(value));
    struct text_rules *rules = format ? text_rules_of(compiler, node) : NULL;
    if (rules)
        rules->format = format;
}

READER(read_unique)
{
    if (!json_is_boolean(value))
        return compile_refuse(compiler, node, keyword->name, "must be true or false");
    struct array_rules *rules = array_rules_of(compiler, node);
    if (rules)
        rules->unique = json_is_true(value);
}

/* Strings, each once. */
static bool is_name_list(struct compiler *compiler, uint32_t node, const struct keyword *keyword,
                         json_t *value)
{
    bool valid = json_is_array(value);
    for (size_t i = 0; i < json_array_size(value); i++)
        valid = valid && json_is_string(json_array_get(value, i));
    if (!valid)
        compile_refuse(compiler, node, keyword->name, "must be a list of names");
    return valid;
}

READER(read_required)
{
    struct object_rules *rules = object_rules_of(compiler, node);
    if (!is_name_list(compiler, node, keyword, value) || !rules)
        return;
    for (size_t i = 0; i < json_array_size(value); i++) {
        struct property *property =
            property_add(compiler, rules, json_text(json_array_get(value, i)));
        if (!property)
            return;
        if (property->required)
            return compile_refuse(compiler, node, keyword->name, "names %.60s twice",
                                  property->name);
        property->required = true;
        rules->required_len++;
    }
}

READER(read_dependent_required)
{
    if (!json_is_object(value))
        return compile_refuse(compiler, node, keyword->name, "must be an object");
    for (void *i = json_object_iter(value); i; i = json_object_iter_next(value, i)) {
        json_t *names = json_object_iter_value(i);
        if (!is_name_list(compiler, node, keyword, names))
            return;
        struct dependency *dependency = dependency_add(
            compiler, node, bytes_of(json_object_iter_key(i), json_object_iter_key_len(i)));
        if (dependency)
            dependency->needed = names;
    }
}

READER(read_text)
{
    if (!json_is_string(value))
        compile_refuse(compiler, node, keyword->name, "must be a string");
}

READER(read_flag)
{
    if (!json_is_boolean(value))
        compile_refuse(compiler, node, keyword->name, "must be true or false");
}

READER(read_list)
{
    if (!json_is_array(value))
        compile_refuse(compiler, node, keyword->name, "must be a list");
}

READER(read_vocabulary)
{
    bool valid = json_is_object(value);
    for (void *i = json_object_iter(value); i; i = json_object_iter_next(value, i))
        valid = valid && json_is_boolean(json_object_iter_value(i));
    if (!valid)
        compile_refuse(compiler, node, keyword->name, "must be an object of true and false");
}
