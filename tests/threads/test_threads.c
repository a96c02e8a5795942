/* Creating and changing threads, who takes part, and who must not see. Next: test_reads.c */
#include "world.h"

#include <stdio.h>

static Threads__Thread *thread_of(const struct fake_call *fake)
{
    if (fake->status != OK) {
        fail_msg("%s %s", fake->pointer, fake->detail);
    }
    return (Threads__Thread *)fake->reply;
}

static void test_new_thread_has_its_creator_and_leaf_one(void **state)
{
    (void)state;
    Threads__CreateRequest in = THREADS__CREATE_REQUEST__INIT;
    in.title = (char *)"Ransom note on FS-01";
    in.severity = THREADS__SEVERITY__SEVERITY_CRITICAL;
    in.tlp = THREADS__TLP__TLP_AMBER_STRICT;
    struct fake_call *fake = fake_run(&writer, &member, "Create", &in.base);
    Threads__Thread *thread = thread_of(fake);
    assert_string_equal(thread->title, in.title);
    assert_int_equal(thread->status, THREADS__THREAD_STATUS__THREAD_STATUS_OPEN);
    assert_int_equal(thread->tlp, in.tlp);
    assert_int_equal(thread->last_seq, 1);
    assert_int_equal(thread->n_participants, 1);
    assert_string_equal(thread->participants[0]->name, "Sam Okoro");
    assert_string_equal(thread->created_by->name, "Sam Okoro");
    assert_int_equal(fake->event_count, 2);
    assert_int_equal(fake->events[0]->thread->change, EVENTS__CHANGE__CHANGE_CREATED);
    assert_string_equal(fake->events[1]->message->body, "Sam Okoro opened this thread");
    assert_int_equal(fake->events[1]->message->kind, THREADS__KIND__KIND_SYSTEM);

    struct uuid id;
    memcpy(id.b, thread->id.data, sizeof id.b);
    Threads__GetRequest get = get_request(&id);
    struct fake_call *read = fake_run(&reader, &member, "Get", &get.base);
    assert_string_equal(thread_of(read)->title, in.title);
    assert_memory_equal(thread_of(read)->root_hash.data, thread->root_hash.data, SHA256_SIZE);
    fake_free(read);
    fake_free(fake);
    assert_true(verified(&id, NULL));
}

static void test_create_refuses_what_breaks_a_rule(void **state)
{
    (void)state;
    char long_title[TITLE_BYTES_MAX + 2];
    memset(long_title, 'x', sizeof long_title);
    long_title[TITLE_BYTES_MAX + 1] = '\0';
    Threads__CreateRequest in = THREADS__CREATE_REQUEST__INIT;
    assert_int_equal(status_of(&writer, &analyst, "Create", &in.base), STATUS_VALIDATION_FAILED);
    in.title = long_title;
    assert_int_equal(status_of(&writer, &analyst, "Create", &in.base), STATUS_VALIDATION_FAILED);
    long_title[TITLE_BYTES_MAX] = '\0';
    assert_int_equal(status_of(&writer, &analyst, "Create", &in.base), OK);
    in.severity = (Threads__Severity)9;
    assert_int_equal(status_of(&writer, &analyst, "Create", &in.base), STATUS_VALIDATION_FAILED);
}

static void test_members_do_not_invite(void **state)
{
    (void)state;
    Threads__CreateRequest in = THREADS__CREATE_REQUEST__INIT;
    Threads__Participant person = THREADS__PARTICIPANT__INIT, *people[] = {&person};
    ProtobufCBinaryData ids[] = {uuid_field(&outsider.user.u)};
    in.title = (char *)"With a friend";
    person.user_id = ids[0];
    person.name = (char *)"Lee Park";
    person.role = AUTH__ROLE__ROLE_MEMBER;
    in.n_participants_uuids = in.n_participants_filled = 1;
    in.participants_uuids = ids;
    in.participants_filled = people;
    assert_int_equal(status_of(&writer, &member, "Create", &in.base), STATUS_FORBIDDEN);
    assert_int_equal(status_of(&writer, &analyst, "Create", &in.base), OK);
}

