/* Regular expressions of ECMA-262 (Unicode mode) on PCRE2, with bounded work.
 *
 * A pattern is read as ECMAScript reads it and written again for PCRE2, so that what PCRE2 alone
 * knows (`\A`, `(?i)`, `a++`, POSIX classes) is refused and what it reads differently (`\s`, `.`,
 * `$`, `\u{...}`, `\p{Letter}`) means the same. More lenient than Unicode mode: a bare `]`, `{` or
 * `}` and an escaped punctuation mark stand for themselves. Not known: a lookbehind without a fixed
 * length can be written (format `regex`) but not matched. Next: format.h
 */
#ifndef WARDROOM_SCHEMA_REGEX_H
#define WARDROOM_SCHEMA_REGEX_H

#include "core/arena.h"
#include "schema/equal.h"

struct regex;

/* Append what PCRE2 is to compile. NULL: fine; otherwise what is wrong, for a person. `out` may be
 * NULL when only the judgement is wanted. */
const char *regex_translate(struct bytes pattern, struct buf *out);

/* Compile into the arena and the list, to be freed with it by regex_free_list.
 * VALIDATION_FAILED: `detail` says why; RESOURCE_EXHAUSTED. */
MUST_CHECK enum status regex_compile(struct arena *arena, struct bytes pattern, struct regex **list,
                                     const struct regex **ret, char *detail, size_t detail_cap);
void regex_free_list(struct regex *list);

/* What matching needs, for one check at a time: zero-initialise, then regex_scratch_fini. */
struct regex_scratch {
    void *data, *context;
};
void regex_scratch_fini(struct regex_scratch *scratch);

/* Does the pattern match anywhere in the text? Backtracking is paid for in steps; when they, or
 * memory, run out, effort->spent is set and the answer means nothing. */
bool regex_matches(const struct regex *regex, struct bytes text, struct regex_scratch *scratch,
                   struct effort *effort);

#endif
