/* Acknowledgements, read marks, retries of a creation, and where threads end. */
#include "world.h"

#include "core/clock.h"
#include "evidence/leaf.h"

static Threads__AcknowledgeRequest acknowledgement(const struct uuid *thread, int64_t seq)
{
    Threads__AcknowledgeRequest in = THREADS__ACKNOWLEDGE_REQUEST__INIT;
    in.thread_id = uuid_field(thread);
    in.seq = seq;
    return in;
}

static Threads__PostReply *reply_of(const struct fake_call *fake)
{
    assert_int_equal(fake->status, OK);
    return (Threads__PostReply *)fake->reply;
}

static void test_acknowledgement_is_recorded_once_for_ever(void **state)
{
    (void)state;
    struct uuid thread = make_thread("Acknowledge");
    int64_t said = say(&writer, &analyst, &thread, "isolate the host");
    Threads__AcknowledgeRequest in = acknowledgement(&thread, said);
    struct fake_call *first = fake_run(&writer, &member, "Acknowledge", &in.base);
    Threads__Message *message = reply_of(first)->message;
    assert_false(reply_of(first)->repeated_post);
    assert_int_equal(message->kind, THREADS__KIND__KIND_ACKNOWLEDGEMENT);
    assert_int_equal(message->seq, said + 1);
    assert_int_equal(message->reply_to, said);
    assert_string_equal(message->body, "");
    assert_string_equal(message->author->name, "Sam Okoro");
    assert_int_equal(first->event_count, 1);
    assert_int_equal(first->events[0]->message->reply_to, said);
    /* One writer remembers it, the other does not. */
    struct fake_actor *const writers[] = {&writer, &second_writer};
    for (size_t i = 0; i < 2; i++) {
        struct fake_call *again = fake_run(writers[i], &member, "Acknowledge", &in.base);
        assert_true(reply_of(again)->repeated_post);
        assert_int_equal(reply_of(again)->message->seq, message->seq);
        assert_int_equal(reply_of(again)->message->reply_to, said);
        assert_memory_equal(reply_of(again)->message->hash.data, message->hash.data, SHA256_SIZE);
        assert_int_equal(again->event_count, 0);
        fake_free(again);
    }
    /* Another person's is another record. */
    struct fake_call *other = fake_run(&writer, &admin, "Acknowledge", &in.base);
    assert_int_equal(reply_of(other)->message->seq, said + 2);
    fake_free(other);
    fake_free(first);
    assert_true(verified(&thread, NULL));
}

static void test_only_what_somebody_said_can_be_acknowledged(void **state)
{
    (void)state;
    struct uuid thread = make_thread("Acknowledge what"), nowhere = uuid_new();
    int64_t said = say(&writer, &analyst, &thread, "text");
    Threads__AcknowledgeRequest first = acknowledgement(&thread, said);
    assert_int_equal(status_of(&writer, &member, "Acknowledge", &first.base), OK);
    const struct {
        const struct principal *who;
        const struct uuid *thread;
        int64_t seq;
        enum status expected;
    } rows[] = {
        {&member, &thread, 1, STATUS_CONFLICT},        /* the creation */
        {&member, &thread, said + 1, STATUS_CONFLICT}, /* an acknowledgement */
        {&member, &thread, said + 2, STATUS_NOT_FOUND},
        {&member, &thread, INT64_MAX, STATUS_NOT_FOUND},
        {&member, &thread, 0, STATUS_VALIDATION_FAILED},
        {&member, &thread, -1, STATUS_VALIDATION_FAILED},
        {&member, &nowhere, 1, STATUS_NOT_FOUND},
        {&member, &foreign_thread, 2, STATUS_NOT_FOUND},
        {&outsider, &thread, said, STATUS_NOT_FOUND},
        {&auditor, &thread, said, STATUS_FORBIDDEN},
        {&analyst, &thread, said, OK}, /* their own words */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Threads__AcknowledgeRequest in = acknowledgement(rows[i].thread, rows[i].seq);
        assert_int_equal(status_of(&writer, rows[i].who, "Acknowledge", &in.base),
                         rows[i].expected);
    }
    assert_true(verified(&thread, NULL));
}

