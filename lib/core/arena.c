/* A list of blocks, the first of them inside the arena itself. Next: log.h */
#include "core/arena.h"

#include <protobuf-c/protobuf-c.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define ALIGNMENT       16
#define FIRST_BYTES     4000 /* most requests fit; with the head it is one page */
#define BLOCK_BYTES_MIN (16u * 1024)
#define BLOCK_BYTES_MAX (256u * 1024) /* a larger piece gets a block of its own size */

struct block {
    struct block *next;
    size_t cap, used;
    _Alignas(ALIGNMENT) uint8_t data[];
};

struct arena {
    size_t budget, used;
    size_t block_bytes;   /* size of the next block: doubles */
    struct block *blocks; /* newest first; the one allocated from */
    struct ProtobufCAllocator allocator;
    size_t first_used;
    _Alignas(ALIGNMENT) uint8_t first[FIRST_BYTES];
};

/* protobuf-c writes every byte it asks for, so this one need not be zeroed. */
static void *take(struct arena *arena, size_t size)
{
    if (size > arena->budget || arena->budget - size < arena->used) {
        return NULL;
    }
    size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    uint8_t *piece;
    struct block *block = arena->blocks;
    if (block == NULL && FIRST_BYTES - arena->first_used >= rounded) {
        piece = arena->first + arena->first_used;
        arena->first_used += rounded;
    } else {
        if (block == NULL || block->cap - block->used < rounded) {
            size_t cap = rounded > arena->block_bytes ? rounded : arena->block_bytes;
            block = malloc(sizeof *block + cap);
            if (block == NULL) {
                return NULL;
            }
            *block = (struct block){.next = arena->blocks, .cap = cap};
            arena->blocks = block;
            if (arena->block_bytes < BLOCK_BYTES_MAX) {
                arena->block_bytes *= 2;
            }
        }
        piece = block->data + block->used;
        block->used += rounded;
    }
    arena->used += rounded;
    return piece;
}

static void *allocator_alloc(void *arena, size_t size)
{
    return take(arena, size);
}

static void allocator_free(void *arena, void *piece)
{
    (void)arena;
    (void)piece;
}

struct arena *arena_new(size_t budget_bytes)
{
    struct arena *arena = malloc(sizeof *arena);
    if (arena == NULL) {
        return NULL;
    }
    arena->budget = budget_bytes;
    arena->used = arena->first_used = 0;
    arena->block_bytes = BLOCK_BYTES_MIN;
    arena->blocks = NULL;
    arena->allocator = (struct ProtobufCAllocator){allocator_alloc, allocator_free, arena};
    return arena;
}

void arena_reset(struct arena *arena)
{
    while (arena->blocks != NULL) {
        struct block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
    arena->used = arena->first_used = 0;
    arena->block_bytes = BLOCK_BYTES_MIN;
}

void arena_free(struct arena *arena)
{
    if (arena != NULL) {
        arena_reset(arena);
        free(arena);
    }
}

void *arena_alloc(struct arena *arena, size_t size)
{
    void *piece = take(arena, size);
    return piece == NULL ? NULL : memset(piece, 0, size);
}

void *arena_copy(struct arena *arena, const void *data, size_t len)
{
    uint8_t *copy = len < SIZE_MAX ? take(arena, len + 1) : NULL;
    if (copy == NULL) {
        return NULL;
    }
    if (len > 0) {
        memcpy(copy, data, len);
    }
    copy[len] = 0;
    return copy;
}

char *arena_text(struct arena *arena, struct bytes text)
{
    return arena_copy(arena, text.data, text.len);
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *out = len < 0 ? NULL : take(arena, (size_t)len + 1);
    if (out != NULL) {
        vsnprintf(out, (size_t)len + 1, format, again);
    }
    va_end(again);
    return out;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}

struct ProtobufCAllocator *arena_allocator(struct arena *arena)
{
    return &arena->allocator;
}
