/* Sealing and hashing: published vectors, and every way a sealed value can be wrong. */
#include "crypto/aead.h"

#include <openssl/err.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "core/cleanup.h"

#define TEXT(literal) bytes_of(literal, sizeof(literal) - 1)

static const struct key key = {.id = 7, .bytes = {1, 2, 3}};

static void assert_hex(const uint8_t *data, size_t len, const char *expected)
{
    char text[257];
    hex_encode(bytes_of(data, len), text);
    assert_string_equal(text, expected);
}

static void test_sealed_bytes_open_again(void **state)
{
    (void)state;
    static const char text[100000] = "a long text";
    for (size_t len = 0; len <= sizeof text; len = len * 3 + 1) {
        CLEANUP(buf_fini) struct buf sealed = {0}, plain = {0};
        assert_int_equal(aead_seal(&key, TEXT("aad"), bytes_of(text, len), &sealed), OK);
        assert_int_equal(sealed.len, len + SEALED_OVERHEAD);
        assert_int_equal(aead_open(&key, TEXT("aad"), buf_bytes(&sealed), &plain), OK);
        assert_true(bytes_equal(buf_bytes(&plain), bytes_of(text, len)));
    }
}

static void test_sealing_appends_and_opening_appends(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf sealed = {0}, plain = {0};
    buf_text(&sealed, "ab");
    buf_text(&plain, "cd");
    assert_int_equal(aead_seal(&key, (struct bytes){0}, TEXT("x"), &sealed), OK);
    struct bytes value = bytes_of(sealed.data + 2, sealed.len - 2);
    assert_int_equal(aead_open(&key, (struct bytes){0}, value, &plain), OK);
    assert_true(bytes_equal(buf_bytes(&plain), TEXT("cdx")));
}

static void test_one_text_sealed_twice_differs(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf a = {0}, b = {0};
    assert_int_equal(aead_seal(&key, TEXT("aad"), TEXT("x"), &a), OK);
    assert_int_equal(aead_seal(&key, TEXT("aad"), TEXT("x"), &b), OK);
    assert_false(bytes_equal(buf_bytes(&a), buf_bytes(&b)));
}

