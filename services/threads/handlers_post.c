/* Posts: many calls of one tenant in one transaction, two or three round trips whatever their
 * number.
 *
 * When all threads of the batch are in memory and nobody is to be refused:
 *   1 update the heads, demanding that they stand where memory says; insert all messages
 *   2 COMMIT
 * Otherwise, and when that met another writer and was rolled back:
 *   1 lock the heads and bring the threads to memory
 *   2 insert all messages
 *   3 update the heads, COMMIT
 *
 * A post is named by (thread, author, client_id). One that was stored before is answered with the
 * same message: found beforehand when this writer remembers the name, otherwise because the INSERT
 * leaves its row out; then the batch is rolled back and each post is tried alone, and alone it can
 * look. Next: main.c
 */
#include "core/clock.h"
#include "threads/actor.h"
#include "threads/content.h"
#include "threads/handlers.h"

enum post_state {
    POST_OVER,   /* the call has failed */
    POST_NEW,    /* to be written */
    POST_STORED, /* is in the database already: `stored` */
    POST_SAME    /* of one name with an earlier post of this batch: `twin` */
};

struct post {
    struct call *call;
    const Threads__PostRequest *in;
    enum post_state state;
    struct uuid thread, client, author;
    size_t place; /* of its thread among batch.ids */
    size_t twin;
    struct message_row stored;
    struct leaf_out leaf;
};

struct batch {
    struct threads_actor *actor;
    struct tenant_tx *tx;
    int64_t now_us;
    size_t count, id_count;
    struct post *posts;
    struct uuid *ids; /* different threads of the batch */
    struct hot_thread **hot;
    struct key *keys;
    bool locked; /* the heads are; otherwise memory is trusted until they are updated */
};

static int kind_of(const Threads__PostRequest *in)
{
    return in->corrects != 0 ? THREADS__KIND__KIND_CORRECTION : THREADS__KIND__KIND_TEXT;
}

static size_t place_of(struct batch *batch, const struct uuid *id)
{
    for (size_t i = batch->id_count; i-- > 0;) {
        if (uuid_equal(&batch->ids[i], id)) {
            return i;
        }
    }
    batch->ids[batch->id_count] = *id;
    return batch->id_count++;
}

static void post_read(struct batch *batch, struct post *post, struct call *call)
{
    struct rule_break broken;
    *post = (struct post){.call = call, .in = (const Threads__PostRequest *)call->input};
    if (!rules_check_post(post->in, &call->tenant, &broken)) {
        refuse_field(call, &broken);
        return;
    }
    post->state = POST_NEW;
    post->author = call->who->user.u;
    memcpy(post->thread.b, post->in->thread_id.data, sizeof post->thread.b);
    memcpy(post->client.b, post->in->client_id.data, sizeof post->client.b);
    post->place = place_of(batch, &post->thread);
}

/* May this person say this here, as far as the thread in memory knows? */
static enum status admission(const struct batch *batch, const struct post *post)
{
    const struct hot_thread *hot = batch->hot[post->place];
    int64_t last_seq = hot != NULL ? (int64_t)hot->tree.size : 0;
    if (hot == NULL) {
        return STATUS_NOT_FOUND;
    }
    enum status status =
        rules_may_post(post->call->who->role, hot_takes_part(hot, &post->author), hot->status);
    if (status == OK && hot->erased) {
        return STATUS_GONE;
    }
    bool points_at_nothing = post->in->reply_to > last_seq || post->in->corrects > last_seq;
    return status == OK && points_at_nothing ? STATUS_VALIDATION_FAILED : status;
}

static void post_admit(const struct batch *batch, struct post *post)
{
    struct call *call = post->call;
    enum status status = admission(batch, post);
    if (status == OK) {
        return;
    }
    post->state = POST_OVER;
    if (status == STATUS_NOT_FOUND) {
        fail_no_thread(call);
    } else if (status == STATUS_CONFLICT) {
        call_fail(call, status, "the thread is closed");
    } else if (status == STATUS_VALIDATION_FAILED) {
        call_field_error(call, post->in->corrects > 0 ? "/corrects" : "/reply_to",
                         "there is no such message in this thread");
    } else {
        fail_with(call, status);
    }
}

