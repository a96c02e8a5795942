/* A new thread: key, row, head, participants and leaf 1, in one transaction. Next:
 * handlers_change.c */
#include <jansson.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "events.pb-c.h"
#include "threads/actor.h"
#include "threads/content.h"
#include "threads/handlers.h"
#include "threads/thread_key.h"

/* A thread in the making. */
struct draft {
    struct uuid id;
    struct uuid
        leaf_client; /* of leaf 1: tells a retry with other content from one with the same */
    int64_t now_us;
    const struct key *tenant_key;
    uint8_t incident_index[SHA256_SIZE];
    Threads__Thread thread;
    Threads__Author author;
    Threads__Participant creator;
    struct hot_thread *hot; /* not in the cache: it does not exist before the commit */
};

/* The incident's metadata goes into content as it is, so it must be one JSON object. */
static bool metadata_is_object(const Threads__Incident *incident)
{
    const ProtobufCBinaryData *text = &incident->metadata_json;
    if (text->len == 0) {
        return true;
    }
    json_t *json = json_loadb((const char *)text->data, text->len, JSON_REJECT_DUPLICATES, NULL);
    bool is_object = json_is_object(json);
    json_decref(json);
    return is_object && bytes_is_text(bytes_of(text->data, text->len));
}

static bool check(struct call *call, const Threads__CreateRequest *in)
{
    struct rule_break broken;
    if (!rules_check_create(in, &broken)) {
        return refuse_field(call, &broken);
    }
    if (in->incident != NULL && !metadata_is_object(in->incident)) {
        call_field_error(call, "/incident/metadata", "must be a JSON object");
        return false;
    }
    if (in->n_participants_uuids > 0 && call->who->role == ROLE_MEMBER) {
        call_fail(call, STATUS_FORBIDDEN, "only the SOC may invite people to a thread");
        return false;
    }
    return true;
}

static bool same_id(const ProtobufCBinaryData *a, const ProtobufCBinaryData *b)
{
    return bytes_equal(bytes_of(a->data, a->len), bytes_of(b->data, b->len));
}

