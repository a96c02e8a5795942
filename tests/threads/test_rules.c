/* Tables of cases for services/threads/rules.c: both sides of every bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "core/limits.h"
#include "threads/rules.h"

static const struct tenant_id acme = {"acme"};
static uint8_t id_bytes[16] = {1}, other_bytes[16] = {2}, zero_bytes[16];
static const ProtobufCBinaryData id = {16, id_bytes}, other = {16, other_bytes},
                                 zero = {16, zero_bytes}, short_id = {15, id_bytes};

static void test_roles_see_what_the_table_says(void **state)
{
    (void)state;
    static const struct {
        enum role role;
        bool takes_part, sees;
        enum status open, closed;
    } rows[] = {
        {ROLE_MEMBER, true, true, OK, STATUS_CONFLICT},
        {ROLE_MEMBER, false, false, STATUS_NOT_FOUND, STATUS_NOT_FOUND},
        {ROLE_ANALYST, false, true, OK, STATUS_CONFLICT},
        {ROLE_ADMIN, false, true, OK, STATUS_CONFLICT},
        {ROLE_AUDITOR, false, true, STATUS_FORBIDDEN, STATUS_FORBIDDEN},
        {ROLE_AUDITOR, true, true, STATUS_FORBIDDEN, STATUS_FORBIDDEN},
        {ROLE_OPERATOR, true, false, STATUS_NOT_FOUND, STATUS_NOT_FOUND},
        {ROLE_NONE, true, false, STATUS_NOT_FOUND, STATUS_NOT_FOUND},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(rules_may_see(rows[i].role, rows[i].takes_part), rows[i].sees);
        assert_int_equal(rules_may_post(rows[i].role, rows[i].takes_part,
                                        THREADS__THREAD_STATUS__THREAD_STATUS_OPEN),
                         rows[i].open);
        assert_int_equal(rules_may_post(rows[i].role, rows[i].takes_part,
                                        THREADS__THREAD_STATUS__THREAD_STATUS_CLOSED),
                         rows[i].closed);
    }
}

static Threads__PostRequest good_post(void)
{
    Threads__PostRequest in = THREADS__POST_REQUEST__INIT;
    in.thread_id = id;
    in.client_id = other;
    in.body = (char *)"hello";
    return in;
}

static void expect_post(const Threads__PostRequest *in, const char *pointer)
{
    struct rule_break broken = {NULL, NULL};
    assert_int_equal(rules_check_post(in, &acme, &broken), pointer == NULL);
    if (pointer != NULL) {
        assert_string_equal(broken.pointer, pointer);
    }
}

static void test_post_fields_have_bounds(void **state)
{
    (void)state;
    static char body[BODY_BYTES_MAX + 2];
    Threads__PostRequest in = good_post();
    expect_post(&in, NULL);
    in.thread_id = short_id;
    expect_post(&in, "/thread_id");
    in = good_post();
    in.client_id = zero;
    expect_post(&in, "/client_id");
    in = good_post();
    in.body = body;
    expect_post(&in, "/body");
    memset(body, ' ', 10);
    expect_post(&in, "/body");
    memset(body, 'x', BODY_BYTES_MAX);
    expect_post(&in, NULL);
    body[BODY_BYTES_MAX] = 'x';
    expect_post(&in, "/body");
    in = good_post();
    in.reply_to = -1;
    expect_post(&in, "/reply_to");
    in = good_post();
    in.corrects = -1;
    expect_post(&in, "/corrects");
}

static void test_attachments_are_those_that_were_named(void **state)
{
    (void)state;
    static uint8_t sha256[32];
    Threads__Attachment file = THREADS__ATTACHMENT__INIT, *files[ATTACHMENTS_MAX + 1];
    ProtobufCBinaryData ids[ATTACHMENTS_MAX + 1];
    file.id = id;
    file.tenant_id = (char *)"acme";
    file.sha256 = (ProtobufCBinaryData){32, sha256};
    for (size_t i = 0; i <= ATTACHMENTS_MAX; i++) {
        files[i] = &file;
        ids[i] = id;
    }
    Threads__PostRequest in = good_post();
    in.body = (char *)"";
    in.attachments_uuids = ids;
    in.attachments_filled = files;
    in.n_attachments_uuids = in.n_attachments_filled = ATTACHMENTS_MAX;
    expect_post(&in, NULL);
    in.n_attachments_uuids = in.n_attachments_filled = ATTACHMENTS_MAX + 1;
    expect_post(&in, "/attachments");
    in.n_attachments_uuids = 2;
    in.n_attachments_filled = 1;
    expect_post(&in, "/attachments");
    in.n_attachments_filled = 2;
    ids[1] = other;
    expect_post(&in, "/attachments");
    ids[1] = id;
    file.tenant_id = (char *)"globex";
    expect_post(&in, "/attachments");
    file.tenant_id = (char *)"acme";
    file.sha256.len = 31;
    expect_post(&in, "/attachments");
}

static void test_only_known_fields_are_patched(void **state)
{
    (void)state;
    char *names[] = {(char *)"title", (char *)"tlp"};
    unsigned fields;
    struct rule_break broken;
    Threads__PatchRequest in = THREADS__PATCH_REQUEST__INIT;
    in.thread_id = id;
    in.title = (char *)"New";
    in.tlp = THREADS__TLP__TLP_RED;
    in.n_set_fields = 2;
    in.set_fields = names;
    assert_true(rules_patch_fields(&in, &fields));
    assert_int_equal(fields, PATCH_TITLE | PATCH_TLP);
    assert_true(rules_check_patch(&in, &broken));
    in.tlp = THREADS__TLP__TLP_UNSPECIFIED;
    assert_false(rules_check_patch(&in, &broken));
    assert_string_equal(broken.pointer, "/tlp");
    names[1] = (char *)"held";
    assert_false(rules_patch_fields(&in, &fields));
    assert_false(rules_check_patch(&in, &broken));
    names[1] = (char *)"waiting_on"; /* null: nobody */
    assert_true(rules_check_patch(&in, &broken));
}

