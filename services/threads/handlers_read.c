/* Lists, history and verification: read actors only, in bounded pages. Next: handlers_create.c */
#include <limits.h>
#include <stdio.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "evidence/leaf.h"
#include "evidence/tree.h"
#include "threads/actor.h"
#include "threads/handlers.h"
#include "threads/thread_key.h"

#define VERIFY_PAGE_ROWS 500 /* x ~1 KiB of content; the deadline is looked at between pages */

/* A cursor of List: last activity and id of the last thread shown, base64url. */
#define CURSOR_BYTES 24

static bool cursor_read(const char *text, struct thread_filter *filter)
{
    uint8_t raw[CURSOR_BYTES];
    size_t len;
    if (text[0] == '\0') {
        filter->before_us = INT64_MAX;
        return true;
    }
    if (!base64_decode(bytes_text(text), true, raw, sizeof raw, &len) || len != sizeof raw) {
        return false;
    }
    uint64_t at = 0;
    for (int i = 0; i < 8; i++) {
        at = at << 8 | raw[i];
    }
    filter->before_us = (int64_t)at;
    return uuid_from_bytes(bytes_of(raw + 8, 16), &filter->before_id);
}

static char *cursor_write(struct call *call, const struct thread_row *row)
{
    uint8_t raw[CURSOR_BYTES];
    char text[2 * CURSOR_BYTES];
    for (int i = 0; i < 8; i++) {
        raw[i] = (uint8_t)((uint64_t)row->last_us >> (56 - 8 * i));
    }
    memcpy(raw + 8, row->id.b, sizeof row->id.b);
    base64_encode(bytes_of(raw, sizeof raw), true, text, sizeof text);
    return arena_text(call->arena, bytes_text(text));
}

/* The filter of a request; `index` holds the incident's blind index. */
static enum status filter_of(struct call *call, const Threads__ListRequest *in, unsigned limit,
                             uint8_t index[SHA256_SIZE], struct thread_filter *ret)
{
    struct threads_actor *actor = call->state;
    *ret = (struct thread_filter){
        .user = call->who->user.u,
        .only_mine = !rules_sees_all(call->who->role),
        .status = (int)in->status,
        .waiting_on = (int)in->waiting_on,
        .severity = (int)in->severity,
        .updated_since_us = in->updated_since_us,
        .limit = limit + 1,
    };
    if (!cursor_read(in->cursor, ret)) {
        return STATUS_INVALID;
    }
    if (in->incident_id[0] != '\0') {
        const struct key *tenant_key;
        enum status status = tenant_keys_get(actor->keys, call->tx, &tenant_key);
        if (status != OK) {
            return status;
        }
        blind_index(tenant_key, "incident", bytes_text(in->incident_id), index);
        ret->incident_index = bytes_of(index, SHA256_SIZE);
    }
    return OK;
}

void threads_list(Threads__Api_Service *service, const Threads__ListRequest *in,
                  Threads__ListReply_Closure reply, void *data)
{
    (void)service;
    struct call *call = data;
    struct rule_break broken;
    struct thread_filter filter;
    struct db_rows *rows;
    struct thread_list list;
    uint8_t index[SHA256_SIZE];
    unsigned limit;
    if (!rules_check_list(in, &broken)) {
        refuse_field(call, &broken);
        return;
    }
    rules_limit(in->limit, &limit);
    enum status status = filter_of(call, in, limit, index, &filter);
    if (status == STATUS_INVALID) {
        call_field_error(call, "/cursor", "not a cursor of this list");
        return;
    }
    if (status == OK) {
        status = store_list_threads(call->tx, &filter, &rows);
    }
    if (status == OK) {
        status = view_threads(call, rows, limit, &list);
    }
    if (status != OK) {
        fail_with(call, status);
        return;
    }
    Threads__ListReply out = THREADS__LIST_REPLY__INIT;
    out.n_results = list.count;
    out.results = list.items;
    if (list.count > 0 && list.count < db_rows_count(rows)) {
        struct thread_row last = thread_row_at(rows, list.count - 1);
        out.next = cursor_write(call, &last);
    }
    reply(&out, data);
}

