/* The plan: which programs a suite has, as `./wardroom up` wrote it down.
 *
 * The format is in README.md. Reading is all or nothing: a plan with one bad line changes nothing.
 */
#ifndef SUPERVISOR_PLAN_H
#define SUPERVISOR_PLAN_H

#include <stdbool.h>
#include <stddef.h>

enum {
    PROGRAMS_MAX = 128,          /* a suite has 9 to 40 */
    ARGUMENTS_MAX = 32,          /* the longest command today has 3 */
    PLAN_BYTES_MAX = 512 * 1024, /* 128 blocks of 4 KiB */
    NAME_BYTES_MAX = 40,
    VALUE_BYTES_MAX = 4096,
};

/* One block of the plan. All strings are owned; NULL where the block says nothing. */
struct spec {
    char *name;
    char *revision;
    char *version;
    char *environment;
    char *user;
    int stage;
    int stop_signal;
    char *arguments[ARGUMENTS_MAX + 1];
    int argument_count;
};

struct plan {
    struct spec *specs[PROGRAMS_MAX];
    int count;
};

/* Read the plan at `path`.
 *
 * Returns: a plan, the caller's, for plan_free; NULL with a sentence in `err`. */
struct plan *plan_read(const char *path, char *err, size_t err_bytes);

/* Free the plan and every spec that was not taken out of it (its slot set to NULL). */
void plan_free(struct plan *plan);

void spec_free(struct spec *spec);

/* Would both be started in exactly the same way? */
bool spec_equal(const struct spec *a, const struct spec *b);

#endif