/* Only what memory alone would let through goes without a lock: a refusal must be certain. */
static bool can_trust_memory(struct batch *batch)
{
    if (!hot_recall(batch->actor->hot, tenant_tx_tenant(batch->tx), batch->ids, batch->id_count,
                    batch->hot)) {
        return false;
    }
    for (size_t i = 0; i < batch->count; i++) {
        const struct post *post = &batch->posts[i];
        if (post->state == POST_NEW && admission(batch, post) != OK) {
            return false;
        }
    }
    return true;
}

/* A correction points at earlier words of the same author. */
static enum status check_corrections(struct batch *batch)
{
    struct uuid threads[BATCH_CALLS_MAX];
    int64_t seqs[BATCH_CALLS_MAX];
    size_t places[BATCH_CALLS_MAX], count = 0;
    struct db_rows *rows;
    for (size_t i = 0; i < batch->count; i++) {
        const struct post *post = &batch->posts[i];
        if (post->state == POST_NEW && post->in->corrects != 0) {
            threads[count] = post->thread;
            seqs[count] = post->in->corrects;
            places[count++] = i;
        }
    }
    if (count == 0) {
        return OK;
    }
    bool fits[BATCH_CALLS_MAX] = {false};
    enum status status = store_find_seqs(batch->tx, threads, seqs, count, &rows);
    for (size_t i = 0; status == OK && i < db_rows_count(rows); i++) {
        size_t number = find_row_number(rows, i);
        struct message_row row = message_row_at(rows, i);
        if (number < count) {
            fits[number] = rules_may_correct(
                row.kind, uuid_equal(&row.author, &batch->posts[places[number]].author));
        }
    }
    for (size_t i = 0; status == OK && i < count; i++) {
        if (!fits[i]) {
            struct post *post = &batch->posts[places[i]];
            call_field_error(post->call, "/corrects", "must be an earlier text of your own");
            post->state = POST_OVER;
        }
    }
    return status;
}

static bool same_name(const struct post *a, const struct post *b)
{
    return uuid_equal(&a->client, &b->client) && uuid_equal(&a->author, &b->author) &&
           uuid_equal(&a->thread, &b->thread);
}

/* Two posts of one name in one batch: the later waits for what becomes of the earlier. */
static void find_twins(struct batch *batch)
{
    for (size_t i = 1; i < batch->count; i++) {
        struct post *post = &batch->posts[i];
        for (size_t k = 0; post->state == POST_NEW && k < i; k++) {
            if (batch->posts[k].state == POST_NEW && same_name(&batch->posts[k], post)) {
                post->state = POST_SAME;
                post->twin = k;
            }
        }
    }
}

/* Look for those posts that `wanted` picks; what is found is POST_STORED. */
static enum status find_stored(struct batch *batch,
                               bool (*wanted)(const struct batch *, const struct post *))
{
    struct uuid threads[BATCH_CALLS_MAX], authors[BATCH_CALLS_MAX], clients[BATCH_CALLS_MAX];
    size_t places[BATCH_CALLS_MAX], count = 0;
    struct db_rows *rows;
    for (size_t i = 0; i < batch->count; i++) {
        const struct post *post = &batch->posts[i];
        if (post->state == POST_NEW && wanted(batch, post)) {
            threads[count] = post->thread;
            authors[count] = post->author;
            clients[count] = post->client;
            places[count++] = i;
        }
    }
    if (count == 0) {
        return OK;
    }
    struct post_name names = {threads, authors, clients, count};
    enum status status = store_find_posts(batch->tx, &names, &rows);
    for (size_t i = 0; status == OK && i < db_rows_count(rows); i++) {
        size_t number = find_row_number(rows, i);
        if (number < count) {
            batch->posts[places[number]].state = POST_STORED;
            batch->posts[places[number]].stored = message_row_at(rows, i);
        }
    }
    return status;
}

static bool is_remembered(const struct batch *batch, const struct post *post)
{
    return actor_saw_post(batch->actor, &post->thread, &post->author, &post->client);
}

static bool is_any(const struct batch *batch, const struct post *post)
{
    (void)batch;
    (void)post;
    return true;
}

static void post_record(struct batch *batch, struct post *post)
{
    struct records *records = batch->actor->records;
    struct leaf_in in = {kind_of(post->in), LEAF_MESSAGE, post->author, post->client,
                         batch->now_us};
    content_write_post(post->in, post->call->who, records_content(records));
    enum status status = records_add(records, batch->tx, batch->hot[post->place], &in, &post->leaf);
    if (status != OK) {
        fail_with(post->call, status);
        post->state = POST_OVER;
        return;
    }
    actor_note_post(batch->actor, &post->thread, &post->author, &post->client);
}

