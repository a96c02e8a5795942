/* Posting: order, repeats, batches, two writers, rollbacks. Next: test_threads.c */
#include "world.h"

#include <stdio.h>

#include "core/clock.h"

static Threads__PostReply *reply_of(const struct fake_call *fake)
{
    assert_int_equal(fake->status, OK);
    return (Threads__PostReply *)fake->reply;
}

static enum status post(const struct principal *who, const struct posting *posting)
{
    return status_of(&writer, who, "Post", &posting->in.base);
}

static void test_post_takes_the_next_seq_and_is_published(void **state)
{
    (void)state;
    struct uuid thread = make_thread("Beaconing host");
    struct posting posting;
    posting_init(&posting, &thread, "gr\xc3\xbc\xc3\x9f \"dich\"\n\x01");
    struct fake_call *fake = fake_run(&writer, &member, "Post", &posting.in.base);
    Threads__PostReply *reply = reply_of(fake);
    assert_int_equal(reply->message->seq, 2); /* 1 is the creation */
    assert_int_equal(reply->message->kind, THREADS__KIND__KIND_TEXT);
    assert_string_equal(reply->message->author->name, "Sam Okoro");
    assert_int_equal(reply->message->hash.len, SHA256_SIZE);
    assert_false(reply->repeated_post);
    assert_int_equal(fake->event_count, 1);
    assert_int_equal(fake->events[0]->of_case, EVENTS__EVENT__OF_MESSAGE);
    assert_string_equal(fake->events[0]->message->body, posting.in.body);
    fake_free(fake);
    assert_int_equal(say(&writer, &analyst, &thread, "thanks"), 3);
    assert_true(verified(&thread, NULL));
}

static void test_repeat_is_the_same_message_and_other_content_a_conflict(void **state)
{
    (void)state;
    struct uuid thread = make_thread("Repeats");
    struct posting posting;
    posting_init(&posting, &thread, "once");
    struct fake_call *first = fake_run(&writer, &member, "Post", &posting.in.base);
    /* The same writer remembers; the second does not and is told by the INSERT. */
    struct fake_actor *const writers[] = {&writer, &second_writer};
    for (size_t i = 0; i < 2; i++) {
        struct fake_call *again = fake_run(writers[i], &member, "Post", &posting.in.base);
        assert_true(reply_of(again)->repeated_post);
        assert_int_equal(reply_of(again)->message->seq, reply_of(first)->message->seq);
        assert_memory_equal(reply_of(again)->message->hash.data,
                            reply_of(first)->message->hash.data, SHA256_SIZE);
        assert_string_equal(reply_of(again)->message->body, "once");
        assert_int_equal(again->event_count, 0);
        fake_free(again);
    }
    posting.in.body = (char *)"twice";
    assert_int_equal(post(&member, &posting), STATUS_CONFLICT);
    assert_int_equal(status_of(&second_writer, &member, "Post", &posting.in.base), STATUS_CONFLICT);
    /* Somebody else's post of that client_id is another post. */
    assert_int_equal(post(&analyst, &posting), OK);
    assert_int_equal(say(&writer, &member, &thread, "next"), 4);
    assert_true(verified(&thread, NULL));
    fake_free(first);
}

static void test_batch_of_many_threads_keeps_each_in_order(void **state)
{
    (void)state;
    enum { THREADS = 8, COUNT = 200 };
    static struct posting postings[COUNT];
    struct uuid threads[THREADS];
    const struct principal *who[COUNT];
    const Threads__PostRequest *in[COUNT];
    struct fake_call *fakes[COUNT];
    for (size_t i = 0; i < THREADS; i++) {
        threads[i] = make_thread("Busy");
    }
    for (size_t i = 0; i < COUNT; i++) {
        posting_init(&postings[i], &threads[i % THREADS], "one of many");
        who[i] = i % 2 == 0 ? &member : &analyst;
        in[i] = &postings[i].in;
    }
    assert_int_equal(fake_run_posts(&writer, who, in, COUNT, fakes), OK);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(reply_of(fakes[i])->message->seq, 2 + i / THREADS);
        fake_free(fakes[i]);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_true(verified(&threads[i], NULL));
    }
}

