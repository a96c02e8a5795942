/* Ids: the shape of a UUIDv7, its order, and what is no id. */
#include "core/ids.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/clock.h"

#define THREADS 4
#define EACH    20000

static void test_a_new_uuid_is_of_version_7_and_now(void **state)
{
    (void)state;
    int64_t before_ms = clock_now_us() / 1000;
    struct uuid id = uuid_new();
    int64_t after_ms = clock_now_us() / 1000;
    int64_t at_ms = 0;
    for (int i = 0; i < 6; i++) {
        at_ms = at_ms << 8 | id.b[i];
    }
    assert_in_range(at_ms, before_ms, after_ms);
    assert_int_equal(id.b[6] >> 4, 7);
    assert_int_equal(id.b[8] >> 6, 2);
}

static void test_uuids_of_one_thread_sort_as_they_were_made(void **state)
{
    (void)state;
    struct uuid last = uuid_new();
    for (int i = 0; i < 10000; i++) {
        struct uuid next = uuid_new();
        assert_true(memcmp(last.b, next.b, 16) < 0);
        last = next;
    }
}

static void *make_many(void *argument)
{
    struct uuid *ids = argument;
    for (int i = 0; i < EACH; i++) {
        ids[i] = uuid_new();
    }
    return NULL;
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct uuid));
}

static void test_uuids_of_many_threads_are_all_different(void **state)
{
    (void)state;
    struct uuid *ids = calloc(THREADS * EACH, sizeof *ids);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, make_many, ids + i * EACH), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    qsort(ids, THREADS * EACH, sizeof *ids, compare);
    for (int i = 1; i < THREADS * EACH; i++) {
        assert_false(uuid_equal(&ids[i - 1], &ids[i]));
    }
    free(ids);
}

static void test_uuid_text_goes_both_ways(void **state)
{
    (void)state;
    const char *text = "0190b8a2-7c3d-7e4f-8a1b-c2d3e4f50617";
    struct uuid id, upper;
    assert_true(uuid_parse(bytes_text(text), &id));
    char back[UUID_TEXT_SIZE];
    uuid_format(&id, back);
    assert_string_equal(back, text);
    assert_true(uuid_parse(bytes_text("0190B8A2-7C3D-7E4F-8A1B-C2D3E4F50617"), &upper));
    assert_true(uuid_equal(&id, &upper));
}

static void test_what_is_no_uuid_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "0190b8a27c3d7e4f8a1bc2d3e4f50617",
        "0190b8a2-7c3d-7e4f-8a1b-c2d3e4f5061",
        "0190b8a2-7c3d-7e4f-8a1b-c2d3e4f506170",
        "0190b8a2-7c3d-7e4f-8a1b_c2d3e4f50617",
        "0190b8a27-c3d-7e4f-8a1b-c2d3e4f50617",
        "g190b8a2-7c3d-7e4f-8a1b-c2d3e4f50617",
        "{190b8a2-7c3d-7e4f-8a1b-c2d3e4f5061}",
    };
    struct uuid id;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(uuid_parse(bytes_text(wrong[i]), &id));
    }
}

static void test_raw_bytes_make_a_uuid_only_when_they_are_16(void **state)
{
    (void)state;
    uint8_t raw[17] = {1};
    struct uuid id;
    assert_false(uuid_from_bytes(bytes_of(raw, 15), &id));
    assert_false(uuid_from_bytes(bytes_of(raw, 17), &id));
    assert_false(uuid_from_bytes((struct bytes){0}, &id));
    assert_true(uuid_from_bytes(bytes_of(raw, 16), &id));
    assert_false(uuid_is_zero(&id));
    assert_true(uuid_is_zero(&(struct uuid){{0}}));
}

static void test_tenant_ids_are_slugs_of_2_to_31_characters(void **state)
{
    (void)state;
    struct tenant_id tenant;
    static const char *const right[] = {"ab", "a1", "a_", "acme_soc_2",
                                        "abcdefghijklmnopqrstuvwxyz01234"};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        assert_true(tenant_id_parse(bytes_text(right[i]), &tenant));
        assert_string_equal(tenant.text, right[i]);
    }
    static const char *const wrong[] = {"",
                                        "a",
                                        "1a",
                                        "_a",
                                        "Ab",
                                        "aB",
                                        "a-b",
                                        "a b",
                                        "a\"b",
                                        "a.b",
                                        "a;b",
                                        "b\xc3\xa4",
                                        "abcdefghijklmnopqrstuvwxyz012345"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(tenant_id_parse(bytes_text(wrong[i]), &tenant));
    }
    assert_false(tenant_id_parse(bytes_of("a\0b", 3), &tenant));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_new_uuid_is_of_version_7_and_now),
        cmocka_unit_test(test_uuids_of_one_thread_sort_as_they_were_made),
        cmocka_unit_test(test_uuids_of_many_threads_are_all_different),
        cmocka_unit_test(test_uuid_text_goes_both_ways),
        cmocka_unit_test(test_what_is_no_uuid_is_refused),
        cmocka_unit_test(test_raw_bytes_make_a_uuid_only_when_they_are_16),
        cmocka_unit_test(test_tenant_ids_are_slugs_of_2_to_31_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
