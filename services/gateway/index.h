/* A hash index over nodes that live inside their owners: tenants by name, rooms by thread id, files
 * by path. Seeded, so that outsiders who choose ids cannot aim at one bucket. Next: frame.h
 */
#ifndef WARDROOM_GATEWAY_INDEX_H
#define WARDROOM_GATEWAY_INDEX_H

#include "core/bytes.h"

struct index_node {
    struct index_node *next;
    uint64_t hash;
    struct bytes key; /* borrowed from the owner, fixed while it is in the index */
};
struct index {
    struct index_node **buckets;
    size_t bucket_count, count;
};

/* The owner of a node: INDEX_OWNER(node, struct room, node). */
#define INDEX_OWNER(pointer, type, member)                                                         \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

void index_fini(struct index *index); /* the nodes are their owners' */
struct index_node *index_find(const struct index *index, struct bytes key);
/* `node->key` is set; no other node has that key. RESOURCE_EXHAUSTED without memory. */
MUST_CHECK enum status index_add(struct index *index, struct index_node *node);
void index_remove(struct index *index, struct index_node *node);
/* Every node, in no order; `visit` may remove the node it is given and no other. */
void index_each(struct index *index, void (*visit)(void *data, struct index_node *node),
                void *data);

#endif
