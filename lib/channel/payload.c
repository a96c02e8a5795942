/* Channel names and sealed payloads. Next: redis_url.c */
#include "channel/payload.h"

#include <stdio.h>
#include "core/cleanup.h"
#include "core/limits.h"

#define TIME_SIZE 8

void channel_name(const char *region, const struct tenant_id *tenant, char out[CHANNEL_NAME_SIZE])
{
    snprintf(out, CHANNEL_NAME_SIZE, "wr:1:%.31s:%s", region, tenant->text);
}

static void payload_aad(const char *channel, int64_t time_us, struct buf *out)
{
    buf_text(out, "wardroom/channel/v1\n");
    buf_str(out, bytes_text(channel));
    buf_u64(out, (uint64_t)time_us);
}

enum status payload_seal(const struct key *key, const char *channel, int64_t time_us,
                         struct bytes batch, struct buf *out)
{
    CLEANUP(buf_fini) struct buf aad = {0};
    payload_aad(channel, time_us, &aad);
    buf_u64(out, (uint64_t)time_us);
    return aead_seal(key, buf_bytes(&aad), batch, out);
}

enum status payload_open(const struct keyring *keys, const char *channel, int64_t now_us,
                         struct bytes payload, struct buf *out)
{
    CLEANUP(buf_fini) struct buf aad = {0};
    uint32_t key_id;
    uint64_t time_us = 0;
    if (payload.len < TIME_SIZE || payload.len > CHANNEL_BYTES_MAX)
        return STATUS_CORRUPT;
    for (size_t i = 0; i < TIME_SIZE; i++)
        time_us = time_us << 8 | payload.data[i];
    if ((int64_t)time_us < now_us - EVENT_AGE_MAX_S * 1000000LL)
        return STATUS_CORRUPT;
    struct bytes sealed = bytes_of(payload.data + TIME_SIZE, payload.len - TIME_SIZE);
    enum status status = aead_key_id(sealed, &key_id);
    if (status != OK)
        return status;
    const struct key *key = keyring_find(keys, key_id);
    if (!key)
        return STATUS_CORRUPT;
    payload_aad(channel, (int64_t)time_us, &aad);
    return aead_open(key, buf_bytes(&aad), sealed, out);
}
