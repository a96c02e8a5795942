/* Envelopes and replies off the wire: every bound from both sides. Next: test_client_parts.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bus/envelope.h"
#include "bus/wire.h"
#include "core/limits.h"
#include "events.pb-c.h"

static uint8_t packed[2 * ENVELOPE_BYTES_MAX];
static uint8_t filling[ENVELOPE_BYTES_MAX];
static uint8_t id[16] = "0123456789abcdef";

static Wardroom__Envelope good(void)
{
    Wardroom__Envelope envelope = WARDROOM__ENVELOPE__INIT;
    envelope.version = ENVELOPE_VERSION;
    envelope.request_id = (ProtobufCBinaryData){sizeof id, id};
    envelope.method = (char *)"threads.Post";
    envelope.time_left_ms = 1000;
    return envelope;
}

static enum status judge_bytes(struct bytes frame)
{
    Wardroom__Envelope *out;
    struct arena *arena = arena_new(REQUEST_ARENA_BYTES_MAX);
    enum status status = envelope_unpack(frame, arena, &out);
    arena_free(arena);
    return status;
}

static enum status judge(const Wardroom__Envelope *envelope)
{
    return judge_bytes(bytes_of(packed, wardroom__envelope__pack(envelope, packed)));
}

/* A text of this length; lives until the next. */
static char *text_of(size_t len)
{
    static char text[TOKEN_BYTES_MAX + 2];
    memset(text, 'x', len);
    text[len] = '\0';
    return text;
}

static void test_a_good_envelope_is_read_as_it_was_written(void **state)
{
    (void)state;
    Wardroom__Envelope in = good(), *out;
    in.token = (char *)"a.b.c";
    in.payload = (ProtobufCBinaryData){3, (uint8_t *)"abc"};
    struct arena *arena = arena_new(REQUEST_ARENA_BYTES_MAX);
    struct bytes frame = {packed, wardroom__envelope__pack(&in, packed)};
    assert_int_equal(envelope_unpack(frame, arena, &out), OK);
    assert_string_equal(out->method, "threads.Post");
    assert_string_equal(out->token, "a.b.c");
    assert_memory_equal(out->payload.data, "abc", 3);
    assert_memory_equal(out->request_id.data, id, 16);
    arena_free(arena);
}

static void test_every_cut_of_an_envelope_is_refused_or_lacks_only_its_end(void **state)
{
    (void)state;
    Wardroom__Envelope in = good();
    in.payload = (ProtobufCBinaryData){40, filling};
    size_t len = wardroom__envelope__pack(&in, packed);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *copy = malloc(cut + 1); /* so that a byte too far is seen by the sanitizer */
        memcpy(copy, packed, cut);
        uint8_t peeked[16];
        (void)judge_bytes(bytes_of(copy, cut));
        (void)envelope_peek_id(bytes_of(copy, cut), peeked);
        free(copy);
    }
    assert_int_equal(judge_bytes(bytes_of(packed, len - 1)), STATUS_INVALID);
    assert_int_equal(judge_bytes(bytes_of(packed, 0)), STATUS_INVALID);
}

static void test_only_version_1_is_read(void **state)
{
    (void)state;
    Wardroom__Envelope envelope = good();
    for (uint32_t version = 0; version < 4; version++) {
        envelope.version = version;
        assert_int_equal(judge(&envelope), version == 1 ? OK : STATUS_INVALID);
    }
}

static void test_a_request_id_has_16_bytes(void **state)
{
    (void)state;
    Wardroom__Envelope envelope = good();
    for (size_t len = 0; len <= 17; len++) {
        envelope.request_id = (ProtobufCBinaryData){len, filling};
        assert_int_equal(judge(&envelope), len == 16 ? OK : STATUS_INVALID);
    }
}

static void test_a_method_is_package_dot_name(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        bool right;
    } cases[] = {{"threads.Post", true},
                 {"a.B", true},
                 {"common.Ping", true},
                 {"a1.B_2", true},
                 {"", false},
                 {"threads", false},
                 {".Post", false},
                 {"threads.", false},
                 {"threads..Post", false},
                 {"a.b.c", false},
                 {"threads Post", false},
                 {"threads.Post\n", false},
                 {"1a.B", false},
                 {"a.1B", false}};
    Wardroom__Envelope envelope = good();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        envelope.method = (char *)cases[i].method;
        if (judge(&envelope) != (cases[i].right ? OK : STATUS_INVALID)) {
            fail_msg("\"%s\" was judged wrongly", cases[i].method);
        }
    }
}

static void test_texts_have_their_bounds(void **state)
{
    (void)state;
    Wardroom__Envelope envelope = good();
    envelope.token = text_of(TOKEN_BYTES_MAX);
    assert_int_equal(judge(&envelope), OK);
    envelope.token = text_of(TOKEN_BYTES_MAX + 1);
    assert_int_equal(judge(&envelope), STATUS_INVALID);
    envelope = good();
    envelope.traceparent = text_of(128);
    assert_int_equal(judge(&envelope), OK);
    envelope.traceparent = text_of(129);
    assert_int_equal(judge(&envelope), STATUS_INVALID);
    envelope = good();
    envelope.tenant_id = text_of(TENANT_ID_SIZE - 1);
    assert_int_equal(judge(&envelope), OK);
    envelope.tenant_id = text_of(TENANT_ID_SIZE);
    assert_int_equal(judge(&envelope), STATUS_INVALID);
    envelope = good();
    envelope.shard_key = (ProtobufCBinaryData){256, filling};
    assert_int_equal(judge(&envelope), OK);
    envelope.shard_key.len = 257;
    assert_int_equal(judge(&envelope), STATUS_INVALID);
}

