/* The table of retention: policy, in each tenant's schema.
 *
 * Both functions want a transaction that has entered the tenant; beside the errors named here they
 * return UNAVAILABLE (nothing written) and INTERNAL. Next: handlers.h
 */
#ifndef WARDROOM_RETENTION_STORE_H
#define WARDROOM_RETENTION_STORE_H

#include "db/db.h"
#include "rules.h"

/* NOT_FOUND: the tenant has set none. CORRUPT: not a policy that policy_set wrote. */
MUST_CHECK enum status policy_find(struct tenant_tx *tx, struct policy *ret);
MUST_CHECK enum status policy_set(struct tenant_tx *tx, const struct policy *policy, int64_t at_us,
                                  const struct user_id *by);

#endif
