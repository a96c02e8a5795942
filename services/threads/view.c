/* Rows to messages. Next: actor.h */
#include "threads/view.h"

#include "core/cleanup.h"
#include "evidence/leaf.h"
#include "threads/actor.h"
#include "threads/content.h"
#include "threads/thread_key.h"

enum status view_open_key(struct call *call, const struct uuid *thread, struct bytes wrapped,
                          struct key *ret)
{
    struct threads_actor *actor = call->state;
    const struct key *tenant_key;
    if (wrapped.len == 0) {
        return STATUS_GONE;
    }
    enum status status = tenant_keys_get(actor->keys, call->tx, &tenant_key);
    return status == OK ? thread_key_unwrap(tenant_key, &call->tenant, thread, wrapped, ret)
                        : status;
}

/* Everything of a message but what its content says. */
static Threads__Message *message_frame(struct call *call, const struct message_row *row,
                                       const uint8_t hash[SHA256_SIZE])
{
    struct frame {
        Threads__Message message;
        Threads__Author author;
        struct message_row row;
        uint8_t hash[SHA256_SIZE];
    } *frame = arena_alloc(call->arena, sizeof *frame);
    if (frame == NULL) {
        return NULL;
    }
    frame->row = *row;
    memcpy(frame->hash, hash, SHA256_SIZE);
    threads__author__init(&frame->author);
    frame->author.id = uuid_field(&frame->row.author);
    Threads__Message *message = &frame->message;
    threads__message__init(message);
    message->tenant_id = call->tenant.text;
    message->thread_id = uuid_field(&frame->row.thread);
    message->seq = row->seq;
    message->kind = (Threads__Kind)row->kind;
    message->author = &frame->author;
    message->created_at_us = row->time_us;
    message->client_id = uuid_field(&frame->row.client);
    message->hash = field_of(frame->hash, SHA256_SIZE);
    return message;
}

static void hash_of_row(const struct call *call, const struct message_row *row,
                        uint8_t out[SHA256_SIZE])
{
    struct leaf_record record = {
        .kind = (enum leaf_kind)row->leaf_kind,
        .tenant = call->tenant,
        .stream = row->thread,
        .seq = (uint64_t)row->seq,
        .time_us = row->time_us,
        .author = row->author,
    };
    if (row->commitment.len == SHA256_SIZE) {
        memcpy(record.commitment, row->commitment.data, SHA256_SIZE);
    }
    leaf_hash(&record, out);
}