/* A page of messages in the order of `rows`, stopping at LIST_BYTES_MAX; erased threads have no
 * key. */
static enum status page_of(struct call *call, const struct uuid *thread,
                           const struct access_row *access, const struct db_rows *rows,
                           size_t limit, Threads__HistoryReply *out)
{
    struct key key;
    size_t count = db_rows_count(rows) < limit ? db_rows_count(rows) : limit, bytes = 0;
    out->results = arena_alloc(call->arena, (count + 1) * sizeof *out->results);
    if (out->results == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    enum status status = view_open_key(call, thread, access->wrapped, &key);
    bool erased = status == STATUS_GONE;
    if (status != OK && !erased) {
        return status;
    }
    status = OK;
    while (out->n_results < count) {
        struct message_row row = message_row_at(rows, out->n_results);
        Threads__Message *message;
        status = view_message(call, erased ? NULL : &key, &row, &message);
        if (status != OK) {
            break;
        }
        bytes += threads__message__get_packed_size(message) + VIEW_JSON_EXTRA;
        if (out->n_results > 0 && bytes > LIST_BYTES_MAX) {
            break;
        }
        out->results[out->n_results++] = message;
    }
    bytes_wipe(&key, sizeof key);
    return status;
}

static void turn_around(Threads__Message **messages, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        Threads__Message *swapped = messages[i];
        messages[i] = messages[count - 1 - i];
        messages[count - 1 - i] = swapped;
    }
}

/* `next` is the seq to go on from: as after_seq when reading upwards, as before_seq otherwise. */
void threads_history(Threads__Api_Service *service, const Threads__HistoryRequest *in,
                     Threads__HistoryReply_Closure reply, void *data)
{
    (void)service;
    struct call *call = data;
    struct rule_break broken;
    struct uuid id;
    struct access_row access;
    struct db_rows *rows;
    unsigned limit;
    if (!rules_check_history(in, &broken)) {
        refuse_field(call, &broken);
        return;
    }
    rules_limit(in->limit, &limit);
    if (!take_id(call, &in->thread_id, "/thread_id", &id) || !load_access(call, &id, &access)) {
        return;
    }
    bool down = in->before_seq > 0;
    Threads__HistoryReply out = THREADS__HISTORY_REPLY__INIT;
    enum status status = down ? store_list_before(call->tx, &id, in->before_seq, limit + 1, &rows)
                              : store_list_after(call->tx, &id, in->after_seq, limit + 1, &rows);
    if (status == OK) {
        status = page_of(call, &id, &access, rows, limit, &out);
    }
    if (status != OK) {
        fail_with(call, status);
        return;
    }
    if (out.n_results > 0 && out.n_results < db_rows_count(rows)) {
        out.next =
            arena_printf(call->arena, "%lld", (long long)out.results[out.n_results - 1]->seq);
    }
    if (down) {
        turn_around(out.results, out.n_results);
    }
    /* A post may have come between the two statements. */
    out.last_seq = access.last_seq;
    if (out.n_results > 0 && out.results[out.n_results - 1]->seq > out.last_seq) {
        out.last_seq = out.results[out.n_results - 1]->seq;
    }
    reply(&out, data);
}

/* What Verify has seen so far. */
struct verification {
    struct call *call;
    const struct key *key; /* NULL: the thread was erased */
    struct tree tree;
    int64_t last_us;
    char detail[160]; /* "" while all is well */
};

/* Does the sealed content, when it is there, match the commitment? */
static bool content_matches(struct verification *check, const struct message_row *row)
{
    CLEANUP(buf_fini) struct buf plain = {0};
    uint8_t commitment[SHA256_SIZE];
    struct row_name name = row_of_message(&row->thread, row->seq);
    if (check->key == NULL || row->sealed.len == 0) {
        return true;
    }
    if (sealed_get(check->call->tx, check->key, message_place(&name), row->sealed, &plain) != OK ||
        plain.len < SALT_SIZE) {
        return false;
    }
    leaf_commit(plain.data, bytes_of(plain.data + SALT_SIZE, plain.len - SALT_SIZE), commitment);
    return bytes_equal(bytes_of(commitment, sizeof commitment), row->commitment);
}

