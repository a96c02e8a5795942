/* Members: each is looked up once, for its own schema, patterns, the rest, its name, and whether it
 * is required. Next: evaluate_array.c */
#include "schema/evaluate.h"

static bool evaluate_name(struct run *run, uint32_t node, const struct path *member)
{
    json_t *name = json_stringn_nocheck((const char *)member->name.data, member->name.len);
    if (!name)
        return run_stop(run, STATUS_RESOURCE_EXHAUSTED, member, "takes too much memory");
    bool valid = evaluate_quietly(run, node, name, member, NULL);
    json_decref(name);
    return valid || run_fail(run, member, "propertyNames", "has a name that is not allowed");
}

/* The sub-schemas of one member. ret_evaluated: at least one applied. */
static bool evaluate_member(struct run *run, const struct object_rules *rules,
                            const struct property *property, json_t *value,
                            const struct path *member, bool *ret_evaluated)
{
    bool valid = true;
    bool evaluated = property && property->node != NODE_NONE;
    if (evaluated)
        valid = evaluate_inside(run, property->node, value, member, "properties");
    for (uint32_t i = 0; i < rules->patterns_len && (valid || run_wants_all(run)); i++) {
        const struct pattern_property *pattern = &rules->patterns[i];
        bool matches = regex_matches(pattern->pattern, member->name, &run->regex, &run->effort);
        if (!run_paid(run, member))
            return false;
        evaluated = evaluated || matches;
        if (matches)
            valid &= evaluate_inside(run, pattern->node, value, member, "patternProperties");
    }
    if (!evaluated && rules->additional != NODE_NONE) {
        evaluated = true;
        valid = evaluate_inside(run, rules->additional, value, member, "additionalProperties");
    }
    if (rules->names != NODE_NONE && (valid || run_wants_all(run)))
        valid &= evaluate_name(run, rules->names, member);
    *ret_evaluated = evaluated;
    return valid;
}

static bool fail_required(struct run *run, const struct object_rules *rules, json_t *value,
                          const struct path *path)
{
    for (uint32_t i = 0; i < rules->properties_len && run_wants_all(run); i++) {
        const struct property *property = &rules->properties[i];
        if (property->required && !json_object_getn(value, property->name, property->name_len))
            run_fail_member(run, path, bytes_of(property->name, property->name_len), "required",
                            "is required");
    }
    return false;
}

static bool evaluate_members(struct run *run, const struct object_rules *rules, json_t *value,
                             const struct path *path, struct marks *marks)
{
    bool valid = true;
    uint32_t required_seen = 0;
    size_t index = 0;
    struct path member = {.up = path, .depth = path->depth + 1};
    if (!run_pay(run, path, json_object_size(value)))
        return false;
    for (void *i = json_object_iter(value); i; i = json_object_iter_next(value, i), index++) {
        bool evaluated = false;
        member.name = bytes_of(json_object_iter_key(i), json_object_iter_key_len(i));
        const struct property *property = property_find(rules, member.name);
        required_seen += property && property->required;
        valid &=
            evaluate_member(run, rules, property, json_object_iter_value(i), &member, &evaluated);
        if (!valid && !run_wants_all(run))
            return false;
        if (evaluated && marks)
            marks_set(marks, index);
    }
    if (required_seen < rules->required_len)
        valid = fail_required(run, rules, value, path);
    return valid;
}

/* Rules about a few named members, such as those of an `if`: those are looked up, instead of
 * looking at every member. */
static bool evaluate_few(struct run *run, const struct object_rules *rules, json_t *value,
                         const struct path *path)
{
    bool valid = true, has_required = true;
    struct path member = {.up = path, .depth = path->depth + 1};
    if (!run_pay(run, path, rules->properties_len))
        return false;
    for (uint32_t i = 0; i < rules->properties_len && (valid || run_wants_all(run)); i++) {
        const struct property *property = &rules->properties[i];
        json_t *found = json_object_getn(value, property->name, property->name_len);
        has_required = has_required && (found || !property->required);
        if (!found || property->node == NODE_NONE)
            continue;
        member.name = bytes_of(property->name, property->name_len);
        valid &= evaluate_inside(run, property->node, found, &member, "properties");
    }
    return has_required ? valid : fail_required(run, rules, value, path);
}

static bool evaluate_dependency(struct run *run, const struct dependency *dependency, json_t *value,
                                const struct path *path, struct marks *marks)
{
    bool valid = true;
    if (!run_pay(run, path, 1 + json_array_size(dependency->needed)))
        return false;
    if (!json_object_getn(value, (const char *)dependency->name.data, dependency->name.len))
        return true;
    if (dependency->node != NODE_NONE)
        return evaluate_as(run, dependency->node, value, path, marks, "dependentSchemas");
    for (size_t i = 0; i < json_array_size(dependency->needed); i++) {
        struct bytes name = json_text(json_array_get(dependency->needed, i));
        if (!json_object_getn(value, (const char *)name.data, name.len))
            valid = run_fail_member(run, path, name, "dependentRequired",
                                    "is required where %.80s is given",
                                    (const char *)dependency->name.data);
    }
    return valid;
}

bool evaluate_object(struct run *run, const struct object_rules *rules, json_t *value,
                     const struct path *path, struct marks *marks)
{
    size_t count = json_object_size(value);
    bool valid = true;
    if (count < rules->count_min)
        valid = run_fail(run, path, "minProperties", "must have at least %llu members",
                         (unsigned long long)rules->count_min);
    if (count > rules->count_max)
        valid = run_fail(run, path, "maxProperties", "must have at most %llu members",
                         (unsigned long long)rules->count_max);
    bool judges_all = rules->patterns_len > 0 || rules->additional != NODE_NONE ||
                      rules->names != NODE_NONE || marks;
    bool judges_few = !judges_all && rules->properties_len <= count / 2;
    if (valid || run_wants_all(run))
        valid &= judges_few ? evaluate_few(run, rules, value, path)
                            : evaluate_members(run, rules, value, path, marks);
    for (uint32_t i = 0; i < rules->dependencies_len && (valid || run_wants_all(run)); i++)
        valid &= evaluate_dependency(run, &rules->dependencies[i], value, path, marks);
    return valid;
}