static void test_correction_can_be_acknowledged_and_a_closed_thread_too(void **state)
{
    (void)state;
    struct uuid thread = make_thread("Closed and seen");
    char *fields[] = {(char *)"status"};
    struct posting posting;
    posting_init(&posting, &thread, "the host is B");
    posting.in.corrects = say(&writer, &analyst, &thread, "the host is A");
    assert_int_equal(status_of(&writer, &analyst, "Post", &posting.in.base), OK);
    Threads__PatchRequest patch = THREADS__PATCH_REQUEST__INIT;
    patch.thread_id = uuid_field(&thread);
    patch.n_set_fields = 1;
    patch.set_fields = fields;
    patch.status = THREADS__THREAD_STATUS__THREAD_STATUS_CLOSED;
    assert_int_equal(status_of(&writer, &analyst, "Patch", &patch.base), OK);
    Threads__AcknowledgeRequest in = acknowledgement(&thread, posting.in.corrects + 1);
    assert_int_equal(status_of(&writer, &member, "Acknowledge", &in.base), OK);
    assert_int_equal(status_of(&second_writer, &member, "Acknowledge", &in.base), OK);
    assert_true(verified(&thread, NULL));
}

static Threads__ReadRequest mark(const struct uuid *thread, int64_t seq)
{
    Threads__ReadRequest in = THREADS__READ_REQUEST__INIT;
    in.thread_id = uuid_field(thread);
    in.seq = seq;
    return in;
}

static void test_posts_marks_and_acknowledgements_share_a_batch(void **state)
{
    (void)state;
    struct uuid thread = make_thread("All at once"), other = make_thread("Beside it");
    int64_t said = say(&writer, &analyst, &thread, "one");
    struct posting posting;
    posting_init(&posting, &thread, "two");
    Threads__AcknowledgeRequest seen = acknowledgement(&thread, said);
    Threads__ReadRequest marks[] = {mark(&thread, 1), mark(&thread, 2), mark(&other, 1),
                                    mark(&thread, 1), mark(&thread, 0)};
    const ProtobufCMessage *in[] = {&marks[0].base, &posting.in.base, &marks[1].base,
                                    &seen.base,     &marks[2].base,   &marks[3].base,
                                    &marks[4].base, &marks[0].base};
    const struct principal *who[] = {&member, &member,  &member, &member,
                                     &member, &analyst, &member, &outsider};
    enum { COUNT = sizeof in / sizeof in[0] };
    struct fake_call *fakes[COUNT];
    assert_int_equal(fake_run_batch(&writer, who, in, COUNT, false, fakes), OK);
    assert_int_equal(reply_of(fakes[1])->message->seq, said + 1);
    assert_int_equal(reply_of(fakes[3])->message->seq, said + 2);
    /* Two marks of one person and thread are one move, told once; the lower asks for less. */
    const Threads__Receipt *low = (const Threads__Receipt *)fakes[0]->reply;
    const Threads__Receipt *high = (const Threads__Receipt *)fakes[2]->reply;
    assert_int_equal(low->seq, 2);
    assert_int_equal(high->seq, 2);
    assert_int_equal(fakes[0]->event_count + fakes[2]->event_count, 1);
    assert_int_equal(fakes[0]->events[0]->read->seq, 2);
    assert_int_equal(((const Threads__Receipt *)fakes[4]->reply)->seq, 1);
    assert_int_equal(fakes[4]->event_count, 1);
    assert_memory_equal(((const Threads__Receipt *)fakes[5]->reply)->user_id.data, analyst.user.u.b,
                        16);
    assert_int_equal(fakes[6]->status, STATUS_VALIDATION_FAILED);
    assert_int_equal(fakes[7]->status, STATUS_NOT_FOUND);
    assert_int_equal(fakes[7]->event_count, 0);
    for (size_t i = 0; i < COUNT; i++) {
        fake_free(fakes[i]);
    }
    assert_true(verified(&thread, NULL));
}

static void test_mark_never_goes_back_whichever_writer_moves_it(void **state)
{
    (void)state;
    struct uuid thread = make_thread("Marks");
    for (int i = 0; i < 5; i++) {
        say(&writer, &analyst, &thread, "line");
    }
    const struct {
        int64_t asked, expected;
        bool moves;
    } rows[] = {{3, 3, true}, {3, 3, false}, {2, 3, false}, {5, 5, true}, {99, 6, true}};
    int64_t at_us = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Threads__ReadRequest in = mark(&thread, rows[i].asked);
        struct fake_call *fake =
            fake_run(i % 2 == 0 ? &writer : &second_writer, &member, "Read", &in.base);
        const Threads__Receipt *receipt = (const Threads__Receipt *)fake->reply;
        assert_int_equal(receipt->seq, rows[i].expected);
        assert_int_equal(fake->event_count, rows[i].moves);
        /* The time is that of the move. */
        assert_true(rows[i].moves ? receipt->at_us > at_us : receipt->at_us == at_us);
        at_us = receipt->at_us;
        fake_free(fake);
    }
}