static void verify_row(struct verification *check, const struct message_row *row)
{
    long long seq = (long long)row->seq;
    struct leaf_record record = {
        .kind = (enum leaf_kind)row->leaf_kind,
        .tenant = check->call->tenant,
        .stream = row->thread,
        .seq = (uint64_t)row->seq,
        .time_us = row->time_us,
        .author = row->author,
    };
    uint8_t hash[SHA256_SIZE];
    if (record.seq != check->tree.size + 1) {
        snprintf(check->detail, sizeof check->detail, "message %llu is missing",
                 (unsigned long long)check->tree.size + 1);
    } else if (row->time_us < check->last_us) {
        snprintf(check->detail, sizeof check->detail, "the time of message %lld goes back", seq);
    } else if (row->commitment.len != SHA256_SIZE || !content_matches(check, row)) {
        snprintf(check->detail, sizeof check->detail,
                 "the content of message %lld does not match its commitment", seq);
    } else {
        memcpy(record.commitment, row->commitment.data, SHA256_SIZE);
        leaf_hash(&record, hash);
        tree_append(&check->tree, hash);
        check->last_us = row->time_us;
    }
}

/* Recompute the tree over messages 1..size, page by page. */
static enum status verify_all(struct verification *check, const struct uuid *thread, uint64_t size)
{
    while (check->tree.size < size && check->detail[0] == '\0') {
        struct db_rows *rows;
        uint64_t left = size - check->tree.size;
        unsigned page = left < VERIFY_PAGE_ROWS ? (unsigned)left : VERIFY_PAGE_ROWS;
        if (clock_monotonic_ms() > check->call->deadline_ms) {
            return STATUS_DEADLINE_EXCEEDED;
        }
        enum status status =
            store_list_after(check->call->tx, thread, (int64_t)check->tree.size, page, &rows);
        if (status != OK) {
            return status;
        }
        if (db_rows_count(rows) < page) {
            snprintf(check->detail, sizeof check->detail, "messages are missing after %llu",
                     (unsigned long long)check->tree.size + db_rows_count(rows));
        }
        for (size_t i = 0; i < db_rows_count(rows) && check->detail[0] == '\0'; i++) {
            struct message_row row = message_row_at(rows, i);
            verify_row(check, &row);
        }
        db_rows_free(rows);
    }
    return OK;
}

void threads_verify(Threads__Api_Service *service, const Threads__GetRequest *in,
                    Threads__VerifyReply_Closure reply, void *data)
{
    (void)service;
    struct call *call = data;
    struct verification check = {.call = call};
    struct uuid id;
    struct access_row access;
    struct key key;
    uint8_t root[SHA256_SIZE];
    if (!take_id(call, &in->thread_id, "/thread_id", &id) || !load_access(call, &id, &access)) {
        return;
    }
    enum status status = view_open_key(call, &id, access.wrapped, &key);
    if (status == OK) {
        check.key = &key;
    }
    if (status == OK || status == STATUS_GONE) {
        status = verify_all(&check, &id, (uint64_t)access.last_seq);
    }
    bytes_wipe(&key, sizeof key);
    if (status != OK) {
        fail_with(call, status);
        return;
    }
    tree_root(&check.tree, root);
    if (check.detail[0] == '\0' && !bytes_equal(bytes_of(root, sizeof root), access.root)) {
        snprintf(check.detail, sizeof check.detail, "the root differs from the stored one");
    }
    Threads__VerifyReply out = THREADS__VERIFY_REPLY__INIT;
    out.ok = check.detail[0] == '\0';
    out.size = (int64_t)check.tree.size;
    out.root_hash = field_of(root, sizeof root);
    out.detail = check.detail;
    reply(&out, data);
}