enum status view_recorded(struct call *call, const struct message_row *row,
                          const uint8_t hash[SHA256_SIZE], struct bytes content,
                          Threads__Message **ret)
{
    Threads__Message *message = message_frame(call, row, hash);
    if (message == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    enum status status = content_read(content, call->arena, message);
    if (status == OK) {
        *ret = message;
    }
    return status;
}

enum status view_message(struct call *call, const struct key *key, const struct message_row *row,
                         Threads__Message **ret)
{
    CLEANUP(buf_fini) struct buf plain = {0};
    uint8_t hash[SHA256_SIZE];
    hash_of_row(call, row, hash);
    if (key == NULL || row->sealed.len == 0) {
        *ret = message_frame(call, row, hash);
        return *ret != NULL ? OK : STATUS_RESOURCE_EXHAUSTED;
    }
    struct row_name name = row_of_message(&row->thread, row->seq);
    enum status status = sealed_get(call->tx, key, message_place(&name), row->sealed, &plain);
    if (status == OK && plain.len < SALT_SIZE) {
        status = STATUS_CORRUPT;
    }
    if (status == OK) {
        struct bytes content = bytes_of(plain.data + SALT_SIZE, plain.len - SALT_SIZE);
        status = view_recorded(call, row, hash, content, ret);
    }
    return status;
}

static Threads__Participant *person_of(struct call *call, const struct key *key,
                                       const struct participant_row *row)
{
    struct frame {
        Threads__Participant person;
        struct uuid user;
    } *frame = arena_alloc(call->arena, sizeof *frame);
    CLEANUP(buf_fini) struct buf plain = {0};
    if (frame == NULL) {
        return NULL;
    }
    frame->user = row->user;
    threads__participant__init(&frame->person);
    frame->person.user_id = uuid_field(&frame->user);
    frame->person.role = (Auth__Role)row->role;
    frame->person.added_at_us = row->added_us;
    struct row_name name = row_of_participant(&row->thread, &row->user);
    if (key != NULL &&
        sealed_get(call->tx, key, participant_place(&name), row->sealed, &plain) == OK) {
        frame->person.name = arena_text(call->arena, buf_bytes(&plain));
    }
    return frame->person.name != NULL ? &frame->person : NULL;
}

/* Where the rows of `thread` begin among participants ordered by thread. */
static size_t first_of(const struct db_rows *people, const struct uuid *thread)
{
    size_t low = 0, high = db_rows_count(people);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct uuid at = db_uuid(people, middle, 0);
        if (memcmp(at.b, thread->b, sizeof at.b) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static enum status fill_people(struct call *call, const struct key *key, const struct uuid *thread,
                               const struct db_rows *people, Threads__Thread *out)
{
    size_t from = first_of(people, thread), count = 0;
    while (from + count < db_rows_count(people)) {
        struct uuid at = db_uuid(people, from + count, 0);
        if (!uuid_equal(&at, thread)) {
            break;
        }
        count++;
    }
    out->participants = arena_alloc(call->arena, (count + 1) * sizeof *out->participants);
    if (out->participants == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    for (size_t i = 0; i < count; i++) {
        struct participant_row row = participant_row_at(people, from + i);
        out->participants[i] = person_of(call, key, &row);
        if (out->participants[i] == NULL) {
            return STATUS_CORRUPT;
        }
    }
    out->n_participants = count;
    return OK;
}

/* Title, incident and creator, from the sealed column. */
static enum status fill_sealed(struct call *call, const struct key *key,
                               const struct thread_row *row, Threads__Thread *out)
{
    CLEANUP(buf_fini) struct buf plain = {0};
    enum status status = sealed_get(call->tx, key, thread_place(&row->id), row->sealed, &plain);
    if (status != OK) {
        return status;
    }
    Threads__Thread *inside =
        threads__thread__unpack(arena_allocator(call->arena), plain.len, plain.data);
    if (inside == NULL) {
        return STATUS_CORRUPT;
    }
    out->title = inside->title;
    out->incident = inside->incident;
    if (inside->created_by != NULL) {
        out->created_by->name = inside->created_by->name;
        out->created_by->role = inside->created_by->role;
    }
    return OK;
}

static Threads__Thread *thread_frame(struct call *call, const struct thread_row *row)
{
    struct frame {
        Threads__Thread thread;
        Threads__Author author;
        struct thread_row row;
        uint8_t root[SHA256_SIZE];
    } *frame = arena_alloc(call->arena, sizeof *frame);
    if (frame == NULL) {
        return NULL;
    }
    frame->row = *row;
    if (row->root.len == SHA256_SIZE) {
        memcpy(frame->root, row->root.data, SHA256_SIZE);
    }
    threads__author__init(&frame->author);
    frame->author.id = uuid_field(&frame->row.created_by);
    Threads__Thread *thread = &frame->thread;
    threads__thread__init(thread);
    thread->id = uuid_field(&frame->row.id);
    thread->tenant_id = call->tenant.text;
    thread->status = (Threads__ThreadStatus)row->status;
    thread->waiting_on = (Threads__WaitingOn)row->waiting_on;
    thread->severity = (Threads__Severity)row->severity;
    thread->tlp = (Threads__Tlp)row->tlp;
    thread->last_seq = row->last_seq;
    thread->last_message_at_us = row->last_us;
    thread->unread = row->unread;
    thread->my_read_seq = row->my_read_seq;
    thread->root_hash = field_of(frame->root, SHA256_SIZE);
    thread->created_at_us = row->created_us;
    thread->created_by = &frame->author;
    return thread;
}

static enum status thread_of(struct call *call, const struct thread_row *row,
                             const struct db_rows *people, Threads__Thread **ret)
{
    struct key key;
    Threads__Thread *thread = thread_frame(call, row);
    if (thread == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    enum status status = view_open_key(call, &row->id, row->wrapped, &key);
    if (status == OK) {
        status = fill_sealed(call, &key, row, thread);
        if (status == OK) {
            status = fill_people(call, &key, &row->id, people, thread);
        }
        bytes_wipe(&key, sizeof key);
    } else if (status == STATUS_GONE) {
        status = OK; /* an erased thread: its frame is what is left */
    }
    *ret = thread;
    return status;
}

enum status view_threads(struct call *call, const struct db_rows *rows, size_t limit,
                         struct thread_list *ret)
{
    struct uuid ids[LIST_ROWS_MAX];
    struct db_rows *people;
    size_t count = db_rows_count(rows) < limit ? db_rows_count(rows) : limit, bytes = 0;
    *ret =
        (struct thread_list){.items = arena_alloc(call->arena, (count + 1) * sizeof *ret->items)};
    for (size_t i = 0; i < count; i++) {
        ids[i] = thread_row_at(rows, i).id;
    }
    if (ret->items == NULL || count == 0) {
        return ret->items != NULL ? OK : STATUS_RESOURCE_EXHAUSTED;
    }
    enum status status = store_list_participants(call->tx, ids, count, &people);
    while (status == OK && ret->count < count && bytes < LIST_BYTES_MAX) {
        struct thread_row row = thread_row_at(rows, ret->count);
        Threads__Thread *thread;
        status = thread_of(call, &row, people, &thread);
        if (status != OK) {
            return status;
        }
        bytes += threads__thread__get_packed_size(thread) + VIEW_JSON_EXTRA +
                 thread->n_participants * 64;
        if (ret->count == 0 || bytes <= LIST_BYTES_MAX) {
            ret->items[ret->count++] = thread;
        }
    }
    return status;
}

enum status view_seal_thread(struct call *call, const struct key *key,
                             const Threads__Thread *thread, struct buf *out)
{
    Threads__Thread inside = THREADS__THREAD__INIT;
    Threads__Author author = THREADS__AUTHOR__INIT;
    struct uuid id;
    if (!uuid_from_bytes(bytes_of(thread->id.data, thread->id.len), &id)) {
        return STATUS_INTERNAL;
    }
    author.name = thread->created_by->name;
    author.role = thread->created_by->role;
    inside.title = thread->title;
    inside.incident = thread->incident;
    inside.created_by = &author;
    size_t len = threads__thread__get_packed_size(&inside);
    uint8_t *plain = arena_alloc(call->arena, len);
    if (plain == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    threads__thread__pack(&inside, plain);
    return sealed_put(call->tx, key, thread_place(&id), bytes_of(plain, len), out);
}

enum status view_seal_person(struct call *call, const struct key *key, const struct uuid *thread,
                             const Threads__Participant *person, struct buf *out)
{
    struct uuid user;
    if (!uuid_from_bytes(bytes_of(person->user_id.data, person->user_id.len), &user)) {
        return STATUS_INTERNAL;
    }
    struct row_name row = row_of_participant(thread, &user);
    return sealed_put(call->tx, key, participant_place(&row), bytes_text(person->name), out);
}