/* The creator first, then whom they named, each once. */
static enum status gather_people(struct call *call, const Threads__CreateRequest *in,
                                 struct draft *draft)
{
    Threads__Thread *thread = &draft->thread;
    size_t room = in->n_participants_filled + 1;
    thread->participants = arena_alloc(call->arena, room * sizeof *thread->participants);
    if (thread->participants == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    threads__participant__init(&draft->creator);
    draft->creator.user_id = uuid_field(&call->who->user.u);
    draft->creator.name = arena_text(call->arena, bytes_text(call->who->name));
    draft->creator.role = (Auth__Role)call->who->role;
    thread->participants[thread->n_participants++] = &draft->creator;
    for (size_t i = 0; i < in->n_participants_filled; i++) {
        Threads__Participant *person = in->participants_filled[i];
        bool known = false;
        for (size_t k = 0; k < thread->n_participants; k++) {
            known = known || same_id(&thread->participants[k]->user_id, &person->user_id);
        }
        if (!known) {
            thread->participants[thread->n_participants++] = person;
        }
    }
    for (size_t i = 0; i < thread->n_participants; i++) {
        thread->participants[i]->added_at_us = draft->now_us;
    }
    return draft->creator.name != NULL ? OK : STATUS_RESOURCE_EXHAUSTED;
}

static void put_incident(const Threads__Incident *incident, struct buf *out)
{
    buf_str(out, bytes_text(incident->id));
    buf_str(out, bytes_text(incident->source));
    buf_str(out, bytes_of(incident->metadata_json.data, incident->metadata_json.len));
    for (size_t i = 0; i < incident->n_alert_ids; i++) {
        buf_str(out, bytes_text(incident->alert_ids[i]));
    }
}

/* A name for what is asked for, that nobody without the tenant's key can compute. */
static enum status name_content(const Threads__CreateRequest *in, const struct key *tenant_key,
                                struct uuid *ret)
{
    CLEANUP(buf_fini) struct buf text = {0};
    uint8_t index[SHA256_SIZE];
    buf_str(&text, bytes_text(in->title));
    buf_u32(&text, (uint32_t)in->severity);
    buf_u32(&text, (uint32_t)in->tlp);
    buf_u32(&text, (uint32_t)in->n_participants_uuids);
    for (size_t i = 0; i < in->n_participants_uuids; i++) {
        buf_str(&text, bytes_of(in->participants_uuids[i].data, in->participants_uuids[i].len));
    }
    if (in->incident != NULL) {
        put_incident(in->incident, &text);
    }
    if (text.failed) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    blind_index(tenant_key, "create", buf_bytes(&text), index);
    memcpy(ret->b, index, sizeof ret->b);
    return OK;
}

/* With a client_id the thread's id follows from it, so a retry meets the thread that is there. */
static void draft_name(const struct call *call, const Threads__CreateRequest *in,
                       struct draft *draft)
{
    struct uuid client;
    draft->id = uuid_new();
    draft->leaf_client = uuid_new();
    if (uuid_from_bytes(bytes_of(in->client_id.data, in->client_id.len), &client)) {
        draft->id = rules_thread_id(&call->who->user.u, &client);
    }
}

static enum status draft_begin(struct call *call, const Threads__CreateRequest *in,
                               struct draft *draft)
{
    struct threads_actor *actor = call->state;
    Threads__Thread *thread = &draft->thread;
    draft_name(call, in, draft);
    draft->now_us = clock_now_us();
    threads__thread__init(thread);
    threads__author__init(&draft->author);
    draft->author.id = uuid_field(&call->who->user.u);
    draft->author.role = (Auth__Role)call->who->role;
    thread->id = uuid_field(&draft->id);
    thread->tenant_id = call->tenant.text;
    thread->title = in->title;
    thread->status = THREADS__THREAD_STATUS__THREAD_STATUS_OPEN;
    thread->severity = in->severity;
    thread->tlp = in->tlp;
    thread->incident = in->incident;
    thread->created_at_us = draft->now_us;
    thread->created_by = &draft->author;
    enum status status = gather_people(call, in, draft);
    draft->author.name = draft->creator.name;
    if (status == OK) {
        status = tenant_keys_get(actor->keys, call->tx, &draft->tenant_key);
    }
    if (status == OK && in->client_id.len > 0) {
        status = name_content(in, draft->tenant_key, &draft->leaf_client);
    }
    if (status == OK && in->incident != NULL) {
        blind_index(draft->tenant_key, "incident", bytes_text(in->incident->id),
                    draft->incident_index);
    }
    return status;
}

/* Key and row. *ret_added false: the incident or the client_id has its thread. */
static enum status store_row(struct call *call, struct draft *draft, bool *ret_added)
{
    CLEANUP(buf_fini) struct buf wrapped = {0}, sealed = {0};
    const Threads__Thread *thread = &draft->thread;
    enum status status =
        thread_key_create(draft->tenant_key, &call->tenant, &draft->id, &draft->hot->key, &wrapped);
    if (status == OK) {
        status = view_seal_thread(call, &draft->hot->key, thread, &sealed);
    }
    if (status != OK) {
        return status;
    }
    struct thread_values values = {
        .id = draft->id,
        .created_by = call->who->user.u,
        .created_us = draft->now_us,
        .updated_us = draft->now_us,
        .status = (int)thread->status,
        .waiting_on = (int)thread->waiting_on,
        .severity = (int)thread->severity,
        .tlp = (int)thread->tlp,
        .incident_index = thread->incident != NULL ? bytes_of(draft->incident_index, SHA256_SIZE)
                                                   : (struct bytes){0},
        .sealed = buf_bytes(&sealed),
    };
    status = store_add_thread(call->tx, &values, ret_added);
    if (status != OK || !*ret_added) {
        return status;
    }
    return store_add_key(call->tx, &draft->id, buf_bytes(&wrapped));
}

static enum status store_people(struct call *call, struct draft *draft)
{
    const Threads__Thread *thread = &draft->thread;
    struct uuid users[PARTICIPANTS_MAX];
    int16_t roles[PARTICIPANTS_MAX];
    size_t ends[PARTICIPANTS_MAX];
    struct bytes sealed[PARTICIPANTS_MAX];
    CLEANUP(buf_fini) struct buf all = {0};
    for (size_t i = 0; i < thread->n_participants; i++) {
        const Threads__Participant *person = thread->participants[i];
        enum status status = view_seal_person(call, &draft->hot->key, &draft->id, person, &all);
        if (status != OK) {
            return status;
        }
        memcpy(users[i].b, person->user_id.data, sizeof users[i].b);
        roles[i] = (int16_t)person->role;
        ends[i] = all.len;
    }
    for (size_t i = 0, start = 0; i < thread->n_participants; start = ends[i], i++) {
        sealed[i] = bytes_of(all.data + start, ends[i] - start);
    }
    struct participant_columns columns = {thread->n_participants, users, roles, sealed};
    return store_add_participants(call->tx, &draft->id, &columns, draft->now_us);
}

/* Leaf 1 and the head that follows from it. */
static enum status store_leaf(struct call *call, struct draft *draft, Threads__Message **ret)
{
    struct records *records = ((struct threads_actor *)call->state)->records;
    struct leaf_in in = {THREADS__KIND__KIND_SYSTEM, LEAF_THREAD_CREATED, call->who->user.u,
                         draft->leaf_client, draft->now_us};
    struct leaf_out out;
    size_t added = 0;
    records_start(records);
    content_write_created(&draft->thread, records_content(records));
    enum status status = records_add(records, call->tx, draft->hot, &in, &out);
    if (status == OK) {
        status = records_insert(records, call->tx, &added);
    }
    if (status == OK && added != 1) {
        status = STATUS_INTERNAL;
    }
    if (status != OK) {
        return status;
    }
    tree_root(&draft->hot->tree, draft->hot->root);
    struct head_row head = {.thread = draft->id,
                            .last_seq = out.seq,
                            .last_us = out.time_us,
                            .root = bytes_of(draft->hot->root, SHA256_SIZE),
                            .frontier = tree_frontier(&draft->hot->tree)};
    struct message_row row = {.thread = draft->id,
                              .seq = out.seq,
                              .time_us = out.time_us,
                              .kind = in.kind,
                              .leaf_kind = (int)in.leaf_kind,
                              .author = in.author,
                              .client = in.client};
    draft->thread.last_seq = out.seq;
    draft->thread.last_message_at_us = out.time_us;
    draft->thread.root_hash = field_of(draft->hot->root, SHA256_SIZE);
    status = store_add_head(call->tx, &head);
    return status == OK ? view_recorded(call, &row, out.hash, records_last_content(records), ret)
                        : status;
}

/* The thread that is there already, when the caller may see it. */
static void reply_thread(struct call *call, const struct uuid *id, Threads__Thread_Closure reply)
{
    Threads__Thread *thread = load_thread(call, id);
    if (thread != NULL) {
        reply(thread, call);
    } else if (call_status(call) == STATUS_NOT_FOUND) {
        call_fail(call, STATUS_CONFLICT, "there is such a thread, and you do not take part in it");
    }
}

/* The same client_id again. *ret_found false: it was not that which was there. */
static enum status reply_retry(struct call *call, const struct draft *draft,
                               Threads__Thread_Closure reply, bool *ret_found)
{
    static const int64_t first = 1;
    struct db_rows *rows;
    enum status status = store_find_seqs(call->tx, &draft->id, &first, 1, &rows);
    if (status != OK) {
        return status;
    }
    *ret_found = db_rows_count(rows) > 0;
    if (!*ret_found) {
        return OK;
    }
    struct message_row row = message_row_at(rows, 0);
    if (uuid_equal(&row.client, &draft->leaf_client)) {
        reply_thread(call, &draft->id, reply);
    } else {
        call_fail(call, STATUS_CONFLICT, "you used this client_id for another thread");
    }
    return OK;
}

/* The same client_id or the same incident again. */
static void reply_existing(struct call *call, const struct draft *draft,
                           Threads__Thread_Closure reply)
{
    struct uuid id;
    bool found;
    enum status status = reply_retry(call, draft, reply, &found);
    if (status == OK && found) {
        return;
    }
    if (status == OK) {
        status = store_find_incident(call->tx, bytes_of(draft->incident_index, SHA256_SIZE), &found,
                                     &id);
    }
    if (status != OK || !found) {
        fail_with(call, status != OK ? status : STATUS_UNAVAILABLE);
        return;
    }
    reply_thread(call, &id, reply);
}

static enum status create(struct call *call, struct draft *draft, bool *ret_added)
{
    Threads__Message *message;
    enum status status = store_row(call, draft, ret_added);
    if (status != OK || !*ret_added) {
        return status;
    }
    status = store_people(call, draft);
    if (status == OK) {
        status = store_leaf(call, draft, &message);
    }
    if (status == OK) {
        publish_thread(call, &draft->thread, EVENTS__CHANGE__CHANGE_CREATED);
        publish_message(call, message);
    }
    return status;
}

void threads_create(Threads__Api_Service *service, const Threads__CreateRequest *in,
                    Threads__Thread_Closure reply, void *data)
{
    (void)service;
    struct call *call = data;
    struct draft draft = {.hot = arena_alloc(call->arena, sizeof *draft.hot)};
    bool added = false;
    if (!check(call, in)) {
        return;
    }
    enum status status =
        draft.hot != NULL ? draft_begin(call, in, &draft) : STATUS_RESOURCE_EXHAUSTED;
    if (status == OK) {
        draft.hot->tenant = call->tenant;
        draft.hot->id = draft.id;
        status = create(call, &draft, &added);
        bytes_wipe(&draft.hot->key, sizeof draft.hot->key);
    }
    if (status != OK) {
        fail_with(call, status);
    } else if (added) {
        reply(&draft.thread, data);
    } else {
        reply_existing(call, &draft, reply);
    }
}
