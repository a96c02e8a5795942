/* What goes through Redis: channel names and sealed payloads. Private to lib/channel.
 *
 * Pure functions, no I/O. Next: redis_url.h
 */
#ifndef WARDROOM_CHANNEL_PAYLOAD_H
#define WARDROOM_CHANNEL_PAYLOAD_H

#include "core/ids.h"
#include "crypto/keyring.h"

#define CHANNEL_NAME_SIZE 96

void channel_name(const char *region, const struct tenant_id *tenant,
                  char out[CHANNEL_NAME_SIZE]);
/* Append time_us:u64 sealed(batch), bound to the channel's name and the time. */
MUST_CHECK enum status payload_seal(const struct key *key, const char *channel, int64_t time_us,
                                    struct bytes batch, struct buf *out);
/* The reverse. CORRUPT: not ours, another channel's, or older than EVENT_AGE_MAX_S at `now_us`. */
MUST_CHECK enum status payload_open(const struct keyring *keys, const char *channel,
                                    int64_t now_us, struct bytes payload, struct buf *out);

#endif