static void test_bad_posts_of_a_batch_fail_alone(void **state)
{
    (void)state;
    enum { COUNT = 6 };
    struct posting postings[COUNT];
    struct uuid thread = make_thread("Mixed"), nowhere = uuid_new();
    const Threads__PostRequest *in[COUNT];
    struct fake_call *fakes[COUNT];
    const struct principal *who[COUNT] = {&member, &outsider, &member, &member, &member, &member};
    for (size_t i = 0; i < COUNT; i++) {
        posting_init(&postings[i], &thread, "fine");
        in[i] = &postings[i].in;
    }
    postings[2].in.thread_id = uuid_field(&nowhere);
    postings[3].in.thread_id = uuid_field(&foreign_thread);
    postings[4].in.body = (char *)" \n";
    assert_int_equal(fake_run_posts(&writer, who, in, COUNT, fakes), OK);
    const enum status expected[COUNT] = {
        OK, STATUS_NOT_FOUND, STATUS_NOT_FOUND, STATUS_NOT_FOUND, STATUS_VALIDATION_FAILED, OK};
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(fakes[i]->status, expected[i]);
    }
    assert_string_equal(fakes[4]->pointer, "/body");
    assert_int_equal(reply_of(fakes[5])->message->seq, 3);
    for (size_t i = 0; i < COUNT; i++) {
        fake_free(fakes[i]);
    }
    assert_true(verified(&thread, NULL));
}

static void test_twins_in_one_batch_are_one_message(void **state)
{
    (void)state;
    struct uuid thread = make_thread("Twins");
    struct posting posting, other;
    posting_init(&posting, &thread, "said");
    other = posting;
    other.in.client_id = uuid_field(&posting.client);
    other.in.body = (char *)"said otherwise";
    const struct principal *who[] = {&member, &member, &member};
    const Threads__PostRequest *in[] = {&posting.in, &posting.in, &other.in};
    struct fake_call *fakes[3];
    assert_int_equal(fake_run_posts(&writer, who, in, 3, fakes), OK);
    assert_false(reply_of(fakes[0])->repeated_post);
    assert_true(reply_of(fakes[1])->repeated_post);
    assert_int_equal(reply_of(fakes[1])->message->seq, reply_of(fakes[0])->message->seq);
    assert_int_equal(fakes[2]->status, STATUS_CONFLICT);
    assert_int_equal(fakes[1]->event_count, 0);
    for (size_t i = 0; i < 3; i++) {
        fake_free(fakes[i]);
    }
    assert_int_equal(say(&writer, &member, &thread, "next"), 3);
}

static void test_unknown_repeat_among_many_costs_the_batch_a_second_try(void **state)
{
    (void)state;
    struct uuid thread = make_thread("Replay");
    struct posting old, fresh;
    posting_init(&old, &thread, "old");
    posting_init(&fresh, &thread, "fresh");
    assert_int_equal(post(&member, &old), OK);
    const struct principal *who[] = {&member, &member};
    const Threads__PostRequest *in[] = {&fresh.in, &old.in};
    struct fake_call *fakes[2];
    /* The second writer has not seen `old`: it must not guess which of the two was there. */
    assert_int_equal(fake_run_posts(&second_writer, who, in, 2, fakes), STATUS_CONFLICT);
    fake_free(fakes[0]);
    fake_free(fakes[1]);
    /* The second time it looks before it writes. */
    const ProtobufCMessage *messages[] = {&fresh.in.base, &old.in.base};
    assert_int_equal(fake_run_batch(&second_writer, who, messages, 2, true, fakes), OK);
    assert_false(reply_of(fakes[0])->repeated_post);
    assert_true(reply_of(fakes[1])->repeated_post);
    assert_int_equal(reply_of(fakes[0])->message->seq, 3);
    fake_free(fakes[0]);
    fake_free(fakes[1]);
    /* And remembers: both are repeats of a first try. */
    assert_int_equal(fake_run_posts(&second_writer, who, in, 2, fakes), OK);
    assert_int_equal(reply_of(fakes[0])->message->seq, 3);
    assert_true(reply_of(fakes[0])->repeated_post);
    fake_free(fakes[0]);
    fake_free(fakes[1]);
    assert_int_equal(say(&writer, &member, &thread, "next"), 4);
    assert_true(verified(&thread, NULL));
}

