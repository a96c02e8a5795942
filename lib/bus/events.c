/* Events of committed calls: those of one tenant that follow each other go out as one
 * events.Batch, bounded. Next: stats.c
 */
#include "bus/runtime.h"

#include "bus/wire.h"
#include "core/clock.h"
#include "core/failpoint.h"
#include "events.pb-c.h"

#define BATCH_BYTES_MAX (256 * 1024) /* a quarter of CHANNEL_BYTES_MAX */
#define TAG_OF_EVENTS   WIRE_TAG(3)

static void batch_begin(struct buf *out, const struct tenant_id *tenant)
{
    Events__Batch head = EVENTS__BATCH__INIT;
    head.tenant_id = (char *)tenant->text;
    head.published_at_us = clock_now_us();
    buf_clear(out);
    uint8_t *room = buf_reserve(out, events__batch__get_packed_size(&head));
    if (room != NULL) {
        out->len += events__batch__pack(&head, room);
    }
}

static void batch_append(struct buf *out, struct bytes event)
{
    uint8_t prefix[1 + WIRE_VARINT_MAX] = {TAG_OF_EVENTS};
    buf_append(out, prefix, 1 + wire_put_varint(prefix + 1, event.len));
    buf_append(out, event.data, event.len);
}

static void batch_send(struct actor *actor, const struct tenant_id *tenant)
{
    struct buf *out = &actor->events;
    if (out->len > 0 && !out->failed) {
        publisher_send(actor->runtime->publisher, tenant, buf_bytes(out));
    } else if (out->failed) {
        metric_add(&actor->runtime->stats.publish_dropped, 1);
        publisher_note_lost(actor->runtime->publisher, tenant);
    }
    buf_clear(out);
}

void events_write_lost(const struct tenant_id *tenant, int64_t since_us, struct buf *out)
{
    Events__Batch batch = EVENTS__BATCH__INIT;
    Events__Event event = EVENTS__EVENT__INIT, *events[] = {&event};
    Events__Lost lost = EVENTS__LOST__INIT;
    lost.since_us = since_us;
    event.of_case = EVENTS__EVENT__OF_LOST;
    event.lost = &lost;
    batch.tenant_id = (char *)tenant->text;
    batch.published_at_us = clock_now_us();
    batch.n_events = 1;
    batch.events = events;
    uint8_t *room = buf_reserve(out, events__batch__get_packed_size(&batch));
    if (room != NULL) {
        out->len += events__batch__pack(&batch, room);
    }
}

void events_publish(struct actor *actor, struct call_private *const *calls, size_t count)
{
    struct buf *out = &actor->events;
    const struct tenant_id *tenant = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct packed_event *event;
        bool committed = calls[i]->answer == ANSWER_REPLY && calls[i]->call.tenant.text[0] != '\0';
        if (committed && calls[i]->lost_event && actor->runtime->publisher != NULL) {
            publisher_note_lost(actor->runtime->publisher, &calls[i]->call.tenant);
        }
        STAILQ_FOREACH(event, &calls[i]->events, next)
        {
            if (!committed || actor->runtime->publisher == NULL) {
                continue;
            }
            if (tenant == NULL) {
                FAILPOINT("between_commit_and_publish");
            }
            bool other = tenant == NULL || !tenant_id_equal(tenant, &calls[i]->call.tenant);
            if (tenant != NULL && (other || out->len + event->bytes.len > BATCH_BYTES_MAX)) {
                batch_send(actor, tenant);
            }
            tenant = &calls[i]->call.tenant;
            if (out->len == 0) {
                batch_begin(out, tenant);
            }
            batch_append(out, event->bytes);
        }
    }
    if (tenant != NULL) {
        batch_send(actor, tenant);
        FAILPOINT("between_publish_and_reply");
    }
}
