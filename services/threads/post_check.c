/* Which posts of a batch may be written. Next: post_reply.c */
#include "threads/post.h"

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

static bool read_said(struct post *post)
{
    struct rule_break broken;
    post->in = (const Threads__PostRequest *)post->call->input;
    if (!rules_check_post(post->in, &post->call->tenant, &broken)) {
        return refuse_field(post->call, &broken);
    }
    post->kind =
        post->in->corrects != 0 ? THREADS__KIND__KIND_CORRECTION : THREADS__KIND__KIND_TEXT;
    memcpy(post->thread.b, post->in->thread_id.data, sizeof post->thread.b);
    memcpy(post->client.b, post->in->client_id.data, sizeof post->client.b);
    return true;
}

static bool read_acknowledgement(struct post *post)
{
    const Threads__AcknowledgeRequest *in = (const Threads__AcknowledgeRequest *)post->call->input;
    if (!take_id(post->call, &in->thread_id, "/thread_id", &post->thread)) {
        return false;
    }
    if (in->seq < 1) {
        call_field_error(post->call, "/seq", "must be the seq of a message of this thread");
        return false;
    }
    post->kind = THREADS__KIND__KIND_ACKNOWLEDGEMENT;
    post->client = rules_acknowledgement_id(&post->thread, &post->author, in->seq);
    threads__post_request__init(&post->made);
    post->made.thread_id = in->thread_id;
    post->made.client_id = uuid_field(&post->client);
    post->made.reply_to = in->seq;
    post->in = &post->made;
    return true;
}

void post_read(struct batch *batch, struct post *post, struct call *call)
{
    *post = (struct post){.call = call, .author = call->who->user.u};
    bool is_post = call->input->descriptor == &threads__post_request__descriptor;
    if (is_post ? read_said(post) : read_acknowledgement(post)) {
        post->state = POST_NEW;
        post->place = place_of(batch, &post->thread);
    }
}

enum status post_admission(const struct batch *batch, const struct post *post)
{
    const struct hot_thread *hot = batch->hot[post->place];
    int64_t last_seq = hot != NULL ? (int64_t)hot->tree.size : 0;
    if (hot == NULL) {
        return STATUS_NOT_FOUND;
    }
    enum role role = post->call->who->role;
    bool takes_part = hot_takes_part(hot, &post->author);
    enum status status = post_is_acknowledgement(post)
                             ? rules_may_acknowledge(role, takes_part)
                             : rules_may_post(role, takes_part, hot->status);
    if ((status == OK || status == STATUS_CONFLICT) && hot->erased) {
        return STATUS_GONE;
    }
    bool points_at_nothing = post->in->reply_to > last_seq || post->in->corrects > last_seq;
    return status == OK && points_at_nothing ? STATUS_VALIDATION_FAILED : status;
}

void post_admit(const struct batch *batch, struct post *post)
{
    struct call *call = post->call;
    enum status status = post_admission(batch, post);
    if (status == OK) {
        return;
    }
    if (status == STATUS_CONFLICT) {
        post->state = POST_CLOSED;
        return;
    }
    post->state = POST_OVER;
    if (status == STATUS_NOT_FOUND) {
        fail_no_thread(call);
    } else if (status == STATUS_VALIDATION_FAILED && post_is_acknowledgement(post)) {
        call_fail(call, STATUS_NOT_FOUND, "there is no such message in this thread");
    } else if (status == STATUS_VALIDATION_FAILED) {
        call_field_error(call, post->in->corrects > 0 ? "/corrects" : "/reply_to",
                         "there is no such message in this thread");
    } else {
        fail_with(call, status);
    }
}

/* Which earlier message must be of which kind for this post; 0: none. */
static int64_t target_of(const struct post *post)
{
    if (post->state != POST_NEW) {
        return 0;
    }
    return post_is_acknowledgement(post) ? post->in->reply_to : post->in->corrects;
}

static bool target_fits(const struct post *post, const struct message_row *row)
{
    return post_is_acknowledgement(post)
               ? rules_is_acknowledgeable(row->kind)
               : rules_may_correct(row->kind, uuid_equal(&row->author, &post->author));
}

static void refuse_target(struct post *post)
{
    if (post_is_acknowledgement(post)) {
        call_fail(post->call, STATUS_CONFLICT, "only what somebody said can be acknowledged");
    } else {
        call_field_error(post->call, "/corrects", "must be an earlier text of your own");
    }
    post->state = POST_OVER;
}

enum status post_check_targets(struct batch *batch)
{
    struct uuid threads[BATCH_CALLS_MAX];
    int64_t seqs[BATCH_CALLS_MAX];
    size_t places[BATCH_CALLS_MAX], count = 0;
    struct db_rows *rows;
    for (size_t i = 0; i < batch->count; i++) {
        const struct post *post = &batch->posts[i];
        if (target_of(post) != 0) {
            threads[count] = post->thread;
            seqs[count] = target_of(post);
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
            fits[number] = target_fits(&batch->posts[places[number]], &row);
        }
    }
    for (size_t i = 0; status == OK && i < count; i++) {
        if (!fits[i]) {
            refuse_target(&batch->posts[places[i]]);
        }
    }
    return status;
}

static bool same_name(const struct post *a, const struct post *b)
{
    return uuid_equal(&a->client, &b->client) && uuid_equal(&a->author, &b->author) &&
           uuid_equal(&a->thread, &b->thread);
}

void post_find_twins(struct batch *batch)
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

static bool is_remembered(const struct batch *batch, const struct post *post)
{
    return actor_saw_post(batch->actor, &post->thread, &post->author, &post->client);
}

enum status post_find_stored(struct batch *batch)
{
    struct uuid threads[BATCH_CALLS_MAX], authors[BATCH_CALLS_MAX], clients[BATCH_CALLS_MAX];
    size_t places[BATCH_CALLS_MAX], count = 0;
    struct db_rows *rows;
    for (size_t i = 0; i < batch->count; i++) {
        const struct post *post = &batch->posts[i];
        bool wanted = batch->again || is_remembered(batch, post);
        if (post->state == POST_CLOSED || (post->state == POST_NEW && wanted)) {
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
