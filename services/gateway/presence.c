/* Sessions and their people: what they are, and what they are told. Next: presence_channel.c */
#include "presence.h"

#include <stdlib.h>
#include "core/limits.h"
#include "counters.h"
#include "events.h"
#include "thread_list.h"

#define SAY_AGAIN_MS   1000        /* between two words about one person: a page that flaps */
#define LIST_AGAIN_MS  10000       /* between two lists because of a thread that is in none */
#define TELL_PACE_MS   25          /* between two frames of changes to those who see all */
#define TOLD_BYTES_MAX (64 * 1024) /* of one frame of them: 800 changes */

static struct tenant *dirty_first;

struct presence *presence_new(struct gateway *gateway)
{
    struct presence *presence = calloc(1, sizeof *presence);
    if (!presence)
        return NULL;
    presence_table_init(&presence->table);
    presence->snapshot_at_ms = gateway_now_ms(gateway) + PRESENCE_SNAPSHOT_MS;
    return presence;
}

void presence_mark_dirty(struct tenant *tenant)
{
    struct presence *presence = tenant->presence;
    if (presence->is_dirty)
        return;
    presence->is_dirty = true;
    presence->next_dirty = dirty_first;
    dirty_first = tenant;
}

void presence_end(struct tenant *tenant)
{
    struct presence *presence = tenant->presence;
    struct tenant **link = &dirty_first;
    while (presence->is_dirty && *link != tenant)
        link = &(*link)->presence->next_dirty;
    if (presence->is_dirty)
        *link = presence->next_dirty;
    presence_channel_goodbye(tenant);
    presence_table_fini(&presence->table);
    circle_fini(&presence->circle);
    frame_abandon(&presence->told);
    free(presence->words);
    free(presence->word_users);
    free(presence);
    tenant->presence = NULL;
}

/* --- What this gateway's sockets say --- */

static enum presence_state best_of(const struct person *person)
{
    enum presence_state best = PRESENCE_OFFLINE;
    for (const struct session *session = person->sessions; session && best != PRESENCE_ONLINE;
         session = session->next_of_person) {
        enum presence_state one = session->is_away ? PRESENCE_AWAY : PRESENCE_ONLINE;
        best = one > best ? one : best;
    }
    return best;
}

static void say(struct tenant *tenant, struct person *person, int64_t now_ms)
{
    struct presence *presence = tenant->presence;
    enum presence_state best = best_of(person);
    struct presence_gateway *own = presence_own(tenant);
    if (best == person->said)
        return;
    person->said = best;
    person->say_again_ms = now_ms + SAY_AGAIN_MS;
    if (!own || !presence_table_say(&presence->table, own, &person->id, best, now_ms))
        count(COUNT_PRESENCE_DROPPED);
    presence_channel_say(tenant, &person->id, best);
    presence_mark_dirty(tenant);
}

/* Something about a person's sockets has changed: say it now, or when its time comes. */
static void person_changed(struct tenant *tenant, struct person *person)
{
    int64_t now_ms = gateway_now_ms(tenant->gateway);
    if (person->is_late || best_of(person) == person->said)
        return;
    if (now_ms >= person->say_again_ms) {
        say(tenant, person, now_ms);
        return;
    }
    person->is_late = true;
    person->holds++;
    person->next_late = tenant->presence->late_first;
    tenant->presence->late_first = person;
}

static void say_late(struct tenant *tenant, int64_t now_ms)
{
    struct person **link = &tenant->presence->late_first;
    while (*link) {
        struct person *person = *link;
        if (person->say_again_ms > now_ms) {
            link = &person->next_late;
            continue;
        }
        *link = person->next_late;
        person->is_late = false;
        say(tenant, person, now_ms);
        circle_release(&tenant->presence->circle, person);
    }
}

static void begin_listening(struct session *session)
{
    struct tenant *tenant = session->tenant;
    session->is_listener = !thread_list_sees_all(session_who(session)->role);
    if (!session->is_listener)
        return;
    circle_listen(session->person);
    if (!session->person->is_listed && session->person->asking == 0)
        circle_list_want(tenant, session->person);
}

static void stop_listening(struct session *session)
{
    if (!session->is_listener)
        return;
    session->is_listener = false;
    circle_unlisten(&session->tenant->presence->circle, session->person);
}

static void set_greeting_due(struct session *session, bool is_due)
{
    if (session->is_greeting_due == is_due)
        return;
    session->is_greeting_due = is_due;
    session->tenant->presence->greetings_due += is_due ? 1u : -1u;
}

void presence_join(struct session *session)
{
    struct tenant *tenant = session->tenant;
    struct person *person = circle_hold(&tenant->presence->circle, &session_who(session)->user);
    if (!person)
        return; /* without memory: nobody hears of it */
    session->person = person;
    session->previous_of_person = NULL;
    session->next_of_person = person->sessions;
    if (session->next_of_person)
        session->next_of_person->previous_of_person = session;
    person->sessions = session;
    begin_listening(session);
    set_greeting_due(session, true);
    person_changed(tenant, person);
}