static void test_limits_and_directions_of_reading(void **state)
{
    (void)state;
    unsigned limit;
    struct rule_break broken;
    assert_true(rules_limit(0, &limit));
    assert_int_equal(limit, LIST_ROWS_DEFAULT);
    assert_true(rules_limit(LIST_ROWS_MAX, &limit));
    assert_false(rules_limit(LIST_ROWS_MAX + 1, &limit));
    Threads__HistoryRequest in = THREADS__HISTORY_REQUEST__INIT;
    in.thread_id = id;
    assert_true(rules_check_history(&in, &broken));
    in.after_seq = in.before_seq = 5;
    assert_false(rules_check_history(&in, &broken));
    in.after_seq = 0;
    assert_true(rules_check_history(&in, &broken));
    in.before_seq = -1;
    assert_false(rules_check_history(&in, &broken));
}

static void test_only_own_words_are_corrected(void **state)
{
    (void)state;
    for (int kind = 0; kind <= THREADS__KIND__KIND_SYSTEM; kind++) {
        bool words = kind == THREADS__KIND__KIND_TEXT || kind == THREADS__KIND__KIND_CORRECTION;
        assert_int_equal(rules_may_correct(kind, true), words);
        assert_false(rules_may_correct(kind, false));
    }
}

static void test_only_what_people_say_is_acknowledged(void **state)
{
    (void)state;
    const int kinds[] = {THREADS__KIND__KIND_TEXT, THREADS__KIND__KIND_QUESTION,
                         THREADS__KIND__KIND_ANSWER, THREADS__KIND__KIND_CORRECTION};
    unsigned said = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        said |= 1u << kinds[i];
    }
    for (int kind = 0; kind <= THREADS__KIND__KIND_SYSTEM; kind++) {
        assert_int_equal(rules_is_acknowledgeable(kind), said >> kind & 1);
    }
}

/* Computed by another program from the definition in rules.h: they must never change. */
static void test_derived_ids_are_those_of_their_definition(void **state)
{
    (void)state;
    struct uuid low, high, made;
    char text[UUID_TEXT_SIZE];
    for (uint8_t i = 0; i < 16; i++) {
        low.b[i] = i;
        high.b[i] = (uint8_t)(16 + i);
    }
    made = rules_acknowledgement_id(&low, &high, 258);
    uuid_format(&made, text);
    assert_string_equal(text, "9636e3f1-f8a6-8f11-81f4-f28ea5f63419");
    made = rules_thread_id(&high, &low);
    uuid_format(&made, text);
    assert_string_equal(text, "02813ce2-d903-8611-93c5-46a28ae5e4d8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roles_see_what_the_table_says),
        cmocka_unit_test(test_post_fields_have_bounds),
        cmocka_unit_test(test_attachments_are_those_that_were_named),
        cmocka_unit_test(test_only_known_fields_are_patched),
        cmocka_unit_test(test_limits_and_directions_of_reading),
        cmocka_unit_test(test_only_own_words_are_corrected),
        cmocka_unit_test(test_only_what_people_say_is_acknowledged),
        cmocka_unit_test(test_derived_ids_are_those_of_their_definition),
    };
    return cmocka_run_group_tests_name("threads rules", tests, NULL, NULL);
}