/* What the runtime replays has one try: it must not be lost to another writer in between. */
static void test_replayed_posts_do_not_meet_another_writer(void **state)
{
    (void)state;
    struct uuid thread = make_thread("Replay between");
    say(&second_writer, &member, &thread, "in memory");
    for (int i = 0; i < 3; i++) {
        struct posting posting;
        const struct principal *who = &member;
        const ProtobufCMessage *in = &posting.in.base;
        struct fake_call *fake;
        say(&writer, &member, &thread, "between");
        posting_init(&posting, &thread, "replayed");
        assert_int_equal(fake_run_batch(&second_writer, &who, &in, 1, true, &fake), OK);
        assert_int_equal(reply_of(fake)->message->seq, 4 + 2 * i);
        fake_free(fake);
    }
    assert_true(verified(&thread, NULL));
}

static void test_two_writers_share_a_thread(void **state)
{
    (void)state;
    struct uuid thread = make_thread("Two replicas");
    for (int64_t seq = 2; seq < 12; seq++) {
        assert_int_equal(say(seq % 3 == 0 ? &second_writer : &writer, &member, &thread, "mine"),
                         seq);
    }
    assert_true(verified(&thread, NULL));
}

static void test_rolled_back_post_leaves_no_trace(void **state)
{
    (void)state;
    struct uuid thread = make_thread("Rollback");
    struct posting lost;
    for (int told = 0; told < 2; told++) {
        int64_t next = say(&writer, &member, &thread, "kept") + 1;
        posting_init(&lost, &thread, "lost");
        fake_roll_back_next(told != 0);
        struct fake_call *fake = fake_run(&writer, &member, "Post", &lost.in.base);
        assert_int_equal(reply_of(fake)->message->seq, next);
        fake_free(fake);
        /* Another writer takes the seq that the lost one had; only the root tells them apart. */
        assert_int_equal(say(&second_writer, &member, &thread, "instead"), next);
        assert_int_equal(say(&writer, &member, &thread, "after"), next + 1);
        /* What was rolled back can be said again. */
        assert_int_equal(post(&member, &lost), OK);
    }
    assert_true(verified(&thread, NULL));
}

static void test_closed_thread_refuses_posts_until_it_is_open(void **state)
{
    (void)state;
    struct uuid thread = make_thread("Door");
    char *fields[] = {(char *)"status"};
    Threads__PatchRequest patch = THREADS__PATCH_REQUEST__INIT;
    patch.thread_id = uuid_field(&thread);
    patch.n_set_fields = 1;
    patch.set_fields = fields;
    say(&second_writer, &member, &thread, "before"); /* both have it in memory */
    patch.status = THREADS__THREAD_STATUS__THREAD_STATUS_CLOSED;
    assert_int_equal(status_of(&writer, &analyst, "Patch", &patch.base), OK);
    struct posting posting;
    posting_init(&posting, &thread, "hello?");
    assert_int_equal(post(&member, &posting), STATUS_CONFLICT);
    assert_int_equal(status_of(&second_writer, &admin, "Post", &posting.in.base), STATUS_CONFLICT);
    patch.status = THREADS__THREAD_STATUS__THREAD_STATUS_OPEN;
    assert_int_equal(status_of(&writer, &analyst, "Patch", &patch.base), OK);
    assert_int_equal(status_of(&second_writer, &member, "Post", &posting.in.base), OK);
    assert_true(verified(&thread, NULL));
}

