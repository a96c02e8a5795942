/* Where threads end: what a gateway asks, in its own name, when it may have missed events (Redis
 * was away, a replica died between COMMIT and publish). Ids and numbers only, nothing that people
 * wrote.
 *
 * Next: main.c
 */
#include "core/limits.h"
#include "threads/handlers.h"

/* A head with room for what it points at. */
struct head_frame {
    Threads__Head head;
    struct uuid thread;
    int64_t last_us;
    size_t people;
};

static struct head_frame *add_head(struct call *call, Threads__HeadsReply *out,
                                   const struct db_rows *rows, size_t row)
{
    struct head_frame *frame = arena_alloc(call->arena, sizeof *frame);
    if (frame == NULL) {
        return NULL;
    }
    struct end_row end = end_row_at(rows, row);
    *frame = (struct head_frame){.thread = end.thread, .last_us = end.last_us};
    threads__head__init(&frame->head);
    frame->head.thread_id = uuid_field(&frame->thread);
    frame->head.last_seq = end.last_seq;
    out->results[out->n_results++] = &frame->head;
    return frame;
}

static enum status add_named(struct call *call, const Threads__HeadsRequest *in,
                             Threads__HeadsReply *out)
{
    struct uuid ids[HEADS_IDS_MAX];
    struct db_rows *rows;
    for (size_t i = 0; i < in->n_thread_ids; i++) {
        if (!take_id(call, &in->thread_ids[i], "/thread_ids", &ids[i])) {
            return OK;
        }
    }
    enum status status = store_find_ends(call->tx, ids, in->n_thread_ids, &rows);
    for (size_t i = 0; status == OK && i < db_rows_count(rows); i++) {
        if (add_head(call, out, rows, i) == NULL) {
            status = STATUS_RESOURCE_EXHAUSTED;
        }
    }
    return status;
}

static struct head_frame *frame_of(struct head_frame *const *frames, size_t count,
                                   const struct uuid *thread)
{
    size_t i = 0;
    while (i < count && !uuid_equal(&frames[i]->thread, thread)) {
        i++;
    }
    return i < count ? frames[i] : NULL;
}

/* Who takes part in each, so that a gateway knows whom to tell and whom to tell no more. */
static enum status add_people(struct call *call, struct head_frame *const *frames, size_t count)
{
    struct uuid ids[HEADS_ROWS_MAX];
    struct db_rows *rows;
    struct head_frame *frame = NULL;
    for (size_t i = 0; i < count; i++) {
        ids[i] = frames[i]->thread;
    }
    enum status status = store_list_participants(call->tx, ids, count, &rows);
    for (size_t i = 0; status == OK && i < db_rows_count(rows); i++) {
        struct participant_row row = participant_row_at(rows, i);
        if (frame == NULL || !uuid_equal(&frame->thread, &row.thread)) {
            frame = frame_of(frames, count, &row.thread);
        }
        if (frame == NULL || frame->people == PARTICIPANTS_MAX) {
            continue;
        }
        ProtobufCBinaryData *list = &frame->head.participant_ids;
        if (list->data == NULL) {
            list->data = arena_alloc(call->arena, PARTICIPANTS_MAX * sizeof row.user.b);
        }
        if (list->data == NULL) {
            return STATUS_RESOURCE_EXHAUSTED;
        }
        memcpy(list->data + list->len, row.user.b, sizeof row.user.b);
        list->len += sizeof row.user.b;
        frame->people++;
    }
    return status;
}

static enum status add_since(struct call *call, int64_t since_us, Threads__HeadsReply *out)
{
    struct head_frame *frames[HEADS_ROWS_MAX];
    struct db_rows *rows;
    enum status status = store_list_ends_since(call->tx, since_us, HEADS_ROWS_MAX + 1, &rows);
    if (status != OK) {
        return status;
    }
    size_t found = db_rows_count(rows), count = found < HEADS_ROWS_MAX ? found : HEADS_ROWS_MAX;
    for (size_t i = 0; i < count; i++) {
        frames[i] = add_head(call, out, rows, i);
        if (frames[i] == NULL) {
            return STATUS_RESOURCE_EXHAUSTED;
        }
    }
    if (found > count) {
        int64_t next_us = end_row_at(rows, count).last_us;
        /* So many in one microsecond: go on all the same. */
        out->next_since_us = next_us > since_us ? next_us : since_us + 1;
    }
    return count > 0 ? add_people(call, frames, count) : OK;
}

static enum status add_marks(struct call *call, int64_t since_us, Threads__HeadsReply *out)
{
    struct mark_frame {
        Threads__Mark mark;
        struct uuid thread, user;
    };
    struct db_rows *rows;
    enum status status = store_list_marks_since(call->tx, since_us, HEADS_MARKS_MAX, &rows);
    size_t count = status == OK ? db_rows_count(rows) : 0;
    struct mark_frame *frames = arena_alloc(call->arena, (count + 1) * sizeof *frames);
    out->marks = arena_alloc(call->arena, (count + 1) * sizeof *out->marks);
    if (status != OK || frames == NULL || out->marks == NULL) {
        return status != OK ? status : STATUS_RESOURCE_EXHAUSTED;
    }
    for (size_t i = 0; i < count; i++) {
        struct moved_mark row = moved_mark_at(rows, i);
        frames[i].thread = row.thread;
        frames[i].user = row.user;
        threads__mark__init(&frames[i].mark);
        frames[i].mark.thread_id = uuid_field(&frames[i].thread);
        frames[i].mark.user_id = uuid_field(&frames[i].user);
        frames[i].mark.seq = row.seq;
        frames[i].mark.at_us = row.at_us;
        out->marks[out->n_marks++] = &frames[i].mark;
    }
    return OK;
}

void threads_heads(Threads__Api_Service *service, const Threads__HeadsRequest *in,
                   Threads__HeadsReply_Closure reply, void *data)
{
    (void)service;
    struct call *call = data;
    Threads__HeadsReply out = THREADS__HEADS_REPLY__INIT;
    if (in->n_thread_ids > HEADS_IDS_MAX) {
        call_field_error(call, "/thread_ids", "at most 512");
        return;
    }
    size_t room = in->n_thread_ids + HEADS_ROWS_MAX;
    out.results = arena_alloc(call->arena, room * sizeof *out.results);
    enum status status = out.results != NULL ? OK : STATUS_RESOURCE_EXHAUSTED;
    if (status == OK && in->n_thread_ids > 0) {
        status = add_named(call, in, &out);
    }
    if (status == OK && !call_failed(call) && in->since_us > 0) {
        status = add_since(call, in->since_us, &out);
    }
    if (status == OK && !call_failed(call) && in->since_us > 0 && in->with_marks) {
        status = add_marks(call, in->since_us, &out);
    }
    if (status != OK) {
        fail_with(call, status);
    } else if (!call_failed(call)) {
        reply(&out, data);
    }
}