static void test_same_incident_is_the_same_thread(void **state)
{
    (void)state;
    Threads__CreateRequest in = THREADS__CREATE_REQUEST__INIT;
    Threads__Incident incident = THREADS__INCIDENT__INIT;
    char *alerts[] = {(char *)"alert-1", (char *)"alert-2"};
    static const char metadata[] = "{\"device_id\":\"FS-01\",\"n\":[1,2]}";
    in.title = (char *)"From the SIEM";
    in.incident = &incident;
    incident.id = (char *)"INC-4711";
    incident.n_alert_ids = 2;
    incident.alert_ids = alerts;
    incident.metadata_json = field_of(metadata, strlen(metadata));
    struct fake_call *first = fake_run(&writer, &analyst, "Create", &in.base);
    struct fake_call *again = fake_run(&second_writer, &admin, "Create", &in.base);
    assert_memory_equal(thread_of(again)->id.data, thread_of(first)->id.data, 16);
    assert_string_equal(thread_of(again)->incident->id, "INC-4711");
    assert_int_equal(thread_of(again)->incident->n_alert_ids, 2);
    assert_memory_equal(thread_of(again)->incident->metadata_json.data, metadata, strlen(metadata));
    assert_int_equal(again->event_count, 0);
    assert_int_equal(status_of(&writer, &member, "Create", &in.base), STATUS_CONFLICT);
    /* Another tenant's incident of that id is another incident. */
    struct fake_call *foreign = fake_run(&writer, &stranger, "Create", &in.base);
    assert_memory_not_equal(thread_of(foreign)->id.data, thread_of(first)->id.data, 16);
    incident.metadata_json = field_of("[1]", 3);
    incident.id = (char *)"INC-4712";
    assert_int_equal(status_of(&writer, &analyst, "Create", &in.base), STATUS_VALIDATION_FAILED);
    fake_free(first);
    fake_free(again);
    fake_free(foreign);
}

static void test_patch_changes_and_records_what_differs(void **state)
{
    (void)state;
    struct uuid id = make_thread("Old title");
    char *fields[] = {(char *)"title", (char *)"status", (char *)"waiting_on", (char *)"severity"};
    Threads__PatchRequest in = THREADS__PATCH_REQUEST__INIT;
    in.thread_id = uuid_field(&id);
    in.n_set_fields = 4;
    in.set_fields = fields;
    in.title = (char *)"New title";
    in.status = THREADS__THREAD_STATUS__THREAD_STATUS_CLOSED;
    in.waiting_on = THREADS__WAITING_ON__WAITING_ON_CLIENT;
    in.severity = THREADS__SEVERITY__SEVERITY_HIGH; /* as it is */
    struct fake_call *fake = fake_run(&writer, &analyst, "Patch", &in.base);
    assert_string_equal(thread_of(fake)->title, "New title");
    assert_int_equal(thread_of(fake)->last_seq, 2);
    assert_int_equal(fake->event_count, 2);
    assert_string_equal(
        fake->events[0]->message->body,
        "Dana Reyes changed the title to New title, status to closed, waiting on to client");
    assert_int_equal(fake->events[1]->thread->change, EVENTS__CHANGE__CHANGE_UPDATED);
    assert_int_equal(fake->events[1]->thread->thread->n_participants, 2);
    fake_free(fake);
    fake = fake_run(&writer, &analyst, "Patch", &in.base); /* nothing differs any more */
    assert_int_equal(thread_of(fake)->last_seq, 2);
    assert_int_equal(fake->event_count, 0);
    fake_free(fake);
    in.status = THREADS__THREAD_STATUS__THREAD_STATUS_UNSPECIFIED;
    assert_int_equal(status_of(&writer, &analyst, "Patch", &in.base), STATUS_VALIDATION_FAILED);
    fields[0] = (char *)"held";
    assert_int_equal(status_of(&writer, &analyst, "Patch", &in.base), STATUS_VALIDATION_FAILED);
    assert_true(verified(&id, NULL));
}