/* Who did not hear the answer asks again, and must hear that the words stand. */
static void test_repeat_to_a_closed_thread_is_the_same_message(void **state)
{
    (void)state;
    struct uuid thread = make_thread("Shut");
    struct posting posting, fresh;
    posting_init(&posting, &thread, "just in time");
    posting_init(&fresh, &thread, "too late");
    assert_int_equal(post(&member, &posting), OK);
    char *fields[] = {(char *)"status"};
    Threads__PatchRequest patch = THREADS__PATCH_REQUEST__INIT;
    patch.thread_id = uuid_field(&thread);
    patch.n_set_fields = 1;
    patch.set_fields = fields;
    patch.status = THREADS__THREAD_STATUS__THREAD_STATUS_CLOSED;
    assert_int_equal(status_of(&writer, &analyst, "Patch", &patch.base), OK);
    struct fake_actor *const writers[] = {&writer, &second_writer};
    const struct principal *who[] = {&member, &member, &member};
    const Threads__PostRequest *in[] = {&posting.in, &fresh.in, &posting.in};
    for (size_t i = 0; i < 2; i++) {
        struct fake_call *fakes[3];
        assert_int_equal(fake_run_posts(writers[i], who, in, 3, fakes), OK);
        assert_true(reply_of(fakes[0])->repeated_post && reply_of(fakes[2])->repeated_post);
        assert_int_equal(reply_of(fakes[0])->message->seq, 2);
        assert_int_equal(fakes[1]->status, STATUS_CONFLICT);
        for (size_t k = 0; k < 3; k++) {
            fake_free(fakes[k]);
        }
    }
    posting.in.body = (char *)"other words";
    assert_int_equal(post(&member, &posting), STATUS_CONFLICT);
    posting.in.body = (char *)"just in time";
    assert_int_equal(post(&outsider, &posting), STATUS_NOT_FOUND);
    assert_true(verified(&thread, NULL));
}

