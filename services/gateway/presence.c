/* Both directions of each. Next: commands.h */
#include "presence.h"

#include "auth.pb-c.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "json/json.h"

static void publish(struct session *session, Events__Event *event)
{
    CLEANUP(buf_fini) struct buf packed = {0};
    Events__Event *events[] = {event};
    Events__Batch batch = EVENTS__BATCH__INIT;
    batch.tenant_id = session->tenant->id.text;
    batch.published_at_us = clock_now_us();
    batch.events = events;
    batch.n_events = 1;
    size_t len = events__batch__get_packed_size(&batch);
    uint8_t *room = buf_reserve(&packed, len);
    if (!room)
        return;
    packed.len = events__batch__pack(&batch, room);
    subscriber_publish(session->gateway->channel, &session->tenant->id, buf_bytes(&packed));
}

void presence_say_typing(struct session *session, const struct thread_id *thread, bool is_active)
{
    struct principal who = *session_who(session);
    Threads__Author author = THREADS__AUTHOR__INIT;
    Events__Typing typing = EVENTS__TYPING__INIT;
    Events__Event event = EVENTS__EVENT__INIT;
    struct thread_id id = *thread;
    author.id = (ProtobufCBinaryData){16, who.user.u.b};
    author.name = who.name;
    author.role = (Auth__Role)who.role;
    typing.thread_id = (ProtobufCBinaryData){16, id.u.b};
    typing.user = &author;
    typing.active = is_active;
    event.of_case = EVENTS__EVENT__OF_TYPING;
    event.typing = &typing;
    publish(session, &event);
}

void presence_say_status(struct session *session, const char *status)
{
    struct user_id user = session_who(session)->user;
    char copy[16];
    Events__Presence presence = EVENTS__PRESENCE__INIT;
    Events__Event event = EVENTS__EVENT__INIT;
    strncpy(copy, status, sizeof copy - 1);
    copy[sizeof copy - 1] = '\0';
    presence.user_id = (ProtobufCBinaryData){16, user.u.b};
    presence.status = copy;
    event.of_case = EVENTS__EVENT__OF_PRESENCE;
    event.presence = &presence;
    publish(session, &event);
}

/* {"type": type, <the members of message>} as a frame of its own. */
static struct frame *frame_of(const char *type, const ProtobufCMessage *message)
{
    struct frame_builder builder = {0};
    CLEANUP(buf_fini) struct buf object = {0};
    struct buf *out = frame_next_event(&builder);
    json_from_message(message, &object);
    buf_printf(out, "{\"type\":\"%s\"", type);
    if (object.len > 2) {
        buf_text(out, ",");
        buf_append(out, object.data + 1, object.len - 1);
    } else {
        buf_text(out, "}");
    }
    return frame_finish(&builder);
}

static struct room *room_of(struct tenant *tenant, const ProtobufCBinaryData *id)
{
    struct thread_id thread;
    return uuid_from_bytes(bytes_of(id->data, id->len), &thread.u) ? fanout_room(tenant, &thread)
                                                                   : NULL;
}

void presence_on_typing(struct tenant *tenant, const Events__Typing *typing)
{
    struct room *room = room_of(tenant, &typing->thread_id);
    struct user_id user;
    if (!room || !typing->user ||
        !uuid_from_bytes(bytes_of(typing->user->id.data, typing->user->id.len), &user.u))
        return;
    struct frame *frame = frame_of("typing", &typing->base);
    if (frame)
        fanout_send_room(room, frame, &user);
    frame_drop(frame);
}

void presence_on_read(struct tenant *tenant, const Events__Read *read)
{
    struct room *room = room_of(tenant, &read->thread_id);
    struct frame *frame = room ? frame_of("read", &read->base) : NULL;
    if (frame)
        fanout_send_room(room, frame, NULL);
    frame_drop(frame);
}

void presence_on_presence(struct tenant *tenant, const Events__Presence *presence)
{
    struct frame *frame = frame_of("presence", &presence->base);
    for (struct session *session = tenant->sessions; frame && session; session = session->next)
        session_send(session, frame);
    frame_drop(frame);
}
