/* The table of paths: matching, and that every row fits the rpc it names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <jansson.h>
#include "openapi.h"
#include "routes.h"

#define THREAD "0193ab00-0000-7000-8000-000000000001"

static struct bytes captures[EXCHANGE_CAPTURES_MAX];
static unsigned allowed;

static const struct route *find(enum http_method method, const char *path)
{
    return route_find(method, path, captures, &allowed);
}

static void test_a_path_is_found_with_and_without_its_last_slash(void **state)
{
    (void)state;
    assert_non_null(find(HTTP_GET, "/api/chat/me/"));
    assert_ptr_equal(find(HTTP_GET, "/api/chat/me"), find(HTTP_GET, "/api/chat/me/"));
    assert_non_null(find(HTTP_GET, "/livez"));
    assert_non_null(find(HTTP_GET, "/.well-known/jwks.json"));
}

static void test_head_is_answered_like_get(void **state)
{
    (void)state;
    assert_ptr_equal(find(HTTP_HEAD, "/api/chat/me/"), find(HTTP_GET, "/api/chat/me/"));
}

static void test_segments_fill_the_names_in_order(void **state)
{
    (void)state;
    const struct route *route =
        find(HTTP_DELETE, "/api/chat/threads/" THREAD "/participants/someone/");
    assert_non_null(route);
    assert_true(bytes_equal(captures[0], bytes_text(THREAD)));
    assert_true(bytes_equal(captures[1], bytes_text("someone")));
    assert_true(bytes_equal(route_capture_name(route, 0), bytes_text("thread_id")));
    assert_true(bytes_equal(route_capture_name(route, 1), bytes_text("user_id")));
    assert_int_equal(route_capture_name(route, 2).len, 0);
}

static void test_another_method_says_which_are_there(void **state)
{
    (void)state;
    assert_null(find(HTTP_DELETE, "/api/chat/threads/"));
    assert_int_equal(allowed, HTTP_GET | HTTP_HEAD | HTTP_POST);
    assert_null(find(HTTP_GET, "/api/chat/token/"));
    assert_int_equal(allowed, HTTP_POST);
}

static void test_paths_that_are_none(void **state)
{
    (void)state;
    static const char *const paths[] = {"/",
                                        "/api/",
                                        "/api/chat/",
                                        "/api/chat/threads//",
                                        "/api/chat/threads/" THREAD "/nothing/",
                                        "/api/chat/threads/" THREAD "/messages/1/",
                                        "/api/chat/me/x",
                                        "/api/chat/mee",
                                        "/api/chat/m"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_null(find(HTTP_GET, paths[i]));
        assert_int_equal(allowed, 0);
    }
}

static void test_which_paths_are_the_frontends(void **state)
{
    (void)state;
    assert_true(route_is_api_path("/api"));
    assert_true(route_is_api_path("/api/x"));
    assert_true(route_is_api_path("/ws/chat/"));
    assert_true(route_is_api_path("/.well-known/x"));
    assert_false(route_is_api_path("/"));
    assert_false(route_is_api_path("/apiary"));
    assert_false(route_is_api_path("/threads/1"));
}

static const ProtobufCFieldDescriptor *field_of(const ProtobufCMessageDescriptor *descriptor,
                                                struct bytes name)
{
    char text[64] = "";
    assert_true(name.len < sizeof text);
    memcpy(text, name.data, name.len);
    return protobuf_c_message_descriptor_get_field_by_name(descriptor, text);
}

static void test_every_row_fits_its_rpc(void **state)
{
    (void)state;
    for (const struct route *route = routes_all(); route->path; route++) {
        struct rpc rpc;
        assert_true(route->service || route->run);
        assert_non_null(route->summary);
        assert_true(route->success >= 200 && route->success < 300);
        assert_true((route->body == BODY_NONE) == (route->body_max == 0));
        if (!route->service)
            continue;
        assert_true(rpc_find(route->service, route->rpc, &rpc));
        for (size_t i = 0; route_capture_name(route, i).len > 0; i++)
            assert_non_null(field_of(rpc.method->input, route_capture_name(route, i)));
        if (route->shard)
            assert_non_null(field_of(rpc.method->input, bytes_text(route->shard)));
        if (route->member)
            assert_non_null(field_of(rpc.method->output, bytes_text(route->member)));
    }
}

static void test_open_routes_are_these_alone(void **state)
{
    (void)state;
    static const char *const open[] = {"/api/chat/token/",
                                       "/api/chat/token/refresh/",
                                       "/api/chat/token/revoke/",
                                       "/api/schema/",
                                       "/api/docs/",
                                       "/.well-known/jwks.json",
                                       "/livez",
                                       "/readyz"};
    size_t met = 0;
    for (const struct route *route = routes_all(); route->path; route++) {
        if (route->roles != 0)
            continue;
        assert_true(met < sizeof open / sizeof open[0]);
        assert_string_equal(route->path, open[met++]);
    }
    assert_int_equal(met, sizeof open / sizeof open[0]);
}

static void test_operators_see_no_content(void **state)
{
    (void)state;
    for (const struct route *route = routes_all(); route->path; route++) {
        if (strncmp(route->path, "/api/chat/threads", 17) == 0 ||
            strncmp(route->path, "/api/chat/files", 15) == 0)
            assert_int_equal(route->roles & ROLE_BIT(ROLE_OPERATOR), 0);
    }
}

/* Every $ref of the document leads somewhere. */
static void check_references(json_t *value, json_t *schemas)
{
    const char *key;
    json_t *member;
    size_t i;
    if (json_is_array(value)) {
        json_array_foreach(value, i, member) check_references(member, schemas);
        return;
    }
    json_object_foreach(value, key, member)
    {
        static const char prefix[] = "#/components/schemas/";
        const char *text = json_string_value(member);
        if (strcmp(key, "$ref") == 0 && strncmp(text, prefix, sizeof prefix - 1) == 0)
            assert_non_null(json_object_get(schemas, text + sizeof prefix - 1));
        check_references(member, schemas);
    }
}

static void test_the_openapi_document_holds_every_row(void **state)
{
    (void)state;
    struct buf out = {0};
    json_error_t error;
    openapi_write(&out);
    json_t *document = json_loadb((const char *)out.data, out.len, JSON_REJECT_DUPLICATES, &error);
    assert_non_null(document);
    json_t *paths = json_object_get(document, "paths");
    for (const struct route *route = routes_all(); route->path; route++)
        assert_non_null(json_object_get(paths, route->path));
    json_t *components = json_object_get(document, "components");
    check_references(document, json_object_get(components, "schemas"));
    json_decref(document);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_path_is_found_with_and_without_its_last_slash),
        cmocka_unit_test(test_head_is_answered_like_get),
        cmocka_unit_test(test_segments_fill_the_names_in_order),
        cmocka_unit_test(test_another_method_says_which_are_there),
        cmocka_unit_test(test_paths_that_are_none),
        cmocka_unit_test(test_which_paths_are_the_frontends),
        cmocka_unit_test(test_every_row_fits_its_rpc),
        cmocka_unit_test(test_open_routes_are_these_alone),
        cmocka_unit_test(test_the_openapi_document_holds_every_row),
        cmocka_unit_test(test_operators_see_no_content)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
