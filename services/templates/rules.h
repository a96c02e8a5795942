/* What templates decides without looking anything up: names, texts, tags and placeholders.
 *
 * Every x_problem returns NULL when all is well, else words for the person who typed it.
 * Next: content.h
 */
#ifndef WARDROOM_TEMPLATES_RULES_H
#define WARDROOM_TEMPLATES_RULES_H

#include "core/bytes.h"

#define SLUG_BYTES_MAX        64
#define PLACEHOLDER_BYTES_MAX 64
#define TAGS_MAX              20
#define PLACEHOLDERS_MAX      50

/* A name or a tag: ^[a-z0-9][a-z0-9_-]{0,63}$ */
const char *slug_problem(struct bytes slug);
/* 1..TITLE_BYTES_MAX bytes, one line, no control characters, not blank. */
const char *title_problem(struct bytes title);
/* 0..BODY_BYTES_MAX bytes; of the control characters only line ends and tabs. */
const char *body_problem(struct bytes body);
/* ^[A-Za-z_][A-Za-z0-9_.-]{0,63}$ : a key of an incident's metadata, or a name of ours. */
const char *placeholder_problem(struct bytes name);
/* Is texts[at] one of those before it? */
bool text_is_repeated(char *const *texts, size_t at);

/* The page size that a request asks for: 0 is the default. False: over the maximum. */
bool page_size(uint32_t limit, size_t *ret);

#endif
