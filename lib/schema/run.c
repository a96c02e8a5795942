/* The state of one check: faults, budget, marks. Next: evaluate_scalar.c */
#include "schema/evaluate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "schema/compile.h"
#include "schema/read.h"

/* --- where a fault is, as a JSON pointer --- */

static void write_token(struct buf *out, struct bytes name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '~' || name.data[i] == '/')
            buf_text(out, name.data[i] == '~' ? "~0" : "~1");
        else
            buf_append(out, &name.data[i], 1);
    }
}

/* From the root down; paths are at most depth_max long. */
static void write_pointer(struct buf *out, const struct path *path)
{
    for (unsigned depth = 1; depth <= path->depth; depth++) {
        const struct path *step = path;
        while (step->depth > depth)
            step = step->up;
        buf_text(out, "/");
        if (step->name.data)
            write_token(out, step->name);
        else
            buf_printf(out, "%zu", step->index);
    }
}

static void record(struct run *run, const struct path *path, const char *keyword,
                   const char *format, va_list args) __attribute__((format(printf, 4, 0)));

static void record(struct run *run, const struct path *path, const char *keyword,
                   const char *format, va_list args)
{
    struct buf pointer = {0};
    write_pointer(&pointer, path);
    buf_u8(&pointer, 0);
    errors_add(run->errors, pointer.failed ? "" : (char *)pointer.data, keyword, format, args);
    buf_fini(&pointer);
}

bool run_fail(struct run *run, const struct path *path, const char *keyword, const char *format,
              ...)
{
    va_list args;
    if (!run_wants_all(run))
        return false;
    va_start(args, format);
    record(run, path, keyword, format, args);
    va_end(args);
    return false;
}

bool run_fail_member(struct run *run, const struct path *path, struct bytes name,
                     const char *keyword, const char *format, ...)
{
    va_list args;
    struct path inside = {.up = path, .name = name, .depth = path->depth + 1};
    if (!run_wants_all(run))
        return false;
    va_start(args, format);
    record(run, &inside, keyword, format, args);
    va_end(args);
    return false;
}

static void record_stop(struct run *run, const struct path *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void record_stop(struct run *run, const struct path *path, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    record(run, path, NULL, format, args);
    va_end(args);
}

bool run_stop(struct run *run, enum status status, const struct path *path, const char *detail)
{
    if (run->status == OK) {
        run->status = status;
        if (run->errors) {
            /* No verdict: what was found until now would read like one. */
            run->errors->count = run->errors->more = 0;
            record_stop(run, path, "%s", detail);
        }
    }
    return false;
}

bool run_paid(struct run *run, const struct path *path)
{
    if (run->effort.spent)
        run_stop(run, STATUS_TOO_LARGE, path, "takes too much work to check");
    return run->status == OK;
}

bool run_pay(struct run *run, const struct path *path, uint64_t steps)
{
    if (run->effort.steps < steps)
        run->effort.spent = true;
    else
        run->effort.steps -= steps;
    return run_paid(run, path);
}

/* --- marks --- */

bool marks_init(struct marks *marks, const json_t *value)
{
    size_t count = json_is_array(value) ? json_array_size(value) : json_object_size(value);
    *marks = (struct marks){.count = count};
    marks->words = count <= 64 ? &marks->first : calloc((count + 63) / 64, sizeof *marks->words);
    return marks->words != NULL;
}

void marks_fini(struct marks *marks)
{
    if (marks->words != &marks->first)
        free(marks->words);
}

void marks_add(struct marks *marks, const struct marks *more)
{
    for (size_t i = 0; i < (marks->count + 63) / 64; i++)
        marks->words[i] |= more->words[i];
}

void marks_set_all(struct marks *marks)
{
    memset(marks->words, 0xFF, (marks->count + 63) / 64 * sizeof *marks->words);
}

/* --- the doors of the library --- */

enum status schema_check(const struct schema *schema, json_t *value, struct schema_errors *errors)
{
    struct run run = {.schema = schema, .errors = errors, .effort = {.steps = schema->steps_max}};
    struct path root = {0};
    if (errors)
        errors->count = errors->more = 0;
    bool valid = evaluate_as(&run, schema->root, value, &root, NULL, "");
    regex_scratch_fini(&run.regex);
    if (run.status != OK)
        return run.status;
    return valid ? OK : STATUS_VALIDATION_FAILED;
}

enum status schema_check_text(const struct schema *schema, struct bytes text,
                              struct schema_errors *errors)
{
    json_t *value;
    const char *fault;
    size_t at;
    if (errors)
        errors->count = errors->more = 0;
    enum status status = json_read(text, &value, &fault, &at);
    if (status != OK) {
        struct run run = {.errors = errors};
        record_stop(&run, &(struct path){0}, "is not JSON: %s (byte %zu)", fault, at);
        return status;
    }
    status = schema_check(schema, value, errors);
    json_decref(value);
    return status;
}
