/* Bad HTTP against the real gateway: the documented answer, a counter, and the process lives on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/clock.h"
#include "raw.h"
#include "service_suites.h"

#define HEAD "Host: localhost\r\n"
#define JSON HEAD "Content-Type: application/json\r\n"

struct test_gateway test_gateway;

/* Send, and expect this status, this text in the answer and, when `reason` is there, its counter.
 */
static void expect(const char *request, int status, const char *text, const char *reason)
{
    struct raw raw = raw_open(test_gateway.plain_port);
    long before = reason ? test_gateway_refused(&test_gateway, reason) : 0;
    raw_send(&raw, request);
    raw_read_until(&raw, "\r\n\r\n", 8000);
    raw_read_until(&raw, text, 2000);
    if (raw_status(&raw) != status || !strstr(raw.text, text))
        print_error("sent: %.200s\ngot: %.1500s\n", request, raw.text);
    assert_int_equal(raw_status(&raw), status);
    assert_non_null(strstr(raw.text, text));
    assert_non_null(strstr(raw.text, "X-Content-Type-Options: nosniff"));
    if (status >= 400 && !strstr(request, "/readyz"))
        assert_non_null(strstr(raw.text, "Content-Type: application/problem+json\r\n"));
    if (reason)
        assert_int_equal(test_gateway_refused(&test_gateway, reason), before + 1);
    assert_true(test_gateway_is_alive(&test_gateway));
    raw_close(&raw);
}

/* Send, wait for the end of the connection, and expect one problem with its counter. */
static void expect_end_bytes(const char *request, size_t len, int status, const char *reason)
{
    struct raw raw = raw_open(test_gateway.plain_port);
    long before = test_gateway_refused(&test_gateway, reason);
    raw_send_bytes(&raw, request, len);
    bool is_ended = raw_read_all(&raw, 15000);
    if (!is_ended || raw_status(&raw) != status)
        print_error("sent: %.300s\ngot: %.1500s\n", request, raw.text);
    assert_true(is_ended);
    assert_int_equal(raw_status(&raw), status);
    assert_int_equal(raw_count(&raw, "X-Request-Id: "), 1);
    assert_non_null(strstr(raw.text, "Content-Type: application/problem+json\r\n"));
    assert_non_null(strstr(raw.text, "Connection: close\r\n"));
    assert_null(strstr(raw.text, "alive"));
    assert_int_equal(test_gateway_refused(&test_gateway, reason), before + 1);
    assert_true(test_gateway_is_alive(&test_gateway));
    raw_close(&raw);
}

static void expect_end(const char *request, int status, const char *reason)
{
    expect_end_bytes(request, strlen(request), status, reason);
}

static void test_plain_answers(void **state)
{
    (void)state;
    expect("GET /livez HTTP/1.1\r\n" HEAD "\r\n", 200, "\"status\":\"alive\"", NULL);
    expect("GET /readyz HTTP/1.1\r\n" HEAD "\r\n", 503, "\"ready\":false", NULL);
    expect("GET /.well-known/jwks.json HTTP/1.1\r\n" HEAD "\r\n", 200, "\"keys\"", NULL);
    expect("GET / HTTP/1.1\r\n" HEAD "\r\n", 200, "the page", NULL);
    expect("GET /threads/1 HTTP/1.1\r\n" HEAD "\r\n", 200, "the page", NULL);
    expect("HEAD / HTTP/1.1\r\n" HEAD "\r\n", 200, "Content-Length: 23\r\n", NULL);
}

