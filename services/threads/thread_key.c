/* Keys of threads. Next: hot.h */
#include "threads/thread_key.h"

#include <stdio.h>

/* "wardroom/threads/<tenant>/thread/<uuid>" */
struct purpose {
    char text[32 + TENANT_ID_SIZE + UUID_TEXT_SIZE];
};

static struct purpose purpose_of(const struct tenant_id *tenant, const struct uuid *thread)
{
    struct purpose purpose;
    char id[UUID_TEXT_SIZE];
    uuid_format(thread, id);
    snprintf(purpose.text, sizeof purpose.text, "wardroom/threads/%s/thread/%s", tenant->text, id);
    return purpose;
}

enum status thread_key_create(const struct key *tenant_key, const struct tenant_id *tenant,
                              const struct uuid *thread, struct key *ret, struct buf *wrapped)
{
    struct purpose purpose = purpose_of(tenant, thread);
    return key_create(tenant_key, bytes_text(purpose.text), ret, wrapped);
}

enum status thread_key_unwrap(const struct key *tenant_key, const struct tenant_id *tenant,
                              const struct uuid *thread, struct bytes wrapped, struct key *ret)
{
    struct purpose purpose = purpose_of(tenant, thread);
    return key_unwrap_one(tenant_key, bytes_text(purpose.text), wrapped, ret);
}

struct row_name row_of_message(const struct uuid *thread, int64_t seq)
{
    struct row_name row = {.len = 24};
    memcpy(row.bytes, thread->b, sizeof thread->b);
    for (int i = 0; i < 8; i++) {
        row.bytes[16 + i] = (uint8_t)((uint64_t)seq >> (56 - 8 * i));
    }
    return row;
}

struct row_name row_of_participant(const struct uuid *thread, const struct uuid *user)
{
    struct row_name row = {.len = 32};
    memcpy(row.bytes, thread->b, sizeof thread->b);
    memcpy(row.bytes + 16, user->b, sizeof user->b);
    return row;
}
