/* What the two halves of the translation share. Private to lib/schema. Next: regex_translate.c */
#ifndef WARDROOM_SCHEMA_REGEX_TRANSLATE_H
#define WARDROOM_SCHEMA_REGEX_TRANSLATE_H

#include "core/limits.h"
#include "schema/regex.h"

struct reader {
    struct bytes in;
    size_t at;
    struct buf out;
    const char *fault;                  /* the first */
    bool can_repeat;                    /* what was read last may be followed by * */
    unsigned depth;                     /* of open groups */
    bool is_assertion[REGEX_DEPTH_MAX]; /* that cannot be repeated: a lookbehind */
    unsigned groups, names_len;
    struct {
        struct bytes text;
        unsigned group;
    } names[REGEX_NAMES_MAX];
};

void translate_fail(struct reader *reader, const char *fault);
/* After `\p` or `\P`. */
void translate_property(struct reader *reader, int letter);

#endif
