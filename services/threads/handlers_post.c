/* Posts and acknowledgements: many calls of one tenant in one transaction, two or three round trips
 * whatever their number.
 *
 * When all threads of the batch are in memory and nothing is to be refused or repeated:
 *   1 update the heads, demanding that they stand where memory says; insert all messages
 *   2 COMMIT
 * Otherwise:
 *   1 lock the heads and bring the threads to memory
 *   2 insert all messages
 *   3 update the heads, COMMIT
 *
 * A post is named by (thread, author, client_id). One that was stored before is answered with the
 * same message, also when the thread was closed since: found beforehand when this writer remembers
 * the name, otherwise because the INSERT leaves its row out. Then, and when another writer came
 * first, the batch is rolled back and the runtime tries it again; that time heads are locked and
 * all names looked up before anything is written. Next: post_check.c
 */
#include "core/clock.h"
#include "threads/content.h"
#include "threads/post.h"

/* Only what memory alone would let through, and what is then written, goes without a lock: refusals
 * and repeats, which write nothing, must be certain. */
static bool can_trust_memory(struct batch *batch)
{
    if (!hot_recall(batch->actor->hot, tenant_tx_tenant(batch->tx), batch->ids, batch->id_count,
                    batch->hot)) {
        return false;
    }
    for (size_t i = 0; i < batch->count; i++) {
        const struct post *post = &batch->posts[i];
        if (post->state == POST_NEW &&
            (post_admission(batch, post) != OK ||
             actor_saw_post(batch->actor, &post->thread, &post->author, &post->client))) {
            return false;
        }
    }
    return true;
}

static void post_record(struct batch *batch, struct post *post)
{
    struct records *records = batch->actor->records;
    struct leaf_in in = {post->kind, LEAF_MESSAGE, post->author, post->client, batch->now_us};
    if (post_is_acknowledgement(post)) {
        in.leaf_kind = LEAF_ACKNOWLEDGEMENT;
        content_write_acknowledgement(post->in->reply_to, &post->in->client_id, post->call->who,
                                      records_content(records));
    } else {
        content_write_post(post->in, post->call->who, records_content(records));
    }
    enum status status = records_add(records, batch->tx, batch->hot[post->place], &in, &post->leaf);
    if (status != OK) {
        fail_with(post->call, status);
        post->state = POST_OVER;
        return;
    }
    actor_note_post(batch->actor, &post->thread, &post->author, &post->client);
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
        /* Some are stored already, and nobody knows which. When all were looked for, the head in
         * the database lags behind its messages. */
        return batch->again ? STATUS_UNAVAILABLE : STATUS_CONFLICT;
    }
    if (status == OK && batch->locked) {
        status = records_update_heads(records, batch->tx, true);
    }
    return status;
}

/* Threads to memory, locked where memory is not enough. */
static enum status take_threads(struct batch *batch)
{
    enum status status = OK;
    batch->locked = batch->again || !can_trust_memory(batch);
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

/* Any failure of the whole means that memory may be wrong. */
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
        status = post_check_targets(batch);
    }
    if (status == OK) {
        post_find_twins(batch);
        status = post_find_stored(batch);
    }
    if (status == OK) {
        status = write_all(batch);
    }
    if (status == OK) {
        post_reply_all(batch);
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
        .again = calls[0]->again,
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

/* A batch of one: the runtime calls threads_write_batch itself. */
static void post_one(struct call *call)
{
    enum status status = threads_post_batch(&call, 1);
    if (status != OK) {
        fail_with(call, status);
    }
}

void threads_post(Threads__Api_Service *service, const Threads__PostRequest *in,
                  Threads__PostReply_Closure reply, void *data)
{
    (void)service;
    (void)in;
    (void)reply;
    post_one(data);
}

void threads_acknowledge(Threads__Api_Service *service, const Threads__AcknowledgeRequest *in,
                         Threads__PostReply_Closure reply, void *data)
{
    (void)service;
    (void)in;
    (void)reply;
    post_one(data);
}
