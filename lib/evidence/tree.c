/* RFC 6962 trees without recursion: a frontier while appending, ranges while proving.
 *
 * Next: docs/evidence.md */
#include "evidence/tree.h"

#define NODE_PREFIX 0x01

static void node_hash(const uint8_t left[SHA256_SIZE], const uint8_t right[SHA256_SIZE],
                      uint8_t out[SHA256_SIZE])
{
    uint8_t node[1 + 2 * SHA256_SIZE] = {NODE_PREFIX};
    memcpy(node + 1, left, SHA256_SIZE);
    memcpy(node + 1 + SHA256_SIZE, right, SHA256_SIZE);
    sha256(bytes_of(node, sizeof node), out);
}

static size_t frontier_count(uint64_t size)
{
    return (size_t)__builtin_popcountll(size);
}

void tree_append(struct tree *tree, const uint8_t leaf[SHA256_SIZE])
{
    uint8_t carry[SHA256_SIZE];
    memcpy(carry, leaf, SHA256_SIZE);
    /* Like adding one in binary: every trailing one bit is a full subtree that the new leaf
     * completes to one of twice the size. */
    size_t count = frontier_count(tree->size);
    for (uint64_t bits = tree->size; (bits & 1) != 0; bits >>= 1) {
        count--;
        node_hash(tree->frontier[count], carry, carry);
    }
    memcpy(tree->frontier[count], carry, SHA256_SIZE);
    tree->size++;
}

void tree_root(const struct tree *tree, uint8_t out[SHA256_SIZE])
{
    size_t count = frontier_count(tree->size);
    if (count == 0) {
        sha256((struct bytes){0}, out);
        return;
    }
    memcpy(out, tree->frontier[count - 1], SHA256_SIZE);
    for (size_t i = count - 1; i > 0; i--) {
        node_hash(tree->frontier[i - 1], out, out);
    }
}

struct bytes tree_frontier(const struct tree *tree)
{
    return bytes_of(tree->frontier, frontier_count(tree->size) * SHA256_SIZE);
}

enum status tree_load(struct tree *ret, uint64_t size, struct bytes frontier)
{
    size_t count = frontier_count(size);
    if (count > TREE_DEPTH_MAX || frontier.len != count * SHA256_SIZE) {
        return STATUS_CORRUPT;
    }
    ret->size = size;
    if (frontier.len > 0) {
        memcpy(ret->frontier, frontier.data, frontier.len);
    }
    return OK;
}

/* MTH of RFC 6962 over leaves from..to-1. */
static void range_root(const uint8_t *leaves, uint64_t from, uint64_t to, uint8_t out[SHA256_SIZE])
{
    struct tree tree = {0};
    for (uint64_t i = from; i < to; i++) {
        tree_append(&tree, leaves + i * SHA256_SIZE);
    }
    tree_root(&tree, out);
}