static void test_a_smuggled_second_request_is_not_served(void **state)
{
    (void)state;
    static const char *const coders[] = {"Transfer-Encoding: chunked", "transfer-encoding:chunked",
                                         "Transfer-Encoding: identity, chunked",
                                         "Transfer-Encoding: xchunked"};
    for (size_t i = 0; i < sizeof coders / sizeof coders[0]; i++) {
        char request[512];
        struct raw raw = raw_open(test_gateway.plain_port);
        long before = test_gateway_refused(&test_gateway, "transfer_encoding");
        snprintf(request, sizeof request,
                 "POST /api/chat/token/ HTTP/1.1\r\n" JSON "Content-Length: 5\r\n%s\r\n\r\n"
                 "0\r\n\r\nGET /livez HTTP/1.1\r\n" HEAD "\r\n",
                 coders[i]);
        raw_send(&raw, request);
        assert_true(raw_read_all(&raw, 8000));
        assert_int_equal(raw_status(&raw), 501);
        assert_int_equal(raw_count(&raw, "X-Request-Id: "), 1);
        assert_int_equal(test_gateway_refused(&test_gateway, "transfer_encoding"), before + 1);
        raw_close(&raw);
    }
}

static void test_bodies_without_one_plain_length(void **state)
{
    (void)state;
    static const char *const bad[] = {"-1", "+5", "abc", "5, 5", "5;", "99999999999", "0x5"};
    char request[512];
    expect("POST /api/chat/token/ HTTP/1.1\r\n" JSON "\r\n", 411, "length_required",
           "content_length");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(request, sizeof request,
                 "POST /api/chat/token/ HTTP/1.1\r\n" JSON "Content-Length: %s\r\n\r\n{}aaa",
                 bad[i]);
        expect(request, 400, "Content-Length", "content_length");
    }
    expect("POST /api/chat/token/ HTTP/1.1\r\n" JSON
           "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
           400, "Content-Length", "content_length");
    expect("GET /livez HTTP/1.1\r\n" HEAD "Content-Length: 5\r\n\r\nhello", 400, "no body",
           "content_length");
}

static void test_headers_that_stand_twice(void **state)
{
    (void)state;
    expect("GET /livez HTTP/1.1\r\n" HEAD HEAD "\r\n", 400, "only once", "header");
    expect("GET /api/chat/me/ HTTP/1.1\r\n" HEAD
           "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n",
           400, "only once", "header");
    expect("GET /livez HTTP/1.1\r\n\r\n", 400, "Host", "header");
}

#define BEHIND "GET /livez HTTP/1.1\r\n" HEAD "\r\n"

static void test_heads_that_are_none(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        int status;
        const char *reason;
    } rows[] = {
        {"GET /livez HTTP/1.1\r\n" HEAD "A: b\r\nContent-Length: 40\r\n\r\n" BEHIND, 400,
         "content_length"},
        {"GET /livez HTTP/1.1\r\n" HEAD "A: b\r\nTransfer-Encoding: chunked\r\n\r\n" BEHIND, 501,
         "transfer_encoding"},
        {"GET /livez HTTP/1.1\r\n" HEAD "Transfer-Encoding:\r\n\r\n" BEHIND, 501,
         "transfer_encoding"},
        {"GET /livez HTTP/1.1\r\n" HEAD "junk\r\nContent-Length: 40\r\n\r\n" BEHIND, 400, "head"},
        {"GET /livez HTTP/1.1\r\n" HEAD "X: a\r\n b\r\n\r\n" BEHIND, 400, "head"},
        {"GET /livez HTTP/1.1\n" HEAD "\r\n" BEHIND, 400, "head"},
        {"GET  /livez HTTP/1.1\r\n" HEAD "\r\n" BEHIND, 400, "head"},
        {"GET http://localhost/livez HTTP/1.1\r\n" HEAD "\r\n" BEHIND, 400, "head"},
        {"GET /livez%0aContent-Length:%2040 HTTP/1.1\r\n" HEAD "\r\n" BEHIND, 400, "path"},
        {"GET /livez%00/x HTTP/1.1\r\n" HEAD "\r\n" BEHIND, 400, "path"},
        {"CONNECT x:443 HTTP/1.1\r\n" HEAD "\r\n" BEHIND, 501, "connect"},
        {"BREW / HTTP/1.1\r\n" HEAD "\r\n" BEHIND, 501, "method"},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "head"},
        {"GET /ws/chat/ HTTP/1.1\r\n" HEAD "Connection: Upgrade\r\nUpgrade: foo\r\n\r\n", 400,
         "upgrade"}};
    static const char garbage[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect_end(rows[i].request, rows[i].status, rows[i].reason);
    expect_end_bytes(garbage, sizeof garbage - 1, 400, "head");
}

