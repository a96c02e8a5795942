/* The only SQL of auth. Next: handlers.h */
#include "store.h"

#include "core/cleanup.h"

static const struct db_stmt directory_find_stmt = {"directory_find",
                                                   "SELECT tenant_id, user_id, region\n"
                                                   "  FROM directory\n"
                                                   " WHERE name_index = ANY ($1)\n"
                                                   " LIMIT 1"};
static const struct db_stmt directory_add_stmt = {
    "directory_add", "INSERT INTO directory (name_index, tenant_id, user_id, region)\n"
                     "VALUES ($1, $2, $3, $4)\n"
                     "ON CONFLICT (name_index) DO NOTHING"};
static const struct db_stmt registry_find_stmt = {
    "registry_find", "SELECT tenant_id, name_sealed, region, state, created_us\n"
                     "  FROM registry\n"
                     " WHERE tenant_id = $1"};
static const struct db_stmt registry_add_stmt = {
    "registry_add", "INSERT INTO registry (tenant_id, name_sealed, region, state, created_us)\n"
                    "VALUES ($1, $2, $3, $4, $5)\n"
                    "ON CONFLICT (tenant_id) DO NOTHING"};
static const struct db_stmt registry_list_stmt = {
    "registry_list", "SELECT tenant_id, name_sealed, region, state, created_us\n"
                     "  FROM registry\n"
                     " WHERE tenant_id > $1\n"
                     " ORDER BY tenant_id\n"
                     " LIMIT $2"};
static const struct db_stmt revocation_prune_stmt = {"revocation_prune", "DELETE FROM revocation\n"
                                                                         " WHERE at_us < $1"};
static const struct db_stmt revocation_add_stmt = {
    "revocation_add", "INSERT INTO revocation (session_id, user_id, at_us)\n"
                      "VALUES ($1, $2, $3)\n"
                      "ON CONFLICT (session_id) DO NOTHING"};
/* The oldest transaction still running bounds what can be remembered: whatever has a lower xact_id
 * is visible now or never will be. A cursor from beyond the present is another cluster's (a
 * restored backup), and is taken for none. The row of nulls carries the cursor when there is
 * nothing else. */
static const struct db_stmt revocation_since_stmt = {
    "revocation_since", "WITH horizon AS (\n"
                        "  SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin\n"
                        ")\n"
                        "SELECT r.session_id, r.user_id, r.xact_id, h.xmin\n"
                        "  FROM horizon h\n"
                        "  LEFT JOIN revocation r\n"
                        "    ON r.xact_id >= CASE WHEN $1 > h.xmin THEN 0 ELSE $1 END\n"
                        "   AND r.at_us >= $2\n"
                        " ORDER BY r.xact_id\n"
                        " LIMIT $3"};
static const struct db_stmt account_add_stmt = {
    "account_add", "INSERT INTO account (user_id, username_sealed, name_sealed, password_sealed,\n"
                   "                     role, disabled, created_us)\n"
                   "VALUES ($1, $2, $3, $4, $5, $6, $7)"};
static const struct db_stmt account_find_stmt = {
    "account_find", "SELECT user_id, role, disabled, created_us, username_sealed, name_sealed,\n"
                    "       password_sealed\n"
                    "  FROM account\n"
                    " WHERE user_id = $1"};
static const struct db_stmt account_list_stmt = {
    "account_list", "SELECT user_id, role, disabled, created_us, username_sealed, name_sealed\n"
                    "  FROM account\n"
                    " WHERE user_id > $1 AND NOT disabled\n"
                    " ORDER BY user_id\n"
                    " LIMIT $2"};
static const struct db_stmt account_set_disabled_stmt = {"account_set_disabled",
                                                         "UPDATE account\n"
                                                         "   SET disabled = $2\n"
                                                         " WHERE user_id = $1"};
/* The lock makes a sign-in and the end of its account wait for each other: whoever comes second
 * sees the first. */
static const struct db_stmt session_add_stmt = {
    "session_add",
    "INSERT INTO session (session_id, user_id, refresh_hash, created_us, expires_us)\n"
    "SELECT $1, a.user_id, $3, $4, $5\n"
    "  FROM account AS a\n"
    " WHERE a.user_id = $2 AND NOT a.disabled\n"
    "   FOR SHARE OF a"};
