/* Sub-schemas for the same value: references, allOf and its kin, if. Next: evaluate_object.c */
#include "schema/evaluate.h"

/* A $dynamicRef leads to the outermost resource entered that has a dynamic anchor of that name. */
static uint32_t dynamic_target(struct run *run, const struct branch_rules *rules,
                               const struct path *path)
{
    uint32_t target = rules->dynamic;
    if (rules->dynamic_anchor == NODE_NONE)
        return target;
    for (const struct scope *scope = run->scope; scope; scope = scope->outer) {
        const struct resource *resource = &run->schema->resources[scope->resource];
        for (uint32_t i = 0; i < resource->dynamic_anchors_len; i++)
            if (resource->dynamic_anchors[i].name == rules->dynamic_anchor)
                target = resource->dynamic_anchors[i].node;
        if (!run_pay(run, path, 1 + resource->dynamic_anchors_len))
            break;
    }
    return target;
}

static bool evaluate_all_of(struct run *run, struct node_list list, json_t *value,
                            const struct path *path, struct marks *marks)
{
    bool valid = true;
    for (uint32_t i = 0; i < list.len && (valid || run_wants_all(run)); i++)
        valid &= evaluate_as(run, list.ids[i], value, path, marks, "allOf");
    return valid;
}

/* A branch that may fail: what it evaluated counts only when it does not. */
static bool evaluate_tentatively(struct run *run, uint32_t node, json_t *value,
                                 const struct path *path, struct marks *marks)
{
    struct marks own;
    if (!marks)
        return evaluate_quietly(run, node, value, path, NULL);
    if (!marks_init(&own, value))
        return run_stop(run, STATUS_RESOURCE_EXHAUSTED, path, "takes too much memory");
    bool valid = evaluate_quietly(run, node, value, path, &own);
    if (valid)
        marks_add(marks, &own);
    marks_fini(&own);
    return valid;
}

/* How many of the list are satisfied; looks no further than `enough`. */
static uint32_t count_valid(struct run *run, struct node_list list, json_t *value,
                            const struct path *path, struct marks *marks, uint32_t enough)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < list.len && count < enough && run->status == OK; i++)
        count += evaluate_tentatively(run, list.ids[i], value, path, marks);
    return count;
}

static bool evaluate_choice(struct run *run, const struct branch_rules *rules, json_t *value,
                            const struct path *path, struct marks *marks)
{
    bool valid = true;
    uint32_t enough = marks ? rules->any_of.len : 1;
    if (rules->any_of.len > 0 && count_valid(run, rules->any_of, value, path, marks, enough) == 0)
        valid = run_fail(run, path, "anyOf", "fits none of the allowed forms");
    if (rules->one_of.len > 0 && (valid || run_wants_all(run))) {
        uint32_t count = count_valid(run, rules->one_of, value, path, marks, 2);
        if (count != 1)
            valid =
                run_fail(run, path, "oneOf",
                         count == 0 ? "fits none of the allowed forms"
                                    : "fits more than one of the forms that exclude each other");
    }
    if (rules->negated != NODE_NONE && (valid || run_wants_all(run)) &&
        evaluate_quietly(run, rules->negated, value, path, NULL))
        valid = run_fail(run, path, "not", "is what it must not be");
    return valid;
}

static bool evaluate_condition(struct run *run, const struct branch_rules *rules, json_t *value,
                               const struct path *path, struct marks *marks)
{
    bool holds = evaluate_tentatively(run, rules->condition, value, path, marks);
    uint32_t node = holds ? rules->consequence : rules->alternative;
    if (node == NODE_NONE || run->status != OK)
        return true;
    return evaluate_as(run, node, value, path, marks, holds ? "then" : "else");
}

bool evaluate_branches(struct run *run, const struct branch_rules *rules, json_t *value,
                       const struct path *path, struct marks *marks)
{
    bool valid = true;
    if (rules->reference != NODE_NONE)
        valid = evaluate_as(run, rules->reference, value, path, marks, "$ref");
    if (rules->dynamic != NODE_NONE && (valid || run_wants_all(run)))
        valid &=
            evaluate_as(run, dynamic_target(run, rules, path), value, path, marks, "$dynamicRef");
    if (valid || run_wants_all(run))
        valid &= evaluate_all_of(run, rules->all_of, value, path, marks);
    if (valid || run_wants_all(run))
        valid &= evaluate_choice(run, rules, value, path, marks);
    if (rules->condition != NODE_NONE && (valid || run_wants_all(run)))
        valid &= evaluate_condition(run, rules, value, path, marks);
    return valid;
}
