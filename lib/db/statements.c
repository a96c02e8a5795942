/* Prepared statements of one connection: a bounded table, least recently used first out.
 *
 * The key is (statement, tenant, parameter types): a plan belongs to one search path, and a
 * statement met first with a NULL may have inferred another type than it is given later. Names on
 * the server are never used twice. Next: tenants.c
 */
#include "db/connection.h"

#include <stdio.h>
#include <stdlib.h>

#define SLOTS 2048 /* chains of the hash table: twice the entries */

struct statement {
    const struct db_stmt *stmt;
    struct tenant_id tenant;
    uint32_t types_hash, slot;
    char name[STATEMENT_NAME_SIZE];
    struct statement *chain; /* next in its slot, or in the free list */
    struct statement *newer, *older;
};

struct statements {
    struct statement entries[STATEMENTS_PER_CONN_MAX];
    struct statement *slots[SLOTS];
    struct statement *free_list, *newest, *oldest;
    uint32_t last_name;
};

struct statements *statements_new(void)
{
    struct statements *all = malloc(sizeof *all);
    if (all != NULL) {
        all->last_name = 0;
        statements_clear(all);
    }
    return all;
}

void statements_free(struct statements *all)
{
    free(all);
}

void statements_clear(struct statements *all)
{
    memset(all->slots, 0, sizeof all->slots);
    all->newest = all->oldest = all->free_list = NULL;
    for (size_t i = STATEMENTS_PER_CONN_MAX; i-- > 0;) {
        all->entries[i].chain = all->free_list;
        all->free_list = &all->entries[i];
    }
}

static uint32_t mix(uint32_t hash, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ bytes[i]) * 16777619u;
    }
    return hash;
}

static void list_remove(struct statements *all, struct statement *entry)
{
    *(entry->newer != NULL ? &entry->newer->older : &all->newest) = entry->older;
    *(entry->older != NULL ? &entry->older->newer : &all->oldest) = entry->newer;
}

static void list_add_newest(struct statements *all, struct statement *entry)
{
    entry->newer = NULL;
    entry->older = all->newest;
    *(all->newest != NULL ? &all->newest->newer : &all->oldest) = entry;
    all->newest = entry;
}

void statements_drop(struct statements *all, struct statement *statement)
{
    struct statement **link = &all->slots[statement->slot];
    while (*link != NULL && *link != statement) {
        link = &(*link)->chain;
    }
    if (*link == NULL) {
        return;
    }
    *link = statement->chain;
    list_remove(all, statement);
    statement->chain = all->free_list;
    all->free_list = statement;
}

const char *statement_name(const struct statement *statement)
{
    return statement->name;
}

static struct statement *entry_new(struct statements *all, char ret_evicted[STATEMENT_NAME_SIZE])
{
    if (all->free_list == NULL) {
        memcpy(ret_evicted, all->oldest->name, STATEMENT_NAME_SIZE);
        statements_drop(all, all->oldest);
    }
    struct statement *entry = all->free_list;
    all->free_list = entry->chain;
    return entry;
}

struct statement *statements_take(struct statements *all, const struct db_stmt *stmt,
                                  const struct tenant_id *tenant, const struct encoded *params,
                                  bool *ret_new, char ret_evicted[STATEMENT_NAME_SIZE])
{
    uint32_t types = mix(2166136261u, params->types, (size_t)params->count * sizeof(Oid));
    uint32_t hash = mix(types, &stmt, sizeof stmt);
    uint32_t slot = mix(hash, tenant->text, strlen(tenant->text)) % SLOTS;
    ret_evicted[0] = '\0';
    *ret_new = false;
    for (struct statement *at = all->slots[slot]; at != NULL; at = at->chain) {
        if (at->stmt == stmt && at->types_hash == types && tenant_id_equal(&at->tenant, tenant)) {
            list_remove(all, at);
            list_add_newest(all, at);
            return at;
        }
    }
    struct statement *entry = entry_new(all, ret_evicted);
    *entry = (struct statement){.stmt = stmt,
                                .tenant = *tenant,
                                .types_hash = types,
                                .slot = slot,
                                .chain = all->slots[slot]};
    snprintf(entry->name, sizeof entry->name, "s%u", ++all->last_name);
    all->slots[slot] = entry;
    list_add_newest(all, entry);
    *ret_new = true;
    return entry;
}