static void test_an_envelope_has_its_size(void **state)
{
    (void)state;
    Wardroom__Envelope envelope = good();
    envelope.payload = (ProtobufCBinaryData){ENVELOPE_BYTES_MAX - 64, filling};
    size_t room = ENVELOPE_BYTES_MAX - wardroom__envelope__get_packed_size(&envelope);
    envelope.payload.len += room;
    assert_int_equal(wardroom__envelope__get_packed_size(&envelope), ENVELOPE_BYTES_MAX);
    assert_int_equal(judge(&envelope), OK);
    envelope.payload.len++;
    assert_int_equal(judge(&envelope), STATUS_INVALID);
}

static void test_text_that_is_not_utf8_is_refused(void **state)
{
    (void)state;
    Wardroom__Envelope envelope = good();
    envelope.traceparent = (char *)"caf\xe9";
    assert_int_equal(judge(&envelope), STATUS_INVALID);
    envelope.traceparent = (char *)"caf\xc3\xa9";
    assert_int_equal(judge(&envelope), OK);
}

static void test_text_is_checked_however_deep_and_only_in_the_chosen_member(void **state)
{
    (void)state;
    Threads__Author author = THREADS__AUTHOR__INIT;
    Threads__Message message = THREADS__MESSAGE__INIT;
    Threads__Attachment file = THREADS__ATTACHMENT__INIT, *files[] = {&file};
    Events__Event event = EVENTS__EVENT__INIT, *events[] = {&event};
    Events__Batch batch = EVENTS__BATCH__INIT;
    message.author = &author;
    message.attachments = files;
    message.n_attachments = 1;
    event.of_case = EVENTS__EVENT__OF_MESSAGE;
    event.message = &message;
    batch.events = events;
    batch.n_events = 1;
    assert_true(message_text_is_valid(&batch.base));
    author.name = (char *)"\xff";
    assert_false(message_text_is_valid(&batch.base));
    author.name = (char *)"Ada";
    file.name = (char *)"\xc0\x80";
    assert_false(message_text_is_valid(&batch.base));
    event.of_case = EVENTS__EVENT__OF__NOT_SET;
    assert_true(message_text_is_valid(&batch.base));
}

static void test_the_id_is_found_in_an_envelope_that_is_wrong_elsewhere(void **state)
{
    (void)state;
    Wardroom__Envelope envelope = good();
    uint8_t found[16];
    envelope.version = 9;
    envelope.method = (char *)"no method";
    size_t len = wardroom__envelope__pack(&envelope, packed);
    assert_true(envelope_peek_id(bytes_of(packed, len), found));
    assert_memory_equal(found, id, 16);
    envelope.request_id.len = 15;
    len = wardroom__envelope__pack(&envelope, packed);
    assert_false(envelope_peek_id(bytes_of(packed, len), found));
    assert_false(
        envelope_peek_id(bytes_text("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), found));
    assert_false(
        envelope_peek_id(bytes_text("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), found));
    assert_false(envelope_peek_id(bytes_of(NULL, 0), found));
}

static void test_a_reply_is_read_or_refused(void **state)
{
    (void)state;
    Wardroom__Reply reply = WARDROOM__REPLY__INIT, *out;
    Wardroom__FieldError error = WARDROOM__FIELD_ERROR__INIT, *errors[200];
    struct arena *arena = arena_new(REQUEST_ARENA_BYTES_MAX);
    for (size_t i = 0; i < 200; i++) {
        errors[i] = &error;
    }
    reply.version = 1;
    reply.request_id = (ProtobufCBinaryData){sizeof id, id};
    reply.errors = errors;
    reply.n_errors = 128;
    size_t len = wardroom__reply__pack(&reply, packed);
    assert_int_equal(reply_unpack(bytes_of(packed, len), arena, &out), OK);
    assert_int_equal(reply_unpack(bytes_of(packed, len - 1), arena, &out), STATUS_INVALID);
    reply.n_errors = 129;
    len = wardroom__reply__pack(&reply, packed);
    assert_int_equal(reply_unpack(bytes_of(packed, len), arena, &out), STATUS_INVALID);
    reply.n_errors = 0;
    reply.version = 2;
    len = wardroom__reply__pack(&reply, packed);
    assert_int_equal(reply_unpack(bytes_of(packed, len), arena, &out), STATUS_INVALID);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_envelope_is_read_as_it_was_written),
        cmocka_unit_test(test_every_cut_of_an_envelope_is_refused_or_lacks_only_its_end),
        cmocka_unit_test(test_only_version_1_is_read),
        cmocka_unit_test(test_a_request_id_has_16_bytes),
        cmocka_unit_test(test_a_method_is_package_dot_name),
        cmocka_unit_test(test_texts_have_their_bounds),
        cmocka_unit_test(test_an_envelope_has_its_size),
        cmocka_unit_test(test_text_that_is_not_utf8_is_refused),
        cmocka_unit_test(test_text_is_checked_however_deep_and_only_in_the_chosen_member),
        cmocka_unit_test(test_the_id_is_found_in_an_envelope_that_is_wrong_elsewhere),
        cmocka_unit_test(test_a_reply_is_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
