/* Bytes: UTF-8, the growing buffer and its ceiling, hex and base64. */
#include "core/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define TEXT(literal) bytes_of(literal, sizeof(literal) - 1)

static void test_well_formed_text_is_text(void **state)
{
    (void)state;
    assert_true(bytes_is_text((struct bytes){0}));
    assert_true(bytes_is_text(TEXT("plain ASCII that is longer than a word")));
    assert_true(bytes_is_text(TEXT("\xc2\x80 \xdf\xbf \xe0\xa0\x80 \xef\xbf\xbf")));
    assert_true(bytes_is_text(TEXT("\xed\x9f\xbf \xee\x80\x80")));
    assert_true(bytes_is_text(TEXT("\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf")));
    assert_true(bytes_is_text(TEXT("\x01\x7f")));
}

static void test_ill_formed_text_is_refused(void **state)
{
    (void)state;
    static const struct bytes wrong[] = {
        {(const uint8_t *)"a\0b", 3},
        {(const uint8_t *)"1234567\0", 8},    /* NUL inside a word of eight */
        {(const uint8_t *)"12345678\x80", 9}, /* stray continuation */
        {(const uint8_t *)"\xc0\x80", 2},     /* overlong NUL */
        {(const uint8_t *)"\xc1\xbf", 2},     /* overlong */
        {(const uint8_t *)"\xe0\x9f\xbf", 3}, /* overlong */
        {(const uint8_t *)"\xf0\x8f\xbf\xbf", 4},
        {(const uint8_t *)"\xed\xa0\x80", 3}, /* surrogate */
        {(const uint8_t *)"\xed\xbf\xbf", 3},
        {(const uint8_t *)"\xf4\x90\x80\x80", 4}, /* beyond U+10FFFF */
        {(const uint8_t *)"\xf5\x80\x80\x80", 4},
        {(const uint8_t *)"\xff", 1},
        {(const uint8_t *)"\xe2\x82", 2}, /* cut */
        {(const uint8_t *)"\xe2\x28\xa1", 3},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(bytes_is_text(wrong[i]));
    }
}

static void test_equal_bytes_compare_by_content(void **state)
{
    (void)state;
    assert_true(bytes_equal((struct bytes){0}, bytes_of("", 0)));
    assert_true(bytes_equal(TEXT("abc"), bytes_text("abc")));
    assert_false(bytes_equal(TEXT("abc"), TEXT("abd")));
    assert_false(bytes_equal(TEXT("abc"), TEXT("ab")));
}

static void test_a_buffer_grows_and_keeps_its_order(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_text(&buf, "a");
    buf_u8(&buf, 1);
    buf_u32(&buf, 0x02030405);
    buf_u64(&buf, 0x060708090a0b0c0d);
    buf_str(&buf, TEXT("xy"));
    buf_printf(&buf, "%d-%s", 7, "z");
    static const uint8_t expected[] = "a\1\2\3\4\5\6\7\10\11\12\13\14\15\0\0\0\2xy7-z";
    assert_int_equal(buf.len, sizeof expected - 1);
    assert_memory_equal(buf.data, expected, sizeof expected - 1);
    for (int i = 0; i < 10000; i++) {
        buf_u64(&buf, (uint64_t)i);
    }
    assert_false(buf.failed);
    assert_int_equal(buf.len, sizeof expected - 1 + 80000);
    buf_clear(&buf);
    assert_int_equal(buf.len, 0);
    buf_fini(&buf);
    assert_null(buf.data);
}

static void test_a_full_buffer_drops_and_says_so(void **state)
{
    (void)state;
    struct buf buf = {.max = 4};
    buf_text(&buf, "1234");
    assert_false(buf.failed);
    buf_text(&buf, "5");
    assert_true(buf.failed);
    assert_int_equal(buf.len, 4);
    /* Nothing gets in behind a hole, even if it would fit. */
    buf_append(&buf, "", 0);
    assert_null(buf_reserve(&buf, 0));
    assert_int_equal(buf.len, 4);
    buf_clear(&buf);
    assert_false(buf.failed);
    buf_fini(&buf);
}

static void test_reserve_refuses_what_would_overflow(void **state)
{
    (void)state;
    struct buf buf = {0};
    assert_null(buf_reserve(&buf, SIZE_MAX));
    assert_true(buf.failed);
    buf_clear(&buf);
    assert_non_null(buf_reserve(&buf, 16 * 1024 * 1024));
    buf_clear(&buf);
    assert_null(buf_reserve(&buf, 16 * 1024 * 1024 + 1));
    buf_fini(&buf);
}

