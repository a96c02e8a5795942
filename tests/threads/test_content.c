/* Content: the exact bytes that are committed to, and back again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "threads/content.h"
#include "threads/rules.h"

static uint8_t id_bytes[16] = {0x01, 0x93, 0x5a, 0x70, 0x12, 0x34, 0x70, 0x00,
                               0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01};
static const ProtobufCBinaryData id = {16, id_bytes};
#define ID_TEXT "01935a70-1234-7000-8000-000000000001"
static const struct principal dana = {.role = ROLE_ANALYST, .name = "Dana \"D\" Reyes"};
#define DANA_JSON "\"author\":{\"name\":\"Dana \\\"D\\\" Reyes\",\"role\":\"analyst\"}"

static struct arena *arena;
static struct buf out;

static int open_space(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    return 0;
}

static int close_space(void **state)
{
    (void)state;
    arena_free(arena);
    buf_fini(&out);
    return 0;
}

static void expect_text(const char *text)
{
    buf_u8(&out, 0);
    assert_string_equal((const char *)out.data, text);
    out.len--;
}

/* Read `out` back as a message of this kind. */
static Threads__Message read_back(int kind, Threads__Author *author)
{
    Threads__Message message = THREADS__MESSAGE__INIT;
    threads__author__init(author);
    message.author = author;
    message.kind = (Threads__Kind)kind;
    message.tenant_id = (char *)"acme";
    assert_int_equal(content_read(buf_bytes(&out), arena, &message), OK);
    return message;
}

static void test_acknowledgement_is_written_and_read_back(void **state)
{
    (void)state;
    Threads__Author author;
    buf_clear(&out);
    content_write_acknowledgement(9007199254740993, &id, &dana, &out);
    expect_text("{\"v\":1,\"acknowledges\":9007199254740993,\"client_id\":\"" ID_TEXT
                "\"," DANA_JSON "}");
    Threads__Message message = read_back(THREADS__KIND__KIND_ACKNOWLEDGEMENT, &author);
    assert_int_equal(message.reply_to, 9007199254740993);
    assert_string_equal(message.body, "");
    assert_string_equal(author.name, dana.name);
}

static void test_post_is_written_and_read_back(void **state)
{
    (void)state;
    static uint8_t sha256[32] = {0xab};
    Threads__Attachment file = THREADS__ATTACHMENT__INIT, *files[] = {&file};
    Threads__PostRequest in = THREADS__POST_REQUEST__INIT;
    Threads__Author author;
    in.client_id = id;
    in.body = (char *)"a \"b\"\n\xe2\x82\xac";
    buf_clear(&out);
    content_write_post(&in, &dana, &out);
    expect_text("{\"v\":1,\"kind\":\"text\",\"client_id\":\"" ID_TEXT "\"," DANA_JSON
                ",\"body\":\"a \\\"b\\\"\\n\xe2\x82\xac\"}");
    in.n_attachments_filled = 1;
    in.attachments_filled = files;
    in.reply_to = 7;
    in.corrects = 3;
    file.id = id;
    file.name = (char *)"x.txt";
    file.size = 5;
    file.media_type = (char *)"text/plain";
    file.sha256 = (ProtobufCBinaryData){32, sha256};
    buf_clear(&out);
    content_write_post(&in, &dana, &out);
    Threads__Message message = read_back(THREADS__KIND__KIND_CORRECTION, &author);
    assert_string_equal(message.body, in.body);
    assert_string_equal(author.name, dana.name);
    assert_int_equal(author.role, AUTH__ROLE__ROLE_ANALYST);
    assert_int_equal(message.reply_to, 7);
    assert_int_equal(message.corrects, 3);
    assert_int_equal(message.n_attachments, 1);
    assert_memory_equal(message.attachments[0]->id.data, id_bytes, 16);
    assert_memory_equal(message.attachments[0]->sha256.data, sha256, 32);
    assert_string_equal(message.attachments[0]->tenant_id, "acme");
}

