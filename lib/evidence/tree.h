/* RFC 6962 Merkle trees: append by frontier, roots, inclusion and consistency proofs.
 *
 * A frontier is the roots of the full subtrees of a tree, largest first: what is needed to append
 * without reading old leaves. Pure; a tree has at most 2^63 leaves. Next: docs/evidence.md
 */
#ifndef WARDROOM_EVIDENCE_TREE_H
#define WARDROOM_EVIDENCE_TREE_H

#include "crypto/aead.h"

#define TREE_DEPTH_MAX     63
#define FRONTIER_BYTES_MAX (TREE_DEPTH_MAX * SHA256_SIZE)

struct tree {
    uint64_t size;
    uint8_t frontier[TREE_DEPTH_MAX][SHA256_SIZE]; /* popcount(size) are used */
};

void tree_append(struct tree *tree, const uint8_t leaf[SHA256_SIZE]);
/* Root of what is there; of the empty tree SHA-256(""). */
void tree_root(const struct tree *tree, uint8_t out[SHA256_SIZE]);
/* popcount(size) * 32 bytes, to be stored beside the size. */
struct bytes tree_frontier(const struct tree *tree);
/* The reverse. CORRUPT: the length does not fit the size. */
MUST_CHECK enum status tree_load(struct tree *ret, uint64_t size, struct bytes frontier);

/* Proofs over `count` leaf hashes (32 bytes each, one after the other): RFC 6962 2.1.1, 2.1.2.
 * Nodes are appended to `out`. INVALID: index or sizes out of range. */
MUST_CHECK enum status tree_prove_inclusion(const uint8_t *leaves, uint64_t count, uint64_t index,
                                            struct buf *out);
MUST_CHECK enum status tree_prove_consistency(const uint8_t *leaves, uint64_t old_size,
                                              uint64_t new_size, struct buf *out);
/* RFC 9162 2.1.3.2 and 2.1.4.2. OK or CORRUPT. */
MUST_CHECK enum status tree_check_inclusion(const uint8_t leaf[SHA256_SIZE], uint64_t index,
                                            uint64_t size, struct bytes proof,
                                            const uint8_t root[SHA256_SIZE]);
MUST_CHECK enum status
tree_check_consistency(uint64_t old_size, const uint8_t old_root[SHA256_SIZE], uint64_t new_size,
                       const uint8_t new_root[SHA256_SIZE], struct bytes proof);

#endif
