/* One check of one value: what the evaluator's files share. Private to lib/schema.
 *
 * evaluate() applies a node to a value. Verdicts are enough inside anyOf, not, if and contains and
 * when the caller wants no errors: then the first fault ends it. Otherwise all faults are
 * collected. Nothing is allocated for a value unless somebody asks for unevaluated members or
 * items, and then only when there are more than 64. Next: evaluate.c
 */
#ifndef WARDROOM_SCHEMA_EVALUATE_H
#define WARDROOM_SCHEMA_EVALUATE_H

#include "schema/equal.h"
#include "schema/node.h"

/* Where in the value: a list from the place to the root, on the stack. */
struct path {
    const struct path *up; /* NULL: the root */
    struct bytes name;     /* data NULL: an item */
    size_t index;
    unsigned depth;
};

/* The resources entered on the way, innermost first: the dynamic scope. */
struct scope {
    const struct scope *outer;
    uint32_t resource;
};

/* Which members (by their place in the object's order) or items were evaluated. */
struct marks {
    uint64_t *words;
    uint64_t first; /* where words points while 64 are enough */
    size_t count;
};

struct run {
    const struct schema *schema;
    struct schema_errors *errors; /* NULL: none wanted */
    struct effort effort;
    struct regex_scratch regex;
    const struct scope *scope;
    unsigned quiet;     /* > 0: verdicts only */
    unsigned frames;    /* nodes applied within each other */
    enum status status; /* not OK: there will be no verdict */
};

/* --- evaluate.c --- */

/* marks: NULL when nobody asks; what was evaluated is added, and means nothing if it fails. */
bool evaluate(struct run *run, uint32_t node, json_t *value, const struct path *path,
              struct marks *marks);
/* The same; a schema `false` is reported as the fault of `keyword`. */
bool evaluate_as(struct run *run, uint32_t node, json_t *value, const struct path *path,
                 struct marks *marks, const char *keyword);
/* The same for the verdict alone. */
bool evaluate_quietly(struct run *run, uint32_t node, json_t *value, const struct path *path,
                      struct marks *marks);
/* A member or an item, at `path`->up's place. */
bool evaluate_inside(struct run *run, uint32_t node, json_t *value, const struct path *path,
                     const char *keyword);

/* --- run.c --- */

/* Record a fault, and be false. */
bool run_fail(struct run *run, const struct path *path, const char *keyword, const char *format,
              ...) __attribute__((format(printf, 4, 5)));
/* As run_fail, of the member `name` that is not there. */
bool run_fail_member(struct run *run, const struct path *path, struct bytes name,
                     const char *keyword, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* End the check without a verdict. */
bool run_stop(struct run *run, enum status status, const struct path *path, const char *detail);
/* Pay for a piece of work; false: the budget is used up. */
bool run_pay(struct run *run, const struct path *path, uint64_t steps);
/* After work that took from run->effort: false when it ran out. */
bool run_paid(struct run *run, const struct path *path);

static inline bool run_wants_all(const struct run *run)
{
    return run->errors && run->quiet == 0 && run->status == OK;
}

bool marks_init(struct marks *marks, const json_t *value); /* false: no memory */
void marks_fini(struct marks *marks);
void marks_add(struct marks *marks, const struct marks *more);
void marks_set_all(struct marks *marks);
static inline void marks_set(struct marks *marks, size_t index)
{
    marks->words[index / 64] |= (uint64_t)1 << index % 64;
}
static inline bool marks_has(const struct marks *marks, size_t index)
{
    return marks->words[index / 64] >> index % 64 & 1;
}

/* --- the groups of rules --- */
bool evaluate_value(struct run *run, const struct value_rules *rules, json_t *value,
                    const struct path *path);
bool evaluate_number(struct run *run, const struct number_rules *rules, json_t *value,
                     const struct path *path);
bool evaluate_text(struct run *run, const struct text_rules *rules, json_t *value,
                   const struct path *path);
bool evaluate_array(struct run *run, const struct array_rules *rules, json_t *value,
                    const struct path *path, struct marks *marks);
bool evaluate_object(struct run *run, const struct object_rules *rules, json_t *value,
                     const struct path *path, struct marks *marks);
bool evaluate_branches(struct run *run, const struct branch_rules *rules, json_t *value,
                       const struct path *path, struct marks *marks);

#endif
