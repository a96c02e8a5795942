/* More than may be asked, of a gateway of its own with small limits: five writes at once and one a
 * second for a user, eight requests for a tenant, five sign-ins for an address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include "raw.h"
#include "service_suites.h"

#define THREAD    "0193ab00-0000-7000-8000-000000000001"
#define TRIES_MAX 60 /* a slow machine refills while it asks */

static struct test_gateway strict;

static char *token_of(const char *tenant, uint8_t user)
{
    struct test_token token = {.role = ROLE_ADMIN};
    token.user.u.b[0] = 9;
    token.user.u.b[15] = user;
    snprintf(token.tenant.text, sizeof token.tenant.text, "%s", tenant);
    return test_token_mint(&strict.trust, &token);
}

/* The status of one request; what was answered stays in `raw`, which is closed. */
static int ask(struct raw *raw, const char *method, const char *token, const char *body)
{
    char request[4096];
    snprintf(request, sizeof request,
             "%s /api/chat/templates/%s HTTP/1.1\r\nHost: localhost\r\n"
             "Authorization: Bearer %s\r\nConnection: close\r\n%s%s",
             method, body ? "" : "?limit=0", token,
             body ? "Content-Type: application/json\r\nContent-Length: 1\r\n\r\n" : "\r\n",
             body ? body : "");
    *raw = raw_open(strict.plain_port);
    raw_send(raw, request);
    assert_true(raw_read_all(raw, 8000));
    raw_close(raw);
    return raw_status(raw);
}

/* How many requests were answered with `good` before the first 429; fails on any other answer. */
static int ask_until_429(struct raw *raw, const char *method, const char *tenant, int user,
                         const char *body, int good)
{
    for (int i = 0; i < TRIES_MAX; i++) {
        char *token = token_of(tenant, (uint8_t)(user < 0 ? i : user));
        int status = ask(raw, method, token, body);
        free(token);
        if (status == 429)
            return i;
        assert_int_equal(status, good);
    }
    fail_msg("no 429 after %d requests", TRIES_MAX);
    return 0;
}

static void expect_429(const struct raw *raw, const char *words)
{
    assert_non_null(strstr(raw->text, "\"code\":\"rate_limited\""));
    assert_non_null(strstr(raw->text, "Retry-After: 1\r\n"));
    assert_non_null(strstr(raw->text, words));
}

static void test_writes_of_one_user_over_http_are_429(void **state)
{
    (void)state;
    struct raw raw;
    long before = test_gateway_refused(&strict, "user_rate");
    assert_true(ask_until_429(&raw, "POST", "writers", 1, "[", 400) >= 5);
    expect_429(&raw, "one person");
    assert_int_equal(test_gateway_refused(&strict, "user_rate"), before + 1);
    char *same = token_of("writers", 1), *other = token_of("writers", 2);
    assert_int_equal(ask(&raw, "GET", same, NULL), 422); /* reads are not writes */
    assert_int_equal(ask(&raw, "POST", other, "["), 400);
    free(same);
    free(other);
}

static struct raw open_socket(const char *tenant, uint8_t user)
{
    char *token = token_of(tenant, user);
    struct raw raw = raw_open(strict.plain_port);
    assert_true(raw_ws_open(&raw, "/ws/chat/", token));
    free(token);
    return raw;
}

/* A post that is refused for its ref, if it gets so far. */
static void send_post(struct raw *raw, const char *ref)
{
    char text[256];
    int len = snprintf(
        text, sizeof text,
        "{\"op\":\"post\",\"ref\":\"%s\",\"thread_id\":\"" THREAD "\",\"body\":\"x\"}", ref);
    raw_ws_send(raw, 0x81, text, (size_t)len);
}

