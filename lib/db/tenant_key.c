/* Data keys and sealed columns. Next: db/bootstrap.sql
 *
 * A key that nobody else knows must be in the database before anything is sealed with it, whatever
 * becomes of the caller's transaction: so it is made in a transaction of its own.
 */
#include "db/tenant_key.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/cleanup.h"
#include "db/connection.h"

#define SLOTS (2 * TENANTS_OPEN_MAX)

struct tenant_keys {
    const struct keyring *ring;
    size_t count;
    struct {
        struct tenant_id tenant; /* "" : free */
        struct key key;
    } slots[SLOTS];
};

static const struct db_stmt key_newest = {"key_newest", "SELECT key_id, wrapped\n"
                                                        "  FROM tenant_key\n"
                                                        " ORDER BY key_id DESC\n"
                                                        " LIMIT 1"};
static const struct db_stmt key_insert = {"key_insert",
                                          "INSERT INTO tenant_key (key_id, wrapped, created_us)\n"
                                          "VALUES ($1, $2, $3)\n"
                                          "ON CONFLICT (key_id) DO NOTHING"};

struct tenant_keys *tenant_keys_new(const struct keyring *ring)
{
    struct tenant_keys *keys = calloc(1, sizeof *keys);
    if (keys != NULL) {
        keys->ring = ring;
    }
    return keys;
}

static void forget_all(struct tenant_keys *keys)
{
    bytes_wipe(keys->slots, sizeof keys->slots);
    keys->count = 0;
}

void tenant_keys_free(struct tenant_keys *keys)
{
    if (keys != NULL) {
        forget_all(keys);
        free(keys);
    }
}

static size_t slot_of(const struct tenant_keys *keys, const struct tenant_id *tenant)
{
    uint32_t hash = 2166136261u;
    for (const char *at = tenant->text; *at != '\0'; at++) {
        hash = (hash ^ (uint8_t)*at) * 16777619u;
    }
    size_t slot = hash % SLOTS;
    while (keys->slots[slot].tenant.text[0] != '\0' &&
           !tenant_id_equal(&keys->slots[slot].tenant, tenant)) {
        slot = (slot + 1) % SLOTS;
    }
    return slot;
}

static void data_key_purpose(const struct tenant_tx *tx, struct buf *out)
{
    buf_printf(out, "wardroom/%s/%s/data", tenant_tx_service(tx), tenant_tx_tenant(tx)->text);
}

/* NOT_FOUND: the tenant has none yet. */
static enum status load(struct tenant_keys *keys, struct tenant_tx *tx, struct key *ret)
{
    struct db_rows *rows;
    enum status status = tenant_tx_run(tx, &key_newest, NULL, 0, &rows);
    if (status != OK) {
        return status;
    }
    if (db_rows_count(rows) == 0) {
        status = STATUS_NOT_FOUND;
    } else {
        CLEANUP(buf_fini) struct buf purpose = {0};
        data_key_purpose(tx, &purpose);
        status = key_unwrap(keys->ring, buf_bytes(&purpose), db_bytes(rows, 0, 1), ret);
        ret->id = (uint32_t)db_i64(rows, 0, 0);
    }
    db_rows_free(rows);
    return status;
}

/* In its own transaction on its own connection, for ours may be read only or roll back. Whoever
 * comes second keeps the first one's key. */
static enum status create(struct tenant_keys *keys, struct tenant_tx *tx)
{
    CLEANUP(buf_fini) struct buf purpose = {0}, wrapped = {0};
    struct key key;
    data_key_purpose(tx, &purpose);
    if (keys->ring->count == 0) {
        return STATUS_INTERNAL;
    }
    enum status status = key_create(&keys->ring->keys[0], buf_bytes(&purpose), &key, &wrapped);
    bytes_wipe(&key, sizeof key);
    struct db *db = NULL;
    struct tenant_tx *own = NULL;
    if (status == OK) {
        status = db_open(tx->db->conninfo, tx->db->service, &db);
    }
    if (status == OK) {
        status = tenant_tx_begin(db, false, &own);
    }
    if (status == OK) {
        status = tenant_tx_enter(own, tenant_tx_tenant(tx));
    }
    if (status == OK) {
        status = TX_RUN(own, &key_insert, NULL, DB_I32(KEY_ID_FIRST), DB_BYTES(buf_bytes(&wrapped)),
                        DB_I64(clock_now_us()));
    }
    if (status == OK) {
        status = tenant_tx_commit(own);
    }
    db_close(db);
    return status;
}

enum status tenant_keys_get(struct tenant_keys *keys, struct tenant_tx *tx, const struct key **ret)
{
    const struct tenant_id *tenant = tenant_tx_tenant(tx);
    size_t slot = slot_of(keys, tenant);
    if (keys->slots[slot].tenant.text[0] == '\0') {
        struct key key;
        enum status status = load(keys, tx, &key);
        if (status == STATUS_NOT_FOUND) {
            status = create(keys, tx);
            if (status == OK) {
                status = load(keys, tx, &key);
            }
        }
        if (status != OK) {
            return status;
        }
        if (keys->count >= TENANTS_OPEN_MAX) {
            forget_all(keys);
            slot = slot_of(keys, tenant);
        }
        keys->slots[slot].tenant = *tenant;
        keys->slots[slot].key = key;
        keys->count++;
        bytes_wipe(&key, sizeof key);
    }
    *ret = &keys->slots[slot].key;
    return OK;
}

void sealed_aad(struct buf *out, const char *service, const struct tenant_id *tenant,
                const char *table, const char *column, struct bytes row)
{
    buf_text(out, "wardroom/sealed/v1\n");
    buf_str(out, bytes_text(service));
    buf_str(out, bytes_text(tenant->text));
    buf_str(out, bytes_text(table));
    buf_str(out, bytes_text(column));
    buf_str(out, row);
}

enum status sealed_put(struct tenant_tx *tx, const struct key *key, struct sealed_place place,
                       struct bytes plain, struct buf *out)
{
    CLEANUP(buf_fini) struct buf aad = {0};
    sealed_aad(&aad, tenant_tx_service(tx), tenant_tx_tenant(tx), place.table, place.column,
               place.row);
    return aad.failed ? STATUS_RESOURCE_EXHAUSTED : aead_seal(key, buf_bytes(&aad), plain, out);
}

enum status sealed_get(struct tenant_tx *tx, const struct key *key, struct sealed_place place,
                       struct bytes sealed, struct buf *out)
{
    CLEANUP(buf_fini) struct buf aad = {0};
    sealed_aad(&aad, tenant_tx_service(tx), tenant_tx_tenant(tx), place.table, place.column,
               place.row);
    return aad.failed ? STATUS_RESOURCE_EXHAUSTED : aead_open(key, buf_bytes(&aad), sealed, out);
}
