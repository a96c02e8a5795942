/* The real binary over real CURVE sockets, with tokens that the test signs. */
#include "support/service_process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/limits.h"
#include "templates.pb-c.h"

static struct test_service service;
static struct test_client client;
/* A name of this run: the database may have seen others, under other keys. */
static struct tenant_id acme, globex;

static int open_service(void **state)
{
    (void)state;
    acme = test_tenant_new("acme");
    globex = test_tenant_new("globex");
    test_service_start(&service, NULL);
    test_client_open(&client, &service, "gateway");
    return 0;
}

static int close_service(void **state)
{
    (void)state;
    test_client_close(&client);
    test_service_close(&service);
    return 0;
}

static struct test_reply call_as(const struct tenant_id *tenant, enum role role, const char *method,
                                 const ProtobufCMessage *request)
{
    const struct test_token token = {.tenant = *tenant, .role = role};
    char *text = test_token_mint(&service.trust, &token);
    struct test_reply reply =
        test_call(&client, &templates__api__descriptor, method, request, text, NULL);
    free(text);
    return reply;
}

static Templates__CreateRequest request_named(const char *name)
{
    static uint8_t schema[] = "{\"type\":\"object\",\"required\":[\"seen_at\"]}";
    Templates__CreateRequest request = TEMPLATES__CREATE_REQUEST__INIT;
    request.name = (char *)name;
    request.title = (char *)"When was it seen?";
    request.schema_json = (ProtobufCBinaryData){sizeof schema - 1, schema};
    return request;
}

static void create(const struct tenant_id *tenant, const char *name, uint8_t ret_id[16])
{
    Templates__CreateRequest request = request_named(name);
    struct test_reply reply = call_as(tenant, ROLE_ADMIN, "Create", &request.base);
    assert_int_equal(reply.status, OK);
    const Templates__Template *template = (const Templates__Template *)reply.message;
    assert_int_equal(template->id.len, 16);
    memcpy(ret_id, template->id.data, 16);
    test_reply_free(&reply);
}

static struct test_reply get(const struct tenant_id *tenant, enum role role, uint8_t id[16])
{
    Templates__GetRequest request = TEMPLATES__GET_REQUEST__INIT;
    request.template_id = (ProtobufCBinaryData){16, id};
    return call_as(tenant, role, "Get", &request.base);
}

static void test_an_analyst_reads_what_an_admin_wrote(void **state)
{
    (void)state;
    uint8_t id[16];
    create(&acme, "when-seen", id);
    struct test_reply reply = get(&acme, ROLE_ANALYST, id);
    assert_int_equal(reply.status, OK);
    const Templates__Template *got = (const Templates__Template *)reply.message;
    assert_string_equal(got->tenant_id, acme.text);
    assert_string_equal(got->name, "when-seen");
    assert_string_equal(got->title, "When was it seen?");
    assert_int_equal(got->version, 1);
    assert_int_equal(got->content_hash.len, 32);
    assert_true(got->created_at_us > 0);
    Templates__CreateRequest sent = request_named("when-seen");
    assert_int_equal(got->schema_json.len, sent.schema_json.len);
    assert_memory_equal(got->schema_json.data, sent.schema_json.data, sent.schema_json.len);
    test_reply_free(&reply);
}

static void test_a_template_of_another_tenant_is_not_found(void **state)
{
    (void)state;
    uint8_t id[16];
    create(&globex, "theirs", id);
    assert_int_equal(get(&acme, ROLE_ADMIN, id).status, STATUS_NOT_FOUND);
    Templates__ListRequest request = TEMPLATES__LIST_REQUEST__INIT;
    struct test_reply reply = call_as(&acme, ROLE_ADMIN, "List", &request.base);
    assert_int_equal(reply.status, OK);
    const Templates__ListReply *list = (const Templates__ListReply *)reply.message;
    for (size_t i = 0; i < list->n_results; i++) {
        assert_string_equal(list->results[i]->tenant_id, acme.text);
        assert_string_not_equal(list->results[i]->name, "theirs");
    }
    test_reply_free(&reply);
}

static void test_a_list_is_read_page_by_page(void **state)
{
    (void)state;
    const struct tenant_id tenant = test_tenant_new("paged");
    uint8_t ids[3][16];
    create(&tenant, "one", ids[0]);
    create(&tenant, "two", ids[1]);
    create(&tenant, "three", ids[2]);
    char cursor[64] = "";
    for (int i = 0; i < 3; i++) {
        Templates__ListRequest request = TEMPLATES__LIST_REQUEST__INIT;
        request.limit = 1;
        request.cursor = cursor;
        struct test_reply reply = call_as(&tenant, ROLE_AUDITOR, "List", &request.base);
        assert_int_equal(reply.status, OK);
        const Templates__ListReply *list = (const Templates__ListReply *)reply.message;
        assert_int_equal(list->n_results, 1);
        assert_memory_equal(list->results[0]->id.data, ids[i], 16);
        snprintf(cursor, sizeof cursor, "%s", list->next);
        test_reply_free(&reply);
    }
    assert_string_equal(cursor, "");
}

