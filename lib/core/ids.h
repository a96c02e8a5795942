/* Ids. UUIDv7 (RFC 9562) as 16 raw bytes; tenant ids are slugs. Each is a type of its own, so that
 * a user's id cannot be passed for a thread's.
 *
 * Next: clock.h
 */
#ifndef WARDROOM_CORE_IDS_H
#define WARDROOM_CORE_IDS_H

#include "core/bytes.h"

#define UUID_TEXT_SIZE   37 /* 36 characters and NUL */
#define TENANT_ID_SIZE   32 /* 31 characters and NUL */
#define REGION_NAME_SIZE 32

struct uuid {
    uint8_t b[16];
};
struct user_id {
    struct uuid u;
};
struct thread_id {
    struct uuid u;
};
struct session_id {
    struct uuid u;
};
struct tenant_id {
    char text[TENANT_ID_SIZE];
};

/* A new UUIDv7: milliseconds, 12 bits of their fraction, 62 random bits (getrandom). Thread-safe;
 * the ids of one thread sort in the order they were made. */
struct uuid uuid_new(void);
void uuid_format(const struct uuid *id, char out[UUID_TEXT_SIZE]);
/* The 36-character form, any version, either case. */
bool uuid_parse(struct bytes text, struct uuid *ret);
/* From 16 raw bytes; false for any other length. */
bool uuid_from_bytes(struct bytes raw, struct uuid *ret);
static inline bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->b, b->b, 16) == 0;
}
bool uuid_is_zero(const struct uuid *id);
static inline struct bytes uuid_bytes(const struct uuid *id)
{
    return (struct bytes){id->b, 16};
}
/* ^[a-z][a-z0-9_]{1,30}$, checked before a tenant id gets near SQL or Redis. */
bool tenant_id_parse(struct bytes text, struct tenant_id *ret);
static inline bool tenant_id_equal(const struct tenant_id *a, const struct tenant_id *b)
{
    return strcmp(a->text, b->text) == 0;
}

#endif
