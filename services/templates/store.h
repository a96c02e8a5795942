/* The tables of templates: template and template_version, in each tenant's schema.
 *
 * Every function wants a transaction that has entered the tenant. Beside the errors named here all
 * return UNAVAILABLE (nothing written), CORRUPT (a sealed value fails), RESOURCE_EXHAUSTED (the
 * arena is full) and INTERNAL. Next: handlers.h
 */
#ifndef WARDROOM_TEMPLATES_STORE_H
#define WARDROOM_TEMPLATES_STORE_H

#include "core/arena.h"
#include "db/tenant_key.h"

struct template_id {
    struct uuid u;
};

/* One version of a template. */
struct template_version {
    struct template_id id;
    uint32_t version; /* from 1 */
    bool retired;     /* of the template */
    int64_t created_us;
    struct bytes content; /* JSON, see content.h */
};

struct template_new {
    struct template_id id;
    int64_t created_us;
    struct user_id created_by;
    struct bytes name, content;
    char *const *tags;
    size_t tag_count;
};

/* Store version 1 of a new template. CONFLICT: the tenant has one of that name; nothing was written
 * and the transaction goes on. */
MUST_CHECK enum status template_add(struct tenant_keys *keys, struct tenant_tx *tx,
                                    const struct template_new *template);
/* version 0: the newest. The content lives in `arena`. NOT_FOUND. */
MUST_CHECK enum status template_find(struct tenant_keys *keys, struct tenant_tx *tx,
                                     const struct template_id *id, uint32_t version,
                                     struct arena *arena, struct template_version *ret);

struct template_query {
    struct template_id after; /* zero: from the first */
    struct bytes tag;         /* empty: any */
    size_t limit;             /* 1..LIST_ROWS_MAX */
};
/* The newest versions of templates that are not retired, oldest template first: up to `limit`, and
 * no more than LIST_BYTES_MAX of content. `ret` has room for `limit`; ret_more: there are others.
 */
MUST_CHECK enum status template_list(struct tenant_keys *keys, struct tenant_tx *tx,
                                     const struct template_query *query, struct arena *arena,
                                     struct template_version *ret, size_t *ret_count,
                                     bool *ret_more);

#endif
