/* Lists, history, read marks and verification. */
#include "world.h"

#include <stdio.h>

static struct fake_call *list(const struct principal *who, const Threads__ListRequest *in)
{
    struct fake_call *fake = fake_run(&reader, who, "List", &in->base);
    if (fake->status != OK) {
        fail_msg("%s %s %s", fake->pointer, fake->detail, db_last_error(reader.db));
    }
    return fake;
}

static Threads__ListReply *list_of(const struct fake_call *fake)
{
    return (Threads__ListReply *)fake->reply;
}

static struct fake_call *history(const struct uuid *thread, int64_t after, int64_t before,
                                 uint32_t limit)
{
    Threads__HistoryRequest in = THREADS__HISTORY_REQUEST__INIT;
    in.thread_id = uuid_field(thread);
    in.after_seq = after;
    in.before_seq = before;
    in.limit = limit;
    struct fake_call *fake = fake_run(&reader, &member, "History", &in.base);
    if (fake->status != OK) {
        fail_msg("%s %s", fake->detail, db_last_error(reader.db));
    }
    return fake;
}

static Threads__HistoryReply *page_of(const struct fake_call *fake)
{
    return (Threads__HistoryReply *)fake->reply;
}

static void test_list_is_newest_first_and_pages_without_gap(void **state)
{
    (void)state;
    const struct principal who = fake_person("acme_tests", "Pia Pager", ROLE_MEMBER);
    enum { COUNT = 7 };
    struct uuid ids[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        ids[i] = make_thread_by(&who, "Page me", NULL);
    }
    say(&writer, &who, &ids[2], "newest now");
    const size_t order[COUNT] = {2, 6, 5, 4, 3, 1, 0};
    Threads__ListRequest in = THREADS__LIST_REQUEST__INIT;
    char cursor[64] = "";
    size_t seen = 0;
    in.limit = 3;
    do {
        in.cursor = cursor;
        struct fake_call *fake = list(&who, &in);
        for (size_t i = 0; i < list_of(fake)->n_results; i++) {
            assert_memory_equal(list_of(fake)->results[i]->id.data, ids[order[seen++]].b, 16);
        }
        snprintf(cursor, sizeof cursor, "%s", list_of(fake)->next);
        fake_free(fake);
    } while (cursor[0] != '\0');
    assert_int_equal(seen, COUNT);
    in.cursor = (char *)"nonsense";
    assert_int_equal(status_of(&reader, &who, "List", &in.base), STATUS_VALIDATION_FAILED);
    in.cursor = (char *)"";
    in.limit = 201;
    assert_int_equal(status_of(&reader, &who, "List", &in.base), STATUS_VALIDATION_FAILED);
}

static void test_list_shows_members_only_their_own_and_filters(void **state)
{
    (void)state;
    struct principal who = fake_person("acme_tests", "Fay Filter", ROLE_MEMBER);
    struct uuid open = make_thread_by(&analyst, "open", &who);
    struct uuid closed = make_thread_by(&analyst, "closed", &who);
    char *fields[] = {(char *)"status", (char *)"waiting_on"};
    Threads__PatchRequest patch = THREADS__PATCH_REQUEST__INIT;
    patch.thread_id = uuid_field(&closed);
    patch.n_set_fields = 2;
    patch.set_fields = fields;
    patch.status = THREADS__THREAD_STATUS__THREAD_STATUS_CLOSED;
    patch.waiting_on = THREADS__WAITING_ON__WAITING_ON_SOC;
    assert_int_equal(status_of(&writer, &analyst, "Patch", &patch.base), OK);

    Threads__ListRequest in = THREADS__LIST_REQUEST__INIT;
    struct fake_call *fake = list(&who, &in);
    assert_int_equal(list_of(fake)->n_results, 2);
    assert_int_equal(list_of(fake)->results[0]->n_participants, 2);
    int64_t changed_us = list_of(fake)->results[0]->last_message_at_us;
    fake_free(fake);
    in.status = THREADS__THREAD_STATUS__THREAD_STATUS_OPEN;
    fake = list(&who, &in);
    assert_int_equal(list_of(fake)->n_results, 1);
    assert_memory_equal(list_of(fake)->results[0]->id.data, open.b, 16);
    fake_free(fake);
    in = (Threads__ListRequest)THREADS__LIST_REQUEST__INIT;
    in.waiting_on = THREADS__WAITING_ON__WAITING_ON_SOC;
    in.updated_since_us = changed_us;
    fake = list(&who, &in);
    assert_int_equal(list_of(fake)->n_results, 1);
    fake_free(fake);
    in.updated_since_us = changed_us + 1;
    fake = list(&who, &in);
    assert_int_equal(list_of(fake)->n_results, 0);
    fake_free(fake);
    in = (Threads__ListRequest)THREADS__LIST_REQUEST__INIT;
    in.severity = THREADS__SEVERITY__SEVERITY_LOW;
    fake = list(&who, &in);
    assert_int_equal(list_of(fake)->n_results, 0);
    fake_free(fake);
}

