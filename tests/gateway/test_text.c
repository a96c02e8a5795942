/* What is written: answers, problems, frames, file headers; and the index behind it all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include "answer.h"
#include "content.h"
#include "events.h"
#include "frame.h"
#include "index.h"
#include "problem.h"

static const char *text_of(struct buf *buf)
{
    buf_u8(buf, 0);
    return (const char *)buf->data;
}

static void test_every_answer_carries_the_security_headers(void **state)
{
    (void)state;
    static const char *const lines[] = {"HTTP/1.1 200 OK\r\n",
                                        "Strict-Transport-Security: max-age=",
                                        "X-Content-Type-Options: nosniff\r\n",
                                        "Referrer-Policy: no-referrer\r\n",
                                        "X-Frame-Options: DENY\r\n",
                                        "frame-ancestors 'none'",
                                        "Cache-Control: no-store\r\n",
                                        "Content-Length: 2\r\n",
                                        "X-Request-Id: the-id\r\n",
                                        "\r\n\r\n{}"};
    struct buf out = {0};
    answer_write(&(struct answer){.http_status = 200,
                                  .content_type = "application/json",
                                  .body = bytes_text("{}")},
                 false, false, "the-id", &out);
    const char *text = text_of(&out);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        assert_non_null(strstr(text, lines[i]));
    assert_null(strstr(text, "Connection: close"));
    buf_fini(&out);
}

static void test_head_has_the_length_but_no_body(void **state)
{
    (void)state;
    struct buf out = {0};
    answer_write(&(struct answer){.http_status = 200, .body = bytes_text("body")}, true, true, "i",
                 &out);
    const char *text = text_of(&out);
    assert_non_null(strstr(text, "Content-Length: 4\r\n"));
    assert_non_null(strstr(text, "Connection: close\r\n\r\n"));
    assert_null(strstr(text, "body"));
    buf_fini(&out);
}

static void test_204_and_304_have_no_length(void **state)
{
    (void)state;
    struct buf out = {0};
    answer_write(&(struct answer){.http_status = 204}, false, false, "i", &out);
    assert_null(strstr(text_of(&out), "Content-Length"));
    buf_fini(&out);
}

static void test_files_run_nothing(void **state)
{
    (void)state;
    struct buf out = {0};
    answer_write(&(struct answer){.http_status = 200, .is_untrusted = true}, false, false, "i",
                 &out);
    assert_non_null(strstr(text_of(&out), "default-src 'none'; sandbox"));
    buf_fini(&out);
}

static void test_a_problem_has_all_members(void **state)
{
    (void)state;
    struct buf out = {0};
    const struct problem_field fields[] = {{"/a", "is \"bad\""}, {"/b/0", "is missing"}};
    problem_write(
        &(struct problem){
            .status = STATUS_VALIDATION_FAILED, .detail = "no", .fields = fields, .field_count = 2},
        0, "the-id", &out);
    assert_string_equal(text_of(&out),
                        "{\"type\":\"/api/docs/#problem-validation_failed\","
                        "\"title\":\"a field of the request breaks a rule\",\"status\":422,"
                        "\"detail\":\"no\",\"code\":\"validation_failed\","
                        "\"request_id\":\"the-id\",\"errors\":["
                        "{\"pointer\":\"/a\",\"detail\":\"is \\\"bad\\\"\"},"
                        "{\"pointer\":\"/b/0\",\"detail\":\"is missing\"}]}");
    buf_fini(&out);
}

static void test_a_frame_is_an_array_behind_its_headroom(void **state)
{
    (void)state;
    struct frame_builder builder = {0};
    assert_null(frame_finish(&builder));
    assert_int_equal(frame_builder_len(&builder), 0);
    buf_text(frame_next_event(&builder), "{\"a\":1}");
    assert_int_equal(frame_builder_len(&builder), 9);
    buf_text(frame_next_event(&builder), "{}");
    struct frame *frame = frame_finish(&builder);
    assert_non_null(frame);
    assert_int_equal(frame->len, 12);
    assert_memory_equal(frame_text(frame), "[{\"a\":1},{}]", 12);
    assert_ptr_equal(frame_text(frame), frame->memory + FRAME_HEADROOM);
    assert_int_equal(builder.count, 0);
    frame_keep(frame);
    frame_drop(frame);
    frame_drop(frame);
}

static void test_a_frame_without_memory_is_none(void **state)
{
    (void)state;
    struct frame_builder builder = {.buf = {.max = 64}};
    for (int i = 0; i < 10; i++)
        buf_text(frame_next_event(&builder), "{\"0123456789\":0}");
    assert_null(frame_finish(&builder));
    assert_int_equal(builder.count, 0);
}

static void test_an_error_event_says_code_and_detail(void **state)
{
    (void)state;
    struct buf out = {0};
    struct thread_id thread = {{{0x01}}};
    event_error(&out, "r\"1", &thread, STATUS_NOT_FOUND, "gone");
    assert_string_equal(text_of(&out), "{\"type\":\"error\",\"ref\":\"r\\\"1\","
                                       "\"thread_id\":\"01000000-0000-0000-0000-000000000000\","
                                       "\"code\":\"not_found\",\"detail\":\"gone\"}");
    buf_fini(&out);
}

static void assert_disposition(const char *name, const char *expected)
{
    struct buf out = {0};
    content_disposition(name, &out);
    assert_string_equal(text_of(&out), expected);
    buf_fini(&out);
}

static void test_file_names_cannot_leave_their_header(void **state)
{
    (void)state;
    assert_disposition("a.txt", "attachment; filename=\"a.txt\"; filename*=UTF-8''a.txt");
    assert_disposition("a\"\r\nX: y",
                       "attachment; filename=\"a___X: y\"; filename*=UTF-8''a%22%0D%0AX%3A%20y");
    assert_disposition("\xc3\xa9", "attachment; filename=\"__\"; filename*=UTF-8''%C3%A9");
}

static void test_media_types(void **state)
{
    (void)state;
    assert_true(content_type_is_plain("text/plain"));
    assert_true(content_type_is_plain("application/vnd.ms-excel.sheet+xml"));
    static const char *const bad[] = {"",
                                      "text",
                                      "text/",
                                      "/plain",
                                      "a/b/c",
                                      "a b/c",
                                      "text/html\r\nX: y",
                                      "text/plain; charset=x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(content_type_is_plain(bad[i]));
}

struct item {
    struct index_node node;
    char key[16];
};

static void test_an_index_keeps_what_it_is_given(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    static struct item items[COUNT];
    struct index index = {0};
    assert_null(index_find(&index, bytes_text("7")));
    for (int i = 0; i < COUNT; i++) {
        snprintf(items[i].key, sizeof items[i].key, "%d", i);
        items[i].node.key = bytes_text(items[i].key);
        assert_int_equal(index_add(&index, &items[i].node), OK);
    }
    for (int i = 0; i < COUNT; i += 2)
        index_remove(&index, &items[i].node);
    assert_int_equal(index.count, COUNT / 2);
    for (int i = 0; i < COUNT; i++) {
        struct index_node *node = index_find(&index, bytes_text(items[i].key));
        assert_ptr_equal(node, i % 2 ? &items[i].node : NULL);
    }
    index_fini(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_answer_carries_the_security_headers),
        cmocka_unit_test(test_head_has_the_length_but_no_body),
        cmocka_unit_test(test_204_and_304_have_no_length),
        cmocka_unit_test(test_files_run_nothing),
        cmocka_unit_test(test_a_problem_has_all_members),
        cmocka_unit_test(test_a_frame_is_an_array_behind_its_headroom),
        cmocka_unit_test(test_a_frame_without_memory_is_none),
        cmocka_unit_test(test_an_error_event_says_code_and_detail),
        cmocka_unit_test(test_file_names_cannot_leave_their_header),
        cmocka_unit_test(test_media_types),
        cmocka_unit_test(test_an_index_keeps_what_it_is_given)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