static const struct db_stmt session_find_stmt = {
    "session_find", "SELECT session_id, user_id, refresh_hash, created_us, expires_us, ended_us\n"
                    "  FROM session\n"
                    " WHERE session_id = $1"};
static const struct db_stmt session_rotate_stmt = {
    "session_rotate", "UPDATE session\n"
                      "   SET refresh_hash = $3, expires_us = $4\n"
                      " WHERE session_id = $1 AND refresh_hash = $2 AND ended_us IS NULL"};
static const struct db_stmt session_end_stmt = {"session_end",
                                                "UPDATE session\n"
                                                "   SET ended_us = $2\n"
                                                " WHERE session_id = $1 AND ended_us IS NULL"};

static const struct db_stmt session_end_fresh_stmt = {
    "session_end_fresh", "UPDATE session\n"
                         "   SET ended_us = $2\n"
                         " WHERE user_id = $1 AND ended_us IS NULL AND expires_us >= $3\n"
                         "RETURNING session_id"};
static const struct db_stmt session_end_all_stmt = {"session_end_all",
                                                    "UPDATE session\n"
                                                    "   SET ended_us = $2\n"
                                                    " WHERE user_id = $1 AND ended_us IS NULL"};
static const struct db_stmt revocation_add_all_stmt = {
    "revocation_add_all", "INSERT INTO revocation (session_id, user_id, at_us)\n"
                          "SELECT unnest($1::uuid[]), $2, $3\n"
                          "ON CONFLICT (session_id) DO NOTHING"};

/* Run a statement that may meet an existing row; CONFLICT when it changed nothing. */
static enum status run_or_conflict(struct tenant_tx *tx, const struct db_stmt *stmt,
                                   const struct db_param *params, size_t count)
{
    struct db_rows *rows;
    enum status status = tenant_tx_run(tx, stmt, params, count, &rows);
    if (status != OK) {
        return status;
    }
    status = db_rows_affected(rows) > 0 ? OK : STATUS_CONFLICT;
    db_rows_free(rows);
    return status;
}
#define RUN_OR_CONFLICT(tx, stmt, ...)                                                             \
    run_or_conflict((tx), (stmt), (const struct db_param[]){__VA_ARGS__},                          \
                    sizeof((const struct db_param[]){__VA_ARGS__}) / sizeof(struct db_param))

/* Copy what the database says into a fixed text; CORRUPT when it does not fit. */
static enum status text_copy(struct bytes text, char *out, size_t size)
{
    if (text.len >= size) {
        return STATUS_CORRUPT;
    }
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return OK;
}

static void name_index(const struct key *key, const char *username, uint8_t out[SHA256_SIZE])
{
    blind_index(key, "auth/directory/username", bytes_text(username), out);
}

enum status directory_find(const struct store *store, struct tenant_tx *tx, const char *username,
                           struct home *ret)
{
    /* A row stays under the key it was made with, so every key of the ring is tried. */
    uint8_t indexes[KEYRING_KEYS_MAX][SHA256_SIZE];
    struct bytes wanted[KEYRING_KEYS_MAX];
    for (size_t i = 0; i < store->ring->count; i++) {
        name_index(&store->ring->keys[i], username, indexes[i]);
        wanted[i] = bytes_of(indexes[i], SHA256_SIZE);
    }
    struct db_rows *rows;
    enum status status =
        TX_RUN(tx, &directory_find_stmt, &rows, DB_BYTESS(wanted, store->ring->count));
    if (status != OK) {
        return status;
    }
    struct home home = {0};
    if (db_rows_count(rows) == 0) {
        status = STATUS_NOT_FOUND;
    } else if (!tenant_id_parse(db_bytes(rows, 0, 0), &home.tenant)) {
        status = STATUS_CORRUPT;
    } else {
        home.user.u = db_uuid(rows, 0, 1);
        status = text_copy(db_bytes(rows, 0, 2), home.region, sizeof home.region);
    }
    db_rows_free(rows);
    if (status == OK) {
        *ret = home;
    }
    return status;
}

enum status directory_add(const struct store *store, struct tenant_tx *tx, const char *username,
                          const struct home *home)
{
    struct home taken;
    enum status status = directory_find(store, tx, username, &taken);
    if (status != STATUS_NOT_FOUND) {
        return status == OK ? STATUS_CONFLICT : status;
    }
    uint8_t index[SHA256_SIZE];
    name_index(&store->ring->keys[0], username, index);
    return RUN_OR_CONFLICT(tx, &directory_add_stmt, DB_BYTES(bytes_of(index, sizeof index)),
                           DB_TEXT(bytes_text(home->tenant.text)), DB_UUID(&home->user.u),
                           DB_TEXT(bytes_text(home->region)));
}

