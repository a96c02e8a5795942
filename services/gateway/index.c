/* Chained buckets, doubled when nodes outnumber them. Next: frame.h */
#include "index.h"

#include <stdlib.h>
#include "core/ids.h"

#define BUCKETS_FIRST 16

static uint64_t hash_of(struct bytes key)
{
    static uint64_t seed;
    if (seed == 0) {
        struct uuid random = uuid_new();
        memcpy(&seed, random.b + 8, sizeof seed);
        seed |= 1;
    }
    uint64_t hash = seed;
    for (size_t i = 0; i < key.len; i++) {
        hash = (hash ^ key.data[i]) * 0x100000001b3u;
        hash ^= hash >> 29;
    }
    return hash * seed;
}

static size_t bucket_of(const struct index *index, uint64_t hash)
{
    return (size_t)(hash >> 17) & (index->bucket_count - 1);
}

void index_fini(struct index *index)
{
    free(index->buckets);
    *index = (struct index){0};
}

struct index_node *index_find(const struct index *index, struct bytes key)
{
    if (index->count == 0)
        return NULL;
    uint64_t hash = hash_of(key);
    struct index_node *node = index->buckets[bucket_of(index, hash)];
    while (node && (node->hash != hash || !bytes_equal(node->key, key)))
        node = node->next;
    return node;
}

static enum status grow(struct index *index)
{
    size_t count = index->bucket_count > 0 ? 2 * index->bucket_count : BUCKETS_FIRST;
    struct index_node **buckets = calloc(count, sizeof(struct index_node *));
    if (!buckets)
        return STATUS_RESOURCE_EXHAUSTED;
    struct index old = *index;
    index->buckets = buckets;
    index->bucket_count = count;
    for (size_t i = 0; i < old.bucket_count; i++) {
        struct index_node *node = old.buckets[i];
        while (node) {
            struct index_node *next = node->next;
            struct index_node **bucket = &buckets[bucket_of(index, node->hash)];
            node->next = *bucket;
            *bucket = node;
            node = next;
        }
    }
    free(old.buckets);
    return OK;
}

enum status index_add(struct index *index, struct index_node *node)
{
    if (index->count >= index->bucket_count) {
        enum status status = grow(index);
        if (status != OK)
            return status;
    }
    node->hash = hash_of(node->key);
    struct index_node **bucket = &index->buckets[bucket_of(index, node->hash)];
    node->next = *bucket;
    *bucket = node;
    index->count++;
    return OK;
}

void index_remove(struct index *index, struct index_node *node)
{
    struct index_node **link = &index->buckets[bucket_of(index, node->hash)];
    while (*link != node)
        link = &(*link)->next;
    *link = node->next;
    index->count--;
}

void index_each(struct index *index, void (*visit)(void *data, struct index_node *node), void *data)
{
    for (size_t i = 0; i < index->bucket_count; i++) {
        struct index_node *node = index->buckets[i];
        while (node) {
            struct index_node *next = node->next;
            visit(data, node);
            node = next;
        }
    }
}