static void test_writes_of_one_user_over_sockets_and_http_share_one_limit(void **state)
{
    (void)state;
    struct raw first = open_socket("posters", 11), second = open_socket("posters", 11);
    struct raw other = open_socket("posters", 12);
    for (int i = 0; i < 5; i++)
        send_post(&first, "not-a-uuid");
    assert_true(raw_read_until(&first, "/ref: is not a UUID", 5000));
    for (int i = 0; i < 4; i++)
        send_post(&second, "too-many");
    raw_ws_send(&second, 0x81, "{\"op\":\"ping\",\"ref\":\"open\"}", 26);
    assert_true(raw_read_until(&second, "\"ref\":\"open\"", 5000));
    assert_true(raw_count(&second, "\"ref\":\"too-many\"") == 4);
    assert_true(raw_count(&second, "\"code\":\"rate_limited\"") >= 1);
    struct raw http; /* and with what they ask over HTTP */
    assert_true(ask_until_429(&http, "POST", "posters", 11, "[", 400) < 5);
    send_post(&other, "mine");
    assert_true(raw_read_until(&other, "\"code\":\"validation_failed\"", 5000));
    raw_close(&first);
    raw_close(&second);
    raw_close(&other);
}

static void test_a_flood_of_refused_posts_is_4429(void **state)
{
    (void)state;
    long before = test_gateway_refused(&strict, "user_rate");
    struct raw raw = open_socket("flooders", 21);
    for (int i = 0; i < 200; i++)
        send_post(&raw, "again");
    assert_int_equal(raw_ws_close_code(&raw, 8000), 4429);
    assert_true(test_gateway_refused(&strict, "user_rate") - before > 100);
    assert_true(test_gateway_is_alive(&strict));
    raw_close(&raw);
}

static void test_requests_of_one_tenant_are_429_and_of_another_are_not(void **state)
{
    (void)state;
    struct raw raw;
    long before = test_gateway_refused(&strict, "tenant_rate");
    assert_true(ask_until_429(&raw, "GET", "busy", -1, NULL, 422) >= 8);
    expect_429(&raw, "your tenant");
    assert_int_equal(test_gateway_refused(&strict, "tenant_rate"), before + 1);
    char *token = token_of("idle", 1);
    assert_int_equal(ask(&raw, "GET", token, NULL), 422);
    free(token);
}

static void test_sign_ins_from_one_address_are_429(void **state)
{
    (void)state;
    enum { ASKED = 12 };
    static struct raw raws[ASKED];
    unsigned refused = 0, tried = 0;
    for (int i = 0; i < ASKED; i++)
        raws[i] = raw_open(strict.plain_port);
    for (int i = 0; i < ASKED; i++)
        raw_send(&raws[i], "POST /api/chat/token/ HTTP/1.1\r\nHost: localhost\r\n"
                           "Connection: close\r\nContent-Type: application/json\r\n"
                           "Content-Length: 2\r\n\r\n{}");
    for (int i = 0; i < ASKED; i++) {
        assert_true(raw_read_all(&raws[i], 15000));
        refused += raw_status(&raws[i]) == 429;
        tried += raw_status(&raws[i]) == 503; /* auth is not there */
        if (raw_status(&raws[i]) == 429)
            expect_429(&raws[i], "from your address");
        raw_close(&raws[i]);
    }
    assert_int_equal(refused + tried, ASKED);
    assert_true(tried >= 5 && refused >= 1);
    assert_int_equal(test_gateway_refused(&strict, "sign_in_rate"), refused);
}

int run_limits_tests(void)
{
    static const char *const limits[] = {
        "WARDROOM_LIMIT_USER_WRITES_PER_S=1", "WARDROOM_LIMIT_TENANT_REQUESTS_PER_S=8",
        "WARDROOM_LIMIT_SIGN_INS_PER_S=1", "WARDROOM_LIMIT_FRAMES_PER_S=0", NULL};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes_of_one_user_over_http_are_429),
        cmocka_unit_test(test_writes_of_one_user_over_sockets_and_http_share_one_limit),
        cmocka_unit_test(test_a_flood_of_refused_posts_is_4429),
        cmocka_unit_test(test_requests_of_one_tenant_are_429_and_of_another_are_not),
        cmocka_unit_test(test_sign_ins_from_one_address_are_429)};
    test_gateway_start_with(&strict, limits);
    int failed = cmocka_run_group_tests_name("limits", tests, NULL, NULL);
    return failed + (test_gateway_stop(&strict) != 0);
}
