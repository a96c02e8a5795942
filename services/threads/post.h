/* A batch of posts on its way: what handlers_post.c, post_check.c and post_reply.c share. An
 * acknowledgement is a post without a body, whose name follows from what it acknowledges.
 *
 * Next: handlers_post.c
 */
#ifndef WARDROOM_THREADS_POST_H
#define WARDROOM_THREADS_POST_H

#include "threads/actor.h"
#include "threads/handlers.h"

enum post_state {
    POST_OVER,   /* the call has failed */
    POST_NEW,    /* to be written */
    POST_CLOSED, /* the thread is closed: it fails, unless it is found stored */
    POST_STORED, /* is in the database already: `stored` */
    POST_SAME    /* of one name with an earlier post of this batch: `twin` */
};

struct post {
    struct call *call;
    const Threads__PostRequest *in;
    Threads__PostRequest made; /* `in` of an acknowledgement: reply_to is what it acknowledges */
    int kind;                  /* threads.Kind */
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
    bool again;  /* rolled back before: nothing is staked on memory, and any may be stored */
};

static inline bool post_is_acknowledgement(const struct post *post)
{
    return post->kind == THREADS__KIND__KIND_ACKNOWLEDGEMENT;
}

/* ---- post_check.c: which posts may be written. A refused one is POST_OVER. */

/* Check the request itself, and give its thread a place. */
void post_read(struct batch *batch, struct post *post, struct call *call);
/* May this person say this here, as far as the thread in memory knows? NOT_FOUND, CONFLICT
 * (closed), FORBIDDEN, GONE, VALIDATION_FAILED (points at a message that is not there). */
MUST_CHECK enum status post_admission(const struct batch *batch, const struct post *post);
/* Fail the post, or make it POST_CLOSED, when it may not be written. */
void post_admit(const struct batch *batch, struct post *post);
/* A correction points at earlier words of the same author, an acknowledgement at what somebody
 * said. */
MUST_CHECK enum status post_check_targets(struct batch *batch);
/* Two posts of one name in one batch: the later is POST_SAME. */
void post_find_twins(struct batch *batch);
/* Look for posts in the database: all when they were tried before, otherwise those whose name this
 * writer remembers and those for a closed thread. What is found is POST_STORED. */
MUST_CHECK enum status post_find_stored(struct batch *batch);

/* ---- post_reply.c: answers and events, once all is written. */
void post_reply_all(struct batch *batch);

#endif