void presence_leave(struct session *session)
{
    struct tenant *tenant = session->tenant;
    struct person *person = session->person;
    if (!person)
        return;
    set_greeting_due(session, false);
    if (session->previous_of_person)
        session->previous_of_person->next_of_person = session->next_of_person;
    else
        person->sessions = session->next_of_person;
    if (session->next_of_person)
        session->next_of_person->previous_of_person = session->previous_of_person;
    stop_listening(session);
    person_changed(tenant, person);
    session->person = NULL;
    session->next_of_person = session->previous_of_person = NULL;
    circle_release(&tenant->presence->circle, person);
}

void presence_set_away(struct session *session, bool is_away)
{
    session->is_away = is_away;
    if (session->person)
        person_changed(session->tenant, session->person);
}

void presence_greet(struct session *session)
{
    if (!session->person)
        return;
    if (session->is_listener == thread_list_sees_all(session_who(session)->role)) {
        stop_listening(session);
        begin_listening(session);
    }
    set_greeting_due(session, true);
}

/* --- What they are told --- */

static void tell(struct session *session, const struct user_id *user, enum presence_state presence)
{
    count(COUNT_PRESENCE_TOLD);
    event_presence(session_event(session), user, presence_text(presence));
}

/* All of a roster who are there, those that are marked already left out. */
static void tell_roster(struct tenant *tenant, struct session *session, const struct roster *roster)
{
    struct presence *presence = tenant->presence;
    for (size_t i = 0; i < roster->count; i++) {
        struct person *person = roster->people[i];
        if (!circle_mark(&presence->circle, person))
            continue;
        enum presence_state state = presence_table_of(&presence->table, &person->id);
        if (state != PRESENCE_OFFLINE)
            tell(session, &person->id, state);
    }
}

static void greet_listener(struct tenant *tenant, struct session *session)
{
    const struct person *person = session->person;
    circle_pass(&tenant->presence->circle);
    for (size_t i = 0; i < person->roster_count; i++)
        tell_roster(tenant, session, person->rosters[i]);
}

/* Who shares a thread with a user hears of a change. */
static void tell_circle(struct tenant *tenant, const struct user_id *user,
                        enum presence_state state)
{
    struct circle *circle = &tenant->presence->circle;
    const struct person *person = circle_find(circle, user);
    circle_pass(circle);
    for (size_t i = 0; person && i < person->roster_count; i++) {
        const struct roster *roster = person->rosters[i];
        for (size_t k = 0; k < roster->count; k++) {
            struct person *other = roster->people[k];
            if (other->listeners == 0 || !circle_mark(circle, other))
                continue;
            for (struct session *session = other->sessions; session;
                 session = session->next_of_person) {
                if (session->is_listener)
                    tell(session, user, state);
            }
        }
    }
}

static void send_to_all_seeing(struct tenant *tenant, struct frame *frame, bool only_due)
{
    for (struct session *session = tenant->sessions; frame && session; session = session->next) {
        if (session->person && !session->is_listener && (!only_due || session->is_greeting_due))
            session_send(session, frame);
    }
    frame_drop(frame);
}

static void tell_changes(struct tenant *tenant)
{
    struct presence *presence = tenant->presence;
    struct user_id user;
    enum presence_state state;
    while (presence_table_next_change(&presence->table, &user, &state)) {
        count(COUNT_PRESENCE_CHANGES);
        event_presence(frame_next_event(&presence->told), &user, presence_text(state));
        if (frame_builder_len(&presence->told) > TOLD_BYTES_MAX)
            send_to_all_seeing(tenant, frame_finish(&presence->told), false);
        tell_circle(tenant, &user, state);
    }
    send_to_all_seeing(tenant, frame_finish(&presence->told), false);
}

int64_t presence_end_turn(struct gateway *gateway)
{
    int64_t now_ms = gateway_now_ms(gateway), next_ms = FANOUT_NOTHING_WAITS;
    struct tenant **link = &dirty_first;
    while (*link) {
        struct tenant *tenant = *link;
        struct presence *presence = tenant->presence;
        int64_t wait_ms = presence->told_from_ms - now_ms;
        presence_channel_flush(tenant);
        if (presence->table.changed && wait_ms > 0) {
            next_ms = wait_ms < next_ms ? wait_ms : next_ms;
            link = &presence->next_dirty;
            continue;
        }
        *link = presence->next_dirty;
        presence->is_dirty = false;
        if (presence->table.changed) {
            presence->told_from_ms = now_ms + TELL_PACE_MS;
            tell_changes(tenant);
        }
    }
    return next_ms;
}

/* The greeting of those who see all: one frame, shared. */
struct greeting {
    struct tenant *tenant;
    struct frame_builder builder;
    size_t count;
};

static void greet_with(void *data, const struct user_id *user, enum presence_state state)
{
    struct greeting *greeting = data;
    if (greeting->count++ >= PRESENCE_GREETED_MAX)
        return;
    event_presence(frame_next_event(&greeting->builder), user, presence_text(state));
    if (frame_builder_len(&greeting->builder) > TOLD_BYTES_MAX)
        send_to_all_seeing(greeting->tenant, frame_finish(&greeting->builder), true);
}

