/* The sender's pace, and the typers of each room. Next: read_marks.h */
#include "typing.h"

#include <stdlib.h>
#include "auth.pb-c.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/limits.h"
#include "counters.h"
#include "events.h"

struct typer {
    struct user_id user;
    int64_t until_ms;
};
/* Of a room in which somebody types; in the list of all such. */
struct typers {
    struct typers *next;
    struct room *room;
    size_t count;
    struct typer list[TYPERS_MAX];
};

static struct typers *all;

static void publish(struct subscription *subscription, bool is_active)
{
    CLEANUP(buf_fini) struct buf packed = {0};
    struct session *session = subscription->session;
    struct principal who = *session_who(session);
    struct thread_id thread = subscription->room->thread;
    struct tenant *tenant = subscription->room->tenant;
    Threads__Author author = THREADS__AUTHOR__INIT;
    Events__Typing typing = EVENTS__TYPING__INIT;
    Events__Event event = EVENTS__EVENT__INIT, *events[] = {&event};
    Events__Batch batch = EVENTS__BATCH__INIT;
    author.id = (ProtobufCBinaryData){16, who.user.u.b};
    author.name = who.name;
    author.role = (Auth__Role)who.role;
    typing.thread_id = (ProtobufCBinaryData){16, thread.u.b};
    typing.user = &author;
    typing.active = is_active;
    event.of_case = EVENTS__EVENT__OF_TYPING;
    event.typing = &typing;
    batch.tenant_id = tenant->id.text;
    batch.published_at_us = clock_now_us();
    batch.events = events;
    batch.n_events = 1;
    uint8_t *room = buf_reserve(&packed, events__batch__get_packed_size(&batch));
    if (!room)
        return;
    packed.len = events__batch__pack(&batch, room);
    if (!subscriber_publish(session->gateway->channel, &tenant->id, buf_bytes(&packed)))
        count(COUNT_TYPING_DROPPED);
}

/* Is the same person typing in another of its tabs? */
static bool types_elsewhere(const struct subscription *subscription, int64_t now_ms)
{
    const struct room *room = subscription->room;
    const struct user_id *user = &session_who(subscription->session)->user;
    for (size_t i = 0; i < room->count; i++) {
        const struct subscription *other = room->subscriptions[i];
        if (other != subscription && other->typing_until_ms > now_ms &&
            uuid_equal(&session_who(other->session)->user.u, &user->u))
            return true;
    }
    return false;
}

static void say_active(struct subscription *subscription, int64_t now_ms)
{
    if (now_ms < subscription->typing_from_ms) {
        count(COUNT_TYPING_DROPPED);
        return;
    }
    subscription->typing_from_ms = now_ms + TYPING_BETWEEN_MS;
    subscription->typing_until_ms = now_ms + TYPING_LIFE_MS;
    publish(subscription, true);
}

void typing_end(struct subscription *subscription)
{
    int64_t now_ms = gateway_now_ms(subscription->session->gateway);
    bool was_typing = subscription->typing_until_ms > now_ms;
    subscription->typing_until_ms = 0;
    if (was_typing && !types_elsewhere(subscription, now_ms))
        publish(subscription, false);
}

void typing_say(struct subscription *subscription, bool is_active)
{
    if (is_active)
        say_active(subscription, gateway_now_ms(subscription->session->gateway));
    else
        typing_end(subscription);
}

/* To everybody in the room but the person itself. */
static void tell(struct room *room, const struct user_id *user, const Events__Typing *typing)
{
    struct frame *frame = event_frame("typing", &typing->base);
    if (frame)
        fanout_send_room(room, frame, user);
    frame_drop(frame);
}

static struct typers *typers_of(struct room *room)
{
    if (room->typers)
        return room->typers;
    room->typers = calloc(1, sizeof *room->typers);
    if (room->typers) {
        room->typers->room = room;
        room->typers->next = all;
        all = room->typers;
    }
    return room->typers;
}

static struct typer *find(struct typers *typers, const struct user_id *user)
{
    for (size_t i = 0; typers && i < typers->count; i++) {
        if (uuid_equal(&typers->list[i].user.u, &user->u))
            return &typers->list[i];
    }
    return NULL;
}

void typing_forget_room(struct room *room)
{
    struct typers **link = &all;
    if (!room->typers)
        return;
    while (*link != room->typers)
        link = &(*link)->next;
    *link = room->typers->next;
    free(room->typers);
    room->typers = NULL;
}

/* Remember it; false: so many type here that one more is not told. */
static bool begin(struct room *room, const struct user_id *user, int64_t until_ms)
{
    struct typers *typers = typers_of(room);
    struct typer *typer = find(typers, user);
    if (!typer && typers && typers->count < TYPERS_MAX)
        typer = &typers->list[typers->count++];
    if (typer)
        *typer = (struct typer){*user, until_ms};
    return typer != NULL;
}

static bool end(struct room *room, const struct user_id *user)
{
    struct typer *typer = find(room->typers, user);
    if (typer)
        *typer = room->typers->list[--room->typers->count];
    return typer != NULL;
}

void typing_on_event(struct tenant *tenant, const Events__Typing *typing)
{
    struct thread_id thread;
    struct user_id user;
    if (!typing->user ||
        !uuid_from_bytes(bytes_of(typing->thread_id.data, typing->thread_id.len), &thread.u) ||
        !uuid_from_bytes(bytes_of(typing->user->id.data, typing->user->id.len), &user.u))
        return;
    struct room *room = fanout_room(tenant, &thread);
    if (!room)
        return;
    int64_t until_ms = gateway_now_ms(tenant->gateway) + TYPING_LIFE_MS;
    if (typing->active ? begin(room, &user, until_ms) : end(room, &user))
        tell(room, &user, typing);
    else if (typing->active)
        count(COUNT_TYPING_DROPPED);
}

/* Nothing more was heard of it. */
static void expire(struct room *room, struct typer typer)
{
    Threads__Author author = THREADS__AUTHOR__INIT;
    Events__Typing typing = EVENTS__TYPING__INIT;
    author.id = (ProtobufCBinaryData){16, typer.user.u.b};
    typing.thread_id = (ProtobufCBinaryData){16, room->thread.u.b};
    typing.user = &author;
    tell(room, &typer.user, &typing);
}

void typing_tick(struct gateway *gateway)
{
    int64_t now_ms = gateway_now_ms(gateway);
    struct typers *next;
    for (struct typers *typers = all; typers; typers = next) {
        next = typers->next;
        for (size_t i = typers->count; i > 0; i--) {
            struct typer typer = typers->list[i - 1];
            if (typer.until_ms > now_ms)
                continue;
            typers->list[i - 1] = typers->list[--typers->count];
            expire(typers->room, typer);
        }
        if (typers->count == 0)
            typing_forget_room(typers->room);
    }
}