static void test_a_second_template_of_a_name_is_a_conflict(void **state)
{
    (void)state;
    uint8_t id[16];
    create(&acme, "only-one", id);
    Templates__CreateRequest request = request_named("only-one");
    assert_int_equal(call_as(&acme, ROLE_ADMIN, "Create", &request.base).status, STATUS_CONFLICT);
    create(&globex, "only-one", id);
}

static void test_roles_that_may_not_are_forbidden(void **state)
{
    (void)state;
    static const enum role not_writers[] = {ROLE_MEMBER, ROLE_ANALYST, ROLE_AUDITOR, ROLE_OPERATOR};
    uint8_t id[16];
    create(&acme, "guarded", id);
    Templates__CreateRequest request = request_named("refused");
    for (size_t i = 0; i < sizeof not_writers / sizeof not_writers[0]; i++) {
        assert_int_equal(call_as(&acme, not_writers[i], "Create", &request.base).status,
                         STATUS_FORBIDDEN);
    }
    assert_int_equal(get(&acme, ROLE_MEMBER, id).status, STATUS_FORBIDDEN);
    assert_int_equal(get(&acme, ROLE_OPERATOR, id).status, STATUS_FORBIDDEN);
}

static void test_a_call_without_a_token_is_refused(void **state)
{
    (void)state;
    Templates__ListRequest request = TEMPLATES__LIST_REQUEST__INIT;
    struct test_reply reply =
        test_call(&client, &templates__api__descriptor, "List", &request.base, NULL, acme.text);
    assert_int_equal(reply.status, STATUS_INVALID_TOKEN);
    test_reply_free(&reply);
}

static void refused_at(const Templates__CreateRequest *request, const char *pointer)
{
    struct test_reply reply = call_as(&acme, ROLE_ADMIN, "Create", &request->base);
    assert_int_equal(reply.status, STATUS_VALIDATION_FAILED);
    assert_string_equal(reply.pointer, pointer);
    test_reply_free(&reply);
}

static void test_wrong_fields_are_named(void **state)
{
    (void)state;
    static uint8_t array[] = "[]", large[SCHEMA_BYTES_MAX + 1];
    char tag[] = "Not a slug", *tags[] = {tag};
    Templates__CreateRequest request = request_named("Not a slug");
    refused_at(&request, "/name");
    request = request_named("right");
    request.title = (char *)"";
    refused_at(&request, "/title");
    request = request_named("right");
    request.schema_json = (ProtobufCBinaryData){2, array};
    refused_at(&request, "/schema");
    request.schema_json = (ProtobufCBinaryData){sizeof large, large};
    refused_at(&request, "/schema");
    request = request_named("right");
    request.ui_schema_json = (ProtobufCBinaryData){2, array};
    refused_at(&request, "/ui_schema");
    request = request_named("right");
    request.n_tags = 1;
    request.tags = tags;
    refused_at(&request, "/tags/0");
}

static void test_wrong_questions_for_a_list_are_named(void **state)
{
    (void)state;
    Templates__ListRequest request = TEMPLATES__LIST_REQUEST__INIT;
    request.limit = LIST_ROWS_MAX + 1;
    struct test_reply reply = call_as(&acme, ROLE_ADMIN, "List", &request.base);
    assert_int_equal(reply.status, STATUS_VALIDATION_FAILED);
    assert_string_equal(reply.pointer, "/limit");
    request.limit = LIST_ROWS_MAX;
    request.cursor = (char *)"elsewhere";
    reply = call_as(&acme, ROLE_ADMIN, "List", &request.base);
    assert_int_equal(reply.status, STATUS_VALIDATION_FAILED);
    assert_string_equal(reply.pointer, "/cursor");
}

static void test_a_body_over_its_limit_is_too_large(void **state)
{
    (void)state;
    static uint8_t large[CONTENT_BYTES_MAX];
    Templates__CreateRequest request = request_named("right");
    request.schema_json = (ProtobufCBinaryData){sizeof large, large};
    assert_int_equal(call_as(&acme, ROLE_ADMIN, "Create", &request.base).status, STATUS_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_analyst_reads_what_an_admin_wrote),
        cmocka_unit_test(test_a_template_of_another_tenant_is_not_found),
        cmocka_unit_test(test_a_list_is_read_page_by_page),
        cmocka_unit_test(test_a_second_template_of_a_name_is_a_conflict),
        cmocka_unit_test(test_roles_that_may_not_are_forbidden),
        cmocka_unit_test(test_a_call_without_a_token_is_refused),
        cmocka_unit_test(test_wrong_fields_are_named),
        cmocka_unit_test(test_wrong_questions_for_a_list_are_named),
        cmocka_unit_test(test_a_body_over_its_limit_is_too_large),
    };
    if (!test_service_open(&service, "templates")) {
        return 0;
    }
    return cmocka_run_group_tests_name("templates service", tests, open_service, close_service);
}
