/* Trees against a naive one written from the definition, and proofs that were tampered with. */
#include "evidence/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/cleanup.h"

#define LEAVES 64

static uint8_t leaves[1024 * SHA256_SIZE];

static int set_up(void **state)
{
    (void)state;
    random_bytes(leaves, sizeof leaves);
    return 0;
}

/* MTH of RFC 6962, recursive as it is defined there. */
static void naive_root(const uint8_t *from, uint64_t count, uint8_t out[SHA256_SIZE])
{
    if (count == 0) {
        sha256((struct bytes){0}, out);
        return;
    }
    if (count == 1) {
        memcpy(out, from, SHA256_SIZE);
        return;
    }
    uint64_t split = 1;
    while (split * 2 < count) {
        split *= 2;
    }
    uint8_t node[1 + 2 * SHA256_SIZE] = {1};
    naive_root(from, split, node + 1);
    naive_root(from + split * SHA256_SIZE, count - split, node + 1 + SHA256_SIZE);
    sha256(bytes_of(node, sizeof node), out);
}

static void test_the_frontier_agrees_with_the_definition(void **state)
{
    (void)state;
    struct tree tree = {0};
    for (uint64_t size = 0; size <= 1024; size++) {
        uint8_t expected[SHA256_SIZE], root[SHA256_SIZE];
        naive_root(leaves, size, expected);
        tree_root(&tree, root);
        assert_memory_equal(root, expected, SHA256_SIZE);
        if (size < 1024) {
            tree_append(&tree, leaves + size * SHA256_SIZE);
        }
    }
}

static void test_a_stored_frontier_continues_where_it_was(void **state)
{
    (void)state;
    struct tree whole = {0};
    for (uint64_t size = 0; size < 200; size++) {
        struct tree loaded;
        uint8_t stored[FRONTIER_BYTES_MAX];
        struct bytes frontier = tree_frontier(&whole);
        memcpy(stored, frontier.data, frontier.len);
        assert_int_equal(tree_load(&loaded, whole.size, bytes_of(stored, frontier.len)), OK);
        tree_append(&loaded, leaves + size * SHA256_SIZE);
        tree_append(&whole, leaves + size * SHA256_SIZE);
        uint8_t a[SHA256_SIZE], b[SHA256_SIZE];
        tree_root(&loaded, a);
        tree_root(&whole, b);
        assert_memory_equal(a, b, SHA256_SIZE);
    }
}

static void test_a_frontier_of_the_wrong_length_is_corrupt(void **state)
{
    (void)state;
    struct tree tree;
    static const uint8_t bytes[(TREE_DEPTH_MAX + 1) * SHA256_SIZE];
    assert_int_equal(tree_load(&tree, 0, (struct bytes){0}), OK);
    assert_int_equal(tree_load(&tree, 0, bytes_of(bytes, 32)), STATUS_CORRUPT);
    assert_int_equal(tree_load(&tree, 5, bytes_of(bytes, 64)), OK);
    assert_int_equal(tree_load(&tree, 5, bytes_of(bytes, 63)), STATUS_CORRUPT);
    assert_int_equal(tree_load(&tree, 5, bytes_of(bytes, 65)), STATUS_CORRUPT);
    assert_int_equal(tree_load(&tree, 5, bytes_of(bytes, 96)), STATUS_CORRUPT);
    assert_int_equal(tree_load(&tree, UINT64_MAX >> 1, bytes_of(bytes, 63 * 32)), OK);
    assert_int_equal(tree_load(&tree, UINT64_MAX, bytes_of(bytes, 64 * 32)), STATUS_CORRUPT);
}

/* The last append a tree can take folds all 63 subtrees into one. */
static void test_the_largest_tree_takes_its_last_leaf(void **state)
{
    (void)state;
    struct tree tree;
    assert_int_equal(tree_load(&tree, UINT64_MAX >> 1, bytes_of(leaves, FRONTIER_BYTES_MAX)), OK);
    tree_append(&tree, leaves);
    assert_int_equal(tree.size, UINT64_C(1) << 63);
    assert_int_equal(tree_frontier(&tree).len, SHA256_SIZE);
}

