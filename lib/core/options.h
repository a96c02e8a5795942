/* Options: one table per program, read from the environment.
 *
 * A row names the variable, its type, default, unit and meaning; `--help` prints the table and CI
 * compares it with docs/operations.md. For every row NAME, NAME_FILE may name a file that holds the
 * value instead (secrets of containers); a trailing newline is dropped. An unset or
 * empty variable takes the default; an unreadable or ill-formed one is an error that names the row.
 * Next: metrics.h
 */
#ifndef WARDROOM_CORE_OPTIONS_H
#define WARDROOM_CORE_OPTIONS_H

#include "core/status.h"

enum option_type {
    OPTION_TEXT,
    OPTION_SECRET, /* text that --help and errors never print */
    OPTION_NUMBER, /* int64 within min..max */
    OPTION_FLAG    /* 0 or 1 */
};

struct option_row {
    const char *name; /* "WARDROOM_LISTEN" */
    enum option_type type;
    const char *fallback; /* NULL: required */
    int64_t min, max;
    const char *unit; /* "ms", "bytes", "" */
    const char *help;
    const char **text; /* where the value goes; lives as long as the process */
    int64_t *number;
};

/* Read every row of `tables` (a NULL-ended list of row lists, each ended by a row without a name).
 * Handles --help and --version in argv itself (prints, *ret_exit = true). On error prints one plain
 * sentence to stderr and returns INVALID. */
MUST_CHECK enum status options_read(const char *program, const char *summary,
                                    const struct option_row *const *tables, int argc, char **argv,
                                    bool *ret_exit);

#endif
