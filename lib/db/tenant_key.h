/* Keys and sealed columns of a tenant: the data key of the transaction's tenant, and values bound
 * to service, tenant, table, column and row (wall 3).
 *
 * A cache belongs to one thread, is bounded (TENANTS_OPEN_MAX) and keeps unwrapped keys.
 */
#ifndef WARDROOM_DB_TENANT_KEY_H
#define WARDROOM_DB_TENANT_KEY_H

#include "crypto/keyring.h"
#include "db/db.h"

struct tenant_keys;

/* `ring` is borrowed and outlives the cache. */
struct tenant_keys *tenant_keys_new(const struct keyring *ring);
void tenant_keys_free(struct tenant_keys *keys);
/* The data key of tx's tenant, made on first use (two replicas at once agree on one). Borrowed
 * until the next call. */
MUST_CHECK enum status tenant_keys_get(struct tenant_keys *keys, struct tenant_tx *tx,
                                       const struct key **ret);

/* What binds a sealed value to its place:
 * "wardroom/sealed/v1\n" str(service) str(tenant) str(table) str(column) str(row). */
void sealed_aad(struct buf *out, const char *service, const struct tenant_id *tenant,
                const char *table, const char *column, struct bytes row);
struct sealed_place {
    const char *table, *column;
    struct bytes row; /* the primary key's bytes */
};
/* aead_seal / aead_open with that binding; service and tenant are the transaction's. */
MUST_CHECK enum status sealed_put(struct tenant_tx *tx, const struct key *key,
                                  struct sealed_place place, struct bytes plain, struct buf *out);
MUST_CHECK enum status sealed_get(struct tenant_tx *tx, const struct key *key,
                                  struct sealed_place place, struct bytes sealed, struct buf *out);

#endif
