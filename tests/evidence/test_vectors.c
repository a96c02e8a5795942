/* The published trees and sealed values, made by tests/vectors/make.mjs, come out of our code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/cleanup.h"
#include "evidence/tree.h"
#include "vectors.h"

static json_t *root;
static struct buf hashes;

static int set_up(void **state)
{
    (void)state;
    root = vectors_load("tree");
    vector_hashes(json_object_get(root, "leaf_hashes"), &hashes);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(root);
    buf_fini(&hashes);
    return 0;
}

static const uint8_t *leaf_at(int64_t index)
{
    assert_true((size_t)index < hashes.len / SHA256_SIZE);
    return hashes.data + index * SHA256_SIZE;
}

static void root_at(int64_t size, uint8_t out[SHA256_SIZE])
{
    vector_hash(json_array_get(json_object_get(root, "roots"), (size_t)size), out);
}

static void test_leaf_hashes_are_those_of_the_inputs(void **state)
{
    (void)state;
    json_t *inputs = json_object_get(root, "inputs"), *input;
    size_t i;
    assert_int_equal(json_array_size(inputs), 8);
    json_array_foreach(inputs, i, input)
    {
        uint8_t bytes[1 + 16] = {0x00}, hash[SHA256_SIZE];
        size_t len;
        assert_true(hex_decode(bytes_text(json_string_value(input)), bytes + 1, 16, &len));
        sha256(bytes_of(bytes, 1 + len), hash);
        assert_memory_equal(hash, leaf_at((int64_t)i), SHA256_SIZE);
    }
}

/* The roots of the reference tests of Certificate Transparency, as they were published. */
static void test_the_first_roots_are_those_of_certificate_transparency(void **state)
{
    (void)state;
    static const char *const published[] = {
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
    struct tree tree = {0};
    for (int64_t size = 0; size <= 8; size++) {
        uint8_t ours[SHA256_SIZE];
        char text[2 * SHA256_SIZE + 1];
        tree_root(&tree, ours);
        hex_encode(bytes_of(ours, SHA256_SIZE), text);
        assert_string_equal(text, published[size]);
        tree_append(&tree, leaf_at(size));
    }
}

static void test_all_roots_come_out(void **state)
{
    (void)state;
    struct tree tree = {0};
    int64_t count = (int64_t)(hashes.len / SHA256_SIZE);
    assert_int_equal(json_array_size(json_object_get(root, "roots")), count + 1);
    for (int64_t size = 0; size <= count; size++) {
        uint8_t expected[SHA256_SIZE], ours[SHA256_SIZE];
        root_at(size, expected);
        tree_root(&tree, ours);
        assert_memory_equal(ours, expected, SHA256_SIZE);
        if (size < count) {
            tree_append(&tree, leaf_at(size));
        }
    }
}

static void test_inclusion_proofs_come_out_and_hold(void **state)
{
    (void)state;
    size_t i;
    json_t *vector;
    json_array_foreach(json_object_get(root, "inclusion"), i, vector)
    {
        uint64_t size = (uint64_t)vector_number(vector, "size");
        uint64_t index = (uint64_t)vector_number(vector, "index");
        CLEANUP(buf_fini) struct buf expected = {0}, ours = {0};
        uint8_t tree_hash[SHA256_SIZE];
        vector_hashes(json_object_get(vector, "proof"), &expected);
        assert_int_equal(tree_prove_inclusion(hashes.data, size, index, &ours), OK);
        assert_true(bytes_equal(buf_bytes(&ours), buf_bytes(&expected)));
        root_at((int64_t)size, tree_hash);
        assert_int_equal(tree_check_inclusion(leaf_at((int64_t)index), index, size,
                                              buf_bytes(&expected), tree_hash),
                         OK);
    }
    assert_true(i >= 100);
}

static void test_consistency_proofs_come_out_and_hold(void **state)
{
    (void)state;
    size_t i;
    json_t *vector;
    json_array_foreach(json_object_get(root, "consistency"), i, vector)
    {
        uint64_t old_size = (uint64_t)vector_number(vector, "old_size");
        uint64_t new_size = (uint64_t)vector_number(vector, "new_size");
        CLEANUP(buf_fini) struct buf expected = {0}, ours = {0};
        uint8_t old_root[SHA256_SIZE], new_root[SHA256_SIZE];
        vector_hashes(json_object_get(vector, "proof"), &expected);
        assert_int_equal(tree_prove_consistency(hashes.data, old_size, new_size, &ours), OK);
        assert_true(bytes_equal(buf_bytes(&ours), buf_bytes(&expected)));
        root_at((int64_t)old_size, old_root);
        root_at((int64_t)new_size, new_root);
        assert_int_equal(
            tree_check_consistency(old_size, old_root, new_size, new_root, buf_bytes(&expected)),
            OK);
    }
    assert_true(i >= 100);
}

static void test_sealed_values_open(void **state)
{
    (void)state;
    json_t *sealed_root = vectors_load("sealed"), *vector;
    size_t i;
    json_array_foreach(json_object_get(sealed_root, "vectors"), i, vector)
    {
        struct key key = {.id = (uint32_t)vector_number(vector, "key_id")};
        vector_hash(json_object_get(vector, "key"), key.bytes);
        CLEANUP(buf_fini) struct buf aad = {0}, sealed = {0}, expected = {0}, plain = {0};
        vector_hex(vector, "aad", &aad);
        vector_hex(vector, "sealed", &sealed);
        vector_hex(vector, "plain", &expected);
        assert_int_equal(aead_open(&key, buf_bytes(&aad), buf_bytes(&sealed), &plain), OK);
        assert_true(bytes_equal(buf_bytes(&plain), buf_bytes(&expected)));
    }
    assert_true(i >= 3);
    json_decref(sealed_root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaf_hashes_are_those_of_the_inputs),
        cmocka_unit_test(test_the_first_roots_are_those_of_certificate_transparency),
        cmocka_unit_test(test_all_roots_come_out),
        cmocka_unit_test(test_inclusion_proofs_come_out_and_hold),
        cmocka_unit_test(test_consistency_proofs_come_out_and_hold),
        cmocka_unit_test(test_sealed_values_open),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