static void test_replies_and_corrections_point_at_what_is_there(void **state)
{
    (void)state;
    struct uuid thread = make_thread("Corrections");
    int64_t mine = say(&writer, &member, &thread, "the host is A");
    int64_t theirs = say(&writer, &analyst, &thread, "is it?");
    const struct {
        int64_t reply_to, corrects;
        enum status expected;
    } rows[] = {
        {theirs, 0, OK},
        {theirs + 10, 0, STATUS_VALIDATION_FAILED},
        {-1, 0, STATUS_VALIDATION_FAILED},
        {0, mine, OK},
        {0, theirs, STATUS_VALIDATION_FAILED},
        {0, 1, STATUS_VALIDATION_FAILED}, /* the creation, by the system */
        {0, theirs + 10, STATUS_VALIDATION_FAILED},
        {0, -1, STATUS_VALIDATION_FAILED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct posting posting;
        posting_init(&posting, &thread, "the host is B");
        posting.in.reply_to = rows[i].reply_to;
        posting.in.corrects = rows[i].corrects;
        assert_int_equal(post(&member, &posting), rows[i].expected);
    }
    assert_true(verified(&thread, NULL));
}

static void test_attachments_must_be_whole_and_of_this_tenant(void **state)
{
    (void)state;
    struct uuid thread = make_thread("Files"), file_id = uuid_new();
    uint8_t sha256[SHA256_SIZE] = {7};
    Threads__Attachment file = THREADS__ATTACHMENT__INIT, *files[] = {&file};
    ProtobufCBinaryData ids[] = {uuid_field(&file_id)};
    struct posting posting;
    posting_init(&posting, &thread, "");
    file.id = ids[0];
    file.tenant_id = (char *)"acme_tests";
    file.name = (char *)"dump \"1\".pcap";
    file.media_type = (char *)"application/octet-stream";
    file.size = 1234567890123;
    file.sha256 = field_of(sha256, sizeof sha256);
    posting.in.n_attachments_uuids = 1;
    posting.in.attachments_uuids = ids;
    assert_int_equal(post(&member, &posting), STATUS_VALIDATION_FAILED);
    posting.in.n_attachments_filled = 1;
    posting.in.attachments_filled = files;
    file.tenant_id = (char *)"globex_tests";
    assert_int_equal(post(&member, &posting), STATUS_VALIDATION_FAILED);
    file.tenant_id = (char *)"acme_tests";
    assert_int_equal(post(&member, &posting), OK);
    struct fake_call *again = fake_run(&second_writer, &member, "Post", &posting.in.base);
    Threads__Message *message = reply_of(again)->message;
    assert_int_equal(message->n_attachments, 1);
    assert_string_equal(message->attachments[0]->name, file.name);
    assert_int_equal(message->attachments[0]->size, file.size);
    assert_memory_equal(message->attachments[0]->sha256.data, sha256, sizeof sha256);
    assert_string_equal(message->attachments[0]->tenant_id, "acme_tests");
    fake_free(again);
}

static void test_time_never_goes_back_within_a_thread(void **state)
{
    (void)state;
    struct uuid thread = make_thread("Clock");
    struct posting posting;
    say(&writer, &member, &thread, "now");
    clock_set_offset_us(-3600 * 1000000LL);
    posting_init(&posting, &thread, "an hour ago");
    struct fake_call *fake = fake_run(&writer, &member, "Post", &posting.in.base);
    clock_set_offset_us(0);
    assert_true(clock_now_us() - reply_of(fake)->message->created_at_us < 60 * 1000000LL);
    fake_free(fake);
    assert_true(verified(&thread, NULL));
}

static void test_bodies_are_bounded(void **state)
{
    (void)state;
    static char body[BODY_BYTES_MAX + 2];
    struct uuid thread = make_thread("Sizes");
    struct posting posting;
    memset(body, 1, BODY_BYTES_MAX); /* each becomes six bytes of JSON */
    posting_init(&posting, &thread, body);
    assert_int_equal(post(&member, &posting), OK);
    body[BODY_BYTES_MAX] = 'x';
    posting_init(&posting, &thread, body);
    assert_int_equal(post(&member, &posting), STATUS_VALIDATION_FAILED);
    assert_true(verified(&thread, NULL));
}

int run_post_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_post_takes_the_next_seq_and_is_published),
        cmocka_unit_test(test_repeat_is_the_same_message_and_other_content_a_conflict),
        cmocka_unit_test(test_batch_of_many_threads_keeps_each_in_order),
        cmocka_unit_test(test_bad_posts_of_a_batch_fail_alone),
        cmocka_unit_test(test_twins_in_one_batch_are_one_message),
        cmocka_unit_test(test_unknown_repeat_among_many_costs_the_batch_a_second_try),
        cmocka_unit_test(test_replayed_posts_do_not_meet_another_writer),
        cmocka_unit_test(test_two_writers_share_a_thread),
        cmocka_unit_test(test_rolled_back_post_leaves_no_trace),
        cmocka_unit_test(test_closed_thread_refuses_posts_until_it_is_open),
        cmocka_unit_test(test_repeat_to_a_closed_thread_is_the_same_message),
        cmocka_unit_test(test_replies_and_corrections_point_at_what_is_there),
        cmocka_unit_test(test_attachments_must_be_whole_and_of_this_tenant),
        cmocka_unit_test(test_time_never_goes_back_within_a_thread),
        cmocka_unit_test(test_bodies_are_bounded),
    };
    return cmocka_run_group_tests_name("posts", tests, NULL, NULL);
}