/* A tenant's name is read where no tenant's key is, so it is sealed by the service's own. */
static void registry_aad(const struct tenant_id *id, struct buf *out)
{
    sealed_aad(out, "auth", id, "registry", "name", bytes_text(id->text));
}

static enum status registry_read(const struct store *store, const struct db_rows *rows, size_t row,
                                 struct tenant *ret)
{
    CLEANUP(buf_fini) struct buf aad = {0}, name = {0};
    uint32_t key_id;
    struct bytes sealed = db_bytes(rows, row, 1);
    *ret = (struct tenant){.state = (enum tenant_state)db_i64(rows, row, 3),
                           .created_us = db_i64(rows, row, 4)};
    enum status status = aead_key_id(sealed, &key_id);
    const struct key *key = status == OK ? keyring_find(store->ring, key_id) : NULL;
    if (key == NULL || !tenant_id_parse(db_bytes(rows, row, 0), &ret->id)) {
        return STATUS_CORRUPT;
    }
    registry_aad(&ret->id, &aad);
    status = aead_open(key, buf_bytes(&aad), sealed, &name);
    if (status == OK) {
        status = text_copy(buf_bytes(&name), ret->name, sizeof ret->name);
    }
    return status == OK ? text_copy(db_bytes(rows, row, 2), ret->region, sizeof ret->region)
                        : status;
}

enum status registry_find(const struct store *store, struct tenant_tx *tx,
                          const struct tenant_id *id, struct tenant *ret)
{
    struct db_rows *rows;
    enum status status = TX_RUN(tx, &registry_find_stmt, &rows, DB_TEXT(bytes_text(id->text)));
    if (status != OK) {
        return status;
    }
    struct tenant tenant;
    status = db_rows_count(rows) > 0 ? registry_read(store, rows, 0, &tenant) : STATUS_NOT_FOUND;
    db_rows_free(rows);
    if (status == OK) {
        *ret = tenant;
    }
    return status;
}

enum status registry_add(const struct store *store, struct tenant_tx *tx,
                         const struct tenant *tenant)
{
    CLEANUP(buf_fini) struct buf aad = {0}, sealed = {0};
    registry_aad(&tenant->id, &aad);
    enum status status =
        aead_seal(&store->ring->keys[0], buf_bytes(&aad), bytes_text(tenant->name), &sealed);
    if (status != OK) {
        return status;
    }
    return RUN_OR_CONFLICT(tx, &registry_add_stmt, DB_TEXT(bytes_text(tenant->id.text)),
                           DB_BYTES(buf_bytes(&sealed)), DB_TEXT(bytes_text(tenant->region)),
                           DB_I16(tenant->state), DB_I64(tenant->created_us));
}

enum status registry_list(const struct store *store, struct tenant_tx *tx, struct bytes after,
                          struct tenant *ret, size_t max, size_t *ret_count)
{
    struct db_rows *rows;
    enum status status = TX_RUN(tx, &registry_list_stmt, &rows, DB_TEXT(after), DB_I64(max));
    if (status != OK) {
        return status;
    }
    size_t count = db_rows_count(rows);
    for (size_t i = 0; i < count && status == OK; i++) {
        status = registry_read(store, rows, i, &ret[i]);
    }
    db_rows_free(rows);
    if (status == OK) {
        *ret_count = count;
    }
    return status;
}

enum status revocation_add(struct tenant_tx *tx, const struct revocation *revocation, int64_t at_us,
                           int64_t prune_before_us)
{
    enum status status = TX_QUEUE(tx, &revocation_prune_stmt, DB_I64(prune_before_us));
    if (status != OK) {
        return status;
    }
    return TX_RUN(tx, &revocation_add_stmt, NULL, DB_UUID(&revocation->session.u),
                  DB_UUID(&revocation->user.u), DB_I64(at_us));
}

enum status revocation_add_all(struct tenant_tx *tx, const struct user_id *user,
                               const struct uuid *sessions, size_t count, int64_t at_us)
{
    return TX_RUN(tx, &revocation_add_all_stmt, NULL, DB_UUIDS(sessions, count), DB_UUID(&user->u),
                  DB_I64(at_us));
}

