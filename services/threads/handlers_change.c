/* Changes of a thread: fields and participants. Each is a leaf of the thread, and moves its
 * meta_version, so that every writer's memory of it is refreshed. Next: handlers_post.c */
#include "core/cleanup.h"
#include "core/clock.h"
#include "events.pb-c.h"
#include "threads/actor.h"
#include "threads/content.h"
#include "threads/handlers.h"

/* A thread locked for a change, and as people see it before the change. */
struct change {
    struct call *call;
    struct threads_actor *actor;
    struct uuid id;
    struct hot_thread *hot;
    Threads__Thread *thread;
    int64_t now_us;
};

/* False: the call has failed. */
static bool change_begin(struct call *call, const ProtobufCBinaryData *thread_id,
                         struct change *ret)
{
    *ret = (struct change){.call = call, .actor = call->state, .now_us = clock_now_us()};
    if (!take_id(call, thread_id, "/thread_id", &ret->id)) {
        return false;
    }
    enum status status =
        hot_lock(ret->actor->hot, ret->actor->keys, call->tx, &ret->id, 1, &ret->hot);
    if (status != OK) {
        fail_with(call, status);
        return false;
    }
    if (ret->hot == NULL) {
        fail_no_thread(call);
        return false;
    }
    if (ret->hot->erased) {
        fail_with(call, STATUS_GONE);
        return false;
    }
    ret->thread = load_thread(call, &ret->id);
    return ret->thread != NULL;
}

/* Record what content says has changed, and answer the thread as it is now. The content stands in
 * the actor's records. */
static enum status change_record(struct change *change)
{
    struct call *call = change->call;
    struct records *records = change->actor->records;
    struct leaf_in in = {THREADS__KIND__KIND_SYSTEM, LEAF_THREAD_CHANGED, call->who->user.u,
                         uuid_new(), change->now_us};
    struct leaf_out out;
    size_t added = 0;
    Threads__Message *message;
    enum status status = records_add(records, call->tx, change->hot, &in, &out);
    if (status == OK) {
        status = records_insert(records, call->tx, &added);
    }
    if (status == OK && added != 1) {
        status = STATUS_UNAVAILABLE;
    }
    if (status == OK) {
        change->hot->meta_version++;
        status = records_update_heads(records, call->tx, true);
    }
    struct message_row row = {.thread = change->id,
                              .seq = out.seq,
                              .time_us = out.time_us,
                              .kind = in.kind,
                              .leaf_kind = (int)in.leaf_kind,
                              .author = in.author,
                              .client = in.client};
    if (status == OK) {
        status = view_recorded(call, &row, out.hash, records_last_content(records), &message);
    }
    if (status != OK) {
        return status;
    }
    change->thread->last_seq = out.seq;
    change->thread->last_message_at_us = out.time_us;
    change->thread->root_hash = field_of(change->hot->root, SHA256_SIZE);
    publish_message(call, message);
    publish_thread(call, change->thread, EVENTS__CHANGE__CHANGE_UPDATED);
    return OK;
}

static void change_fail(struct change *change, enum status status)
{
    hot_forget(change->actor->hot, change->hot);
    fail_with(change->call, status);
}

/* Give the thread the values of the request; returns those fields that really change. */
static unsigned apply_fields(const Threads__PatchRequest *in, unsigned fields,
                             Threads__Thread *thread)
{
    unsigned changed = 0;
    if ((fields & PATCH_TITLE) && strcmp(thread->title, in->title) != 0) {
        thread->title = in->title;
        changed |= PATCH_TITLE;
    }
    if ((fields & PATCH_STATUS) && thread->status != in->status) {
        thread->status = in->status;
        changed |= PATCH_STATUS;
    }
    if ((fields & PATCH_WAITING_ON) && thread->waiting_on != in->waiting_on) {
        thread->waiting_on = in->waiting_on;
        changed |= PATCH_WAITING_ON;
    }
    if ((fields & PATCH_SEVERITY) && thread->severity != in->severity) {
        thread->severity = in->severity;
        changed |= PATCH_SEVERITY;
    }
    if ((fields & PATCH_TLP) && thread->tlp != in->tlp) {
        thread->tlp = in->tlp;
        changed |= PATCH_TLP;
    }
    return changed;
}

static enum status store_fields(struct change *change)
{
    CLEANUP(buf_fini) struct buf sealed = {0};
    const Threads__Thread *thread = change->thread;
    enum status status = view_seal_thread(change->call, &change->hot->key, thread, &sealed);
    if (status != OK) {
        return status;
    }
    struct thread_values values = {
        .id = change->id,
        .status = (int)thread->status,
        .waiting_on = (int)thread->waiting_on,
        .severity = (int)thread->severity,
        .tlp = (int)thread->tlp,
        .sealed = buf_bytes(&sealed),
        .updated_us = change->now_us,
    };
    change->hot->status = values.status;
    return store_update_thread(change->call->tx, &values);
}