/* The INSERT left rows out: somebody had stored them. Among many nobody knows which, so all are
 * rolled back; one alone, with nothing written yet, is looked up. */
static enum status write_was_short(struct batch *batch)
{
    hot_forget(batch->actor->hot, batch->hot[batch->posts[0].place]);
    if (batch->count > 1 || !batch->locked) {
        return STATUS_CONFLICT;
    }
    enum status status = find_stored(batch, is_any);
    if (status == OK && batch->posts[0].state == POST_NEW) {
        /* Another writer took the seq: the head in the database lags behind its messages. */
        status = STATUS_UNAVAILABLE;
    }
    return status;
}

static enum status write_all(struct batch *batch)
{
    struct records *records = batch->actor->records;
    size_t added;
    enum status status = OK;
    records_start(records);
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->posts[i].state == POST_NEW) {
            post_record(batch, &batch->posts[i]);
        }
    }
    if (records_count(records) == 0) {
        return OK;
    }
    if (!batch->locked) {
        status = records_update_heads(records, batch->tx, false);
    }
    if (status == OK) {
        status = records_insert(records, batch->tx, &added);
    }
    if (status == OK && added != records_count(records)) {
        return write_was_short(batch);
    }
    if (status == OK && batch->locked) {
        status = records_update_heads(records, batch->tx, true);
    }
    return status;
}

static void reply_message(struct call *call, Threads__Message *message, bool repeated)
{
    Threads__PostReply reply = THREADS__POST_REPLY__INIT;
    reply.message = message;
    reply.repeated_post = repeated;
    call_reply(call, &reply.base);
}

/* What was asked for, as the message it has become. Everything is borrowed. */
static void message_of(struct post *post, Threads__Author *author, Threads__Message *ret)
{
    const struct principal *who = post->call->who;
    const Threads__PostRequest *in = post->in;
    threads__author__init(author);
    author->id = uuid_field(&post->author);
    author->name = (char *)(uintptr_t)who->name;
    author->role = (Auth__Role)who->role;
    threads__message__init(ret);
    ret->tenant_id = post->call->tenant.text;
    ret->thread_id = in->thread_id;
    ret->seq = post->leaf.seq;
    ret->kind = (Threads__Kind)kind_of(in);
    ret->author = author;
    ret->created_at_us = post->leaf.time_us;
    ret->client_id = in->client_id;
    ret->body = in->body;
    ret->n_attachments = in->n_attachments_filled;
    ret->attachments = in->attachments_filled;
    ret->reply_to = in->reply_to;
    ret->corrects = in->corrects;
    ret->hash = field_of(post->leaf.hash, sizeof post->leaf.hash);
}

/* Does the request say what the message says? The author's name may have changed since. */
static bool says_the_same(const Threads__PostRequest *in, const Threads__Message *message)
{
    if (kind_of(in) != (int)message->kind || strcmp(in->body, message->body) != 0 ||
        in->reply_to != message->reply_to || in->corrects != message->corrects ||
        in->n_attachments_filled != message->n_attachments) {
        return false;
    }
    for (size_t i = 0; i < message->n_attachments; i++) {
        const ProtobufCBinaryData *a = &in->attachments_filled[i]->id;
        const ProtobufCBinaryData *b = &message->attachments[i]->id;
        if (!bytes_equal(bytes_of(a->data, a->len), bytes_of(b->data, b->len))) {
            return false;
        }
    }
    return true;
}

static void reply_repeat(struct post *post, Threads__Message *message)
{
    if (says_the_same(post->in, message)) {
        reply_message(post->call, message, true);
    } else {
        call_fail(post->call, STATUS_CONFLICT,
                  "you used this client_id in this thread for something else");
    }
}

static void reply_stored(struct post *post, const struct key *key)
{
    Threads__Message *message;
    enum status status = view_message(post->call, key, &post->stored, &message);
    if (status == OK) {
        reply_repeat(post, message);
    } else {
        fail_with(post->call, status);
    }
}

static void reply_new(struct post *post)
{
    Threads__Message message;
    Threads__Author author;
    message_of(post, &author, &message);
    reply_message(post->call, &message, false);
    publish_message(post->call, &message);
}