/* A request whose target and one header are so long. */
static char *long_request(size_t target_len, size_t header_len)
{
    char *text = malloc(target_len + header_len + 100);
    char *at = stpcpy(text, "GET /");
    memset(at, 'a', target_len - 1);
    at = stpcpy(at + target_len - 1, " HTTP/1.1\r\n" HEAD "User-Agent: ");
    memset(at, 'a', header_len);
    stpcpy(at + header_len, "\r\n\r\n");
    return text;
}

static void test_heads_that_are_too_long(void **state)
{
    (void)state;
    char *fits =
        long_request(100, 16384 - 100 - strlen("GET  HTTP/1.1\r\n" HEAD "User-Agent: \r\n\r\n"));
    assert_int_equal(strlen(fits), 16384);
    expect(fits, 200, "the page", NULL);
    char *long_head = long_request(100, 300 * 1024);
    expect_end(long_head, 431, "head_size");
    char *long_line = long_request(9000, 10);
    expect_end(long_line, 414, "head_size");
    free(fits);
    free(long_head);
    free(long_line);
}

static void test_nothing_behind_a_refused_head_is_served_however_it_comes(void **state)
{
    (void)state;
    static const char refused[] = "GET / HTTP/1.1\r\n" HEAD "Transfer-Encoding:\r\n\r\n" BEHIND;
    struct raw raw = raw_open(test_gateway.plain_port);
    raw_send(&raw, BEHIND);
    for (size_t i = 0; i < sizeof refused - 1; i++)
        raw_send_bytes(&raw, refused + i, 1);
    assert_true(raw_read_all(&raw, 15000));
    assert_int_equal(raw_count(&raw, "HTTP/1.1 200 OK"), 1);
    assert_int_equal(raw_count(&raw, "HTTP/1.1 501 "), 1);
    assert_int_equal(raw_count(&raw, "HTTP/1.1 "), 2);
    raw_close(&raw);
}

static void test_upgrades_that_are_not_to_websocket(void **state)
{
    (void)state;
    expect(
        "GET /ws/chat/ HTTP/1.1\r\n" HEAD
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
        400, "websocket", "upgrade");
}

static void test_sizes(void **state)
{
    (void)state;
    expect("POST /api/chat/token/ HTTP/1.1\r\n" JSON "Content-Length: 262145\r\n\r\n{", 413,
           "too_large", "too_large");
    char *token = test_token_mint(&test_gateway.trust, &(struct test_token){0});
    char request[2048];
    snprintf(request, sizeof request,
             "POST /api/chat/files/?name=a HTTP/1.1\r\n" HEAD
             "Authorization: Bearer %s\r\nContent-Length: 1048577\r\n\r\nx",
             token);
    expect(request, 413, "too_large", "too_large");
    free(token);
}

static void post_json(const char *body, int status, const char *text)
{
    char *request = malloc(strlen(body) + 256);
    sprintf(request, "POST /api/chat/token/ HTTP/1.1\r\n" JSON "Content-Length: %zu\r\n\r\n%s",
            strlen(body), body);
    expect(request, status, text, NULL);
    free(request);
}

static void test_bodies_that_are_not_what_they_should_be(void **state)
{
    (void)state;
    static const char *const not_json[] = {"",
                                           "{",
                                           "hello",
                                           "{\"username\":\"a\\u0000b\"}",
                                           "{\"username\":\"\\ud800\"}",
                                           "{\"username\":\"a\",\"username\":\"b\"}",
                                           "{\"username\":99999999999999999999}",
                                           "{\"username\":\"\xff\"}"};
    for (size_t i = 0; i < sizeof not_json / sizeof not_json[0]; i++)
        post_json(not_json[i], 400, "\"code\":\"bad_request\"");
    post_json("{\"username\":\"a\",\"extra\":1}", 422, "\"pointer\":\"/extra\"");
    post_json("{\"username\":7}", 422, "\"pointer\":\"/username\"");
    post_json("{\"username\":\"a\",\"address_filled\":\"1.2.3.4\"}", 422, "address_filled");
    expect("POST /api/chat/token/ HTTP/1.1\r\n" HEAD
           "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
           415, "application/json", "media_type");
}

