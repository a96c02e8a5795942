/* The cache of hot threads. Next: record.h */
#include "threads/hot.h"

#include <stdlib.h>

#include "threads/thread_key.h"

#define SLOTS (2 * HOT_THREADS_MAX)

struct hot_threads {
    struct hot_thread *slots[SLOTS];
    struct hot_thread *newest, *oldest;
    size_t count;
};

struct hot_threads *hot_threads_new(void)
{
    return calloc(1, sizeof(struct hot_threads));
}

/* A thread's id ends in random bytes. */
static size_t slot_of(const struct uuid *id)
{
    uint64_t tail;
    memcpy(&tail, id->b + 8, sizeof tail);
    return (tail >> 2) % SLOTS;
}

static void list_remove(struct hot_threads *all, struct hot_thread *hot)
{
    *(hot->newer != NULL ? &hot->newer->older : &all->newest) = hot->older;
    *(hot->older != NULL ? &hot->older->newer : &all->oldest) = hot->newer;
}

static void list_add_newest(struct hot_threads *all, struct hot_thread *hot)
{
    hot->newer = NULL;
    hot->older = all->newest;
    *(all->newest != NULL ? &all->newest->newer : &all->oldest) = hot;
    all->newest = hot;
}

void hot_forget(struct hot_threads *all, struct hot_thread *hot)
{
    struct hot_thread **link = &all->slots[slot_of(&hot->id)];
    while (*link != hot) {
        link = &(*link)->chain;
    }
    *link = hot->chain;
    list_remove(all, hot);
    all->count--;
    bytes_wipe(&hot->key, sizeof hot->key);
    free(hot);
}

void hot_forget_all(struct hot_threads *all)
{
    while (all->oldest != NULL) {
        hot_forget(all, all->oldest);
    }
}

void hot_forget_ahead(struct hot_threads *all)
{
    struct hot_thread *next;
    for (struct hot_thread *at = all->newest; at != NULL; at = next) {
        next = at->older;
        if (at->ahead) {
            hot_forget(all, at);
        }
    }
}

void hot_threads_free(struct hot_threads *all)
{
    if (all != NULL) {
        hot_forget_all(all);
        free(all);
    }
}

static struct hot_thread *find(struct hot_threads *all, const struct tenant_id *tenant,
                               const struct uuid *id)
{
    for (struct hot_thread *at = all->slots[slot_of(id)]; at != NULL; at = at->chain) {
        if (uuid_equal(&at->id, id) && tenant_id_equal(&at->tenant, tenant)) {
            list_remove(all, at);
            list_add_newest(all, at);
            return at;
        }
    }
    return NULL;
}

static struct hot_thread *add(struct hot_threads *all, const struct tenant_id *tenant,
                              const struct uuid *id)
{
    if (all->count >= HOT_THREADS_MAX) {
        hot_forget(all, all->oldest);
    }
    struct hot_thread *hot = calloc(1, sizeof *hot);
    if (hot != NULL) {
        hot->tenant = *tenant;
        hot->id = *id;
        hot->chain = all->slots[slot_of(id)];
        all->slots[slot_of(id)] = hot;
        list_add_newest(all, hot);
        all->count++;
    }
    return hot;
}

static bool still_true(const struct hot_thread *hot, const struct head_row *head)
{
    return (int64_t)hot->tree.size == head->last_seq && hot->meta_version == head->meta_version &&
           bytes_equal(bytes_of(hot->root, SHA256_SIZE), head->root);
}

/* The threads of one hot_lock that are not in memory, or not as the database has them. */
struct cold {
    struct uuid ids[BATCH_CALLS_MAX];
    struct head_row heads[BATCH_CALLS_MAX];
    size_t places[BATCH_CALLS_MAX]; /* in ret */
    size_t count;
};

static size_t place_of(const struct uuid *ids, size_t count, const struct uuid *id)
{
    size_t i = 0;
    while (i < count && !uuid_equal(&ids[i], id)) {
        i++;
    }
    return i;
}