enum status revocation_since(struct tenant_tx *tx, int64_t after, int64_t since_us,
                             struct revocation *ret, size_t max, size_t *ret_count,
                             int64_t *ret_next)
{
    struct db_rows *rows;
    enum status status =
        TX_RUN(tx, &revocation_since_stmt, &rows, DB_I64(after), DB_I64(since_us), DB_I64(max));
    if (status != OK) {
        return status;
    }
    size_t count = db_is_null(rows, 0, 0) ? 0 : db_rows_count(rows);
    int64_t horizon = db_i64(rows, 0, 3);
    int64_t last = count > 0 && count == max ? db_i64(rows, count - 1, 2) : horizon;
    for (size_t i = 0; i < count; i++) {
        ret[i].session.u = db_uuid(rows, i, 0);
        ret[i].user.u = db_uuid(rows, i, 1);
    }
    db_rows_free(rows);
    *ret_count = count;
    *ret_next = last < horizon ? last : horizon;
    return OK;
}

static struct sealed_place account_place(const char *column, const struct user_id *id)
{
    return (struct sealed_place){"account", column, uuid_bytes(&id->u)};
}

static enum status account_seal(const struct store *store, struct tenant_tx *tx,
                                const struct account *account, struct buf *username,
                                struct buf *name, struct buf *password)
{
    const struct key *key;
    enum status status = tenant_keys_get(store->keys, tx, &key);
    if (status == OK) {
        status = sealed_put(tx, key, account_place("username", &account->id),
                            bytes_text(account->username), username);
    }
    if (status == OK) {
        status = sealed_put(tx, key, account_place("name", &account->id), bytes_text(account->name),
                            name);
    }
    if (status == OK) {
        status = sealed_put(tx, key, account_place("password", &account->id),
                            bytes_text(account->password), password);
    }
    return status;
}

enum status account_add(const struct store *store, struct tenant_tx *tx,
                        const struct account *account)
{
    CLEANUP(buf_fini) struct buf username = {0}, name = {0}, password = {0};
    enum status status = account_seal(store, tx, account, &username, &name, &password);
    if (status != OK) {
        return status;
    }
    return TX_RUN(tx, &account_add_stmt, NULL, DB_UUID(&account->id.u),
                  DB_BYTES(buf_bytes(&username)), DB_BYTES(buf_bytes(&name)),
                  DB_BYTES(buf_bytes(&password)), DB_I16(account->role), DB_BOOL(account->disabled),
                  DB_I64(account->created_us));
}

/* Open one sealed column into a fixed text. */
static enum status unseal(struct tenant_tx *tx, const struct key *key, struct sealed_place place,
                          struct bytes sealed, char *out, size_t size)
{
    struct buf plain = {0};
    enum status status = sealed_get(tx, key, place, sealed, &plain);
    if (status == OK) {
        status = text_copy(buf_bytes(&plain), out, size);
    }
    bytes_wipe(plain.data, plain.cap);
    buf_fini(&plain);
    return status;
}

/* The columns that account_find and account_list share. */
static enum status account_read(struct tenant_tx *tx, const struct key *key,
                                const struct db_rows *rows, size_t row, struct account *ret)
{
    *ret = (struct account){.id.u = db_uuid(rows, row, 0),
                            .role = (enum role)db_i64(rows, row, 1),
                            .disabled = db_i64(rows, row, 2) != 0,
                            .created_us = db_i64(rows, row, 3)};
    enum status status = unseal(tx, key, account_place("username", &ret->id),
                                db_bytes(rows, row, 4), ret->username, sizeof ret->username);
    return status != OK ? status
                        : unseal(tx, key, account_place("name", &ret->id), db_bytes(rows, row, 5),
                                 ret->name, sizeof ret->name);
}

enum status account_find(const struct store *store, struct tenant_tx *tx, const struct user_id *id,
                         struct account *ret)
{
    const struct key *key;
    struct db_rows *rows;
    enum status status = tenant_keys_get(store->keys, tx, &key);
    if (status == OK) {
        status = TX_RUN(tx, &account_find_stmt, &rows, DB_UUID(&id->u));
    }
    if (status != OK) {
        return status;
    }
    struct account account;
    status = db_rows_count(rows) > 0 ? account_read(tx, key, rows, 0, &account) : STATUS_NOT_FOUND;
    if (status == OK) {
        status = unseal(tx, key, account_place("password", &account.id), db_bytes(rows, 0, 6),
                        account.password, sizeof account.password);
    }
    db_rows_free(rows);
    if (status == OK) {
        *ret = account;
    }
    return status;
}

