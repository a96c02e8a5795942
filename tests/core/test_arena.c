/* Arena: alignment, budget on both sides, reset, and as an allocator of protobuf-c. */
#include "core/arena.h"

#include <protobuf-c/protobuf-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void test_pieces_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024 * 1024);
    uint8_t *last = NULL;
    for (size_t size = 1; size < 1000; size += 7) {
        uint8_t *piece = arena_alloc(arena, size);
        assert_non_null(piece);
        assert_int_equal((uintptr_t)piece % 16, 0);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(piece[i], 0);
        }
        memset(piece, 0xff, size);
        assert_ptr_not_equal(piece, last);
        last = piece;
    }
    arena_free(arena);
}

static void test_the_budget_holds_to_the_byte(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    assert_null(arena_alloc(arena, 64 * 1024 + 1));
    assert_non_null(arena_alloc(arena, 64 * 1024));
    assert_null(arena_alloc(arena, 1));
    assert_int_equal(arena_used(arena), 64 * 1024);
    assert_null(arena_alloc(arena, SIZE_MAX));
    assert_null(arena_copy(arena, "", SIZE_MAX));
    arena_free(arena);
}

static void test_small_pieces_meet_the_budget_too(void **state)
{
    (void)state;
    struct arena *arena = arena_new(16 * 100);
    int count = 0;
    while (arena_alloc(arena, 1) != NULL) {
        count++;
    }
    assert_int_equal(count, 100);
    arena_free(arena);
}

static void test_reset_gives_the_budget_back_and_zeroes_again(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024 * 1024);
    for (int round = 0; round < 3; round++) {
        uint8_t *small = arena_alloc(arena, 100);
        uint8_t *large = arena_alloc(arena, 900 * 1024);
        assert_non_null(small);
        assert_non_null(large);
        assert_int_equal(small[99], 0);
        memset(small, 1, 100);
        memset(large, 1, 900 * 1024);
        arena_reset(arena);
        assert_int_equal(arena_used(arena), 0);
    }
    arena_free(arena);
}

static void test_copies_end_in_nul(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    assert_string_equal(arena_text(arena, bytes_of("abcdef", 3)), "abc");
    assert_string_equal(arena_text(arena, (struct bytes){0}), "");
    assert_string_equal(arena_printf(arena, "%s-%d", "x", 42), "x-42");
    assert_memory_equal(arena_copy(arena, "a\0b", 3), "a\0b\0", 4);
    assert_null(arena_printf(arena, "%5000d", 1));
    arena_free(arena);
}

static void test_protobuf_allocations_share_the_budget(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1000);
    ProtobufCAllocator *allocator = arena_allocator(arena);
    void *piece = allocator->alloc(allocator->allocator_data, 900);
    assert_non_null(piece);
    allocator->free(allocator->allocator_data, piece);
    assert_null(allocator->alloc(allocator->allocator_data, 900));
    arena_free(arena);
}

static void test_freeing_no_arena_is_fine(void **state)
{
    (void)state;
    arena_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(test_the_budget_holds_to_the_byte),
        cmocka_unit_test(test_small_pieces_meet_the_budget_too),
        cmocka_unit_test(test_reset_gives_the_budget_back_and_zeroes_again),
        cmocka_unit_test(test_copies_end_in_nul),
        cmocka_unit_test(test_protobuf_allocations_share_the_budget),
        cmocka_unit_test(test_freeing_no_arena_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