/* The largest power of two below n, for n >= 2: where a tree of n leaves splits. */
static uint64_t split_of(uint64_t n)
{
    return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

/* Siblings met on the way down, which a proof lists on the way up. */
struct path {
    uint8_t nodes[TREE_DEPTH_MAX + 1][SHA256_SIZE];
    size_t count;
};

static void path_append(struct path *path, struct buf *out)
{
    while (path->count > 0) {
        buf_append(out, path->nodes[--path->count], SHA256_SIZE);
    }
}

/* PATH of RFC 6962 section 2.1.1. */
enum status tree_prove_inclusion(const uint8_t *leaves, uint64_t count, uint64_t index,
                                 struct buf *out)
{
    if (index >= count) {
        return STATUS_INVALID;
    }
    struct path path = {.count = 0};
    uint64_t from = 0, to = count;
    while (to - from > 1) {
        uint64_t middle = from + split_of(to - from);
        uint8_t *sibling = path.nodes[path.count++];
        if (index < middle) {
            range_root(leaves, middle, to, sibling);
            to = middle;
        } else {
            range_root(leaves, from, middle, sibling);
            from = middle;
        }
    }
    path_append(&path, out);
    return OK;
}

/* SUBPROOF of RFC 6962 section 2.1.2. */
enum status tree_prove_consistency(const uint8_t *leaves, uint64_t old_size, uint64_t new_size,
                                   struct buf *out)
{
    if (old_size > new_size) {
        return STATUS_INVALID;
    }
    if (old_size == 0) {
        return OK; /* nothing was promised yet */
    }
    struct path path = {.count = 0};
    uint64_t from = 0, to = new_size;
    while (to != old_size) {
        uint64_t middle = from + split_of(to - from);
        uint8_t *sibling = path.nodes[path.count++];
        if (old_size <= middle) {
            range_root(leaves, middle, to, sibling);
            to = middle;
        } else {
            range_root(leaves, from, middle, sibling);
            from = middle;
        }
    }
    /* From 0 on, what is left is the old tree itself, whose root the verifier has. */
    if (from != 0) {
        uint8_t node[SHA256_SIZE];
        range_root(leaves, from, to, node);
        buf_append(out, node, sizeof node);
    }
    path_append(&path, out);
    return OK;
}

enum status tree_check_inclusion(const uint8_t leaf[SHA256_SIZE], uint64_t index, uint64_t size,
                                 struct bytes proof, const uint8_t root[SHA256_SIZE])
{
    if (index >= size || proof.len % SHA256_SIZE != 0) {
        return STATUS_CORRUPT;
    }
    uint8_t hash[SHA256_SIZE];
    memcpy(hash, leaf, SHA256_SIZE);
    uint64_t node = index, last = size - 1;
    for (size_t at = 0; at < proof.len; at += SHA256_SIZE) {
        const uint8_t *sibling = proof.data + at;
        if (last == 0) {
            return STATUS_CORRUPT;
        }
        if ((node & 1) != 0 || node == last) {
            node_hash(sibling, hash, hash);
            /* The last node of an odd level has no sibling there: go up to where it has one. */
            while ((node & 1) == 0 && node != 0) {
                node >>= 1;
                last >>= 1;
            }
        } else {
            node_hash(hash, sibling, hash);
        }
        node >>= 1;
        last >>= 1;
    }
    return last == 0 && memcmp(hash, root, SHA256_SIZE) == 0 ? OK : STATUS_CORRUPT;
}

/* The walk of RFC 9162 section 2.1.4.2, steps 4 to 6: both roots are rebuilt from one path. `seed`
 * is the subtree both trees share. */
static enum status consistency_walk(uint64_t old_size, const uint8_t old_root[SHA256_SIZE],
                                    uint64_t new_size, const uint8_t new_root[SHA256_SIZE],
                                    const uint8_t seed[SHA256_SIZE], struct bytes path)
{
    uint64_t node = old_size - 1, last = new_size - 1;
    while ((node & 1) != 0) {
        node >>= 1;
        last >>= 1;
    }
    uint8_t old_hash[SHA256_SIZE], new_hash[SHA256_SIZE];
    memcpy(old_hash, seed, SHA256_SIZE);
    memcpy(new_hash, seed, SHA256_SIZE);
    for (size_t at = 0; at < path.len; at += SHA256_SIZE) {
        const uint8_t *sibling = path.data + at;
        if (last == 0) {
            return STATUS_CORRUPT;
        }
        if ((node & 1) != 0 || node == last) {
            node_hash(sibling, old_hash, old_hash);
            node_hash(sibling, new_hash, new_hash);
            while ((node & 1) == 0 && node != 0) {
                node >>= 1;
                last >>= 1;
            }
        } else {
            node_hash(new_hash, sibling, new_hash);
        }
        node >>= 1;
        last >>= 1;
    }
    bool same = last == 0 && memcmp(old_hash, old_root, SHA256_SIZE) == 0 &&
                memcmp(new_hash, new_root, SHA256_SIZE) == 0;
    return same ? OK : STATUS_CORRUPT;
}

enum status tree_check_consistency(uint64_t old_size, const uint8_t old_root[SHA256_SIZE],
                                   uint64_t new_size, const uint8_t new_root[SHA256_SIZE],
                                   struct bytes proof)
{
    if (old_size > new_size || proof.len % SHA256_SIZE != 0) {
        return STATUS_CORRUPT;
    }
    if (old_size == 0 || old_size == new_size) {
        uint8_t expected[SHA256_SIZE];
        memcpy(expected, new_root, SHA256_SIZE);
        if (old_size == 0) {
            sha256((struct bytes){0}, expected);
        }
        bool same = proof.len == 0 && memcmp(old_root, expected, SHA256_SIZE) == 0;
        return same ? OK : STATUS_CORRUPT;
    }
    if (frontier_count(old_size) == 1) {
        /* A full tree is a node of the new one, so the proof leaves its root out. */
        return consistency_walk(old_size, old_root, new_size, new_root, old_root, proof);
    }
    if (proof.len == 0) {
        return STATUS_CORRUPT;
    }
    struct bytes path = {proof.data + SHA256_SIZE, proof.len - SHA256_SIZE};
    return consistency_walk(old_size, old_root, new_size, new_root, proof.data, path);
}
