/* Applying a node to a value. Next: evaluate_branches.c
 *
 * The recursion follows the schema and the value together, at most SCHEMA_FRAMES_MAX deep.
 */
#include "schema/evaluate.h"

#include <stdio.h>

static unsigned type_of(const json_t *value)
{
    static const uint8_t bits[] = {
        [JSON_OBJECT] = TYPE_OBJECT,   [JSON_ARRAY] = TYPE_ARRAY,  [JSON_STRING] = TYPE_STRING,
        [JSON_INTEGER] = TYPE_INTEGER, [JSON_TRUE] = TYPE_BOOLEAN, [JSON_FALSE] = TYPE_BOOLEAN,
        [JSON_NULL] = TYPE_NULL,
    };
    if (json_is_real(value))
        return number_is_integer(number_of(value)) ? TYPE_INTEGER : TYPE_NUMBER;
    return bits[json_typeof(value)];
}

static bool fail_type(struct run *run, unsigned types, const struct path *path)
{
    static const struct {
        unsigned bits;
        const char *words;
    } names[] = {
        {TYPE_STRING, "a text"},
        {TYPE_NUMBER | TYPE_INTEGER, "a number"},
        {TYPE_INTEGER, "a whole number"},
        {TYPE_BOOLEAN, "true or false"},
        {TYPE_ARRAY, "a list"},
        {TYPE_OBJECT, "an object"},
        {TYPE_NULL, "null"},
    };
    char words[96] = "";
    size_t len = 0;
    if (!run_wants_all(run))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if ((types & names[i].bits) != names[i].bits)
            continue;
        types &= ~names[i].bits;
        len += (size_t)snprintf(words + len, sizeof words - len, "%s%s", len ? " or " : "",
                                names[i].words);
    }
    return run_fail(run, path, "type", "must be %s", words);
}

static bool evaluate_group(struct run *run, const struct node *node, json_t *value,
                           const struct path *path, struct marks *marks)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        return !node->text || evaluate_text(run, node->text, value, path);
    case JSON_INTEGER:
    case JSON_REAL:
        return !node->number || evaluate_number(run, node->number, value, path);
    case JSON_ARRAY:
        return !node->array || evaluate_array(run, node->array, value, path, marks);
    case JSON_OBJECT:
        return !node->object || evaluate_object(run, node->object, value, path, marks);
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL:
        return true;
    }
    return true;
}

/* Everything but the unevaluated keywords. Where the type is wrong, nothing else is said. */
static bool evaluate_rules(struct run *run, const struct node *node, json_t *value,
                           const struct path *path, struct marks *marks)
{
    if (node->types && !(node->types & type_of(value)))
        return fail_type(run, node->types, path);
    bool valid = !node->value || evaluate_value(run, node->value, value, path);
    if (valid || run_wants_all(run))
        valid &= evaluate_group(run, node, value, path, marks);
    if (node->branch && (valid || run_wants_all(run)))
        valid &= evaluate_branches(run, node->branch, value, path, marks);
    return valid;
}

static bool evaluate_rest_of_array(struct run *run, uint32_t node, json_t *value,
                                   const struct path *path, struct marks *marks)
{
    bool valid = true;
    for (size_t i = 0; i < json_array_size(value) && (valid || run_wants_all(run)); i++) {
        struct path inside = {.up = path, .index = i, .depth = path->depth + 1};
        if (!marks_has(marks, i))
            valid &=
                evaluate_inside(run, node, json_array_get(value, i), &inside, "unevaluatedItems");
    }
    marks_set_all(marks);
    return valid;
}

static bool evaluate_rest_of_object(struct run *run, uint32_t node, json_t *value,
                                    const struct path *path, struct marks *marks)
{
    bool valid = true;
    size_t index = 0;
    for (void *i = json_object_iter(value); i && (valid || run_wants_all(run));
         i = json_object_iter_next(value, i), index++) {
        struct path inside = {.up = path,
                              .name =
                                  bytes_of(json_object_iter_key(i), json_object_iter_key_len(i)),
                              .depth = path->depth + 1};
        if (!marks_has(marks, index))
            valid &= evaluate_inside(run, node, json_object_iter_value(i), &inside,
                                     "unevaluatedProperties");
    }
    marks_set_all(marks);
    return valid;
}

/* A node with unevaluated keywords sees what its own sub-schemas evaluated, not its cousins. */
static bool evaluate_tracking(struct run *run, const struct node *node, json_t *value,
                              const struct path *path, struct marks *outer)
{
    struct marks marks;
    if (!json_is_array(value) && !json_is_object(value))
        return evaluate_rules(run, node, value, path, NULL);
    if (!marks_init(&marks, value))
        return run_stop(run, STATUS_RESOURCE_EXHAUSTED, path, "takes too much memory");
    bool valid = evaluate_rules(run, node, value, path, &marks);
    if (valid && json_is_array(value) && node->unevaluated_items != NODE_NONE)
        valid = evaluate_rest_of_array(run, node->unevaluated_items, value, path, &marks);
    if (valid && json_is_object(value) && node->unevaluated_properties != NODE_NONE)
        valid = evaluate_rest_of_object(run, node->unevaluated_properties, value, path, &marks);
    if (valid && outer)
        marks_add(outer, &marks);
    marks_fini(&marks);
    return valid;
}

bool evaluate(struct run *run, uint32_t id, json_t *value, const struct path *path,
              struct marks *marks)
{
    const struct node *node = &run->schema->nodes[id];
    const struct scope *outer = run->scope;
    struct scope scope = {.outer = outer, .resource = node->resource};
    if (!run_pay(run, path, 1))
        return false;
    if (id < NODE_FIRST)
        return id == NODE_TRUE;
    if (run->frames == SCHEMA_FRAMES_MAX)
        return run_stop(run, STATUS_TOO_LARGE, path, "meets a schema that nests without end");
    run->frames++;
    if (!outer || outer->resource != node->resource)
        run->scope = &scope;
    bool valid = node->is_tracking ? evaluate_tracking(run, node, value, path, marks)
                                   : evaluate_rules(run, node, value, path, marks);
    run->scope = outer;
    run->frames--;
    return valid;
}

bool evaluate_as(struct run *run, uint32_t node, json_t *value, const struct path *path,
                 struct marks *marks, const char *keyword)
{
    if (node == NODE_FALSE)
        return run_fail(run, path, keyword, "is not allowed here");
    return evaluate(run, node, value, path, marks);
}

bool evaluate_quietly(struct run *run, uint32_t node, json_t *value, const struct path *path,
                      struct marks *marks)
{
    run->quiet++;
    bool valid = evaluate(run, node, value, path, marks);
    run->quiet--;
    return valid;
}

bool evaluate_inside(struct run *run, uint32_t node, json_t *value, const struct path *path,
                     const char *keyword)
{
    if (path->depth > run->schema->depth_max)
        return run_stop(run, STATUS_TOO_LARGE, path, "is nested too deeply");
    return evaluate_as(run, node, value, path, NULL, keyword);
}
