/* Who may do what with a file, and what is refused. Next: test_durable.c */
#include "fixture.h"

#include <stdlib.h>

#include "core/limits.h"
#include "crypto/aead.h"

static void test_a_stored_file_comes_back_whole(void **state)
{
    (void)state;
    uint8_t id[16], hash[SHA256_SIZE];
    struct bytes content = bytes_of("line\0two", 8);
    store_file("note \xc3\xbc.txt", content, id);
    struct test_reply reply = content_of(id);
    assert_int_equal(reply.status, OK);
    const Files__ContentReply *got = (const Files__ContentReply *)reply.message;
    assert_true(bytes_equal(bytes_of(got->content.data, got->content.len), content));
    assert_string_equal(got->file->name, "note \xc3\xbc.txt");
    assert_string_equal(got->file->media_type, "text/plain; charset=utf-8");
    assert_string_equal(got->file->tenant_id, acme.text);
    assert_int_equal(got->file->size, 8);
    assert_int_equal(got->file->thread_id.len, 16);
    sha256(content, hash);
    assert_int_equal(got->file->sha256.len, sizeof hash);
    assert_memory_equal(got->file->sha256.data, hash, sizeof hash);
    test_reply_free(&reply);
}

static void test_an_empty_file_is_a_file(void **state)
{
    (void)state;
    uint8_t id[16];
    store_file("empty", bytes_of(NULL, 0), id);
    struct test_reply reply = content_of(id);
    assert_int_equal(reply.status, OK);
    assert_int_equal(((const Files__ContentReply *)reply.message)->content.len, 0);
    test_reply_free(&reply);
}

static void test_a_file_without_a_media_type_is_just_bytes(void **state)
{
    (void)state;
    Files__StoreRequest request = store_request("dump.bin", bytes_text("x"));
    request.media_type = (char *)"";
    struct test_reply reply = call_as(&acme, ROLE_ADMIN, &somebody, "Store", &request.base);
    assert_int_equal(reply.status, OK);
    assert_string_equal(((const Files__File *)reply.message)->media_type,
                        "application/octet-stream");
    test_reply_free(&reply);
}

static void test_the_largest_file_fits_and_one_byte_more_does_not(void **state)
{
    (void)state;
    uint8_t id[16];
    uint8_t *bytes = malloc(2 * FILE_ONE_CALL_BYTES_MAX);
    assert_non_null(bytes);
    random_bytes(bytes, 2 * FILE_ONE_CALL_BYTES_MAX);
    char name[NAME_BYTES_MAX + 1];
    memset(name, 'n', sizeof name);
    name[NAME_BYTES_MAX] = '\0';
    store_file(name, bytes_of(bytes, FILE_ONE_CALL_BYTES_MAX), id);
    struct test_reply reply = content_of(id);
    assert_int_equal(reply.status, OK);
    const Files__ContentReply *got = (const Files__ContentReply *)reply.message;
    assert_int_equal(got->content.len, FILE_ONE_CALL_BYTES_MAX);
    assert_memory_equal(got->content.data, bytes, FILE_ONE_CALL_BYTES_MAX);
    test_reply_free(&reply);
    static const size_t over[] = {1, 2048};
    for (size_t i = 0; i < 2; i++) {
        Files__StoreRequest request =
            store_request("large", bytes_of(bytes, FILE_ONE_CALL_BYTES_MAX + over[i]));
        reply = call_as(&acme, ROLE_ANALYST, &somebody, "Store", &request.base);
        assert_int_equal(reply.status, STATUS_TOO_LARGE);
        test_reply_free(&reply);
    }
    free(bytes);
}

static void test_a_file_of_another_tenant_is_not_found(void **state)
{
    (void)state;
    uint8_t id[16];
    store_file("ours", bytes_text("ours"), id);
    assert_int_equal(ask(&globex, ROLE_ADMIN, &somebody, "Get", id).status, STATUS_NOT_FOUND);
    assert_int_equal(ask(&globex, ROLE_ADMIN, &somebody, "Content", id).status, STATUS_NOT_FOUND);
    id[15] ^= 1;
    assert_int_equal(ask(&acme, ROLE_ADMIN, &somebody, "Get", id).status, STATUS_NOT_FOUND);
}

