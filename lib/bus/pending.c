/* Calls in flight: a table of slots, a wheel of deadlines, and the ways a call ends.
 *
 * Each call is in exactly one line (waiting, sent, failed) and in one slot of the wheel, so that
 * every end is O(1). Next: replica.c
 */
#include <stdlib.h>

#include "bus/client_private.h"

#define TELL_MAX  1024 /* failures told in one turn of the loop */
#define SLOT_MASK ((uint64_t)SLOT_BLOCK * SLOT_BLOCKS_MAX - 1)
_Static_assert(CLIENT_PENDING_MAX <= SLOT_MASK, "a slot's number fits its bits");
_Static_assert((SLOT_MASK & (SLOT_MASK + 1)) == 0, "a mask");

void pending_table_init(struct bus_client *client)
{
    TAILQ_INIT(&client->free_slots);
    TAILQ_INIT(&client->failed);
    for (size_t i = 0; i < WHEEL_SLOTS; i++) {
        TAILQ_INIT(&client->wheel[i]);
    }
}

void pending_table_fini(struct bus_client *client)
{
    for (size_t i = 0; i < SLOT_BLOCKS_MAX; i++) {
        free(client->blocks[i]);
    }
}

static struct pending_list *wheel_slot(struct bus_client *client, int64_t at_ms)
{
    return &client->wheel[at_ms / WHEEL_SLOT_MS % WHEEL_SLOTS];
}

static struct pending *slot_at(struct bus_client *client, uint32_t number)
{
    return &client->blocks[number / SLOT_BLOCK][number % SLOT_BLOCK];
}

/* bus_call refuses beyond CLIENT_PENDING_MAX; refusals not yet told have a slot all the same. NULL:
 * out of memory, or a million refusals in one turn of the loop. */
static struct pending *slot_take(struct bus_client *client)
{
    struct pending *pending = TAILQ_FIRST(&client->free_slots);
    if (pending != NULL) {
        TAILQ_REMOVE(&client->free_slots, pending, line);
        return pending;
    }
    uint32_t number = client->slot_top;
    if (number > SLOT_MASK) {
        return NULL;
    }
    if (number % SLOT_BLOCK == 0) {
        struct pending *block = calloc(SLOT_BLOCK, sizeof *block);
        if (block == NULL) {
            return NULL;
        }
        client->blocks[number / SLOT_BLOCK] = block;
    }
    client->slot_top++;
    pending = slot_at(client, number);
    pending->id = number;
    return pending;
}

struct pending *pending_new(struct bus_client *client, int64_t deadline_ms)
{
    struct pending *pending = slot_take(client);
    if (pending == NULL) {
        return NULL;
    }
    if (client->pending_count++ == 0) {
        client->wheel_ms = client_now_ms(client) / WHEEL_SLOT_MS * WHEEL_SLOT_MS;
    }
    pending->id += SLOT_MASK + 1;
    /* A slot of the wheel that was passed already would wait a whole turn of it. */
    pending->deadline_ms = deadline_ms > client->wheel_ms ? deadline_ms : client->wheel_ms;
    TAILQ_INSERT_TAIL(wheel_slot(client, pending->deadline_ms), pending, slot);
    zmq_msg_init(&pending->request);
    pending->in = NULL;
    return pending;
}

struct pending *pending_find(struct bus_client *client, uint64_t id)
{
    uint64_t number = id & SLOT_MASK;
    if (number >= client->slot_top) {
        return NULL;
    }
    struct pending *pending = slot_at(client, (uint32_t)number);
    return pending->id == id && pending->state != PENDING_FREE ? pending : NULL;
}

void pending_put(struct pending_list *list, struct pending *pending, enum pending_state state)
{
    if (pending->in != NULL) {
        TAILQ_REMOVE(pending->in, pending, line);
    }
    pending->in = list;
    pending->state = state;
    TAILQ_INSERT_TAIL(list, pending, line);
}

void pending_drop(struct bus_client *client, struct pending *pending)
{
    if (pending->state != PENDING_FAILED) {
        TAILQ_REMOVE(wheel_slot(client, pending->deadline_ms), pending, slot);
        zmq_msg_close(&pending->request);
    }
    pending_put(&client->free_slots, pending, PENDING_FREE);
    client->pending_count--;
}

void pending_fail(struct bus_client *client, struct pending *pending, enum status verdict)
{
    TAILQ_REMOVE(wheel_slot(client, pending->deadline_ms), pending, slot);
    zmq_msg_close(&pending->request);
    pending->verdict = verdict;
    pending_put(&client->failed, pending, PENDING_FAILED);
    client_stay_awake(client);
}

void pending_fail_all(struct bus_client *client, struct pending_list *list, enum status verdict)
{
    while (!TAILQ_EMPTY(list)) {
        pending_fail(client, TAILQ_FIRST(list), verdict);
    }
}

void pending_finish(struct bus_client *client, struct pending *pending,
                    const struct bus_reply *reply)
{
    void (*done)(void *data, const struct bus_reply *reply) = pending->done;
    void *data = pending->data;
    pending_drop(client, pending);
    done(data, reply);
}

void pending_tell_failed(struct bus_client *client)
{
    /* A callback may call again and fail again, so there is a bound. */
    for (int i = 0; i < TELL_MAX && !TAILQ_EMPTY(&client->failed); i++) {
        struct pending *pending = TAILQ_FIRST(&client->failed);
        struct bus_reply reply = {.status = pending->verdict,
                                  .detail = status_meaning(pending->verdict)};
        pending_finish(client, pending, &reply);
    }
    if (!TAILQ_EMPTY(&client->failed)) {
        client_stay_awake(client);
    }
}

void pending_expire(struct bus_client *client, int64_t now_ms)
{
    for (; client->wheel_ms + WHEEL_SLOT_MS <= now_ms; client->wheel_ms += WHEEL_SLOT_MS) {
        int64_t end_ms = client->wheel_ms + WHEEL_SLOT_MS;
        struct pending *next;
        for (struct pending *pending = TAILQ_FIRST(wheel_slot(client, client->wheel_ms));
             pending != NULL; pending = next) {
            next = TAILQ_NEXT(pending, slot);
            if (pending->deadline_ms < end_ms) {
                pending_fail(client, pending, STATUS_DEADLINE_EXCEEDED);
            }
        }
    }
}
