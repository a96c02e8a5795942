/* The channel layer: sealed batches of events through Redis, one channel per tenant. REDIS_URL may
 * list several servers: each tenant has one of them, and losing it touches nobody else.
 *
 * Redis is never trusted and may lose anything: payloads are AES-256-GCM under the region's channel
 * key with channel name and time bound in; subscribers see sequence gaps and fill them elsewhere.
 * Channel name: "wr:1:<region>:<tenant>". Payload: time_us:u64 sealed(Events.Batch).
 * Next: payload.h
 */
#ifndef WARDROOM_CHANNEL_CHANNEL_H
#define WARDROOM_CHANNEL_CHANNEL_H

#include <uv.h>
#include "core/ids.h"
#include "crypto/keyring.h"

/* ---- Publisher: a thread per server with a bounded queue, so that a slow Redis never slows a
 * service. When the queue is full or the server away the batch is dropped and counted; once it
 * takes something again, each tenant that lost one is told so, and its views are compared with the
 * truth. */
struct publisher;
MUST_CHECK enum status publisher_new(const char *redis_url, const struct keyring *channel_keys,
                                     const char *region, struct publisher **ret);
/* Sends what is queued, for one time-out (1 s) at most. */
void publisher_free(struct publisher *publisher);
/* Queue one packed Events.Batch for this tenant's channel; thread-safe, never blocks, copies. */
void publisher_send(struct publisher *publisher, const struct tenant_id *tenant,
                    struct bytes batch);
/* Something of this tenant could not even be queued. */
void publisher_note_lost(struct publisher *publisher, const struct tenant_id *tenant);
/* How to say "events since then may be lost" in a packed Events.Batch; appends to `out`. Set before
 * the first publisher_send; without it nothing is said. Called from the thread of each server. */
void publisher_set_lost(struct publisher *publisher,
                        void (*write)(const struct tenant_id *tenant, int64_t since_us,
                                      struct buf *out));
bool publisher_connected(const struct publisher *publisher); /* to every server */

/* ---- Subscriber: lives on a libuv loop, reconnects by itself with back-off. */
struct subscriber;
struct subscriber_handlers {
    /* One opened, authenticated packed Events.Batch; borrowed for the call. */
    void (*on_batch)(void *data, const struct tenant_id *tenant, struct bytes batch);
    /* One of the servers is connected, or connected again (every tenant of it resubscribed):
     * whatever was published between is lost. Or it is disconnected. */
    void (*on_state)(void *data, bool connected);
    /* The subscription of one tenant is in effect, or something that came for it could not be
     * opened: what was published before may be missing, so views of this tenant that were filled
     * before this call are filled again. May be NULL. */
    void (*on_added)(void *data, const struct tenant_id *tenant);
    void *data;
};
MUST_CHECK enum status subscriber_new(uv_loop_t *loop, const char *redis_url,
                                      const struct keyring *channel_keys, const char *region,
                                      struct subscriber_handlers handlers, struct subscriber **ret);
void subscriber_close(struct subscriber *subscriber); /* frees itself when its handles are closed */
/* Idempotent; counted by the caller. */
void subscriber_add(struct subscriber *subscriber, const struct tenant_id *tenant);
void subscriber_remove(struct subscriber *subscriber, const struct tenant_id *tenant);
bool subscriber_connected(const struct subscriber *subscriber); /* to any server */
bool subscriber_complete(const struct subscriber *subscriber);  /* connected to every server */
/* Connected to the server of this tenant. */
bool subscriber_reaches(const struct subscriber *subscriber, const struct tenant_id *tenant);
/* Publish from the loop (typing, presence), over the command connection; false: not connected, and
 * it is dropped. True says that it was sent, not that it arrived. */
bool subscriber_publish(struct subscriber *subscriber, const struct tenant_id *tenant,
                        struct bytes batch);

#endif
