/* Tenants this process has opened, and opening one.
 *
 * The set is shared by the connections of the process, keyed by database, and bounded: when it is
 * full it is emptied, for opening a tenant again costs one short query. Next: migrate.h
 */
#include "db/connection.h"

#include <pthread.h>

#define SLOTS (2 * TENANTS_OPEN_MAX)

static struct {
    pthread_mutex_t lock;
    size_t count;
    struct {
        uint64_t database;
        struct tenant_id tenant; /* "" : never used, "-": forgotten */
    } slots[SLOTS];
} known = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* The slot that holds this tenant, or the free one where it belongs. */
static size_t slot_of(const struct db *db, const struct tenant_id *tenant)
{
    uint64_t hash = db->database_hash;
    for (const char *at = tenant->text; *at != '\0'; at++) {
        hash = (hash ^ (uint8_t)*at) * 1099511628211u;
    }
    size_t slot = hash % SLOTS;
    while (known.slots[slot].tenant.text[0] != '\0' &&
           (known.slots[slot].database != db->database_hash ||
            !tenant_id_equal(&known.slots[slot].tenant, tenant))) {
        slot = (slot + 1) % SLOTS;
    }
    return slot;
}

bool tenant_is_known(const struct db *db, const struct tenant_id *tenant)
{
    pthread_mutex_lock(&known.lock);
    bool found = known.slots[slot_of(db, tenant)].tenant.text[0] != '\0';
    pthread_mutex_unlock(&known.lock);
    return found;
}

static void tenant_note(const struct db *db, const struct tenant_id *tenant)
{
    pthread_mutex_lock(&known.lock);
    if (known.count >= TENANTS_OPEN_MAX) {
        memset(known.slots, 0, sizeof known.slots);
        known.count = 0;
    }
    size_t slot = slot_of(db, tenant);
    if (known.slots[slot].tenant.text[0] == '\0') {
        known.slots[slot].database = db->database_hash;
        known.slots[slot].tenant = *tenant;
        known.count++;
    }
    pthread_mutex_unlock(&known.lock);
}

void tenant_forget(const struct db *db, const struct tenant_id *tenant)
{
    pthread_mutex_lock(&known.lock);
    size_t slot = slot_of(db, tenant);
    if (known.slots[slot].tenant.text[0] != '\0') {
        /* A mark that is no tenant's id keeps the chain behind it whole. */
        known.slots[slot].tenant = (struct tenant_id){"-"};
    }
    pthread_mutex_unlock(&known.lock);
}

static enum status open_on(struct db *db, const struct tenant_id *tenant)
{
    enum status status = db_connect(db);
    if (status != OK) {
        return status;
    }
    struct encoded params = {.count = 1, .values = {tenant->text}};
    if (!pipeline_command(db, STEP_COMMAND, "SELECT wardroom.tenant_open($1)", &params)) {
        return STATUS_UNAVAILABLE;
    }
    return pipeline_sync(db, NULL);
}

enum status tenant_open(struct db *db, const struct tenant_id *tenant)
{
    enum status status;
    if (!db->tx.begun) {
        status = open_on(db, tenant);
        /* An idle connection may have been cut; tenant_open is harmless when repeated. */
        if (status == STATUS_UNAVAILABLE && db->conn == NULL) {
            status = open_on(db, tenant);
        }
    } else {
        struct db *other = NULL;
        status = db_open(db->conninfo, db->service, &other);
        if (status == OK) {
            status = open_on(other, tenant);
        }
        if (other != NULL && status != OK) {
            db_note_error(db, NULL, db_last_error(other));
        }
        db_close(other);
    }
    if (status == OK) {
        tenant_note(db, tenant);
    }
    return status;
}