static void test_list_finds_an_incident_and_never_another_tenants(void **state)
{
    (void)state;
    Threads__CreateRequest create = THREADS__CREATE_REQUEST__INIT;
    Threads__Incident incident = THREADS__INCIDENT__INIT;
    create.title = (char *)"By incident";
    create.incident = &incident;
    incident.id = (char *)"INC-list";
    assert_int_equal(status_of(&writer, &analyst, "Create", &create.base), OK);
    Threads__ListRequest in = THREADS__LIST_REQUEST__INIT;
    in.incident_id = incident.id;
    struct fake_call *fake = list(&auditor, &in);
    assert_int_equal(list_of(fake)->n_results, 1);
    fake_free(fake);
    fake = list(&stranger, &in);
    assert_int_equal(list_of(fake)->n_results, 0);
    fake_free(fake);
    in = (Threads__ListRequest)THREADS__LIST_REQUEST__INIT;
    in.limit = 200;
    fake = list(&analyst, &in);
    for (size_t i = 0; i < list_of(fake)->n_results; i++) {
        assert_string_equal(list_of(fake)->results[i]->tenant_id, "acme_tests");
        assert_memory_not_equal(list_of(fake)->results[i]->id.data, foreign_thread.b, 16);
    }
    fake_free(fake);
}

static void test_unread_counts_others_words_after_my_mark(void **state)
{
    (void)state;
    struct uuid id = make_thread("Unread");
    say(&writer, &member, &id, "mine");
    int64_t seq = say(&writer, &analyst, &id, "theirs");
    say(&writer, &analyst, &id, "theirs too");
    Threads__GetRequest get = get_request(&id);
    struct fake_call *fake = fake_run(&reader, &member, "Get", &get.base);
    assert_int_equal(((Threads__Thread *)fake->reply)->unread, 2);
    fake_free(fake);

    Threads__ReadRequest read = THREADS__READ_REQUEST__INIT;
    read.thread_id = uuid_field(&id);
    read.seq = seq;
    fake = fake_run(&writer, &member, "Read", &read.base);
    assert_int_equal(((Threads__Receipt *)fake->reply)->seq, seq);
    assert_int_equal(fake->event_count, 1);
    assert_int_equal(fake->events[0]->read->seq, seq);
    fake_free(fake);
    read.seq = 1; /* never backwards */
    fake = fake_run(&writer, &member, "Read", &read.base);
    assert_int_equal(((Threads__Receipt *)fake->reply)->seq, seq);
    assert_int_equal(fake->event_count, 0);
    fake_free(fake);
    fake = fake_run(&reader, &member, "Get", &get.base);
    assert_int_equal(((Threads__Thread *)fake->reply)->unread, 1);
    assert_int_equal(((Threads__Thread *)fake->reply)->my_read_seq, seq);
    fake_free(fake);
    read.seq = 1000; /* nobody reads what is not there */
    fake = fake_run(&writer, &member, "Read", &read.base);
    assert_int_equal(((Threads__Receipt *)fake->reply)->seq, seq + 1);
    fake_free(fake);
    fake = fake_run(&reader, &analyst, "Receipts", &get.base);
    Threads__ReceiptsReply *receipts = (Threads__ReceiptsReply *)fake->reply;
    assert_int_equal(receipts->n_results, 2);
    for (size_t i = 0; i < 2; i++) {
        bool is_member = memcmp(receipts->results[i]->user_id.data, member.user.u.b, 16) == 0;
        assert_int_equal(receipts->results[i]->seq, is_member ? seq + 1 : 0);
    }
    fake_free(fake);
    read.seq = 0;
    assert_int_equal(status_of(&writer, &member, "Read", &read.base), STATUS_VALIDATION_FAILED);
}

