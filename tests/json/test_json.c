/* lib/json in both directions, on the messages of the real contracts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "auth.pb-c.h"
#include "core/limits.h"
#include "json/json.h"
#include "socket.pb-c.h"
#include "threads.pb-c.h"

static struct arena *arena;
static struct json_error error;

static int setup(void **state)
{
    (void)state;
    arena = arena_new(1024 * 1024);
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static enum status decode(const char *text, const ProtobufCMessageDescriptor *descriptor, void *ret)
{
    return json_to_message(bytes_text(text), &json_limits_default, descriptor, arena, ret, &error);
}

static void assert_encodes(const ProtobufCMessage *message, const char *expected)
{
    struct buf out = {0};
    json_from_message(message, &out);
    buf_u8(&out, 0);
    assert_string_equal((const char *)out.data, expected);
    buf_fini(&out);
}

static void test_a_message_prints_names_ids_times_and_hashes(void **state)
{
    (void)state;
    uint8_t id[16] = {0x01, 0x93, 0xab}, hash[2] = {0xbe, 0xef};
    Threads__Author author = THREADS__AUTHOR__INIT;
    author.id = (ProtobufCBinaryData){16, id};
    author.name = (char[]){"Dana \"D\" Reyes\n"};
    author.role = AUTH__ROLE__ROLE_ANALYST;
    Threads__Message message = THREADS__MESSAGE__INIT;
    message.tenant_id = (char[]){"acme"};
    message.seq = 7;
    message.kind = THREADS__KIND__KIND_TEXT;
    message.author = &author;
    message.created_at_us = 1000001;
    message.body = (char[]){"caf\xc3\xa9 \x01"};
    message.hash = (ProtobufCBinaryData){2, hash};
    assert_encodes(&message.base,
                   "{\"tenant_id\":\"acme\",\"thread_id\":null,\"seq\":7,\"kind\":\"text\","
                   "\"author\":{\"id\":\"0193ab00-0000-0000-0000-000000000000\","
                   "\"name\":\"Dana \\\"D\\\" Reyes\\n\",\"role\":\"analyst\"},"
                   "\"created_at\":\"1970-01-01T00:00:01.000001Z\",\"client_id\":null,"
                   "\"body\":\"caf\xc3\xa9 \\u0001\",\"attachments\":[],\"hash\":\"beef\"}");
}

static void test_broken_utf8_prints_as_replacement_characters(void **state)
{
    (void)state;
    struct buf out = {0};
    json_write_string(bytes_of("a\xff\xc0\xaf\xed\xa0\x80z", 8), &out);
    buf_u8(&out, 0);
    assert_string_equal((const char *)out.data, "\"a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                                                "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\"");
    buf_fini(&out);
}

static void test_enum_of_two_words_loses_its_whole_prefix(void **state)
{
    (void)state;
    Threads__PatchRequest *patch;
    assert_int_equal(decode("{\"status\":\"closed\",\"waiting_on\":null,\"tlp\":\"amber_strict\"}",
                            &threads__patch_request__descriptor, &patch),
                     OK);
    assert_int_equal(patch->status, THREADS__THREAD_STATUS__THREAD_STATUS_CLOSED);
    assert_int_equal(patch->tlp, THREADS__TLP__TLP_AMBER_STRICT);
    assert_int_equal(patch->n_set_fields, 3);
    assert_string_equal(patch->set_fields[1], "waiting_on");
}

static void test_verbatim_json_keeps_its_spelling(void **state)
{
    (void)state;
    Threads__CreateRequest *create;
    assert_int_equal(
        decode("{\"title\":\"x\",\"incident\": {\"id\":\"INC-1\", \"metadata\" : "
               "{\"n\":1.0e2, \"s\":\"}\\\"]\"} ,\"source\":\"siem\"}}",
               &threads__create_request__descriptor, &create),
        OK);
    assert_int_equal(create->incident->metadata_json.len, strlen("{\"n\":1.0e2, \"s\":\"}\\\"]\"}"));
    assert_memory_equal(create->incident->metadata_json.data, "{\"n\":1.0e2, \"s\":\"}\\\"]\"}",
                        create->incident->metadata_json.len);
    assert_string_equal(create->incident->source, "siem");
}

static void test_ids_of_participants_are_uuids(void **state)
{
    (void)state;
    Threads__CreateRequest *create;
    assert_int_equal(decode("{\"participants\":[\"0193ab00-0000-7000-8000-000000000001\"]}",
                            &threads__create_request__descriptor, &create),
                     OK);
    assert_int_equal(create->n_participants_uuids, 1);
    assert_int_equal(create->participants_uuids[0].len, 16);
    assert_int_equal(decode("{\"participants\":[\"0193ab00\"]}",
                            &threads__create_request__descriptor, &create),
                     STATUS_VALIDATION_FAILED);
    assert_string_equal(error.pointer, "/participants/0");
}

static void test_unknown_and_inner_members_are_refused_by_pointer(void **state)
{
    (void)state;
    Threads__CreateRequest *create;
    assert_int_equal(decode("{\"incident\":{\"wh/at\":1}}", &threads__create_request__descriptor,
                            &create),
                     STATUS_VALIDATION_FAILED);
    assert_string_equal(error.pointer, "/incident/wh~1at");
    assert_int_equal(decode("{\"participants_filled\":[]}", &threads__create_request__descriptor,
                            &create),
                     STATUS_VALIDATION_FAILED);
    Auth__TokenRequest *token;
    assert_int_equal(decode("{\"address\":\"::1\"}", &auth__token_request__descriptor, &token),
                     STATUS_VALIDATION_FAILED);
    Socket__Command *command;
    assert_int_equal(decode("{\"set_fields\":[\"a\"]}", &socket__command__descriptor, &command),
                     STATUS_VALIDATION_FAILED);
}

static void test_wrong_types_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "{\"op\":1}",         "{\"op\":{}}",     "{\"op\":[\"a\"]}", "{\"seq\":\"1\"}",
        "{\"seq\":1.5}",      "{\"seq\":true}",  "{\"active\":1}",   "{\"thread_id\":7}",
        "{\"thread_id\":\"\"}", "{\"attachments\":{}}", "[]", "\"x\"", "7"};
    Socket__Command *command;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        enum status status = decode(wrong[i], &socket__command__descriptor, &command);
        assert_true(status == STATUS_VALIDATION_FAILED || (i >= 11 && status == STATUS_INVALID));
    }
}

static void test_text_that_is_not_strict_json_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",  "{", "{\"op\":\"a\"}x", "{\"op\":\"a\",\"op\":\"b\"}", "{\"op\":\"\\u0000\"}",
        "{\"op\":\"\\ud800\"}", "{\"op\":\"\xff\"}", "{\"seq\":9223372036854775808}",
        "{\"seq\":1e400}", "{'op':1}", "{\"op\":\"a\",}", "{\"seq\":01}", "nul"};
    Socket__Command *command;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(decode(wrong[i], &socket__command__descriptor, &command), STATUS_INVALID);
}

static void test_depth_keys_and_bytes_hold_at_both_sides_of_their_bound(void **state)
{
    (void)state;
    Socket__Command *command;
    struct json_limits limits = {.bytes_max = 64, .depth_max = 3, .keys_max = 3};
    const char *fits = "{\"data\":{\"a\":{\"b\":1}}}", *deep = "{\"data\":{\"a\":{\"b\":[]}}}";
    assert_int_equal(json_to_message(bytes_text(fits), &limits, &socket__command__descriptor, arena,
                                     (ProtobufCMessage **)&command, &error),
                     OK);
    assert_int_equal(json_to_message(bytes_text(deep), &limits, &socket__command__descriptor, arena,
                                     (ProtobufCMessage **)&command, &error),
                     STATUS_INVALID);
    limits.keys_max = 2;
    assert_int_equal(json_to_message(bytes_text(fits), &limits, &socket__command__descriptor, arena,
                                     (ProtobufCMessage **)&command, &error),
                     STATUS_INVALID);
    limits.bytes_max = strlen(fits) - 1;
    assert_int_equal(json_to_message(bytes_text(fits), &limits, &socket__command__descriptor, arena,
                                     (ProtobufCMessage **)&command, &error),
                     STATUS_TOO_LARGE);
}

static void test_a_small_arena_is_not_exceeded(void **state)
{
    (void)state;
    struct arena *small = arena_new(4096);
    Threads__PostRequest *post;
    char text[9000] = "{\"body\":\"";
    memset(text + 9, 'a', 8000);
    strcpy(text + 8009, "\"}");
    assert_int_equal(json_to_message(bytes_text(text), &json_limits_default,
                                     &threads__post_request__descriptor, small,
                                     (ProtobufCMessage **)&post, &error),
                     STATUS_RESOURCE_EXHAUSTED);
    arena_free(small);
}

static void test_query_parameters_set_fields_of_every_form(void **state)
{
    (void)state;
    Threads__ListRequest list = THREADS__LIST_REQUEST__INIT;
    ProtobufCMessage *base = &list.base;
    assert_int_equal(json_set_field(base, bytes_text("limit"), bytes_text("20"), arena, &error), OK);
    assert_int_equal(list.limit, 20);
    assert_int_equal(json_set_field(base, bytes_text("status"), bytes_text("open"), arena, &error),
                     OK);
    assert_int_equal(list.status, THREADS__THREAD_STATUS__THREAD_STATUS_OPEN);
    assert_int_equal(json_set_field(base, bytes_text("updated_since"),
                                    bytes_text("2026-01-02T03:04:05Z"), arena, &error),
                     OK);
    assert_true(list.updated_since_us > 0);
    assert_int_equal(json_set_field(base, bytes_text("limit"), bytes_text("-1"), arena, &error),
                     STATUS_VALIDATION_FAILED);
    assert_int_equal(json_set_field(base, bytes_text("limit"), bytes_text("2x"), arena, &error),
                     STATUS_VALIDATION_FAILED);
    assert_int_equal(json_set_field(base, bytes_text("nope"), bytes_text("1"), arena, &error),
                     STATUS_VALIDATION_FAILED);
    assert_string_equal(error.pointer, "/nope");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_message_prints_names_ids_times_and_hashes, setup,
                                        teardown),
        cmocka_unit_test(test_broken_utf8_prints_as_replacement_characters),
        cmocka_unit_test_setup_teardown(test_enum_of_two_words_loses_its_whole_prefix, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_verbatim_json_keeps_its_spelling, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ids_of_participants_are_uuids, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unknown_and_inner_members_are_refused_by_pointer,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_types_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_text_that_is_not_strict_json_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            test_depth_keys_and_bytes_hold_at_both_sides_of_their_bound, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_small_arena_is_not_exceeded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_query_parameters_set_fields_of_every_form, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