static void test_hex_goes_both_ways(void **state)
{
    (void)state;
    char text[7];
    hex_encode(TEXT("\x00\xab\xff"), text);
    assert_string_equal(text, "00abff");
    uint8_t out[3];
    size_t len;
    assert_true(hex_decode(TEXT("00abff"), out, sizeof out, &len));
    assert_int_equal(len, 3);
    assert_memory_equal(out, "\x00\xab\xff", 3);
}

static void test_hex_refuses_other_bytes_and_small_outputs(void **state)
{
    (void)state;
    uint8_t out[3];
    size_t len;
    assert_false(hex_decode(TEXT("abc"), out, sizeof out, &len));
    assert_false(hex_decode(TEXT("0g"), out, sizeof out, &len));
    assert_false(hex_decode(TEXT("AB"), out, sizeof out, &len));
    assert_false(hex_decode(TEXT("00112233"), out, sizeof out, &len));
    assert_false(hex_decode(TEXT("0 "), out, sizeof out, &len));
}

/* RFC 4648 section 10. */
static void test_base64_meets_the_vectors_of_rfc_4648(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg==", "Zm9vYg"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
        {"\xfb\xff", "+/8=", "-_8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int url = 0; url < 2; url++) {
            char text[16];
            uint8_t back[8];
            size_t len;
            const char *expected = rows[i][1 + url];
            assert_int_equal(base64_encode(bytes_text(rows[i][0]), url, text, sizeof text),
                             strlen(expected));
            assert_string_equal(text, expected);
            assert_true(base64_decode(bytes_text(expected), url, back, sizeof back, &len));
            assert_true(bytes_equal(bytes_of(back, len), bytes_text(rows[i][0])));
        }
    }
}

static void test_base64_encode_of_nothing_is_empty_text(void **state)
{
    (void)state;
    char text[1] = {'x'};
    assert_int_equal(base64_encode((struct bytes){0}, true, text, sizeof text), 0);
    assert_string_equal(text, "");
}

static void test_base64_encode_needs_room_for_the_nul(void **state)
{
    (void)state;
    char text[5];
    assert_int_equal(base64_encode(TEXT("foo"), false, text, 4), 0);
    assert_int_equal(base64_encode(TEXT("foo"), false, text, 5), 4);
}

static void test_base64_has_one_spelling_per_value(void **state)
{
    (void)state;
    static const char *const wrong_standard[] = {
        "Zg", "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "====", "Z===", "Zm9v\n", "Zm9-", "=Zg="};
    static const char *const wrong_url[] = {"Zg==", "Zh", "Zm9", "Z", "Zm9v ", "Zm9+", "Zm9vY"};
    uint8_t out[16];
    size_t len;
    for (size_t i = 0; i < sizeof wrong_standard / sizeof wrong_standard[0]; i++) {
        assert_false(base64_decode(bytes_text(wrong_standard[i]), false, out, sizeof out, &len));
    }
    for (size_t i = 0; i < sizeof wrong_url / sizeof wrong_url[0]; i++) {
        assert_false(base64_decode(bytes_text(wrong_url[i]), true, out, sizeof out, &len));
    }
}

static void test_base64_decode_never_writes_past_cap(void **state)
{
    (void)state;
    uint8_t *out = malloc(2);
    size_t len;
    assert_false(base64_decode(TEXT("Zm9v"), false, out, 2, &len));
    assert_true(base64_decode(TEXT("Zm8="), false, out, 2, &len));
    assert_int_equal(len, 2);
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_well_formed_text_is_text),
        cmocka_unit_test(test_ill_formed_text_is_refused),
        cmocka_unit_test(test_equal_bytes_compare_by_content),
        cmocka_unit_test(test_a_buffer_grows_and_keeps_its_order),
        cmocka_unit_test(test_a_full_buffer_drops_and_says_so),
        cmocka_unit_test(test_reserve_refuses_what_would_overflow),
        cmocka_unit_test(test_hex_goes_both_ways),
        cmocka_unit_test(test_hex_refuses_other_bytes_and_small_outputs),
        cmocka_unit_test(test_base64_meets_the_vectors_of_rfc_4648),
        cmocka_unit_test(test_base64_encode_of_nothing_is_empty_text),
        cmocka_unit_test(test_base64_encode_needs_room_for_the_nul),
        cmocka_unit_test(test_base64_has_one_spelling_per_value),
        cmocka_unit_test(test_base64_decode_never_writes_past_cap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
