/* URIs as RFC 3986 splits and resolves them: for the addresses of schemas and their references.
 *
 * Next: uri.c
 */
#ifndef WARDROOM_SCHEMA_URI_H
#define WARDROOM_SCHEMA_URI_H

#include "core/arena.h"

/* Borrowed from the text. Splitting never fails: what cannot be a scheme is a path. */
struct uri {
    bool has_scheme, has_authority, has_query, has_fragment;
    struct bytes scheme, authority, path, query, fragment;
};

struct uri uri_split(struct bytes text);
/* `reference` against `base`, dot segments removed, without its fragment; NULL: over budget. */
char *uri_resolve(struct arena *arena, const char *base, struct bytes reference);
/* The same without %XX; NULL: over budget. */
char *uri_decode(struct arena *arena, struct bytes text);

#endif
