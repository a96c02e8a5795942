/* A sub-schema that applies itself to the very same value never ends: `{"$ref": "#"}`.
 *
 * What always applies to the same value ($ref, allOf, anyOf, oneOf, not, if) must form no circle.
 * Where dynamic references or conditions decide, the bound of a check's depth does. Next: number.h
 */
#include <stdlib.h>
#include "schema/compile.h"

/* A node on the way, and which of its branches is looked at next. */
struct step {
    uint32_t node, next;
};

/* Branch number `index` of the node; NODE_NONE: it has none there; false: no more. */
static bool branch_at(const struct branch_rules *branch, uint32_t index, uint32_t *ret)
{
    const struct node_list *lists[] = {&branch->all_of, &branch->any_of, &branch->one_of};
    const uint32_t singles[] = {branch->reference, branch->negated, branch->condition,
                                branch->dynamic_anchor == NODE_NONE ? branch->dynamic : NODE_NONE};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        if (index < lists[i]->len) {
            *ret = lists[i]->ids[index];
            return true;
        }
        index -= lists[i]->len;
    }
    *ret = index < 4 ? singles[index] : NODE_NONE;
    return index < 4;
}

enum colour { NEW, ON_THE_WAY, DONE };

static void walk(struct compiler *compiler, uint32_t start, uint8_t *colours, struct step *way)
{
    size_t depth = 0;
    way[depth++] = (struct step){.node = start};
    colours[start] = ON_THE_WAY;
    while (depth > 0) {
        struct step *step = &way[depth - 1];
        const struct branch_rules *branch = compile_node(compiler, step->node)->branch;
        uint32_t target;
        if (!branch || !branch_at(branch, step->next++, &target)) {
            colours[step->node] = DONE;
            depth--;
        } else if (target != NODE_NONE && colours[target] == ON_THE_WAY) {
            compile_refuse(compiler, step->node, NULL,
                           "leads back to itself without going into the value");
        } else if (target != NODE_NONE && colours[target] == NEW) {
            colours[target] = ON_THE_WAY;
            way[depth++] = (struct step){.node = target};
        }
    }
}

void compile_refuse_cycles(struct compiler *compiler)
{
    uint32_t len = compiler->schema->nodes_len;
    uint8_t *colours = calloc(len, sizeof *colours);
    struct step *way = calloc(len, sizeof *way);
    if (!colours || !way)
        compile_stop(compiler, STATUS_RESOURCE_EXHAUSTED, "", "takes too much memory");
    for (uint32_t node = 0; colours && way && node < len; node++)
        if (colours[node] == NEW)
            walk(compiler, node, colours, way);
    free(colours);
    free(way);
}