static void test_every_inclusion_proof_of_trees_up_to_64_holds(void **state)
{
    (void)state;
    for (uint64_t size = 1; size <= LEAVES; size++) {
        uint8_t root[SHA256_SIZE];
        naive_root(leaves, size, root);
        for (uint64_t index = 0; index < size; index++) {
            CLEANUP(buf_fini) struct buf proof = {0};
            assert_int_equal(tree_prove_inclusion(leaves, size, index, &proof), OK);
            assert_int_equal(tree_check_inclusion(leaves + index * SHA256_SIZE, index, size,
                                                  buf_bytes(&proof), root),
                             OK);
        }
    }
}

/* `check` must refuse each proof with one bit changed, one node less, one more or two swapped. */
static void assert_mutations_refused(struct buf *proof, enum status (*check)(struct bytes proof))
{
    for (size_t i = 0; i < proof->len; i += 11) {
        proof->data[i] ^= 0x10;
        assert_int_equal(check(buf_bytes(proof)), STATUS_CORRUPT);
        proof->data[i] ^= 0x10;
    }
    for (size_t len = 0; len < proof->len; len += len % 32 == 31 ? 1 : 31) {
        assert_int_equal(check(bytes_of(proof->data, len)), STATUS_CORRUPT);
    }
    if (proof->len >= 2 * SHA256_SIZE) {
        struct bytes without_first = {proof->data + SHA256_SIZE, proof->len - SHA256_SIZE};
        assert_int_equal(check(without_first), STATUS_CORRUPT);
        uint8_t swapped[64 * SHA256_SIZE];
        memcpy(swapped, proof->data, proof->len);
        memcpy(swapped, proof->data + SHA256_SIZE, SHA256_SIZE);
        memcpy(swapped + SHA256_SIZE, proof->data, SHA256_SIZE);
        assert_int_equal(check(bytes_of(swapped, proof->len)), STATUS_CORRUPT);
    }
    buf_append(proof, leaves, SHA256_SIZE);
    assert_int_equal(check(buf_bytes(proof)), STATUS_CORRUPT);
    proof->len -= SHA256_SIZE;
    assert_int_equal(check(buf_bytes(proof)), OK);
}

static struct {
    uint64_t a, b;
    uint8_t root_a[SHA256_SIZE], root_b[SHA256_SIZE];
} now;

static enum status check_inclusion(struct bytes proof)
{
    return tree_check_inclusion(leaves + now.a * SHA256_SIZE, now.a, now.b, proof, now.root_b);
}

static enum status check_consistency(struct bytes proof)
{
    return tree_check_consistency(now.a, now.root_a, now.b, now.root_b, proof);
}

static void test_mutated_inclusion_proofs_are_refused(void **state)
{
    (void)state;
    for (now.b = 1; now.b <= LEAVES; now.b++) {
        naive_root(leaves, now.b, now.root_b);
        for (now.a = 0; now.a < now.b; now.a++) {
            CLEANUP(buf_fini) struct buf proof = {0};
            assert_int_equal(tree_prove_inclusion(leaves, now.b, now.a, &proof), OK);
            assert_mutations_refused(&proof, check_inclusion);
        }
    }
}

static void test_an_inclusion_proof_holds_for_one_place_only(void **state)
{
    (void)state;
    for (uint64_t size = 2; size <= 33; size++) {
        uint8_t root[SHA256_SIZE];
        naive_root(leaves, size, root);
        for (uint64_t index = 0; index < size; index++) {
            CLEANUP(buf_fini) struct buf proof = {0};
            assert_int_equal(tree_prove_inclusion(leaves, size, index, &proof), OK);
            for (uint64_t other = 0; other < size; other++) {
                enum status place = tree_check_inclusion(leaves + index * SHA256_SIZE, other, size,
                                                         buf_bytes(&proof), root);
                enum status leaf = tree_check_inclusion(leaves + other * SHA256_SIZE, index, size,
                                                        buf_bytes(&proof), root);
                assert_int_equal(place, other == index ? OK : STATUS_CORRUPT);
                assert_int_equal(leaf, other == index ? OK : STATUS_CORRUPT);
            }
        }
    }
}

static void test_mutated_consistency_proofs_are_refused(void **state)
{
    (void)state;
    for (now.b = 1; now.b <= LEAVES; now.b++) {
        naive_root(leaves, now.b, now.root_b);
        for (now.a = 0; now.a <= now.b; now.a++) {
            CLEANUP(buf_fini) struct buf proof = {0};
            naive_root(leaves, now.a, now.root_a);
            assert_int_equal(tree_prove_consistency(leaves, now.a, now.b, &proof), OK);
            assert_int_equal(check_consistency(buf_bytes(&proof)), OK);
            assert_mutations_refused(&proof, check_consistency);
        }
    }
}