static enum status warm_up(struct hot_thread *hot, const struct head_row *head,
                           const struct load_row *row, const struct key *tenant_key)
{
    uint8_t root[SHA256_SIZE];
    enum status status = tree_load(&hot->tree, (uint64_t)head->last_seq, row->frontier);
    if (status != OK) {
        return status;
    }
    tree_root(&hot->tree, root);
    if (!bytes_equal(bytes_of(root, sizeof root), head->root)) {
        return STATUS_CORRUPT;
    }
    memcpy(hot->root, root, sizeof root);
    hot->last_us = head->last_us;
    hot->meta_version = head->meta_version;
    hot->status = row->status;
    hot->erased = row->wrapped.len == 0;
    return hot->erased
               ? OK
               : thread_key_unwrap(tenant_key, &hot->tenant, &hot->id, row->wrapped, &hot->key);
}

static enum status load_people(struct tenant_tx *tx, const struct cold *cold,
                               struct hot_thread **ret)
{
    struct db_rows *rows;
    enum status status = store_list_participants(tx, cold->ids, cold->count, &rows);
    if (status != OK) {
        return status;
    }
    struct hot_thread *hot = NULL;
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        struct participant_row row = participant_row_at(rows, i);
        if (hot == NULL || !uuid_equal(&hot->id, &row.thread)) {
            size_t place = place_of(cold->ids, cold->count, &row.thread);
            hot = place < cold->count ? ret[cold->places[place]] : NULL;
        }
        if (hot != NULL && hot->people_count < PARTICIPANTS_MAX) {
            hot->people[hot->people_count++] = row.user;
        }
    }
    db_rows_free(rows);
    return OK;
}

static enum status load_cold(struct hot_threads *all, struct tenant_keys *keys,
                             struct tenant_tx *tx, const struct cold *cold, struct hot_thread **ret)
{
    const struct key *tenant_key;
    struct db_rows *rows;
    enum status status = tenant_keys_get(keys, tx, &tenant_key);
    if (status == OK) {
        status = store_load_threads(tx, cold->ids, cold->count, &rows);
    }
    for (size_t i = 0; status == OK && i < db_rows_count(rows); i++) {
        struct load_row row = load_row_at(rows, i);
        size_t place = place_of(cold->ids, cold->count, &row.thread);
        if (place == cold->count) {
            continue;
        }
        struct hot_thread *hot = add(all, tenant_tx_tenant(tx), &row.thread);
        if (hot == NULL) {
            return STATUS_RESOURCE_EXHAUSTED;
        }
        status = warm_up(hot, &cold->heads[place], &row, tenant_key);
        ret[cold->places[place]] = hot;
    }
    return status == OK ? load_people(tx, cold, ret) : status;
}

enum status hot_lock(struct hot_threads *all, struct tenant_keys *keys, struct tenant_tx *tx,
                     const struct uuid *ids, size_t count, struct hot_thread **ret)
{
    struct cold cold = {.count = 0};
    struct db_rows *rows;
    memset(ret, 0, count * sizeof *ret);
    enum status status = store_lock_heads(tx, ids, count, &rows);
    if (status != OK) {
        return status;
    }
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        struct head_row head = head_row_at(rows, i);
        size_t place = place_of(ids, count, &head.thread);
        struct hot_thread *hot = find(all, tenant_tx_tenant(tx), &head.thread);
        if (hot != NULL && still_true(hot, &head)) {
            hot->ahead = false;
            ret[place] = hot;
            continue;
        }
        if (hot != NULL) {
            hot_forget(all, hot);
        }
        cold.ids[cold.count] = head.thread;
        cold.heads[cold.count] = head;
        cold.places[cold.count++] = place;
    }
    status = cold.count > 0 ? load_cold(all, keys, tx, &cold, ret) : OK;
    if (status != OK) {
        /* Half-loaded threads must not be believed later. */
        hot_forget_all(all);
    }
    return status;
}

bool hot_recall(struct hot_threads *all, const struct tenant_id *tenant, const struct uuid *ids,
                size_t count, struct hot_thread **ret)
{
    for (size_t i = 0; i < count; i++) {
        ret[i] = find(all, tenant, &ids[i]);
        if (ret[i] == NULL) {
            return false;
        }
    }
    return true;
}

bool hot_takes_part(const struct hot_thread *hot, const struct uuid *user)
{
    return place_of(hot->people, hot->people_count, user) < hot->people_count;
}
