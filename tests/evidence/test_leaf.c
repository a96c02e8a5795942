/* Leaves: every field of a record changes its hash, and nothing outside it does. */
#include "evidence/leaf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/cleanup.h"
#include "vectors.h"

static struct leaf_record sample(void)
{
    return (struct leaf_record){.kind = LEAF_MESSAGE,
                                .tenant = {"acme"},
                                .stream = {{1}},
                                .seq = 7,
                                .time_us = 1000,
                                .author = {{2}},
                                .commitment = {3}};
}

static void assert_hash_differs(struct leaf_record changed)
{
    struct leaf_record record = sample();
    uint8_t before[SHA256_SIZE], after[SHA256_SIZE];
    leaf_hash(&record, before);
    leaf_hash(&changed, after);
    assert_memory_not_equal(before, after, SHA256_SIZE);
}

static void test_every_field_of_a_record_counts(void **state)
{
    (void)state;
    struct leaf_record record = sample();
    record.kind = LEAF_ERASURE;
    assert_hash_differs(record);
    record = sample();
    record.tenant.text[3] = 'f';
    assert_hash_differs(record);
    record = sample();
    record.stream.b[15] = 1;
    assert_hash_differs(record);
    record = sample();
    record.seq++;
    assert_hash_differs(record);
    record = sample();
    record.time_us--;
    assert_hash_differs(record);
    record = sample();
    record.author.b[15] = 1;
    assert_hash_differs(record);
    record = sample();
    record.commitment[31] = 1;
    assert_hash_differs(record);
}

static void test_bytes_behind_the_tenant_id_do_not_count(void **state)
{
    (void)state;
    struct leaf_record record = sample(), dirty = sample();
    uint8_t a[SHA256_SIZE], b[SHA256_SIZE];
    dirty.tenant.text[20] = 'x';
    leaf_hash(&record, a);
    leaf_hash(&dirty, b);
    assert_memory_equal(a, b, SHA256_SIZE);
}

static void test_encoding_appends(void **state)
{
    (void)state;
    struct leaf_record record = sample();
    CLEANUP(buf_fini) struct buf out = {0};
    buf_text(&out, "before");
    leaf_encode(&record, &out);
    assert_int_equal(out.len, 6 + 17 + 1 + 4 + 4 + 16 + 8 + 8 + 16 + 32);
    assert_memory_equal(out.data, "beforewardroom/leaf/v1\n\1\0\0\0\4acme\1", 6 + 17 + 10);
}

static void test_a_commitment_needs_its_salt(void **state)
{
    (void)state;
    uint8_t salt[SALT_SIZE] = {1}, other[SALT_SIZE] = {2}, a[SHA256_SIZE], b[SHA256_SIZE];
    leaf_commit(salt, bytes_text("content"), a);
    leaf_commit(other, bytes_text("content"), b);
    assert_memory_not_equal(a, b, SHA256_SIZE);
}

static void test_the_published_leaves_come_out(void **state)
{
    (void)state;
    json_t *root = vectors_load("leaf"), *vectors = json_object_get(root, "vectors"), *vector;
    size_t i;
    unsigned kinds = 0;
    assert_true(json_array_size(vectors) >= 12);
    json_array_foreach(vectors, i, vector)
    {
        struct leaf_record record = vector_record(vector);
        uint8_t expected[SHA256_SIZE], hash[SHA256_SIZE];
        vector_hash(json_object_get(vector, "commitment"), expected);
        assert_memory_equal(record.commitment, expected, SHA256_SIZE);
        CLEANUP(buf_fini) struct buf bytes = {0}, expected_bytes = {0};
        leaf_encode(&record, &bytes);
        vector_hex(vector, "record", &expected_bytes);
        assert_true(bytes_equal(buf_bytes(&bytes), buf_bytes(&expected_bytes)));
        leaf_hash(&record, hash);
        vector_hash(json_object_get(vector, "leaf_hash"), expected);
        assert_memory_equal(hash, expected, SHA256_SIZE);
        kinds |= 1u << record.kind;
    }
    assert_int_equal(kinds, 0x1ffe); /* each of 1 to 12 */
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_of_a_record_counts),
        cmocka_unit_test(test_bytes_behind_the_tenant_id_do_not_count),
        cmocka_unit_test(test_encoding_appends),
        cmocka_unit_test(test_a_commitment_needs_its_salt),
        cmocka_unit_test(test_the_published_leaves_come_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