enum status account_list(const struct store *store, struct tenant_tx *tx,
                         const struct user_id *after, struct account *ret, size_t max,
                         size_t *ret_count)
{
    const struct key *key;
    struct db_rows *rows;
    enum status status = tenant_keys_get(store->keys, tx, &key);
    if (status == OK) {
        status = TX_RUN(tx, &account_list_stmt, &rows, DB_UUID(&after->u), DB_I64(max));
    }
    if (status != OK) {
        return status;
    }
    size_t count = db_rows_count(rows);
    for (size_t i = 0; i < count && status == OK; i++) {
        status = account_read(tx, key, rows, i, &ret[i]);
    }
    db_rows_free(rows);
    if (status == OK) {
        *ret_count = count;
    }
    return status;
}

enum status account_set_disabled(struct tenant_tx *tx, const struct user_id *id, bool disabled)
{
    return TX_RUN(tx, &account_set_disabled_stmt, NULL, DB_UUID(&id->u), DB_BOOL(disabled));
}

static struct bytes hash_of(const struct session *session)
{
    return bytes_of(session->refresh_hash, sizeof session->refresh_hash);
}

enum status session_add(struct tenant_tx *tx, const struct session *session)
{
    return RUN_OR_CONFLICT(tx, &session_add_stmt, DB_UUID(&session->id.u),
                           DB_UUID(&session->user.u), DB_BYTES(hash_of(session)),
                           DB_I64(session->created_us), DB_I64(session->expires_us));
}

enum status session_find(struct tenant_tx *tx, const struct session_id *id, struct session *ret)
{
    struct db_rows *rows;
    enum status status = TX_RUN(tx, &session_find_stmt, &rows, DB_UUID(&id->u));
    if (status != OK) {
        return status;
    }
    if (db_rows_count(rows) == 0) {
        status = STATUS_NOT_FOUND;
    } else if (db_bytes(rows, 0, 2).len != SHA256_SIZE) {
        status = STATUS_CORRUPT;
    } else {
        *ret = (struct session){.id.u = db_uuid(rows, 0, 0),
                                .user.u = db_uuid(rows, 0, 1),
                                .created_us = db_i64(rows, 0, 3),
                                .expires_us = db_i64(rows, 0, 4),
                                .ended_us = db_i64(rows, 0, 5)};
        memcpy(ret->refresh_hash, db_bytes(rows, 0, 2).data, SHA256_SIZE);
    }
    db_rows_free(rows);
    return status;
}

enum status session_rotate(struct tenant_tx *tx, const struct session *old,
                           const struct session *next)
{
    return RUN_OR_CONFLICT(tx, &session_rotate_stmt, DB_UUID(&old->id.u), DB_BYTES(hash_of(old)),
                           DB_BYTES(hash_of(next)), DB_I64(next->expires_us));
}

enum status session_end(struct tenant_tx *tx, const struct session_id *id, int64_t at_us)
{
    return TX_RUN(tx, &session_end_stmt, NULL, DB_UUID(&id->u), DB_I64(at_us));
}

enum status session_end_of_user(struct tenant_tx *tx, const struct user_id *user, int64_t at_us,
                                int64_t fresh_from_us, struct arena *arena, struct uuid **ret_fresh,
                                size_t *ret_count)
{
    struct db_rows *rows;
    enum status status = TX_RUN(tx, &session_end_fresh_stmt, &rows, DB_UUID(&user->u),
                                DB_I64(at_us), DB_I64(fresh_from_us));
    if (status != OK) {
        return status;
    }
    size_t count = db_rows_count(rows);
    struct uuid *fresh = arena_alloc(arena, (count + 1) * sizeof *fresh);
    for (size_t i = 0; fresh != NULL && i < count; i++) {
        fresh[i] = db_uuid(rows, i, 0);
    }
    db_rows_free(rows);
    if (fresh == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    *ret_fresh = fresh;
    *ret_count = count;
    return TX_RUN(tx, &session_end_all_stmt, NULL, DB_UUID(&user->u), DB_I64(at_us));
}