static void greet_all_seeing(struct tenant *tenant)
{
    struct greeting greeting = {.tenant = tenant};
    const struct session *session = tenant->sessions;
    while (session && (!session->is_greeting_due || session->is_listener))
        session = session->next;
    if (!session)
        return;
    presence_table_each(&tenant->presence->table, greet_with, &greeting);
    send_to_all_seeing(tenant, frame_finish(&greeting.builder), true);
}

static void greet(struct tenant *tenant)
{
    if (tenant->presence->greetings_due == 0)
        return;
    greet_all_seeing(tenant);
    for (struct session *session = tenant->sessions; session; session = session->next) {
        if (!session->is_greeting_due || (session->is_listener && !session->person->is_listed))
            continue; /* a listener's threads are being asked for */
        if (session->is_listener)
            greet_listener(tenant, session);
        set_greeting_due(session, false);
    }
}

void presence_on_listed(struct tenant *tenant, struct person *person)
{
    person->is_listed = true;
    person->listed_ms = gateway_now_ms(tenant->gateway);
    for (struct session *session = person->sessions; session; session = session->next_of_person) {
        if (session->is_listener) {
            set_greeting_due(session, false);
            greet_listener(tenant, session);
        }
    }
}

/* Who takes part in a thread is known, or has changed. */
static void tell_listeners_of(struct tenant *tenant, const struct roster *roster)
{
    for (size_t i = 0; i < roster->count; i++) {
        const struct person *person = roster->people[i];
        if (person->listeners == 0 || !person->is_listed)
            continue;
        for (struct session *session = person->sessions; session;
             session = session->next_of_person) {
            if (!session->is_listener)
                continue;
            circle_pass(&tenant->presence->circle);
            tell_roster(tenant, session, roster);
        }
    }
}

void presence_on_people(struct tenant *tenant, const struct thread_id *thread,
                        const struct uuid *people, size_t people_count, int64_t last_seq)
{
    struct circle *circle = &tenant->presence->circle;
    switch (circle_put(circle, thread, people, people_count, last_seq,
                       gateway_now_ms(tenant->gateway))) {
    case CIRCLE_CHANGED:
        tell_listeners_of(tenant, circle_roster(circle, thread));
        break;
    case CIRCLE_FULL:
        count(COUNT_PRESENCE_DROPPED);
        break;
    case CIRCLE_SAME:
    case CIRCLE_UNHEARD:
        break;
    }
}

void presence_on_thread(struct tenant *tenant, const Threads__Thread *thread)
{
    struct uuid people[PARTICIPANTS_MAX];
    struct thread_id id;
    size_t known = 0;
    if (!uuid_from_bytes(bytes_of(thread->id.data, thread->id.len), &id.u))
        return;
    for (size_t i = 0; i < thread->n_participants && known < PARTICIPANTS_MAX; i++) {
        const ProtobufCBinaryData *user = &thread->participants[i]->user_id;
        known += uuid_from_bytes(bytes_of(user->data, user->len), &people[known]);
    }
    presence_on_people(tenant, &id, people, known, thread->last_seq);
}

void presence_on_subscribed(struct session *session, const struct thread_id *thread)
{
    struct person *person = session->person;
    if (!person || !session->is_listener || !person->is_listed)
        return; /* it has heard, or will hear, of all it may hear of */
    const struct roster *roster = circle_roster(&session->tenant->presence->circle, thread);
    if (roster) {
        circle_pass(&session->tenant->presence->circle);
        tell_roster(session->tenant, session, roster);
    } else if (gateway_now_ms(session->gateway) >= person->listed_ms + LIST_AGAIN_MS) {
        circle_list_want(session->tenant, person); /* its event was lost, or it is very old */
    }
}

void presence_start_over(struct tenant *tenant)
{
    tenant->presence->is_start_over_due = true;
}

static void start_over(struct tenant *tenant, int64_t now_ms)
{
    struct presence *presence = tenant->presence;
    if (!presence->is_start_over_due || now_ms < presence->start_over_from_ms)
        return;
    presence->is_start_over_due = false;
    presence->start_over_from_ms = now_ms + PRESENCE_START_OVER_MS;
    presence_channel_ask(tenant);
    circle_list_again(tenant);
}

static void tick_tenant(void *data, struct index_node *node)
{
    struct tenant *tenant = INDEX_OWNER(node, struct tenant, node);
    struct presence *presence = tenant->presence;
    const int64_t *now_ms = data;
    say_late(tenant, *now_ms);
    presence_table_look(&presence->table, *now_ms);
    if (presence->table.changed)
        presence_mark_dirty(tenant);
    greet(tenant);
    start_over(tenant, *now_ms);
    circle_list_tick(tenant);
    presence_channel_tick(tenant, *now_ms);
}

void presence_tick(struct gateway *gateway)
{
    int64_t now_ms = gateway_now_ms(gateway);
    index_each(&gateway->tenants, tick_tenant, &now_ms);
}
