/* The tables of auth: directory, registry and revocation in schema wardroom; account and session
 * in each tenant's.
 *
 * The functions of the first three want a transaction outside of any tenant, those of the last two
 * one that has entered the account's tenant. Beside the errors named here all return UNAVAILABLE
 * (nothing written), CORRUPT (a sealed value fails) and INTERNAL. Next: handlers.h
 */
#ifndef WARDROOM_AUTH_STORE_H
#define WARDROOM_AUTH_STORE_H

#include "core/arena.h"
#include "db/tenant_key.h"
#include "password.h"
#include "rules.h"

/* Of one actor. */
struct store {
    const struct keyring *ring;
    struct tenant_keys *keys;
};

enum tenant_state { TENANT_ACTIVE = 1, TENANT_SUSPENDED = 2 };

/* Where an account lives. */
struct home {
    struct tenant_id tenant;
    struct user_id user;
    char region[REGION_NAME_SIZE];
};
struct tenant {
    struct tenant_id id;
    char name[NAME_BYTES_MAX + 1];
    char region[REGION_NAME_SIZE];
    enum tenant_state state;
    int64_t created_us;
};
struct account {
    struct user_id id;
    char username[USERNAME_BYTES_MAX + 1];
    char name[NAME_BYTES_MAX + 1];
    char password[PASSWORD_HASH_SIZE];
    enum role role;
    bool disabled;
    int64_t created_us;
};
struct session {
    struct session_id id;
    struct user_id user;
    uint8_t refresh_hash[SHA256_SIZE]; /* of the newest refresh token */
    int64_t created_us, expires_us;
    int64_t ended_us; /* 0: it goes on */
};
struct revocation {
    struct session_id session;
    struct user_id user;
};

/* NOT_FOUND: nobody has that user name. `username` is folded (rules.h). */
MUST_CHECK enum status directory_find(const struct store *store, struct tenant_tx *tx,
                                      const char *username, struct home *ret);
/* CONFLICT: the user name is taken; the transaction goes on. */
MUST_CHECK enum status directory_add(const struct store *store, struct tenant_tx *tx,
                                     const char *username, const struct home *home);

/* NOT_FOUND */
MUST_CHECK enum status registry_find(const struct store *store, struct tenant_tx *tx,
                                     const struct tenant_id *id, struct tenant *ret);
/* CONFLICT: the id is taken; the transaction goes on. */
MUST_CHECK enum status registry_add(const struct store *store, struct tenant_tx *tx,
                                    const struct tenant *tenant);
/* Up to `max` tenants whose ids sort after `after`, in order. */
MUST_CHECK enum status registry_list(const struct store *store, struct tenant_tx *tx,
                                     struct bytes after, struct tenant *ret, size_t max,
                                     size_t *ret_count);

/* Repeating it for one session is harmless. Also drops rows made before `prune_before_us`. */
MUST_CHECK enum status revocation_add(struct tenant_tx *tx, const struct revocation *revocation,
                                      int64_t at_us, int64_t prune_before_us);
/* The same for several sessions of one user; drops nothing. */
MUST_CHECK enum status revocation_add_all(struct tenant_tx *tx, const struct user_id *user,
                                          const struct uuid *sessions, size_t count, int64_t at_us);
/* Up to `max` revocations, made at or after `since_us`, that a reader whose last `next` was `after`
 * (0: none) may not have seen; some it has. No revocation is ever passed over. */
MUST_CHECK enum status revocation_since(struct tenant_tx *tx, int64_t after, int64_t since_us,
                                        struct revocation *ret, size_t max, size_t *ret_count,
                                        int64_t *ret_next);

MUST_CHECK enum status account_add(const struct store *store, struct tenant_tx *tx,
                                   const struct account *account);
/* NOT_FOUND */
MUST_CHECK enum status account_find(const struct store *store, struct tenant_tx *tx,
                                    const struct user_id *id, struct account *ret);
/* Up to `max` accounts in use whose ids sort after `after`, in order, without their passwords. */
MUST_CHECK enum status account_list(const struct store *store, struct tenant_tx *tx,
                                    const struct user_id *after, struct account *ret, size_t max,
                                    size_t *ret_count);

MUST_CHECK enum status account_set_disabled(struct tenant_tx *tx, const struct user_id *id,
                                            bool disabled);

/* CONFLICT: the account is disabled by now, or gone. */
MUST_CHECK enum status session_add(struct tenant_tx *tx, const struct session *session);
/* NOT_FOUND */
MUST_CHECK enum status session_find(struct tenant_tx *tx, const struct session_id *id,
                                    struct session *ret);
/* Put `next` in the place of `old`. CONFLICT: `old` is no longer the newest, or the session ended
 * meanwhile; nothing changed and the transaction goes on. */
MUST_CHECK enum status session_rotate(struct tenant_tx *tx, const struct session *old,
                                      const struct session *next);
/* Ending it again is harmless. */
MUST_CHECK enum status session_end(struct tenant_tx *tx, const struct session_id *id,
                                   int64_t at_us);
/* End all sessions of a user. Those that expire at or after `fresh_from_us`, so that an access
 * token of theirs may still be good, are in `ret_fresh`, which lives in `arena`. */
MUST_CHECK enum status session_end_of_user(struct tenant_tx *tx, const struct user_id *user,
                                           int64_t at_us, int64_t fresh_from_us,
                                           struct arena *arena, struct uuid **ret_fresh,
                                           size_t *ret_count);

#endif