static void test_creation_names_everything(void **state)
{
    (void)state;
    Threads__Thread thread = THREADS__THREAD__INIT;
    Threads__Author creator = THREADS__AUTHOR__INIT, author;
    Threads__Participant person = THREADS__PARTICIPANT__INIT, *people[] = {&person};
    Threads__Incident incident = THREADS__INCIDENT__INIT;
    char *alerts[] = {(char *)"a1"};
    uint8_t metadata[] = "{\"n\": 1}";
    creator.name = (char *)"Dana";
    creator.role = AUTH__ROLE__ROLE_ANALYST;
    person.user_id = id;
    person.name = (char *)"Sam";
    person.role = AUTH__ROLE__ROLE_MEMBER;
    incident.id = (char *)"INC-1";
    incident.source = (char *)"siem";
    incident.n_alert_ids = 1;
    incident.alert_ids = alerts;
    incident.metadata_json = (ProtobufCBinaryData){sizeof metadata - 1, metadata};
    thread.title = (char *)"T";
    thread.status = THREADS__THREAD_STATUS__THREAD_STATUS_OPEN;
    thread.severity = THREADS__SEVERITY__SEVERITY_HIGH;
    thread.tlp = THREADS__TLP__TLP_AMBER_STRICT;
    thread.created_by = &creator;
    thread.n_participants = 1;
    thread.participants = people;
    thread.incident = &incident;
    buf_clear(&out);
    content_write_created(&thread, &out);
    expect_text("{\"v\":1,\"title\":\"T\",\"severity\":\"high\",\"tlp\":\"amber_strict\","
                "\"status\":\"open\",\"waiting_on\":null,"
                "\"incident\":{\"id\":\"INC-1\",\"alert_ids\":[\"a1\"],\"source\":\"siem\","
                "\"metadata\":{\"n\": 1}},"
                "\"participants\":[{\"user_id\":\"" ID_TEXT
                "\",\"name\":\"Sam\",\"role\":\"member\"}],"
                "\"author\":{\"name\":\"Dana\",\"role\":\"analyst\"}}");
    Threads__Message message = read_back(THREADS__KIND__KIND_SYSTEM, &author);
    assert_string_equal(message.body, "Dana opened this thread");
}

static void test_changes_read_as_sentences(void **state)
{
    (void)state;
    Threads__Thread thread = THREADS__THREAD__INIT;
    Threads__Participant person = THREADS__PARTICIPANT__INIT;
    Threads__Author author;
    thread.status = THREADS__THREAD_STATUS__THREAD_STATUS_CLOSED;
    buf_clear(&out);
    content_write_fields(&thread, PATCH_STATUS | PATCH_WAITING_ON, &dana, &out);
    expect_text("{\"v\":1,\"change\":\"fields\",\"fields\":{\"status\":\"closed\","
                "\"waiting_on\":null}," DANA_JSON "}");
    Threads__Message message = read_back(THREADS__KIND__KIND_SYSTEM, &author);
    assert_string_equal(message.body,
                        "Dana \"D\" Reyes changed status to closed, waiting on to nobody");
    person.user_id = id;
    person.name = (char *)"Sam";
    person.role = AUTH__ROLE__ROLE_MEMBER;
    buf_clear(&out);
    content_write_participant(&person, false, &dana, &out);
    expect_text(
        "{\"v\":1,\"change\":\"participant_removed\",\"participant\":{\"user_id\":\"" ID_TEXT
        "\",\"name\":\"Sam\",\"role\":\"member\"}," DANA_JSON "}");
    message = read_back(THREADS__KIND__KIND_SYSTEM, &author);
    assert_string_equal(message.body, "Dana \"D\" Reyes removed Sam");
}

static void test_other_bytes_are_corrupt(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "[]", "{", "{\"v\":1}",
                                      "{\"v\":1,\"author\":{\"name\":\"x\",\"role\":\"king\"}}"};
    Threads__Author author = THREADS__AUTHOR__INIT;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        Threads__Message message = THREADS__MESSAGE__INIT;
        message.author = &author;
        assert_int_equal(content_read(bytes_text(bad[i]), arena, &message), STATUS_CORRUPT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_acknowledgement_is_written_and_read_back),
        cmocka_unit_test(test_post_is_written_and_read_back),
        cmocka_unit_test(test_creation_names_everything),
        cmocka_unit_test(test_changes_read_as_sentences),
        cmocka_unit_test(test_other_bytes_are_corrupt),
    };
    return cmocka_run_group_tests_name("threads content", tests, open_space, close_space);
}