static void test_paths_and_methods(void **state)
{
    (void)state;
    expect("GET /api/chat/nothing/ HTTP/1.1\r\n" HEAD "\r\n", 404, "not_found", NULL);
    expect("GET /ws/chat/ HTTP/1.1\r\n" HEAD "\r\n", 404, "not_found", NULL);
    expect("DELETE /api/chat/me/ HTTP/1.1\r\n" HEAD "\r\n", 405, "Allow: GET, HEAD\r\n", "method");
    expect("OPTIONS /api/chat/threads/ HTTP/1.1\r\n" HEAD "\r\n", 405, "Allow: GET, HEAD, POST\r\n",
           "method");
    expect("DELETE /index.html HTTP/1.1\r\n" HEAD "\r\n", 405, "Allow: GET, HEAD\r\n", "method");
    expect("GET /assets/nothing.js HTTP/1.1\r\n" HEAD "\r\n", 404, "not_found", NULL);
    expect("GET /assets/..%2f..%2ftls.key HTTP/1.1\r\n" HEAD "\r\n", 200, "the page", NULL);
    expect("GET /../tls.key HTTP/1.1\r\n" HEAD "\r\n", 200, "the page", NULL);
}

static void get_me(const char *authorization, int status, const char *text)
{
    char request[16384];
    snprintf(request, sizeof request, "GET /api/chat/me/ HTTP/1.1\r\n" HEAD "%s\r\n",
             authorization);
    expect(request, status, text, status == 401 ? "token" : NULL);
}

static void test_tokens(void **state)
{
    (void)state;
    char line[8192];
    get_me("", 401, "WWW-Authenticate: Bearer");
    get_me("Authorization: Bearer \r\n", 401, "invalid_token");
    get_me("Authorization: Bearer a.b.c\r\n", 401, "invalid_token");
    get_me("Authorization: Basic YTpi\r\n", 401, "invalid_token");
    char *none = test_token_sign(&test_gateway.trust, "{\"alg\":\"none\"}", "{}");
    snprintf(line, sizeof line, "Authorization: Bearer %s\r\n", none);
    get_me(line, 401, "invalid_token");
    char *expired = test_token_mint(
        &test_gateway.trust, &(struct test_token){.issued_at_s = 1700000000, .lifetime_s = 900});
    snprintf(line, sizeof line, "Authorization: Bearer %s\r\n", expired);
    get_me(line, 401, "invalid_token");
    char *good = test_token_mint(&test_gateway.trust, &(struct test_token){0});
    snprintf(line, sizeof line, "Authorization: Bearer %s\r\n", good);
    get_me(line, 503, "Retry-After: "); /* no service here: asked, not refused */
    free(none);
    free(expired);
    free(good);
}

static void test_a_role_that_may_not(void **state)
{
    (void)state;
    char request[2048];
    char *token = test_token_mint(&test_gateway.trust, &(struct test_token){.role = ROLE_MEMBER});
    snprintf(request, sizeof request,
             "GET /api/chat/tenants/ HTTP/1.1\r\n" HEAD "Authorization: Bearer %s\r\n\r\n", token);
    expect(request, 403, "forbidden", "role");
    free(token);
}

static void test_foreign_origins(void **state)
{
    (void)state;
    expect("GET /api/chat/me/ HTTP/1.1\r\n" HEAD "Origin: https://evil.example\r\n\r\n", 403,
           "origin", "origin");
    expect("GET /livez HTTP/1.1\r\n" HEAD "Origin: https://chat.example\r\n\r\n", 200, "alive",
           NULL);
    expect("GET /livez HTTP/1.1\r\n" HEAD "Origin: http://localhost\r\n\r\n", 200, "alive", NULL);
}