static void test_history_reads_up_and_down_in_pages(void **state)
{
    (void)state;
    struct uuid id = make_thread("History");
    for (int64_t seq = 2; seq <= 10; seq++) {
        assert_int_equal(say(&writer, &member, &id, "line"), seq);
    }
    const struct {
        int64_t after, before;
        uint32_t limit;
        int64_t first, last;
        const char *next;
    } rows[] = {
        {0, 0, 4, 1, 4, "4"},   {4, 0, 4, 5, 8, "8"}, {8, 0, 4, 9, 10, ""},    {0, 0, 0, 1, 10, ""},
        {0, 11, 3, 8, 10, "8"}, {0, 8, 7, 1, 7, ""},  {0, 100, 2, 9, 10, "9"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fake_call *fake = history(&id, rows[i].after, rows[i].before, rows[i].limit);
        Threads__HistoryReply *page = page_of(fake);
        assert_int_equal(page->n_results, rows[i].last - rows[i].first + 1);
        for (size_t k = 0; k < page->n_results; k++) {
            assert_int_equal(page->results[k]->seq, rows[i].first + (int64_t)k);
        }
        assert_string_equal(page->next, rows[i].next);
        assert_int_equal(page->last_seq, 10);
        fake_free(fake);
    }
    struct fake_call *fake = history(&id, 10, 0, 0);
    assert_int_equal(page_of(fake)->n_results, 0);
    fake_free(fake);
    fake = history(&id, 0, 0, 2);
    assert_string_equal(page_of(fake)->results[0]->body, "Dana Reyes opened this thread");
    assert_string_equal(page_of(fake)->results[1]->body, "line");
    assert_string_equal(page_of(fake)->results[1]->author->name, "Sam Okoro");
    fake_free(fake);
}

static void test_history_stops_at_its_bound_of_bytes(void **state)
{
    (void)state;
    static char body[BODY_BYTES_MAX];
    struct uuid id = make_thread("Long");
    memset(body, 'x', sizeof body - 1);
    for (int i = 0; i < 60; i++) {
        say(&writer, &member, &id, body);
    }
    struct fake_call *fake = history(&id, 0, 0, 200);
    assert_in_range(page_of(fake)->n_results, 25, 35);
    assert_int_not_equal(page_of(fake)->next[0], '\0');
    fake_free(fake);
}

/* Whoever owns the database, without the keys. */
static void test_tampering_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *detail;
    } rows[] = {
        {"UPDATE message SET sealed = overlay(sealed PLACING '\\x00'::bytea FROM 40) "
         "WHERE thread_id = '%s' AND seq = 3",
         "the content of message 3 does not match its commitment"},
        {"UPDATE message SET commitment = sha256('x') WHERE thread_id = '%s' AND seq = 2",
         "the content of message 2 does not match its commitment"},
        {"UPDATE message SET sealed = NULL, author_id = gen_random_uuid() "
         "WHERE thread_id = '%s' AND seq = 2",
         "the root differs from the stored one"},
        {"UPDATE message SET time_us = 1 WHERE thread_id = '%s' AND seq = 3",
         "the time of message 3 goes back"},
        {"DELETE FROM message WHERE thread_id = '%s' AND seq = 3", "messages are missing after 3"},
        {"UPDATE thread_head SET root = sha256('x') WHERE thread_id = '%s'",
         "the root differs from the stored one"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct uuid id = make_thread("Tampered");
        char sql[512], text[UUID_TEXT_SIZE], detail[160];
        say(&writer, &member, &id, "two");
        say(&writer, &member, &id, "three");
        say(&writer, &member, &id, "four");
        assert_true(verified(&id, NULL));
        uuid_format(&id, text);
        /* Each text has one %s, for the thread. */
        const char *hole = strstr(rows[i].sql, "%s");
        snprintf(sql, sizeof sql, "%.*s%s%s", (int)(hole - rows[i].sql), rows[i].sql, text,
                 hole + 2);
        tamper(sql);
        assert_false(verified(&id, detail));
        if (strstr(rows[i].sql, "DELETE") == NULL) {
            assert_string_equal(detail, rows[i].detail);
        }
    }
}

static void test_forged_head_is_not_written_on(void **state)
{
    (void)state;
    struct uuid id = make_thread("Forged head");
    char sql[256], text[UUID_TEXT_SIZE];
    struct posting posting;
    uuid_format(&id, text);
    snprintf(sql, sizeof sql, "UPDATE thread_head SET root = sha256('x') WHERE thread_id = '%s'",
             text);
    tamper(sql);
    posting_init(&posting, &id, "on what?");
    assert_int_equal(status_of(&writer, &member, "Post", &posting.in.base), STATUS_CORRUPT);
}

int run_read_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list_is_newest_first_and_pages_without_gap),
        cmocka_unit_test(test_list_shows_members_only_their_own_and_filters),
        cmocka_unit_test(test_list_finds_an_incident_and_never_another_tenants),
        cmocka_unit_test(test_unread_counts_others_words_after_my_mark),
        cmocka_unit_test(test_history_reads_up_and_down_in_pages),
        cmocka_unit_test(test_history_stops_at_its_bound_of_bytes),
        cmocka_unit_test(test_tampering_is_found),
        cmocka_unit_test(test_forged_head_is_not_written_on),
    };
    return cmocka_run_group_tests_name("reads", tests, NULL, NULL);
}
