/* What is refused by its head alone, row by row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "guard.h"

#define THREAD "0193ab00-0000-7000-8000-000000000001"

static const struct head good_upgrade = {.method = HTTP_GET,
                                         .path = "/ws/chat/",
                                         .is_http_1_1 = true,
                                         .is_secure = true,
                                         .host = "localhost:8443",
                                         .connection = "keep-alive, Upgrade",
                                         .ws_version = "13",
                                         .ws_key = "dGhlIHNhbXBsZSBub25jZQ=="};

static int upgrade_status(struct head head)
{
    struct refusal refusal = guard_upgrade(&head, "https://chat.example, https://b.example");
    return refusal.http_status ? refusal.http_status : status_http(refusal.status);
}

static void test_a_good_upgrade_passes(void **state)
{
    (void)state;
    struct head head = good_upgrade;
    assert_int_equal(upgrade_status(head), 200);
    head.path = "/ws/chat/" THREAD "/";
    assert_int_equal(upgrade_status(head), 200);
}

static void test_an_upgrade_by_post_or_http_1_0_is_400(void **state)
{
    (void)state;
    struct head head = good_upgrade;
    head.method = HTTP_POST;
    assert_int_equal(upgrade_status(head), 400);
    head = good_upgrade;
    head.is_http_1_1 = false;
    assert_int_equal(upgrade_status(head), 400);
    head = good_upgrade;
    head.connection = "keep-alive";
    assert_int_equal(upgrade_status(head), 400);
    head.connection = NULL;
    assert_int_equal(upgrade_status(head), 400);
}

static void test_versions_other_than_13_are_426(void **state)
{
    (void)state;
    static const char *const bad[] = {NULL, "8", "12", "14", "013", "13, 8", "130"};
    struct head head = good_upgrade;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        head.ws_version = bad[i];
        assert_int_equal(upgrade_status(head), 426);
    }
}

static void test_keys_other_than_16_bytes_are_400(void **state)
{
    (void)state;
    static const char *const bad[] = {NULL,
                                      "",
                                      "YWJj",
                                      "dGhlIHNhbXBsZSBub25jZQ",
                                      "dGhlIHNhbXBsZSBub25jZTEyMw==",
                                      "!!!!!!!!!!!!!!!!!!!!!!=="};
    struct head head = good_upgrade;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        head.ws_key = bad[i];
        assert_int_equal(upgrade_status(head), 400);
    }
}

static void test_websocket_paths(void **state)
{
    (void)state;
    static const char *const bad[] = {"/",
                                      "/ws",
                                      "/ws/chat2",
                                      "/ws/chat/x/",
                                      "/ws/chat/" THREAD "x",
                                      "/ws/chat/" THREAD "/x",
                                      "/api/chat/me/",
                                      "/ws/chat//"};
    struct head head = good_upgrade;
    struct uuid thread;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        head.path = bad[i];
        assert_int_equal(upgrade_status(head), 404);
    }
    assert_true(guard_ws_path("/ws/chat", &thread));
    assert_true(uuid_is_zero(&thread));
    assert_true(guard_ws_path("/ws/chat/" THREAD, &thread));
    assert_int_equal(thread.b[15], 1);
}

static void test_origins(void **state)
{
    (void)state;
    static const struct {
        const char *origin;
        bool is_allowed;
    } rows[] = {{NULL, true},
                {"https://localhost:8443", true},
                {"https://LOCALHOST:8443", true},
                {"https://chat.example", true},
                {"https://b.example", true},
                {"http://localhost:8443", false},
                {"https://localhost", false},
                {"https://localhost:8443.evil.example", false},
                {"https://evil.example", false},
                {"null", false},
                {"", false}};
    struct head head = good_upgrade;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        head.origin = rows[i].origin;
        assert_int_equal(upgrade_status(head), rows[i].is_allowed ? 200 : 403);
    }
}

static void assert_token(const struct head *head, const char *expected)
{
    struct bytes token = guard_ws_token(head);
    assert_int_equal(token.len, strlen(expected));
    assert_true(bytes_equal(token, bytes_text(expected)));
}

static void test_where_a_websocket_says_its_token(void **state)
{
    (void)state;
    struct head head = good_upgrade;
    assert_token(&head, "");
    head.params[head.param_count++] =
        (struct head_param){bytes_text("token"), bytes_text("from.query")};
    assert_token(&head, "from.query");
    head.authorization = "Bearer from.header";
    assert_token(&head, "from.header");
    head.authorization = "bearer  from.header";
    assert_token(&head, "from.header");
    head.authorization = "Basic YTpi";
    assert_token(&head, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_good_upgrade_passes),
                                       cmocka_unit_test(test_an_upgrade_by_post_or_http_1_0_is_400),
                                       cmocka_unit_test(test_versions_other_than_13_are_426),
                                       cmocka_unit_test(test_keys_other_than_16_bytes_are_400),
                                       cmocka_unit_test(test_websocket_paths),
                                       cmocka_unit_test(test_origins),
                                       cmocka_unit_test(test_where_a_websocket_says_its_token)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