static void test_unread_is_what_others_said_and_not_their_receipts(void **state)
{
    (void)state;
    struct uuid thread = make_thread("Unread and seen");
    int64_t said = say(&writer, &member, &thread, "please look");
    Threads__AcknowledgeRequest seen = acknowledgement(&thread, said);
    assert_int_equal(status_of(&writer, &analyst, "Acknowledge", &seen.base), OK);
    say(&writer, &analyst, &thread, "looking");
    Threads__GetRequest get = get_request(&thread);
    struct fake_call *fake = fake_run(&reader, &member, "Get", &get.base);
    assert_int_equal(((Threads__Thread *)fake->reply)->unread, 1);
    fake_free(fake);
}

/* ---- creating */

static Threads__Thread *thread_of(const struct fake_call *fake)
{
    assert_int_equal(fake->status, OK);
    return (Threads__Thread *)fake->reply;
}

static void test_a_creation_is_retried_without_harm(void **state)
{
    (void)state;
    struct uuid client = uuid_new();
    Threads__CreateRequest in = THREADS__CREATE_REQUEST__INIT;
    in.title = (char *)"Once";
    in.severity = THREADS__SEVERITY__SEVERITY_LOW;
    in.client_id = uuid_field(&client);
    struct fake_call *first = fake_run(&writer, &member, "Create", &in.base);
    struct uuid id;
    memcpy(id.b, thread_of(first)->id.data, sizeof id.b);
    say(&writer, &member, &id, "and changed since");
    struct fake_call *again = fake_run(&second_writer, &member, "Create", &in.base);
    assert_memory_equal(thread_of(again)->id.data, id.b, 16);
    assert_int_equal(thread_of(again)->last_seq, 2);
    assert_int_equal(again->event_count, 0);
    /* Somebody else's thread of that client_id is another thread. */
    struct fake_call *other = fake_run(&writer, &admin, "Create", &in.base);
    assert_memory_not_equal(thread_of(other)->id.data, id.b, 16);
    in.title = (char *)"Twice";
    assert_int_equal(status_of(&writer, &member, "Create", &in.base), STATUS_CONFLICT);
    in.title = (char *)"Once";
    in.tlp = THREADS__TLP__TLP_RED;
    assert_int_equal(status_of(&writer, &member, "Create", &in.base), STATUS_CONFLICT);
    in.client_id.len = 15;
    assert_int_equal(status_of(&writer, &member, "Create", &in.base), STATUS_VALIDATION_FAILED);
    fake_free(first);
    fake_free(again);
    fake_free(other);
    assert_true(verified(&id, NULL));
}

/* ---- heads */

static struct fake_call *heads(const struct principal *who, const struct uuid *ids, size_t count,
                               int64_t since_us)
{
    static ProtobufCBinaryData fields[HEADS_IDS_MAX + 1];
    Threads__HeadsRequest in = THREADS__HEADS_REQUEST__INIT;
    for (size_t i = 0; i < count; i++) {
        fields[i] = uuid_field(&ids[i]);
    }
    in.n_thread_ids = count;
    in.thread_ids = fields;
    in.since_us = since_us;
    return fake_run(&reader, who, "Heads", &in.base);
}

static Threads__HeadsReply *heads_of(const struct fake_call *fake)
{
    assert_int_equal(fake->status, OK);
    return (Threads__HeadsReply *)fake->reply;
}

static void test_heads_of_named_threads_of_this_tenant_only(void **state)
{
    (void)state;
    struct uuid ids[] = {make_thread("Head"), foreign_thread, uuid_new()};
    say(&writer, &member, &ids[0], "second");
    struct fake_call *fake = heads(&analyst, ids, 3, 0);
    assert_int_equal(heads_of(fake)->n_results, 1);
    assert_int_equal(heads_of(fake)->results[0]->last_seq, 2);
    assert_int_equal(heads_of(fake)->results[0]->participant_ids.len, 0);
    fake_free(fake);
    fake = heads(&stranger, ids, 3, 0);
    assert_int_equal(heads_of(fake)->n_results, 1);
    assert_memory_equal(heads_of(fake)->results[0]->thread_id.data, foreign_thread.b, 16);
    fake_free(fake);
}