void threads_patch(Threads__Api_Service *service, const Threads__PatchRequest *in,
                   Threads__Thread_Closure reply, void *data)
{
    (void)service;
    struct call *call = data;
    struct rule_break broken;
    struct change change;
    unsigned fields = 0;
    if (!rules_check_patch(in, &broken) || !rules_patch_fields(in, &fields)) {
        refuse_field(call, &broken);
        return;
    }
    if (!change_begin(call, &in->thread_id, &change)) {
        return;
    }
    unsigned changed = apply_fields(in, fields, change.thread);
    if (changed != 0) {
        records_start(change.actor->records);
        content_write_fields(change.thread, changed, call->who,
                             records_content(change.actor->records));
        enum status status = store_fields(&change);
        if (status == OK) {
            status = change_record(&change);
        }
        if (status != OK) {
            change_fail(&change, status);
            return;
        }
    }
    reply(change.thread, data);
}

/* The place of a user among the thread's participants, or their number. */
static size_t place_of(const Threads__Thread *thread, const struct uuid *user)
{
    size_t i = 0;
    while (i < thread->n_participants &&
           !bytes_equal(bytes_of(thread->participants[i]->user_id.data,
                                 thread->participants[i]->user_id.len),
                        uuid_bytes(user))) {
        i++;
    }
    return i;
}

static enum status store_person(struct change *change, const Threads__Participant *person)
{
    CLEANUP(buf_fini) struct buf sealed = {0};
    struct uuid user;
    int16_t role = (int16_t)person->role;
    memcpy(user.b, person->user_id.data, sizeof user.b);
    enum status status =
        view_seal_person(change->call, &change->hot->key, &change->id, person, &sealed);
    if (status != OK) {
        return status;
    }
    struct bytes value = buf_bytes(&sealed);
    struct participant_columns columns = {1, &user, &role, &value};
    return store_add_participants(change->call->tx, &change->id, &columns, change->now_us);
}

/* One more participant, in the reply, in memory and in the database. */
static enum status add_person(struct change *change, Threads__Participant *person)
{
    Threads__Thread *thread = change->thread;
    struct hot_thread *hot = change->hot;
    size_t count = thread->n_participants;
    Threads__Participant **people = arena_alloc(change->call->arena, (count + 1) * sizeof *people);
    if (people == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    memcpy(people, thread->participants, count * sizeof *people);
    people[count] = person;
    thread->participants = people;
    thread->n_participants = count + 1;
    memcpy(hot->people[hot->people_count++].b, person->user_id.data, 16);
    records_start(change->actor->records);
    content_write_participant(person, true, change->call->who,
                              records_content(change->actor->records));
    enum status status = store_person(change, person);
    return status == OK ? change_record(change) : status;
}

void threads_add_participant(Threads__Api_Service *service,
                             const Threads__AddParticipantRequest *in,
                             Threads__ParticipantsReply_Closure reply, void *data)
{
    (void)service;
    struct call *call = data;
    struct rule_break broken;
    struct change change;
    struct uuid user;
    if (!rules_check_person(&in->user_id, in->name_filled, (int)in->role_filled, &broken)) {
        refuse_field(call, &broken);
        return;
    }
    if (!take_id(call, &in->user_id, "/user_id", &user) ||
        !change_begin(call, &in->thread_id, &change)) {
        return;
    }
    enum status status = OK;
    Threads__Participant person = THREADS__PARTICIPANT__INIT;
    if (place_of(change.thread, &user) == change.thread->n_participants) {
        if (change.hot->people_count == PARTICIPANTS_MAX) {
            call_field_error(call, "/user_id", "a thread has at most 200 participants");
            return;
        }
        person.user_id = in->user_id;
        person.name = in->name_filled;
        person.role = in->role_filled;
        person.added_at_us = change.now_us;
        status = add_person(&change, &person);
    }
    if (status != OK) {
        change_fail(&change, status);
        return;
    }
    Threads__ParticipantsReply out = THREADS__PARTICIPANTS_REPLY__INIT;
    out.n_results = change.thread->n_participants;
    out.results = change.thread->participants;
    reply(&out, data);
}

static enum status remove_person(struct change *change, const struct uuid *user, size_t place)
{
    Threads__Thread *thread = change->thread;
    struct hot_thread *hot = change->hot;
    Threads__Participant *person = thread->participants[place];
    memmove(thread->participants + place, thread->participants + place + 1,
            (thread->n_participants - place - 1) * sizeof *thread->participants);
    thread->n_participants--;
    for (size_t i = 0; i < hot->people_count; i++) {
        if (uuid_equal(&hot->people[i], user)) {
            hot->people[i] = hot->people[--hot->people_count];
            break;
        }
    }
    records_start(change->actor->records);
    content_write_participant(person, false, change->call->who,
                              records_content(change->actor->records));
    enum status status =
        store_remove_participant(change->call->tx, &change->id, user, change->now_us);
    return status == OK ? change_record(change) : status;
}

void threads_remove_participant(Threads__Api_Service *service,
                                const Threads__RemoveParticipantRequest *in,
                                Wardroom__Empty_Closure reply, void *data)
{
    (void)service;
    struct call *call = data;
    struct change change;
    struct uuid user;
    if (!take_id(call, &in->user_id, "/user_id", &user) ||
        !change_begin(call, &in->thread_id, &change)) {
        return;
    }
    size_t place = place_of(change.thread, &user);
    if (place == change.thread->n_participants) {
        call_fail(call, STATUS_NOT_FOUND, "this user does not take part in the thread");
        return;
    }
    enum status status = remove_person(&change, &user, place);
    if (status != OK) {
        change_fail(&change, status);
        return;
    }
    Wardroom__Empty out = WARDROOM__EMPTY__INIT;
    reply(&out, data);
}
