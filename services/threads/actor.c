/* State of an actor. Next: handlers.h */
#include "threads/actor.h"

#include <stdlib.h>

#include "db/tenant_key.h"

enum status threads_actor_open(const struct actor_env *env, void **ret_state)
{
    struct threads_actor *actor = calloc(1, sizeof *actor);
    if (actor == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    actor->keys = tenant_keys_new(env->keys);
    bool whole = actor->keys != NULL;
    if (env->kind == ACTOR_WRITE) {
        actor->hot = hot_threads_new();
        actor->records = records_new();
        actor->recent = calloc(RECENT_POSTS, sizeof *actor->recent);
        whole = whole && actor->hot != NULL && actor->records != NULL && actor->recent != NULL;
    }
    if (!whole) {
        threads_actor_close(actor);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    *ret_state = actor;
    return OK;
}

void threads_actor_forget(void *state)
{
    struct threads_actor *actor = state;
    if (actor->hot != NULL) {
        hot_forget_ahead(actor->hot);
    }
}

void threads_actor_close(void *state)
{
    struct threads_actor *actor = state;
    if (actor != NULL) {
        tenant_keys_free(actor->keys);
        hot_threads_free(actor->hot);
        records_free(actor->records);
        free(actor->recent);
        free(actor);
    }
}

/* Client and author ids end in random bytes of other people's choice: a collision only costs a
 * look. Never 0, which is an empty place. */
static uint64_t name_hash(const struct uuid *thread, const struct uuid *author,
                          const struct uuid *client)
{
    uint64_t hash = 14695981039346656037u, word;
    const struct uuid *const ids[] = {thread, author, client};
    for (size_t i = 0; i < 3; i++) {
        for (size_t half = 0; half < 16; half += 8) {
            memcpy(&word, ids[i]->b + half, sizeof word);
            hash = (hash ^ word) * 1099511628211u;
            hash ^= hash >> 29;
        }
    }
    return hash | 1;
}

bool actor_saw_post(const struct threads_actor *actor, const struct uuid *thread,
                    const struct uuid *author, const struct uuid *client)
{
    uint64_t hash = name_hash(thread, author, client);
    return actor->recent[(hash >> 32) % RECENT_POSTS] == hash;
}

void actor_note_post(struct threads_actor *actor, const struct uuid *thread,
                     const struct uuid *author, const struct uuid *client)
{
    uint64_t hash = name_hash(thread, author, client);
    actor->recent[(hash >> 32) % RECENT_POSTS] = hash;
}
