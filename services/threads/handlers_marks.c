/* Read marks: many calls of one tenant in two statements, however many they are.
 *
 * A mark is the highest seq a person has read in a thread, and when it came there. It never goes
 * backwards, is no evidence, and its move is told to those in the thread. Next: handlers_heads.c
 */
#include "core/clock.h"
#include "core/limits.h"
#include "events.pb-c.h"
#include "threads/handlers.h"

/* A call whose mark is looked at. Calls of one person and thread share the first one's pair. */
struct mark {
    struct call *call;
    struct uuid thread, user;
    int64_t asked; /* what the call named, at most the thread's end */
    size_t pair;
};

/* Different (thread, person) of a batch, as columns. */
struct marks {
    struct tenant_tx *tx;
    int64_t now_us;
    struct mark items[BATCH_CALLS_MAX];
    size_t count;
    struct uuid threads[BATCH_CALLS_MAX], users[BATCH_CALLS_MAX];
    int64_t wanted[BATCH_CALLS_MAX]; /* the highest asked for */
    int64_t seqs[BATCH_CALLS_MAX], at_us[BATCH_CALLS_MAX];
    bool moved[BATCH_CALLS_MAX];
    size_t pair_count;
};

static void add_call(struct marks *marks, struct call *call)
{
    const Threads__ReadRequest *in = (const Threads__ReadRequest *)call->input;
    struct mark *mark = &marks->items[marks->count];
    *mark = (struct mark){.call = call, .user = call->who->user.u, .asked = in->seq};
    if (!take_id(call, &in->thread_id, "/thread_id", &mark->thread)) {
        return;
    }
    if (in->seq < 1) {
        call_field_error(call, "/seq", "must be the seq of a message of this thread");
        return;
    }
    size_t pair = 0;
    while (pair < marks->pair_count && !(uuid_equal(&marks->threads[pair], &mark->thread) &&
                                         uuid_equal(&marks->users[pair], &mark->user))) {
        pair++;
    }
    if (pair == marks->pair_count) {
        marks->threads[pair] = mark->thread;
        marks->users[pair] = mark->user;
        marks->pair_count++;
    }
    mark->pair = pair;
    marks->count++;
}

/* What stands now, and who may see the thread; a call that may not fails, and its pair with it. */
static enum status look(struct marks *marks)
{
    struct db_rows *rows;
    bool found[BATCH_CALLS_MAX] = {false};
    bool takes_part[BATCH_CALLS_MAX] = {false};
    int64_t last_seqs[BATCH_CALLS_MAX] = {0};
    enum status status =
        store_find_marks(marks->tx, marks->threads, marks->users, marks->pair_count, &rows);
    for (size_t i = 0; status == OK && i < db_rows_count(rows); i++) {
        struct found_mark row = found_mark_at(rows, i);
        if (row.number < marks->pair_count) {
            found[row.number] = true;
            takes_part[row.number] = row.takes_part;
            last_seqs[row.number] = row.last_seq;
            marks->seqs[row.number] = row.seq;
            marks->at_us[row.number] = row.at_us;
        }
    }
    for (size_t i = 0; status == OK && i < marks->count; i++) {
        struct mark *mark = &marks->items[i];
        size_t pair = mark->pair;
        if (!found[pair] || !rules_may_see(mark->call->who->role, takes_part[pair])) {
            fail_no_thread(mark->call);
            continue;
        }
        mark->asked = mark->asked < last_seqs[pair] ? mark->asked : last_seqs[pair];
        if (mark->asked > marks->wanted[pair]) {
            marks->wanted[pair] = mark->asked;
        }
    }
    return status;
}

/* Write those that go forwards. Another replica may have moved one further meanwhile: what the
 * database has then counts. */
static enum status move(struct marks *marks)
{
    struct uuid threads[BATCH_CALLS_MAX], users[BATCH_CALLS_MAX];
    int64_t seqs[BATCH_CALLS_MAX];
    size_t pairs[BATCH_CALLS_MAX], count = 0;
    struct db_rows *rows;
    for (size_t i = 0; i < marks->pair_count; i++) {
        if (marks->wanted[i] > marks->seqs[i]) {
            threads[count] = marks->threads[i];
            users[count] = marks->users[i];
            seqs[count] = marks->wanted[i];
            pairs[count++] = i;
        }
    }
    if (count == 0) {
        return OK;
    }
    enum status status =
        store_move_marks(marks->tx, threads, users, seqs, count, marks->now_us, &rows);
    for (size_t i = 0; status == OK && i < db_rows_count(rows); i++) {
        struct moved_mark row = moved_mark_at(rows, i);
        size_t at = 0;
        while (at < count &&
               !(uuid_equal(&threads[at], &row.thread) && uuid_equal(&users[at], &row.user))) {
            at++;
        }
        if (at < count) {
            marks->seqs[pairs[at]] = row.seq;
            marks->at_us[pairs[at]] = row.at_us;
            marks->moved[pairs[at]] = row.seq == seqs[at] && row.at_us == marks->now_us;
        }
    }
    return status;
}

