/* Key ring: the text of service keys, wrapping, and blind indexes. */
#include "crypto/keyring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/cleanup.h"

#define TEXT(literal) bytes_of(literal, sizeof(literal) - 1)
#define ZEROS_HEX     "0000000000000000000000000000000000000000000000000000000000000000"
#define ZEROS_BASE64  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define FFS_HEX       "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define FFS_BASE64    "//////////////////////////////////////////8="

static struct keyring parsed(const char *text)
{
    struct keyring ring;
    assert_int_equal(keyring_parse(text, &ring), OK);
    return ring;
}

static void test_a_bare_key_has_id_1(void **state)
{
    (void)state;
    struct keyring ring = parsed(FFS_BASE64);
    assert_int_equal(ring.count, 1);
    assert_int_equal(ring.keys[0].id, 1);
    assert_int_equal(ring.keys[0].bytes[31], 0xff);
}

static void test_hex_of_either_case_and_base64_mean_the_same(void **state)
{
    (void)state;
    struct keyring a = parsed("5:" FFS_HEX), b = parsed("5:" FFS_BASE64);
    struct keyring c = parsed("5:FFFFFFFFFFFFFFFFffffffffffffffffffffffffffffffffffffffffffffffff");
    assert_memory_equal(&a.keys[0], &b.keys[0], sizeof a.keys[0]);
    assert_memory_equal(&a.keys[0], &c.keys[0], sizeof a.keys[0]);
}

static void test_keys_keep_their_order_and_are_found_by_id(void **state)
{
    (void)state;
    struct keyring ring = parsed("9:" FFS_BASE64 ",4294967295:" ZEROS_HEX);
    assert_int_equal(ring.keys[0].id, 9);
    assert_ptr_equal(keyring_find(&ring, 4294967295), &ring.keys[1]);
    assert_null(keyring_find(&ring, 1));
    keyring_wipe(&ring);
    assert_null(keyring_find(&ring, 9));
    assert_int_equal(ring.keys[0].bytes[0], 0);
}

static void test_what_is_no_key_ring_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        ",",
        "x",
        ":" FFS_BASE64,
        "1:",
        "0:" FFS_BASE64,
        "-1:" FFS_BASE64,
        "4294967296:" FFS_BASE64,
        "1 :" FFS_BASE64,
        "1:" FFS_BASE64 ",",
        "," FFS_BASE64,
        "1:" FFS_BASE64 ",1:" ZEROS_HEX,
        FFS_BASE64 ",1:" ZEROS_HEX,
        "1:" FFS_BASE64 " ",
        "1:" FFS_BASE64 "\n",
        "1:AAAA",
        "1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", /* 33 bytes */
        "1:" ZEROS_HEX "00",
        "1:g"
        "000000000000000000000000000000000000000000000000000000000000000",
        "1:2:" FFS_BASE64,
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct keyring ring;
        assert_int_equal(keyring_parse(wrong[i], &ring), STATUS_INVALID);
    }
}

static void test_a_ring_holds_16_keys_and_no_more(void **state)
{
    (void)state;
    char text[2048] = "";
    size_t len = 0;
    struct keyring ring;
    for (int id = 1; id <= KEYRING_KEYS_MAX; id++) {
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%d:" ZEROS_BASE64,
                                id > 1 ? "," : "", id);
    }
    assert_int_equal(keyring_parse(text, &ring), OK);
    assert_int_equal(ring.count, KEYRING_KEYS_MAX);
    snprintf(text + len, sizeof text - len, ",17:" ZEROS_BASE64);
    assert_int_equal(keyring_parse(text, &ring), STATUS_INVALID);
}

static void test_a_created_key_unwraps_to_itself(void **state)
{
    (void)state;
    struct keyring ring = parsed("3:" FFS_BASE64 ",2:" ZEROS_BASE64);
    CLEANUP(buf_fini) struct buf wrapped = {0};
    struct key made, back;
    struct bytes aad = TEXT("wardroom/threads/acme/data");
    assert_int_equal(key_create(&ring.keys[0], aad, &made, &wrapped), OK);
    assert_int_equal(key_unwrap(&ring, aad, buf_bytes(&wrapped), &back), OK);
    assert_int_equal(made.id, KEY_ID_FIRST);
    assert_memory_equal(&made, &back, sizeof made);
    assert_int_equal(key_unwrap_one(&ring.keys[0], aad, buf_bytes(&wrapped), &back), OK);
    assert_memory_equal(&made, &back, sizeof made);
}

