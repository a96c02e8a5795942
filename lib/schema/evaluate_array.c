/* Items: by place, the rest, those that must be contained, and none twice. Next: run.c */
#include "schema/evaluate.h"

#include <stdlib.h>

static bool evaluate_items(struct run *run, const struct array_rules *rules, json_t *value,
                           const struct path *path, struct marks *marks)
{
    bool valid = true;
    for (size_t i = 0; i < json_array_size(value); i++) {
        struct path item = {.up = path, .index = i, .depth = path->depth + 1};
        bool has_place = i < rules->prefix.len;
        uint32_t node = has_place ? rules->prefix.ids[i] : rules->items;
        if (node == NODE_NONE)
            break;
        valid &= evaluate_inside(run, node, json_array_get(value, i), &item,
                                 has_place ? "prefixItems" : "items");
        if (!valid && !run_wants_all(run))
            return false;
        if (marks)
            marks_set(marks, i);
    }
    return valid;
}

static bool evaluate_contains(struct run *run, const struct array_rules *rules, json_t *value,
                              const struct path *path, struct marks *marks)
{
    uint64_t count = 0;
    bool counts_all = marks || rules->contains_max != UINT64_MAX;
    for (size_t i = 0; i < json_array_size(value); i++) {
        struct path item = {.up = path, .index = i, .depth = path->depth + 1};
        if (!counts_all && count >= rules->contains_min)
            break;
        run->quiet++;
        bool matches =
            evaluate_inside(run, rules->contains, json_array_get(value, i), &item, "contains");
        run->quiet--;
        if (run->status != OK)
            return false;
        count += matches;
        if (matches && marks)
            marks_set(marks, i);
    }
    if (count < rules->contains_min)
        return run_fail(run, path, rules->contains_min == 1 ? "contains" : "minContains",
                        "must have at least %llu items of the kind that is asked for",
                        (unsigned long long)rules->contains_min);
    if (count > rules->contains_max)
        return run_fail(run, path, "maxContains",
                        "must have at most %llu items of the kind that is asked for",
                        (unsigned long long)rules->contains_max);
    return true;
}

#define FEW_ITEMS 16 /* 120 comparisons of hashes: no table is worth it */

static bool is_same(struct run *run, json_t *value, const uint64_t *hashes, size_t a, size_t b)
{
    return hashes[a] == hashes[b] &&
           value_equal(&run->effort, json_array_get(value, a), json_array_get(value, b));
}

/* The item that equals an earlier one; `count`: none. */
static size_t find_twin_of_few(struct run *run, json_t *value, size_t count, const uint64_t *hashes)
{
    for (size_t i = 1; i < count; i++)
        for (size_t other = 0; other < i; other++)
            if (is_same(run, value, hashes, i, other))
                return i;
    return count;
}

/* `slots`: a power of two above 2 * count, zeroed; each holds 1 + an item. */
static size_t find_twin_of_many(struct run *run, json_t *value, size_t count,
                                const uint64_t *hashes, uint32_t *slots, size_t mask)
{
    for (size_t i = 0; i < count; i++) {
        size_t slot = hashes[i] & mask;
        for (; slots[slot]; slot = (slot + 1) & mask) {
            if (is_same(run, value, hashes, i, slots[slot] - 1))
                return i;
            if (!run_pay(run, &(struct path){0}, 1))
                return count;
        }
        slots[slot] = (uint32_t)i + 1;
    }
    return count;
}

static bool evaluate_unique(struct run *run, json_t *value, const struct path *path)
{
    uint64_t few[FEW_ITEMS], *hashes = few;
    size_t count = json_array_size(value), twin, slots_len = 64;
    uint32_t *slots = NULL;
    while (slots_len <= 2 * count)
        slots_len *= 2;
    if (count > FEW_ITEMS) {
        hashes = malloc(count * sizeof *hashes);
        slots = calloc(slots_len, sizeof *slots);
    }
    for (size_t i = 0; hashes && i < count && !run->effort.spent; i++)
        hashes[i] = value_hash(&run->effort, json_array_get(value, i));
    if (run->effort.spent || !hashes || (count > FEW_ITEMS && !slots))
        twin = count;
    else if (count <= FEW_ITEMS)
        twin = find_twin_of_few(run, value, count, hashes);
    else
        twin = find_twin_of_many(run, value, count, hashes, slots, slots_len - 1);
    bool has_memory = hashes && (count <= FEW_ITEMS || slots);
    free(slots);
    if (hashes != few)
        free(hashes);
    if (!has_memory)
        return run_stop(run, STATUS_RESOURCE_EXHAUSTED, path, "takes too much memory");
    if (!run_paid(run, path))
        return false;
    struct path item = {.up = path, .index = twin, .depth = path->depth + 1};
    return twin == count ||
           run_fail(run, &item, "uniqueItems", "is there twice, and must be there once");
}

bool evaluate_array(struct run *run, const struct array_rules *rules, json_t *value,
                    const struct path *path, struct marks *marks)
{
    size_t count = json_array_size(value);
    bool valid = true;
    if (count < rules->count_min)
        valid = run_fail(run, path, "minItems", "must have at least %llu items",
                         (unsigned long long)rules->count_min);
    if (count > rules->count_max)
        valid = run_fail(run, path, "maxItems", "must have at most %llu items",
                         (unsigned long long)rules->count_max);
    if (rules->unique && (valid || run_wants_all(run)))
        valid &= evaluate_unique(run, value, path);
    if ((rules->prefix.len > 0 || rules->items != NODE_NONE) && (valid || run_wants_all(run)))
        valid &= evaluate_items(run, rules, value, path, marks);
    if (rules->contains != NODE_NONE && (valid || run_wants_all(run)))
        valid &= evaluate_contains(run, rules, value, path, marks);
    return valid;
}