static void test_a_member_sees_what_they_uploaded(void **state)
{
    (void)state;
    uint8_t theirs[16], id[16];
    const struct user_id member = {uuid_new()};
    store_file("of the analyst", bytes_text("x"), theirs);
    Files__StoreRequest request = store_request("of the member", bytes_text("y"));
    struct test_reply reply = call_as(&acme, ROLE_MEMBER, &member, "Store", &request.base);
    assert_int_equal(reply.status, OK);
    memcpy(id, ((const Files__File *)reply.message)->id.data, 16);
    test_reply_free(&reply);
    static const char *const methods[] = {"Get", "Content"};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(ask(&acme, ROLE_MEMBER, &member, methods[i], theirs).status,
                         STATUS_NOT_FOUND);
        reply = ask(&acme, ROLE_MEMBER, &member, methods[i], id);
        assert_int_equal(reply.status, OK);
        test_reply_free(&reply);
        reply = ask(&acme, ROLE_AUDITOR, &somebody, methods[i], id);
        assert_int_equal(reply.status, OK);
        test_reply_free(&reply);
    }
}

static void test_roles_that_may_not_are_forbidden(void **state)
{
    (void)state;
    uint8_t id[16];
    store_file("guarded", bytes_text("x"), id);
    Files__StoreRequest request = store_request("refused", bytes_text("x"));
    static const enum role readers[] = {ROLE_AUDITOR, ROLE_OPERATOR};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(call_as(&acme, readers[i], &somebody, "Store", &request.base).status,
                         STATUS_FORBIDDEN);
    }
    assert_int_equal(ask(&acme, ROLE_OPERATOR, &somebody, "Get", id).status, STATUS_FORBIDDEN);
    assert_int_equal(ask(&acme, ROLE_OPERATOR, &somebody, "Content", id).status, STATUS_FORBIDDEN);
}

static void refused_at(const Files__StoreRequest *request, const char *pointer)
{
    struct test_reply reply = call_as(&acme, ROLE_ANALYST, &somebody, "Store", &request->base);
    assert_int_equal(reply.status, STATUS_VALIDATION_FAILED);
    assert_string_equal(reply.pointer, pointer);
    test_reply_free(&reply);
}

static void count_only(const char *path, void *data)
{
    (void)path, (void)data;
}

static void test_wrong_fields_are_named_and_leave_no_object(void **state)
{
    (void)state;
    size_t before = each_object(count_only, NULL);
    Files__StoreRequest request = store_request("../../etc/passwd", bytes_text("x"));
    refused_at(&request, "/name");
    request = store_request("", bytes_text("x"));
    refused_at(&request, "/name");
    request = store_request("right", bytes_text("x"));
    request.thread_id.len = 15;
    refused_at(&request, "/thread_id");
    request = store_request("right", bytes_text("x"));
    request.media_type = (char *)"text/plain\r\nX: y";
    refused_at(&request, "/media_type");
    assert_int_equal(each_object(count_only, NULL), before);
}

const struct CMUnitTest access_tests[] = {
    cmocka_unit_test(test_a_stored_file_comes_back_whole),
    cmocka_unit_test(test_an_empty_file_is_a_file),
    cmocka_unit_test(test_a_file_without_a_media_type_is_just_bytes),
    cmocka_unit_test(test_the_largest_file_fits_and_one_byte_more_does_not),
    cmocka_unit_test(test_a_file_of_another_tenant_is_not_found),
    cmocka_unit_test(test_a_member_sees_what_they_uploaded),
    cmocka_unit_test(test_roles_that_may_not_are_forbidden),
    cmocka_unit_test(test_wrong_fields_are_named_and_leave_no_object),
};
const size_t access_test_count = sizeof access_tests / sizeof access_tests[0];