static void publish_read(struct call *call, const Threads__Receipt *receipt,
                         const struct uuid *thread)
{
    Events__Event event = EVENTS__EVENT__INIT;
    Events__Read read = EVENTS__READ__INIT;
    read.thread_id = uuid_field(thread);
    read.user_id = receipt->user_id;
    read.seq = receipt->seq;
    read.at_us = receipt->at_us;
    event.of_case = EVENTS__EVENT__OF_READ;
    event.read = &read;
    call_publish(call, &event.base);
}

/* A move is told once, by the first call of its pair that succeeds. */
static void reply_all(struct marks *marks)
{
    for (size_t i = 0; i < marks->count; i++) {
        struct mark *mark = &marks->items[i];
        Threads__Receipt receipt = THREADS__RECEIPT__INIT;
        if (call_failed(mark->call)) {
            continue;
        }
        receipt.user_id = uuid_field(&mark->user);
        receipt.seq = marks->seqs[mark->pair];
        receipt.at_us = marks->at_us[mark->pair];
        call_reply(mark->call, &receipt.base);
        if (marks->moved[mark->pair]) {
            publish_read(mark->call, &receipt, &mark->thread);
            marks->moved[mark->pair] = false;
        }
    }
}

enum status threads_mark_batch(struct call **calls, size_t count)
{
    struct marks *marks = arena_alloc(calls[0]->arena, sizeof *marks);
    if (marks == NULL || count > BATCH_CALLS_MAX) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    memset(marks, 0, sizeof *marks);
    marks->tx = calls[0]->tx;
    marks->now_us = clock_now_us();
    for (size_t i = 0; i < count; i++) {
        add_call(marks, calls[i]);
    }
    if (marks->count == 0) {
        return OK;
    }
    enum status status = look(marks);
    if (status == OK) {
        status = move(marks);
    }
    if (status == OK) {
        reply_all(marks);
    }
    return status;
}

/* A batch of one: the runtime calls threads_write_batch itself. */
void threads_read(Threads__Api_Service *service, const Threads__ReadRequest *in,
                  Threads__Receipt_Closure reply, void *data)
{
    (void)service;
    (void)in;
    (void)reply;
    struct call *call = data;
    enum status status = threads_mark_batch(&call, 1);
    if (status != OK) {
        fail_with(call, status);
    }
}

void threads_receipts(Threads__Api_Service *service, const Threads__GetRequest *in,
                      Threads__ReceiptsReply_Closure reply, void *data)
{
    (void)service;
    struct call *call = data;
    struct uuid id;
    struct access_row access;
    struct db_rows *rows;
    if (!take_id(call, &in->thread_id, "/thread_id", &id) || !load_access(call, &id, &access)) {
        return;
    }
    enum status status = store_list_marks(call->tx, &id, &rows);
    if (status != OK) {
        fail_with(call, status);
        return;
    }
    struct frame {
        Threads__Receipt receipt;
        struct uuid user;
    };
    size_t count = db_rows_count(rows);
    struct frame *frames = arena_alloc(call->arena, (count + 1) * sizeof *frames);
    Threads__Receipt **results = arena_alloc(call->arena, (count + 1) * sizeof *results);
    if (frames == NULL || results == NULL) {
        fail_with(call, STATUS_RESOURCE_EXHAUSTED);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct mark_row mark = mark_row_at(rows, i);
        frames[i].user = mark.user;
        threads__receipt__init(&frames[i].receipt);
        frames[i].receipt.user_id = uuid_field(&frames[i].user);
        frames[i].receipt.seq = mark.seq;
        frames[i].receipt.at_us = mark.at_us;
        results[i] = &frames[i].receipt;
    }
    Threads__ReceiptsReply out = THREADS__RECEIPTS_REPLY__INIT;
    out.n_results = count;
    out.results = results;
    reply(&out, data);
}
