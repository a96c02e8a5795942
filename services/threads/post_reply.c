/* Answers to a batch of posts: a new message, a repeat, or a conflict. Next: handlers_marks.c */
#include "threads/post.h"

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
    ret->kind = (Threads__Kind)post->kind;
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
static bool says_the_same(const struct post *post, const Threads__Message *message)
{
    const Threads__PostRequest *in = post->in;
    if (post->kind != (int)message->kind || strcmp(in->body, message->body) != 0 ||
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
    if (says_the_same(post, message)) {
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

void post_reply_all(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct post *post = &batch->posts[i];
        switch (post->state) {
        case POST_OVER:
            break;
        case POST_CLOSED:
            call_fail(post->call, STATUS_CONFLICT, "the thread is closed");
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
