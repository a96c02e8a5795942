/* What a template's content is, byte for byte. Next: test_store.c */
#include "content.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/limits.h"
#include "crypto/aead.h"

#define SCHEMA "{ \"type\": \"object\",\n \"properties\": {\"n\": {\"maximum\": 1.50e1}} }"

static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_new(REQUEST_ARENA_BYTES_MAX);
    return arena == NULL;
}

static int close_arena(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static ProtobufCBinaryData binary(const char *text)
{
    return (ProtobufCBinaryData){strlen(text), (uint8_t *)text};
}

static Templates__CreateRequest request_with(const char *schema)
{
    static char tag[] = "phishing", placeholder[] = "device_id";
    static char *tags[] = {tag}, *placeholders[] = {placeholder};
    Templates__CreateRequest request = TEMPLATES__CREATE_REQUEST__INIT;
    request.name = (char *)"phishing-intake";
    request.title = (char *)"Phishing \"intake\"";
    request.body = (char *)"Line one\nline two {device_id}";
    request.schema_json = binary(schema);
    request.n_tags = 1;
    request.tags = tags;
    request.n_required_placeholders = 1;
    request.required_placeholders = placeholders;
    return request;
}

static void test_only_one_json_object_is_a_schema(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool right;
    } cases[] = {{"{}", true},
                 {SCHEMA, true},
                 {"", false},
                 {"[]", false},
                 {"\"text\"", false},
                 {"true", false},
                 {"null", false},
                 {"{", false},
                 {"{}{}", false},
                 {"{},\"name\":\"smuggled\"", false},
                 {"{\"a\":1,\"a\":2}", false},
                 {"{\"a\":\"\\u0000\"}", false},
                 {"{\"a\":\"\\ud800\"}", false},
                 {"{\"a\":99999999999999999999}", false},
                 {"{\"\xff\":1}", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *problem = json_object_problem(bytes_text(cases[i].text), SCHEMA_BYTES_MAX);
        if ((problem == NULL) != cases[i].right) {
            fail_msg("%s: %s", cases[i].text, problem != NULL ? problem : "taken for right");
        }
    }
    assert_null(json_object_problem(bytes_text("{\"a\":1}"), 7));
    assert_non_null(json_object_problem(bytes_text("{\"a\":1}"), 6));
}

static void test_content_comes_back_as_it_was_written(void **state)
{
    (void)state;
    struct buf content = {0};
    Templates__CreateRequest request = request_with(SCHEMA);
    assert_int_equal(content_write(&request, arena, &content), OK);
    Templates__Template got = TEMPLATES__TEMPLATE__INIT;
    assert_int_equal(content_read(buf_bytes(&content), arena, &got), OK);
    assert_string_equal(got.name, request.name);
    assert_string_equal(got.title, request.title);
    assert_string_equal(got.body, request.body);
    assert_int_equal(got.schema_json.len, strlen(SCHEMA));
    assert_memory_equal(got.schema_json.data, SCHEMA, strlen(SCHEMA));
    assert_int_equal(got.ui_schema_json.len, 0);
    assert_int_equal(got.n_tags, 1);
    assert_string_equal(got.tags[0], "phishing");
    assert_int_equal(got.n_required_placeholders, 1);
    assert_string_equal(got.required_placeholders[0], "device_id");
    uint8_t hash[SHA256_SIZE];
    sha256(buf_bytes(&content), hash);
    assert_int_equal(got.content_hash.len, SHA256_SIZE);
    assert_memory_equal(got.content_hash.data, hash, SHA256_SIZE);
    buf_fini(&content);
}

/* {"a":{"a":...}}, `levels` deep, with the object around it one more. */
static char *nested(unsigned levels)
{
    struct buf text = {0};
    for (unsigned i = 0; i < levels - 1; i++) {
        buf_text(&text, "{\"a\":");
    }
    buf_text(&text, "{}");
    for (unsigned i = 0; i < levels - 1; i++) {
        buf_text(&text, "}");
    }
    buf_append(&text, "", 1);
    return (char *)text.data;
}

static void test_content_has_a_depth(void **state)
{
    (void)state;
    char *right = nested(JSON_DEPTH_MAX - 1), *deep = nested(JSON_DEPTH_MAX);
    struct buf content = {0};
    Templates__CreateRequest request = request_with(right);
    assert_int_equal(content_write(&request, arena, &content), OK);
    request = request_with(deep);
    assert_int_equal(content_write(&request, arena, &content), STATUS_TOO_LARGE);
    buf_fini(&content);
    free(right);
    free(deep);
}

static void test_content_has_a_size(void **state)
{
    (void)state;
    static char body[BODY_BYTES_MAX + 1];
    struct buf schema = {0}, content = {0};
    buf_text(&schema, "{\"a\":\"");
    while (schema.len < CONTENT_BYTES_MAX - BODY_BYTES_MAX - 512) {
        buf_text(&schema, "x");
    }
    buf_append(&schema, "\"}", 3);
    memset(body, 'b', BODY_BYTES_MAX);
    Templates__CreateRequest request = request_with((char *)schema.data);
    request.body = body;
    assert_int_equal(content_write(&request, arena, &content), OK);
    memset(body, '\n', BODY_BYTES_MAX); /* two bytes each, once written */
    assert_int_equal(content_write(&request, arena, &content), STATUS_TOO_LARGE);
    buf_fini(&schema);
    buf_fini(&content);
}

static void test_other_bytes_are_corrupt(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "null", "{\"name\":1}", "{\"nmae\":\"x\"}",
                                        "{\"name\""};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        Templates__Template got = TEMPLATES__TEMPLATE__INIT;
        assert_int_equal(content_read(bytes_text(texts[i]), arena, &got), STATUS_CORRUPT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_one_json_object_is_a_schema),
        cmocka_unit_test(test_content_comes_back_as_it_was_written),
        cmocka_unit_test(test_content_has_a_depth),
        cmocka_unit_test(test_content_has_a_size),
        cmocka_unit_test(test_other_bytes_are_corrupt),
    };
    return cmocka_run_group_tests_name("templates content", tests, open_arena, close_arena);
}