static void test_a_history_that_was_rewritten_is_not_consistent(void **state)
{
    (void)state;
    static uint8_t rewritten[LEAVES * SHA256_SIZE];
    for (uint64_t old_size = 1; old_size <= 32; old_size++) {
        uint8_t old_root[SHA256_SIZE], new_root[SHA256_SIZE];
        naive_root(leaves, old_size, old_root);
        memcpy(rewritten, leaves, sizeof rewritten);
        rewritten[(old_size - 1) * SHA256_SIZE] ^= 1;
        for (uint64_t new_size = old_size; new_size <= 40; new_size++) {
            CLEANUP(buf_fini) struct buf proof = {0};
            naive_root(rewritten, new_size, new_root);
            assert_int_equal(tree_prove_consistency(rewritten, old_size, new_size, &proof), OK);
            assert_int_equal(
                tree_check_consistency(old_size, old_root, new_size, new_root, buf_bytes(&proof)),
                STATUS_CORRUPT);
        }
    }
}

static void test_a_shrunk_tree_is_not_consistent(void **state)
{
    (void)state;
    uint8_t root[SHA256_SIZE];
    naive_root(leaves, 4, root);
    assert_int_equal(tree_check_consistency(5, root, 4, root, (struct bytes){0}), STATUS_CORRUPT);
    assert_int_equal(tree_check_consistency(4, root, 4, root, (struct bytes){0}), OK);
    assert_int_equal(tree_check_consistency(0, root, 4, root, (struct bytes){0}), STATUS_CORRUPT);
}

static void test_proofs_out_of_range_are_invalid(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf proof = {0};
    assert_int_equal(tree_prove_inclusion(leaves, 4, 4, &proof), STATUS_INVALID);
    assert_int_equal(tree_prove_inclusion(leaves, 0, 0, &proof), STATUS_INVALID);
    assert_int_equal(tree_prove_consistency(leaves, 5, 4, &proof), STATUS_INVALID);
    assert_int_equal(proof.len, 0);
    assert_int_equal(tree_check_inclusion(leaves, 0, 0, (struct bytes){0}, leaves), STATUS_CORRUPT);
    assert_int_equal(tree_check_inclusion(leaves, 1, 1, (struct bytes){0}, leaves), STATUS_CORRUPT);
    assert_int_equal(tree_check_inclusion(leaves, 0, 1, (struct bytes){0}, leaves), OK);
}

/* Sizes come from outside: no walk may be longer than the proof or shift by 64. */
static void test_huge_sizes_are_refused_quickly(void **state)
{
    (void)state;
    struct bytes proof = bytes_of(leaves, 70 * SHA256_SIZE);
    static const uint64_t sizes[] = {UINT64_MAX, UINT64_MAX - 1, UINT64_C(1) << 63};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(tree_check_inclusion(leaves, sizes[i] - 1, sizes[i], proof, leaves),
                         STATUS_CORRUPT);
        assert_int_equal(tree_check_consistency(sizes[i] - 1, leaves, sizes[i], leaves, proof),
                         STATUS_CORRUPT);
        assert_int_equal(tree_check_consistency(1, leaves, sizes[i], leaves, proof),
                         STATUS_CORRUPT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_frontier_agrees_with_the_definition),
        cmocka_unit_test(test_a_stored_frontier_continues_where_it_was),
        cmocka_unit_test(test_a_frontier_of_the_wrong_length_is_corrupt),
        cmocka_unit_test(test_the_largest_tree_takes_its_last_leaf),
        cmocka_unit_test(test_every_inclusion_proof_of_trees_up_to_64_holds),
        cmocka_unit_test(test_mutated_inclusion_proofs_are_refused),
        cmocka_unit_test(test_an_inclusion_proof_holds_for_one_place_only),
        cmocka_unit_test(test_mutated_consistency_proofs_are_refused),
        cmocka_unit_test(test_a_history_that_was_rewritten_is_not_consistent),
        cmocka_unit_test(test_a_shrunk_tree_is_not_consistent),
        cmocka_unit_test(test_proofs_out_of_range_are_invalid),
        cmocka_unit_test(test_huge_sizes_are_refused_quickly),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