static void test_adding_and_removing_a_participant_takes_effect_at_once(void **state)
{
    (void)state;
    struct uuid id = make_thread("People");
    Threads__GetRequest get = get_request(&id);
    Threads__AddParticipantRequest add = THREADS__ADD_PARTICIPANT_REQUEST__INIT;
    Threads__RemoveParticipantRequest removal = THREADS__REMOVE_PARTICIPANT_REQUEST__INIT;
    add.thread_id = removal.thread_id = uuid_field(&id);
    add.user_id = removal.user_id = uuid_field(&outsider.user.u);
    add.name_filled = (char *)"Lee Park";
    add.role_filled = AUTH__ROLE__ROLE_MEMBER;
    struct posting posting;
    posting_init(&posting, &id, "am I in?");

    for (int round = 0; round < 2; round++) {
        assert_int_equal(status_of(&reader, &outsider, "Get", &get.base), STATUS_NOT_FOUND);
        assert_int_equal(status_of(&second_writer, &outsider, "Post", &posting.in.base),
                         STATUS_NOT_FOUND);
        struct fake_call *fake = fake_run(&writer, &analyst, "AddParticipant", &add.base);
        assert_int_equal(fake->status, OK);
        assert_int_equal(((Threads__ParticipantsReply *)fake->reply)->n_results, 3);
        assert_string_equal(fake->events[0]->message->body, "Dana Reyes added Lee Park");
        fake_free(fake);
        /* Again: no change, no leaf. */
        fake = fake_run(&writer, &analyst, "AddParticipant", &add.base);
        assert_int_equal(fake->event_count, 0);
        fake_free(fake);
        assert_int_equal(status_of(&reader, &outsider, "Get", &get.base), OK);
        assert_int_equal(status_of(&second_writer, &outsider, "Post", &posting.in.base), OK);
        fake = fake_run(&writer, &admin, "RemoveParticipant", &removal.base);
        assert_int_equal(fake->status, OK);
        assert_string_equal(fake->events[0]->message->body, "Ada Admin removed Lee Park");
        assert_int_equal(fake->events[1]->thread->thread->n_participants, 2);
        fake_free(fake);
        assert_int_equal(status_of(&writer, &admin, "RemoveParticipant", &removal.base),
                         STATUS_NOT_FOUND);
        assert_int_equal(status_of(&writer, &outsider, "Post", &posting.in.base), STATUS_NOT_FOUND);
        posting_init(&posting, &id, "and now?");
    }
    assert_true(verified(&id, NULL));
}

/* Every call that names a thread, by everybody who must not know of it. */
static void test_what_one_may_not_see_does_not_exist(void **state)
{
    (void)state;
    struct uuid mine = make_thread("Private"), nowhere = uuid_new();
    const struct {
        const struct principal *who;
        const struct uuid *thread;
    } rows[] = {{&outsider, &mine}, {&stranger, &mine},  {&analyst, &foreign_thread},
                {&admin, &nowhere}, {&member, &nowhere}, {&auditor, &foreign_thread}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct principal *who = rows[i].who;
        Threads__GetRequest get = get_request(rows[i].thread);
        Threads__HistoryRequest history = THREADS__HISTORY_REQUEST__INIT;
        Threads__ReadRequest read = THREADS__READ_REQUEST__INIT;
        Threads__PatchRequest patch = THREADS__PATCH_REQUEST__INIT;
        struct posting posting;
        posting_init(&posting, rows[i].thread, "hello");
        history.thread_id = read.thread_id = patch.thread_id = get.thread_id;
        read.seq = 1;
        assert_int_equal(status_of(&reader, who, "Get", &get.base), STATUS_NOT_FOUND);
        assert_int_equal(status_of(&reader, who, "Participants", &get.base), STATUS_NOT_FOUND);
        assert_int_equal(status_of(&reader, who, "Receipts", &get.base), STATUS_NOT_FOUND);
        assert_int_equal(status_of(&reader, who, "Verify", &get.base), STATUS_NOT_FOUND);
        assert_int_equal(status_of(&reader, who, "History", &history.base), STATUS_NOT_FOUND);
        assert_int_equal(status_of(&writer, who, "Read", &read.base), STATUS_NOT_FOUND);
        assert_int_equal(status_of(&writer, who, "Patch", &patch.base), STATUS_NOT_FOUND);
        assert_int_equal(status_of(&writer, who, "Post", &posting.in.base), STATUS_NOT_FOUND);
    }
}

static void test_auditor_sees_but_does_not_speak(void **state)
{
    (void)state;
    struct uuid id = make_thread("Audited");
    Threads__GetRequest get = get_request(&id);
    struct posting posting;
    posting_init(&posting, &id, "I object");
    assert_int_equal(status_of(&reader, &auditor, "Get", &get.base), OK);
    assert_int_equal(status_of(&writer, &auditor, "Post", &posting.in.base), STATUS_FORBIDDEN);
}

int run_thread_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_thread_has_its_creator_and_leaf_one),
        cmocka_unit_test(test_create_refuses_what_breaks_a_rule),
        cmocka_unit_test(test_members_do_not_invite),
        cmocka_unit_test(test_same_incident_is_the_same_thread),
        cmocka_unit_test(test_patch_changes_and_records_what_differs),
        cmocka_unit_test(test_adding_and_removing_a_participant_takes_effect_at_once),
        cmocka_unit_test(test_what_one_may_not_see_does_not_exist),
        cmocka_unit_test(test_auditor_sees_but_does_not_speak),
    };
    return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