/* `twin` is the earlier post of the same name: new or stored; when it failed, so does this. */
static void reply_twin(struct batch *batch, struct post *post, const struct key *key)
{
    struct post *twin = &batch->posts[post->twin];
    if (twin->state == POST_NEW) {
        Threads__Message message;
        Threads__Author author;
        message_of(twin, &author, &message);
        reply_repeat(post, &message);
    } else if (twin->state == POST_STORED) {
        post->stored = twin->stored;
        reply_stored(post, key);
    } else {
        fail_with(post->call, call_status(twin->call));
    }
}

static void reply_all(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct post *post = &batch->posts[i];
        switch (post->state) {
        case POST_OVER:
            break;
        case POST_NEW:
            reply_new(post);
            break;
        case POST_STORED:
            reply_stored(post, &batch->keys[post->place]);
            break;
        case POST_SAME:
            reply_twin(batch, post, &batch->keys[post->place]);
            break;
        }
    }
}

/* Threads to memory, locked where memory is not enough. */
static enum status take_threads(struct batch *batch)
{
    enum status status = OK;
    batch->locked = !can_trust_memory(batch);
    if (batch->locked) {
        status = hot_lock(batch->actor->hot, batch->actor->keys, batch->tx, batch->ids,
                          batch->id_count, batch->hot);
    }
    for (size_t i = 0; status == OK && i < batch->id_count; i++) {
        /* A copy: a thread may be forgotten before its stored posts are opened. */
        batch->keys[i] = batch->hot[i] != NULL ? batch->hot[i]->key : (struct key){0};
    }
    return status;
}

/* Any failure of the whole means that memory may be wrong: without it the replay takes locks. */
static void forget_threads(struct batch *batch)
{
    for (size_t i = 0; i < batch->id_count; i++) {
        struct hot_thread *hot;
        if (hot_recall(batch->actor->hot, tenant_tx_tenant(batch->tx), &batch->ids[i], 1, &hot)) {
            hot_forget(batch->actor->hot, hot);
        }
    }
}

static enum status run(struct batch *batch)
{
    enum status status = take_threads(batch);
    for (size_t i = 0; status == OK && i < batch->count; i++) {
        if (batch->posts[i].state == POST_NEW) {
            post_admit(batch, &batch->posts[i]);
        }
    }
    if (status == OK) {
        status = check_corrections(batch);
    }
    if (status == OK) {
        find_twins(batch);
        status = find_stored(batch, is_remembered);
    }
    if (status == OK) {
        status = write_all(batch);
    }
    if (status == OK) {
        reply_all(batch);
    } else {
        forget_threads(batch);
    }
    return status;
}

static enum status batch_begin(struct batch *batch, struct call **calls, size_t count)
{
    struct arena *arena = calls[0]->arena;
    *batch = (struct batch){
        .actor = calls[0]->state,
        .tx = calls[0]->tx,
        .now_us = clock_now_us(),
        .count = count,
        .posts = arena_alloc(arena, count * sizeof *batch->posts),
        .ids = arena_alloc(arena, count * sizeof *batch->ids),
        .hot = arena_alloc(arena, count * sizeof *batch->hot),
        .keys = arena_alloc(arena, count * sizeof *batch->keys),
    };
    bool whole = batch->posts != NULL && batch->ids != NULL && batch->hot != NULL &&
                 batch->keys != NULL && count <= BATCH_CALLS_MAX;
    for (size_t i = 0; whole && i < count; i++) {
        post_read(batch, &batch->posts[i], calls[i]);
    }
    return whole ? OK : STATUS_RESOURCE_EXHAUSTED;
}

enum status threads_post_batch(struct call **calls, size_t count)
{
    struct batch batch;
    enum status status = batch_begin(&batch, calls, count);
    if (status != OK || batch.id_count == 0) {
        return status;
    }
    status = run(&batch);
    bytes_wipe(batch.keys, batch.id_count * sizeof *batch.keys);
    return status;
}

/* Only a batch of one, for the runtime calls threads_post_batch itself. */
void threads_post(Threads__Api_Service *service, const Threads__PostRequest *in,
                  Threads__PostReply_Closure reply, void *data)
{
    (void)service;
    (void)in;
    (void)reply;
    struct call *call = data;
    enum status status = threads_post_batch(&call, 1);
    if (status != OK) {
        fail_with(call, status);
    }
}
