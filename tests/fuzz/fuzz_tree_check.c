/* Proofs from outside against any sizes: the checks end, read nothing outside, and what they accept
 * has a shape that a proof can have. */
#include <stdlib.h>

#include "evidence/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t a, b;
    if (size < 2 * sizeof a + 2 * SHA256_SIZE) {
        return 0;
    }
    memcpy(&a, data, sizeof a);
    memcpy(&b, data + sizeof a, sizeof b);
    const uint8_t *first = data + 2 * sizeof a, *second = first + SHA256_SIZE;
    struct bytes proof = bytes_of(second + SHA256_SIZE, size - 2 * sizeof a - 2 * SHA256_SIZE);
    bool included = tree_check_inclusion(first, a, b, proof, second) == OK;
    bool consistent = tree_check_consistency(a, first, b, second, proof) == OK;
    /* libFuzzer watches memcmp and so does find proofs, but never one of these. */
    if ((included && a >= b) || (consistent && a > b) ||
        ((included || consistent) && proof.len > 65 * SHA256_SIZE)) {
        abort();
    }
    struct tree tree;
    if (tree_load(&tree, a, proof) == OK && tree.size < UINT64_C(1) << 63) {
        uint8_t root[SHA256_SIZE];
        tree_append(&tree, first);
        tree_root(&tree, root);
    }
    return 0;
}