static void test_heads_since_page_by_time_with_who_takes_part(void **state)
{
    (void)state;
    struct principal busy = fake_person("heads_tests", "Bea Busy", ROLE_ANALYST);
    enum { COUNT = HEADS_ROWS_MAX + 5 };
    struct uuid last;
    for (size_t i = 0; i < COUNT; i++) {
        last = make_thread_by(&busy, "Many", NULL);
    }
    size_t seen = 0;
    int64_t since_us = 1;
    while (since_us > 0) {
        struct fake_call *fake = heads(&busy, NULL, 0, since_us);
        for (size_t i = 0; i < heads_of(fake)->n_results; i++) {
            const Threads__Head *head = heads_of(fake)->results[i];
            assert_int_equal(head->participant_ids.len, 16);
            assert_memory_equal(head->participant_ids.data, busy.user.u.b, 16);
            seen++;
        }
        since_us = heads_of(fake)->next_since_us;
        fake_free(fake);
    }
    assert_int_equal(seen, COUNT);
    (void)last;
}

static void test_heads_come_with_the_marks_that_moved_since(void **state)
{
    (void)state;
    struct uuid thread = make_thread("Marks since");
    say(&writer, &analyst, &thread, "line");
    Threads__HeadsRequest in = THREADS__HEADS_REQUEST__INIT;
    Threads__ReadRequest first = mark(&thread, 1), second = mark(&thread, 2);
    assert_int_equal(status_of(&writer, &member, "Read", &first.base), OK);
    in.since_us = clock_now_us();
    assert_int_equal(status_of(&writer, &analyst, "Read", &second.base), OK);
    struct fake_call *fake = fake_run(&reader, &analyst, "Heads", &in.base);
    assert_int_equal(heads_of(fake)->n_marks, 0); /* not asked for */
    fake_free(fake);
    in.with_marks = true;
    fake = fake_run(&reader, &analyst, "Heads", &in.base);
    assert_int_equal(heads_of(fake)->n_marks, 1);
    assert_int_equal(heads_of(fake)->marks[0]->seq, 2);
    assert_memory_equal(heads_of(fake)->marks[0]->user_id.data, analyst.user.u.b, 16);
    assert_memory_equal(heads_of(fake)->marks[0]->thread_id.data, thread.b, 16);
    fake_free(fake);
}

static void test_heads_are_asked_for_by_512_at_most(void **state)
{
    (void)state;
    static struct uuid ids[HEADS_IDS_MAX + 1];
    for (size_t i = 0; i <= HEADS_IDS_MAX; i++) {
        ids[i] = uuid_new();
    }
    struct fake_call *fake = heads(&analyst, ids, HEADS_IDS_MAX, 0);
    assert_int_equal(heads_of(fake)->n_results, 0);
    fake_free(fake);
    fake = heads(&analyst, ids, HEADS_IDS_MAX + 1, 0);
    assert_int_equal(fake->status, STATUS_VALIDATION_FAILED);
    fake_free(fake);
}

int run_receipt_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_acknowledgement_is_recorded_once_for_ever),
        cmocka_unit_test(test_only_what_somebody_said_can_be_acknowledged),
        cmocka_unit_test(test_correction_can_be_acknowledged_and_a_closed_thread_too),
        cmocka_unit_test(test_posts_marks_and_acknowledgements_share_a_batch),
        cmocka_unit_test(test_mark_never_goes_back_whichever_writer_moves_it),
        cmocka_unit_test(test_unread_is_what_others_said_and_not_their_receipts),
        cmocka_unit_test(test_a_creation_is_retried_without_harm),
        cmocka_unit_test(test_heads_of_named_threads_of_this_tenant_only),
        cmocka_unit_test(test_heads_since_page_by_time_with_who_takes_part),
        cmocka_unit_test(test_heads_come_with_the_marks_that_moved_since),
        cmocka_unit_test(test_heads_are_asked_for_by_512_at_most),
    };
    return cmocka_run_group_tests_name("receipts", tests, NULL, NULL);
}