static void test_pipelined_requests_are_answered_in_order(void **state)
{
    (void)state;
    struct raw raw = raw_open(test_gateway.plain_port);
    raw_send(&raw, "GET /livez HTTP/1.1\r\n" HEAD "\r\nGET /.well-known/jwks.json HTTP/1.1\r\n" HEAD
                   "\r\nGET /livez HTTP/1.1\r\n" HEAD "Connection: close\r\n\r\n");
    assert_true(raw_read_all(&raw, 8000));
    assert_int_equal(raw_count(&raw, "HTTP/1.1 200 OK"), 3);
    const char *keys = strstr(raw.text, "\"keys\"");
    assert_true(keys && strstr(raw.text, "alive") < keys && strstr(keys, "alive"));
    raw_close(&raw);
}

/* libwebsockets alone takes the second head for its own body, and never ends. */
static void test_pipelined_bodies_are_answered_in_order(void **state)
{
    (void)state;
    static const char post[] =
        "POST /api/chat/token/ HTTP/1.1\r\n" JSON "Content-Length: 14\r\n\r\n{\"username\":7}";
    char requests[2048];
    struct raw raw = raw_open(test_gateway.plain_port);
    snprintf(requests, sizeof requests, BEHIND "%s%s" BEHIND "%s" BEHIND "GET / HTTP/1.0\r\n\r\n",
             post, post, post);
    raw_send(&raw, requests);
    assert_true(raw_read_all(&raw, 8000));
    assert_int_equal(raw_count(&raw, "HTTP/1.1 200 OK\r\n"), 4);
    assert_int_equal(raw_count(&raw, "HTTP/1.1 422 "), 3);
    assert_int_equal(raw_count(&raw, "X-Request-Id: "), 7);
    raw_close(&raw);
}

static void test_http_1_0_is_answered_and_closed(void **state)
{
    (void)state;
    struct raw raw = raw_open(test_gateway.plain_port);
    raw_send(&raw, "GET /livez HTTP/1.0\r\n\r\n");
    assert_true(raw_read_all(&raw, 8000));
    assert_int_equal(raw_status(&raw), 200);
    assert_non_null(strstr(raw.text, "Connection: close\r\n"));
    raw_close(&raw);
}

static void test_a_body_that_does_not_come_is_408(void **state)
{
    (void)state;
    expect("POST /api/chat/token/ HTTP/1.1\r\n" JSON "Content-Length: 100\r\n\r\n{", 408, "slowly",
           "slow_body");
}

static void test_a_head_that_does_not_end_is_hung_up_on(void **state)
{
    (void)state;
    struct raw raw = raw_open(test_gateway.plain_port);
    long before_ms = test_gateway_cpu_ms(&test_gateway);
    raw_send(&raw, "GET / HTTP/1.1\r\nHost: local");
    assert_true(raw_read_all(&raw, 15000));
    assert_int_equal(raw.len, 0);
    assert_in_range(test_gateway_cpu_ms(&test_gateway), 0,
                    before_ms + 2000); /* it waits, no more */
    assert_true(test_gateway_is_alive(&test_gateway));
    raw_close(&raw);
}

static void test_a_peer_that_reads_nothing_does_not_hold_the_others_up(void **state)
{
    (void)state;
    struct raw slow = raw_open(test_gateway.plain_port);
    raw_send(&slow, "GET /assets/big-1.js HTTP/1.1\r\n" HEAD "\r\n");
    raw_send(&slow, "GET /assets/big-1.js HTTP/1.1\r\n" HEAD "\r\n");
    for (int i = 0; i < 20; i++)
        expect("GET /livez HTTP/1.1\r\n" HEAD "\r\n", 200, "alive", NULL);
    raw_close(&slow);
}

