/* Stopping without losing a call: those who ping us are told at once, what they have sent until
 * then is still served, and the process goes when nobody calls any more.
 *
 * Next: gate.c
 */
#include <unistd.h>

#include "bus/runtime.h"
#include "core/clock.h"

#define DRAIN_MS_MAX   5000
#define STOP_S_MAX     8     /* the drain, LINGER, and a statement that does not end */
#define DRAIN_QUIET_MS 150   /* nobody calls any more: clients heard that we stop */
#define SILENT_MS      10000 /* a listener that has not pinged for so long is gone */

void drain_remember(struct runtime *runtime, const struct call_private *call)
{
    struct mailbox *mailbox = &runtime->mailbox;
    zmq_msg_t *peer = (zmq_msg_t *)&call->peer;
    size_t len = zmq_msg_size(peer);
    struct listener *place = &mailbox->listeners[0];
    if (len > ROUTING_ID_MAX) {
        return;
    }
    for (size_t i = 0; i < PEERS_MAX; i++) {
        struct listener *at = &mailbox->listeners[i];
        if (at->routing_len == len && memcmp(at->routing_id, zmq_msg_data(peer), len) == 0) {
            place = at;
            break;
        }
        place = at->heard_ms < place->heard_ms ? at : place;
    }
    memcpy(place->routing_id, zmq_msg_data(peer), len);
    memcpy(place->request_id, call->request_id, sizeof place->request_id);
    place->routing_len = len;
    place->heard_ms = call->arrived_us / 1000;
}

static void say_goodbye(struct runtime *runtime, const struct listener *listener)
{
    struct call_private *call = mailbox_take_call(runtime);
    if (call == NULL || zmq_msg_init_size(&call->peer, listener->routing_len) != 0) {
        return;
    }
    memcpy(zmq_msg_data(&call->peer), listener->routing_id, listener->routing_len);
    memcpy(call->request_id, listener->request_id, sizeof call->request_id);
    call->has_request_id = true;
    gate_answer_info(runtime, call);
    mailbox_send_reply(runtime, &call->peer, call_packed_reply(call));
    mailbox_put_back_call(runtime, call);
}

void drain_begin(struct runtime *runtime)
{
    struct mailbox *mailbox = &runtime->mailbox;
    int64_t now_ms = clock_monotonic_ms();
    alarm(STOP_S_MAX); /* whatever hangs, the process ends */
    log_event(LOG_INFO, "service.stopping", {"pending", LOG_I(mailbox->pending)});
    atomic_store(&runtime->stopping, true);
    announce_remove(runtime->announced);
    mailbox->stop_at_ms = now_ms + DRAIN_MS_MAX;
    mailbox->quiet_since_ms = now_ms;
    for (size_t i = 0; i < PEERS_MAX; i++) {
        if (mailbox->listeners[i].routing_len > 0 &&
            now_ms - mailbox->listeners[i].heard_ms < SILENT_MS) {
            say_goodbye(runtime, &mailbox->listeners[i]);
        }
    }
}

bool drain_is_over(const struct runtime *runtime)
{
    const struct mailbox *mailbox = &runtime->mailbox;
    int64_t now_ms = clock_monotonic_ms();
    if (atomic_load(&runtime->fatal)) {
        return true;
    }
    return atomic_load(&runtime->stopping) &&
           (now_ms >= mailbox->stop_at_ms ||
            (mailbox->pending == 0 && now_ms - mailbox->quiet_since_ms >= DRAIN_QUIET_MS));
}