static void test_every_changed_bit_is_noticed(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf sealed = {0}, plain = {0};
    assert_int_equal(aead_seal(&key, TEXT("aad"), TEXT("twelve bytes"), &sealed), OK);
    for (size_t bit = 0; bit < sealed.len * 8; bit++) {
        sealed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(aead_open(&key, TEXT("aad"), buf_bytes(&sealed), &plain), STATUS_CORRUPT);
        sealed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(plain.len, 0);
    assert_int_equal(ERR_peek_error(), 0);
}

static void test_every_cut_length_is_noticed(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf sealed = {0}, plain = {0};
    uint32_t id;
    assert_int_equal(aead_seal(&key, TEXT("aad"), TEXT("twelve bytes"), &sealed), OK);
    for (size_t len = 0; len < sealed.len; len++) {
        struct bytes cut = bytes_of(sealed.data, len);
        assert_int_equal(aead_open(&key, TEXT("aad"), cut, &plain), STATUS_CORRUPT);
        assert_int_equal(aead_key_id(cut, &id), len < SEALED_OVERHEAD ? STATUS_CORRUPT : OK);
    }
}

static void test_what_fails_to_open_leaves_no_plaintext_behind(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf sealed = {0}, plain = {0};
    assert_int_equal(aead_seal(&key, TEXT("aad"), TEXT("nobody may see this"), &sealed), OK);
    sealed.data[sealed.len - 1] ^= 1;
    memset(buf_reserve(&plain, 64), 0xaa, 64);
    assert_int_equal(aead_open(&key, TEXT("aad"), buf_bytes(&sealed), &plain), STATUS_CORRUPT);
    assert_int_equal(plain.len, 0);
    for (size_t i = 0; i < strlen("nobody may see this"); i++) {
        assert_int_equal(plain.data[i], 0);
    }
}

static void test_another_key_id_or_additional_data_does_not_open(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf sealed = {0}, plain = {0};
    assert_int_equal(aead_seal(&key, TEXT("row 1"), TEXT("x"), &sealed), OK);
    struct key other_id = key, other_bytes = key;
    other_id.id = 8;
    other_bytes.bytes[31] = 1;
    struct bytes value = buf_bytes(&sealed);
    assert_int_equal(aead_open(&other_id, TEXT("row 1"), value, &plain), STATUS_CORRUPT);
    assert_int_equal(aead_open(&other_bytes, TEXT("row 1"), value, &plain), STATUS_CORRUPT);
    assert_int_equal(aead_open(&key, TEXT("row 2"), value, &plain), STATUS_CORRUPT);
    assert_int_equal(aead_open(&key, (struct bytes){0}, value, &plain), STATUS_CORRUPT);
    assert_int_equal(aead_open(&key, TEXT("row 1"), value, &plain), OK);
}

static void test_the_key_id_is_read_without_the_key(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf sealed = {0};
    struct key numbered = {.id = 0xfedcba98};
    uint32_t id;
    assert_int_equal(aead_seal(&numbered, (struct bytes){0}, (struct bytes){0}, &sealed), OK);
    assert_int_equal(aead_key_id(buf_bytes(&sealed), &id), OK);
    assert_int_equal(id, 0xfedcba98);
}

static void test_a_full_buffer_is_unavailable(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf sealed = {.max = SEALED_OVERHEAD};
    assert_int_equal(aead_seal(&key, (struct bytes){0}, TEXT("x"), &sealed), STATUS_UNAVAILABLE);
    assert_int_equal(sealed.len, 0);
}

/* GCM test case 16 of McGrew and Viega, in our layout. */
static void test_a_published_gcm_vector_opens(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "0100000001", "cafebabefacedbaddecaf888",
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa",
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
        "76fc6ece0f4e1768cddf8853bb2d551b"};
    struct key published = {.id = 1};
    size_t len;
    assert_true(
        hex_decode(bytes_text("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
                   published.bytes, KEY_SIZE, &len));
    uint8_t aad[20];
    assert_true(hex_decode(bytes_text("feedfacedeadbeeffeedfacedeadbeefabaddad2"), aad, 20, &len));
    CLEANUP(buf_fini) struct buf sealed = {0}, plain = {0};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        assert_true(hex_decode(bytes_text(parts[i]), buf_reserve(&sealed, 64), 64, &len));
        sealed.len += len;
    }
    assert_int_equal(aead_open(&published, bytes_of(aad, 20), buf_bytes(&sealed), &plain), OK);
    assert_hex(plain.data, plain.len,
               "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
               "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
}

/* FIPS 180-4 examples. */
static void test_sha256_meets_its_published_examples(void **state)
{
    (void)state;
    uint8_t out[SHA256_SIZE];
    sha256((struct bytes){0}, out);
    assert_hex(out, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256(TEXT("abc"), out);
    assert_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256_pair(TEXT("a"), TEXT("bc"), out);
    assert_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* RFC 4231, cases 1, 2 and 6. */
static void test_hmac_meets_rfc_4231(void **state)
{
    (void)state;
    uint8_t out[SHA256_SIZE], secret[131];
    memset(secret, 0x0b, 20);
    hmac_sha256(bytes_of(secret, 20), TEXT("Hi There"), out);
    assert_hex(out, 32, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    hmac_sha256(TEXT("Jefe"), TEXT("what do ya want for nothing?"), out);
    assert_hex(out, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(secret, 0xaa, sizeof secret);
    hmac_sha256(bytes_of(secret, sizeof secret),
                TEXT("Test Using Larger Than Block-Size Key - Hash Key First"), out);
    assert_hex(out, 32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void test_hmac_with_an_empty_key_does_not_reuse_the_last(void **state)
{
    (void)state;
    uint8_t first[SHA256_SIZE], second[SHA256_SIZE];
    hmac_sha256(TEXT("some key"), TEXT("x"), first);
    hmac_sha256((struct bytes){0}, (struct bytes){0}, second);
    assert_hex(second, 32, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

/* RFC 5869, case 3: no salt; and our own use, with a label. */
static void test_hkdf_meets_rfc_5869(void **state)
{
    (void)state;
    uint8_t secret[22], out[42];
    memset(secret, 0x0b, sizeof secret);
    hkdf_sha256(bytes_of(secret, sizeof secret), "", out, sizeof out);
    assert_hex(out, 42,
               "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
               "9d201395faa4b61a96c8");
    uint8_t other[42];
    hkdf_sha256(bytes_of(secret, sizeof secret), "wardroom/threads", other, sizeof other);
    assert_memory_not_equal(out, other, sizeof out);
}

static void test_random_bytes_differ(void **state)
{
    (void)state;
    uint8_t a[600] = {0}, b[600] = {0}, zero[32] = {0};
    random_bytes(a, sizeof a);
    random_bytes(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
    assert_memory_not_equal(a + sizeof a - 32, zero, 32);
}

static void test_secrets_compare_by_content(void **state)
{
    (void)state;
    assert_true(secret_equal("abc", "abc", 3));
    assert_false(secret_equal("abc", "abd", 3));
    assert_true(secret_equal("a", "b", 0));
}

static void *seal_and_open(void *argument)
{
    bool *good = argument;
    for (int i = 0; i < 2000; i++) {
        CLEANUP(buf_fini) struct buf sealed = {0}, plain = {0};
        uint8_t hash[SHA256_SIZE];
        sha256(bytes_of(&i, sizeof i), hash);
        *good = *good && aead_seal(&key, TEXT("aad"), bytes_of(hash, 32), &sealed) == OK &&
                aead_open(&key, TEXT("aad"), buf_bytes(&sealed), &plain) == OK &&
                bytes_equal(buf_bytes(&plain), bytes_of(hash, 32));
    }
    return NULL;
}

static void test_threads_do_not_share_contexts(void **state)
{
    (void)state;
    pthread_t threads[4];
    bool good[4] = {true, true, true, true};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, seal_and_open, &good[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_true(good[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sealed_bytes_open_again),
        cmocka_unit_test(test_sealing_appends_and_opening_appends),
        cmocka_unit_test(test_one_text_sealed_twice_differs),
        cmocka_unit_test(test_every_changed_bit_is_noticed),
        cmocka_unit_test(test_every_cut_length_is_noticed),
        cmocka_unit_test(test_what_fails_to_open_leaves_no_plaintext_behind),
        cmocka_unit_test(test_another_key_id_or_additional_data_does_not_open),
        cmocka_unit_test(test_the_key_id_is_read_without_the_key),
        cmocka_unit_test(test_a_full_buffer_is_unavailable),
        cmocka_unit_test(test_a_published_gcm_vector_opens),
        cmocka_unit_test(test_sha256_meets_its_published_examples),
        cmocka_unit_test(test_hmac_meets_rfc_4231),
        cmocka_unit_test(test_hmac_with_an_empty_key_does_not_reuse_the_last),
        cmocka_unit_test(test_hkdf_meets_rfc_5869),
        cmocka_unit_test(test_random_bytes_differ),
        cmocka_unit_test(test_secrets_compare_by_content),
        cmocka_unit_test(test_threads_do_not_share_contexts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