/* Sends requests and reads answers on one connection as fast as it can, until it is killed. */
static pid_t start_flood(void)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost:a\r\n\r\n";
    static char requests[1000 * sizeof request], answers[1 << 20];
    for (int i = 0; i < 1000; i++)
        strcat(requests, request);
    struct raw raw = raw_open(test_gateway.plain_port);
    pid_t child = fork();
    assert_true(child >= 0);
    for (size_t at = 0; child == 0;) {
        struct pollfd pollfd = {.fd = raw.fd, .events = POLLIN | POLLOUT};
        poll(&pollfd, 1, -1);
        if ((pollfd.revents & POLLIN) && recv(raw.fd, answers, sizeof answers, MSG_DONTWAIT) == 0)
            _exit(0);
        ssize_t sent = send(raw.fd, requests + at, strlen(requests + at), MSG_DONTWAIT);
        at += sent > 0 ? (size_t)sent : 0;
        at = requests[at] == '\0' ? 0 : at;
    }
    raw_close(&raw);
    return child;
}

static int by_size(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static void test_a_flood_of_pipelined_requests_does_not_hold_the_others_up(void **state)
{
    enum { TRIES = 15, MOST_MS = 100 }; /* while a turn answered all there were: 270 */
    int64_t took_us[TRIES];
    (void)state;
    pid_t flood = start_flood();
    for (int i = 0; i < TRIES; i++) {
        int64_t begun_us = clock_monotonic_us();
        expect("GET /livez HTTP/1.1\r\n" HEAD "\r\n", 200, "alive", NULL);
        took_us[i] = clock_monotonic_us() - begun_us;
    }
    kill(flood, SIGKILL);
    assert_int_equal(waitpid(flood, NULL, 0), flood);
    qsort(took_us, TRIES, sizeof took_us[0], by_size);
    assert_in_range(took_us[TRIES / 2], 0, MOST_MS * 1000);
}

static void test_expect_100_is_answered(void **state)
{
    (void)state;
    struct raw raw = raw_open(test_gateway.plain_port);
    raw_send(&raw, "POST /api/chat/token/ HTTP/1.1\r\n" JSON
                   "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert_true(raw_read_until(&raw, "HTTP/1.1 100 Continue\r\n\r\n", 5000));
    raw_send(&raw, "{}");
    assert_true(raw_read_until(&raw, "HTTP/1.1 503 ", 8000));
    raw_close(&raw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_answers),
        cmocka_unit_test(test_a_smuggled_second_request_is_not_served),
        cmocka_unit_test(test_bodies_without_one_plain_length),
        cmocka_unit_test(test_headers_that_stand_twice),
        cmocka_unit_test(test_heads_that_are_none),
        cmocka_unit_test(test_heads_that_are_too_long),
        cmocka_unit_test(test_nothing_behind_a_refused_head_is_served_however_it_comes),
        cmocka_unit_test(test_upgrades_that_are_not_to_websocket),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_bodies_that_are_not_what_they_should_be),
        cmocka_unit_test(test_paths_and_methods),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_a_role_that_may_not),
        cmocka_unit_test(test_foreign_origins),
        cmocka_unit_test(test_pipelined_requests_are_answered_in_order),
        cmocka_unit_test(test_pipelined_bodies_are_answered_in_order),
        cmocka_unit_test(test_http_1_0_is_answered_and_closed),
        cmocka_unit_test(test_a_body_that_does_not_come_is_408),
        cmocka_unit_test(test_a_head_that_does_not_end_is_hung_up_on),
        cmocka_unit_test(test_a_peer_that_reads_nothing_does_not_hold_the_others_up),
        cmocka_unit_test(test_a_flood_of_pipelined_requests_does_not_hold_the_others_up),
        cmocka_unit_test(test_expect_100_is_answered)};
    test_gateway_start(&test_gateway);
    int failed = cmocka_run_group_tests_name("http", tests, NULL, NULL);
    failed += run_websocket_tests();
    failed += run_tls_tests();
    failed += run_limits_tests();
    failed += run_stop_tests();
    return failed;
}
