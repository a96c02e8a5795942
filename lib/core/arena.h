/* Memory of one request: everything born of it is freed at once, with a budget.
 *
 * An arena belongs to one thread at a time. arena_alloc returns NULL when the budget is used up (or
 * memory is), and callers answer RESOURCE_EXHAUSTED. It is also a ProtobufCAllocator, so unpacking
 * a hostile message cannot take more than the budget. Next: log.h
 */
#ifndef WARDROOM_CORE_ARENA_H
#define WARDROOM_CORE_ARENA_H

#include "core/bytes.h"

struct ProtobufCAllocator;
struct arena;

struct arena *arena_new(size_t budget_bytes);
void arena_free(struct arena *arena); /* NULL is fine */
/* Forget everything but keep one block for the next request. */
void arena_reset(struct arena *arena);
void *arena_alloc(struct arena *arena, size_t size); /* zeroed, aligned to 16; NULL: over budget */
void *arena_copy(struct arena *arena, const void *data, size_t len); /* a NUL follows the copy */
char *arena_text(struct arena *arena, struct bytes text);            /* NUL-terminated copy */
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
size_t arena_used(const struct arena *arena);
/* Borrowed, lives as long as the arena; its free does nothing. */
struct ProtobufCAllocator *arena_allocator(struct arena *arena);

#endif