static void test_an_older_key_of_the_ring_still_unwraps(void **state)
{
    (void)state;
    struct keyring before = parsed("1:" ZEROS_BASE64);
    struct keyring after = parsed("2:" FFS_BASE64 ",1:" ZEROS_BASE64);
    CLEANUP(buf_fini) struct buf wrapped = {0};
    struct key made, back;
    assert_int_equal(key_create(&before.keys[0], TEXT("x"), &made, &wrapped), OK);
    assert_int_equal(key_unwrap(&after, TEXT("x"), buf_bytes(&wrapped), &back), OK);
    assert_memory_equal(&made, &back, sizeof made);
}

static void test_a_wrapped_key_opens_nowhere_else(void **state)
{
    (void)state;
    struct keyring ring = parsed("1:" FFS_BASE64), other = parsed("2:" FFS_BASE64);
    CLEANUP(buf_fini) struct buf wrapped = {0};
    struct key made, back = {.id = 99};
    assert_int_equal(key_create(&ring.keys[0], TEXT("wardroom/threads/acme/data"), &made, &wrapped),
                     OK);
    struct bytes value = buf_bytes(&wrapped);
    assert_int_equal(key_unwrap(&ring, TEXT("wardroom/threads/beta/data"), value, &back),
                     STATUS_CORRUPT);
    assert_int_equal(key_unwrap(&other, TEXT("wardroom/threads/acme/data"), value, &back),
                     STATUS_CORRUPT);
    assert_int_equal(key_unwrap(&ring, TEXT("x"), bytes_of(value.data, 8), &back), STATUS_CORRUPT);
    assert_int_equal(back.id, 99);
}

static void test_a_sealed_value_that_is_no_key_does_not_unwrap(void **state)
{
    (void)state;
    struct keyring ring = parsed("1:" FFS_BASE64);
    CLEANUP(buf_fini) struct buf sealed = {0};
    struct key back;
    assert_int_equal(
        aead_seal(&ring.keys[0], TEXT("x"), TEXT("31 bytes or so, but no key"), &sealed), OK);
    assert_int_equal(key_unwrap(&ring, TEXT("x"), buf_bytes(&sealed), &back), STATUS_CORRUPT);
}

static void test_a_blind_index_depends_on_key_purpose_and_value(void **state)
{
    (void)state;
    struct key a = {.id = 1}, b = {.id = 1, .bytes = {1}};
    uint8_t base[SHA256_SIZE], again[SHA256_SIZE], other[SHA256_SIZE];
    blind_index(&a, "users/name", TEXT("alice"), base);
    blind_index(&a, "users/name", TEXT("alice"), again);
    assert_memory_equal(base, again, sizeof base);
    blind_index(&b, "users/name", TEXT("alice"), other);
    assert_memory_not_equal(base, other, sizeof base);
    blind_index(&a, "users/mail", TEXT("alice"), other);
    assert_memory_not_equal(base, other, sizeof base);
    blind_index(&a, "users/name", TEXT("alicf"), other);
    assert_memory_not_equal(base, other, sizeof base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_bare_key_has_id_1),
        cmocka_unit_test(test_hex_of_either_case_and_base64_mean_the_same),
        cmocka_unit_test(test_keys_keep_their_order_and_are_found_by_id),
        cmocka_unit_test(test_what_is_no_key_ring_is_refused),
        cmocka_unit_test(test_a_ring_holds_16_keys_and_no_more),
        cmocka_unit_test(test_a_created_key_unwraps_to_itself),
        cmocka_unit_test(test_an_older_key_of_the_ring_still_unwraps),
        cmocka_unit_test(test_a_wrapped_key_opens_nowhere_else),
        cmocka_unit_test(test_a_sealed_value_that_is_no_key_does_not_unwrap),
        cmocka_unit_test(test_a_blind_index_depends_on_key_purpose_and_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
