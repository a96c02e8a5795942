/* Request heads, row by row: what is refused and as what, and what libwebsockets sees of the rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include "head_scan.h"

#define GET  "GET / HTTP/1.1\r\n"
#define HOST "Host: localhost:8443\r\n"
#define POST "POST /api/chat/token/ HTTP/1.1\r\n" HOST

static struct head_scan scan_bytes(struct bytes bytes, char *out)
{
    struct head_scan scan = {0};
    size_t len = 0;
    assert_true(head_scan(&scan, bytes, (uint8_t *)out, &len));
    assert_true(len <= bytes.len + HEAD_GROWTH_BYTES);
    out[len] = '\0';
    return scan;
}

static int status_of(const struct head_scan *scan)
{
    return scan->refusal.http_status ? scan->refusal.http_status
                                     : status_http(scan->refusal.status);
}

static void expect(const char *head, int status, enum counter counter)
{
    static char out[HEAD_OUT_BYTES + 1];
    struct head_scan scan = scan_bytes(bytes_text(head), out);
    if (status_of(&scan) != status || scan.refusal.counter != counter)
        print_error("of: %.200s\n", head);
    assert_int_equal(status_of(&scan), status);
    assert_int_equal(scan.refusal.counter, counter);
    assert_non_null(scan.refusal.detail);
}

/* The head passes, and libwebsockets sees `canonical`. */
static void expect_as(const char *head, const char *canonical)
{
    static char out[HEAD_OUT_BYTES + 1];
    struct head_scan scan = scan_bytes(bytes_text(head), out);
    assert_int_equal(scan.refusal.status, OK);
    assert_string_equal(out, canonical);
    assert_int_equal(scan.len, strlen(head));
}

static void test_bytes_that_are_no_head_are_400(void **state)
{
    (void)state;
    static const char *const rows[] = {"\x16\x03\x01\x02",
                                       "\r\n" GET HOST "\r\n",
                                       " GET / HTTP/1.1\r\n" HOST "\r\n",
                                       "GET\t/ HTTP/1.1\r\n" HOST "\r\n",
                                       "GET /\r\n\r\n",
                                       "GET / \r\n\r\n",
                                       "GET  / HTTP/1.1\r\n" HOST "\r\n",
                                       "GET /  HTTP/1.1\r\n" HOST "\r\n",
                                       "GET / HTTP/1.1 \r\n" HOST "\r\n",
                                       "GET / x HTTP/1.1\r\n" HOST "\r\n",
                                       "GET / http/1.1\r\n" HOST "\r\n",
                                       "GET / HTTP/1.1x\r\n" HOST "\r\n",
                                       "GET / HTTP/1\r\n" HOST "\r\n",
                                       "GET / HTTP/11\r\n" HOST "\r\n",
                                       "G(T / HTTP/1.1\r\n" HOST "\r\n",
                                       "GET / HTTP/1.1\n" HOST "\r\n",
                                       "GET / HTTP/1.1\r" HOST "\r\n",
                                       GET "Host: a\n\r\n",
                                       GET "Host: a\rb\r\n\r\n",
                                       GET HOST "\n",
                                       GET HOST "X: a\r\n b\r\n\r\n",
                                       GET HOST "X: a\r\n\tb\r\n\r\n",
                                       GET " X: a\r\n" HOST "\r\n",
                                       GET HOST "Content-Length : 5\r\n\r\n",
                                       GET HOST "Content-Length\t: 5\r\n\r\n",
                                       GET HOST "Content Length: 5\r\n\r\n",
                                       GET HOST "junk\r\n\r\n",
                                       GET HOST ": x\r\n\r\n",
                                       GET HOST "X\x80: x\r\n\r\n",
                                       GET HOST "X: a\x01\r\n\r\n",
                                       GET HOST "X: a\x7f\r\n\r\n",
                                       "GET http://localhost/ HTTP/1.1\r\n" HOST "\r\n",
                                       "OPTIONS * HTTP/1.1\r\n" HOST "\r\n",
                                       "GET livez HTTP/1.1\r\n" HOST "\r\n"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(rows[i], 400, COUNT_REFUSED_HEAD);
    static char out[HEAD_OUT_BYTES + 1];
    static const char nul[] = GET "Host: a\0b\r\n\r\n";
    struct head_scan scan = scan_bytes(bytes_of(nul, sizeof nul - 1), out);
    assert_int_equal(scan.refusal.counter, COUNT_REFUSED_HEAD);
}

static void test_other_versions_are_505(void **state)
{
    (void)state;
    expect("PRI * HTTP/2.0\r\n\r\n", 505, COUNT_REFUSED_HEAD);
    expect("GET / HTTP/0.9\r\n\r\n", 505, COUNT_REFUSED_HEAD);
    expect_as("GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\n\r\n");
    expect_as("GET / HTTP/1.7\r\n" HOST "\r\n", "GET / HTTP/1.1\r\nHost:localhost:8443\r\n\r\n");
}

static void test_methods_that_nobody_has_are_501(void **state)
{
    (void)state;
    expect("BREW / HTTP/1.1\r\n" HOST "\r\n", 501, COUNT_REFUSED_METHOD);
    expect("get / HTTP/1.1\r\n" HOST "\r\n", 501, COUNT_REFUSED_METHOD);
    expect("TRACE / HTTP/1.1\r\n" HOST "\r\n", 501, COUNT_REFUSED_METHOD);
    expect("GETS / HTTP/1.1\r\n" HOST "\r\n", 501, COUNT_REFUSED_METHOD);
    expect("CONNECT a:1 HTTP/1.1\r\n" HOST "\r\n", 501, COUNT_REFUSED_CONNECT);
    static const char *const known[] = {"GET", "HEAD", "DELETE", "OPTIONS"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        char head[100], canonical[100];
        snprintf(head, sizeof head, "%s /a?b=c HTTP/1.1\r\nhost:h\r\n\r\n", known[i]);
        snprintf(canonical, sizeof canonical, "%s /a?b=c HTTP/1.1\r\nHost:h\r\n\r\n", known[i]);
        expect_as(head, canonical);
    }
}

static void test_paths_with_control_characters_or_broken_escapes_are_400(void **state)
{
    (void)state;
    static const char *const bad[] = {"/%00", "/a%0aX:y", "/a%0D", "/%1f",   "/%7F",      "/%",
                                      "/%1",  "/%g0",     "/%0g",  "/a?%0a", "/\xc3\xa4", "/a\tb"};
    static const char *const good[] = {"/%20", "/%c3%a4", "/a%2fb", "/..", "/?a=%25", "/a?b?c"};
    char head[200];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(head, sizeof head, "GET %s HTTP/1.1\r\n" HOST "\r\n", bad[i]);
        expect(head, 400, COUNT_REFUSED_PATH);
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char canonical[200];
        snprintf(head, sizeof head, "GET %s HTTP/1.1\r\n" HOST "\r\n", good[i]);
        snprintf(canonical, sizeof canonical, "GET %s HTTP/1.1\r\nHost:localhost:8443\r\n\r\n",
                 good[i]);
        expect_as(head, canonical);
    }
}

static void test_more_than_32_parameters_are_400(void **state)
{
    (void)state;
    static char out[HEAD_OUT_BYTES + 1];
    char head[6000] = "GET /?a";
    for (int i = 1; i < 32; i++)
        strcat(head, i % 2 ? "&a" : ";a");
    char *end = head + strlen(head);
    strcpy(end, " HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(scan_bytes(bytes_text(head), out).refusal.status, OK);
    strcpy(end, "& HTTP/1.1\r\n" HOST "\r\n");
    expect(head, 400, COUNT_REFUSED_HEADER);
    memset(head, 'a', HEAD_PARAM_BYTES_MAX + 8);
    memcpy(head, "GET /?%41", 9); /* two bytes less when decoded */
    strcpy(head + 6 + 2 + HEAD_PARAM_BYTES_MAX, " HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(scan_bytes(bytes_text(head), out).refusal.status, OK);
    strcpy(head + 6 + 2 + HEAD_PARAM_BYTES_MAX, "a HTTP/1.1\r\n" HOST "\r\n");
    expect(head, 400, COUNT_REFUSED_HEADER);
}

static void test_any_transfer_encoding_is_501(void **state)
{
    (void)state;
    static const char *const rows[] = {"Transfer-Encoding: chunked\r\n",
                                       "transfer-encoding:\r\n",
                                       "TRANSFER-ENCODING: \t \r\n",
                                       "Transfer-Encoding: identity\r\n",
                                       "Transfer-Encoding: cHuNkEd\r\n",
                                       "A: b\r\nTransfer-Encoding: x\r\n",
                                       "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                                       "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                                       "Transfer-Encoding: a\r\nTransfer-Encoding: chunked\r\n"};
    char head[300];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(head, sizeof head, POST "%s\r\n", rows[i]);
        expect(head, 501, COUNT_REFUSED_TRANSFER_ENCODING);
        snprintf(head, sizeof head, GET HOST "%s\r\n", rows[i]);
        expect(head, 501, COUNT_REFUSED_TRANSFER_ENCODING);
    }
}

static void test_a_length_stands_once_as_1_to_10_digits(void **state)
{
    (void)state;
    static const char *const bad[] = {"",     "-1",    "+5",   "abc", "5 5",
                                      "5, 5", "5,6",   "0x10", "5;",  "12345678901",
                                      "1e3",  "\"5\"", "5\t5", "5.0", "\xb2"};
    static char out[HEAD_OUT_BYTES + 1];
    char head[200];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(head, sizeof head, POST "Content-Length: %s\r\n\r\n", bad[i]);
        expect(head, 400, COUNT_REFUSED_LENGTH);
    }
    expect(POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400, COUNT_REFUSED_LENGTH);
    expect(POST "Content-Length: 5\r\ncontent-length: 6\r\n\r\n", 400, COUNT_REFUSED_LENGTH);
    expect(POST "A: b\r\nContent-Length: x\r\n\r\n", 400, COUNT_REFUSED_LENGTH);
    expect(POST "\r\n", 411, COUNT_REFUSED_LENGTH);
    expect("PUT / HTTP/1.1\r\n" HOST "\r\n", 411, COUNT_REFUSED_LENGTH);
    expect("PATCH / HTTP/1.0\r\n\r\n", 411, COUNT_REFUSED_LENGTH);
    expect(GET HOST "Content-Length: 1\r\n\r\n", 400, COUNT_REFUSED_LENGTH);
    expect("DELETE / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\n", 400, COUNT_REFUSED_LENGTH);
    assert_int_equal(
        scan_bytes(bytes_text(POST "Content-Length: \t9999999999 \r\n\r\n"), out).body_len,
        9999999999);
    assert_int_equal(scan_bytes(bytes_text(POST "Content-Length: 007\r\n\r\n"), out).body_len, 7);
    assert_int_equal(scan_bytes(bytes_text(GET HOST "Content-Length: 0\r\n\r\n"), out).body_len, 0);
}

static void test_headers_that_may_stand_once_and_stand_twice_are_400(void **state)
{
    (void)state;
    static const char *const once[] = {"Host",
                                       "Origin",
                                       "Content-Type",
                                       "Authorization",
                                       "Upgrade",
                                       "Sec-WebSocket-Version",
                                       "Sec-WebSocket-Key"};
    char head[200];
    for (size_t i = 0; i < sizeof once / sizeof once[0]; i++) {
        snprintf(head, sizeof head, GET "%s%s: a\r\nX: y\r\n%s: a\r\n\r\n", i > 0 ? HOST : "",
                 once[i], once[i]);
        expect(head, 400, COUNT_REFUSED_HEADER);
    }
    expect_as(GET HOST "Accept: a\r\nAccept: b\r\nIf-None-Match: \"a\"\r\nIf-None-Match: b\r\n\r\n",
              GET "Host:localhost:8443\r\nIf-None-Match:\"a\"\r\n\r\n");
}

static void test_http_1_1_without_one_plain_host_is_400(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "a,b", "a b", "a/b", "a@b", "\xc3\xa4", "a\"b", "a;b"};
    char head[200];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(head, sizeof head, GET "Host: %s\r\n\r\n", bad[i]);
        expect(head, 400, COUNT_REFUSED_HEADER);
    }
    expect(GET "\r\n", 400, COUNT_REFUSED_HEADER);
    expect("GET / HTTP/1.0\r\nHost: a b\r\n\r\n", 400, COUNT_REFUSED_HEADER);
    expect_as(GET "host:  [::1]:8443\t\r\n\r\n", GET "Host:[::1]:8443\r\n\r\n");
}

static void test_what_the_gateway_does_not_use_is_left_out(void **state)
{
    (void)state;
    expect_as(GET "A: b\r\nORIGIN:https://a \r\n" HOST
                  "Con: x\r\nConnection: Keep-Alive,  CLOSE\r\nUser-Agent: x\xff\r\nEmpty:\r\n\r\n",
              GET "Host:localhost:8443\r\nOrigin:https://a\r\nConnection:close\r\n\r\n");
    expect_as(POST "Expect: 100-Continue\r\nContent-Type: a/b; c=d\r\nContent-Length: 3\r\n\r\n",
              "POST /api/chat/token/ HTTP/1.1\r\nHost:localhost:8443\r\nContent-Length:3\r\n"
              "Content-Type:a/b; c=d\r\nExpect:100-continue\r\n\r\n");
    expect_as(GET HOST "Connection: keep-alive, closed\r\n\r\n", GET "Host:localhost:8443\r\n\r\n");
}

#define UPGRADE GET HOST "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
#define SEEN    GET "Host:localhost:8443\r\n"
#define SEEN_AS "Upgrade:websocket\r\nConnection:upgrade\r\n"

#define OURS "Sec-WebSocket-Protocol:wardroom.v1\r\n\r\n"

static void test_an_upgrade_is_seen_with_its_token_in_one_place(void **state)
{
    (void)state;
    expect_as(UPGRADE "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: k\r\n\r\n",
              SEEN SEEN_AS "Sec-WebSocket-Version:13\r\nSec-WebSocket-Key:k\r\n\r\n");
    expect_as(UPGRADE "Sec-WebSocket-Protocol: a, wardroom.v1,bearer.t.o.k\r\n\r\n",
              SEEN "Authorization:Bearer t.o.k\r\n" SEEN_AS OURS);
    expect_as(UPGRADE "Sec-WebSocket-Protocol: bearer.t\r\n"
                      "sec-websocket-protocol: wardroom.v1\r\n\r\n",
              SEEN "Authorization:Bearer t\r\n" SEEN_AS OURS);
    expect_as(UPGRADE "Sec-WebSocket-Protocol: wardroom.v1, bearer.t\r\n"
                      "Authorization: Basic x\r\n\r\n",
              SEEN "Authorization:Basic x\r\n" SEEN_AS OURS);
    expect_as(GET HOST "Upgrade: websocket\r\nConnection: x\r\n\r\n",
              SEEN "Upgrade:websocket\r\n\r\n");
}

static void test_upgrades_to_anything_else_are_400(void **state)
{
    (void)state;
    static const char *const bad[] = {"foo", "h2c", "websocket2", "websocket, h2c", ""};
    char head[200];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(head, sizeof head, GET HOST "Connection: Upgrade\r\nUpgrade: %s\r\n\r\n", bad[i]);
        expect(head, 400, COUNT_REFUSED_UPGRADE);
    }
    expect(UPGRADE "Sec-WebSocket-Protocol: bearer.abc\r\n\r\n", 400, COUNT_REFUSED_UPGRADE);
    expect(UPGRADE "Sec-WebSocket-Protocol: WARDROOM.V1\r\n\r\n", 400, COUNT_REFUSED_UPGRADE);
    expect(UPGRADE "Sec-WebSocket-Protocol:\r\n\r\n", 400, COUNT_REFUSED_UPGRADE);
}

static void test_100_headers_pass_and_101_are_431(void **state)
{
    (void)state;
    static char out[HEAD_OUT_BYTES + 1];
    char head[2000] = GET HOST;
    for (int i = 1; i < HEAD_FIELDS_MAX; i++)
        strcat(head, "A: b\r\n");
    char *end = head + strlen(head);
    strcpy(end, "\r\n");
    assert_int_equal(scan_bytes(bytes_text(head), out).refusal.status, OK);
    strcpy(end, "A: b\r\n\r\n");
    expect(head, 431, COUNT_REFUSED_HEAD_SIZE);
}

static void test_a_head_of_16_kib_passes_and_one_byte_more_is_431(void **state)
{
    (void)state;
    static char head[HEAD_BYTES_MAX + 2], out[HEAD_OUT_BYTES + 1];
    size_t start = strlen(strcpy(head, GET HOST "Authorization: "));
    memset(head + start, 'a', sizeof head - start);
    memcpy(head + HEAD_BYTES_MAX - 4, "\r\n\r\n", 5);
    assert_int_equal(scan_bytes(bytes_text(head), out).refusal.status, OK);
    memcpy(head + HEAD_BYTES_MAX - 4, "a\r\n\r\n", 6);
    expect(head, 431, COUNT_REFUSED_HEAD_SIZE);
    assert_int_equal(scan_bytes(bytes_text(head), out).len, HEAD_BYTES_MAX);
}

static void test_a_request_line_of_8_kib_passes_and_one_byte_more_is_414(void **state)
{
    (void)state;
    static char head[HEAD_LINE_BYTES_MAX + 100], out[HEAD_OUT_BYTES + 1];
    static const char version[] = " HTTP/1.1";
    memset(head, 'a', sizeof head);
    memcpy(head, "GET /", 5);
    strcpy(head + HEAD_LINE_BYTES_MAX - strlen(version), " HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(scan_bytes(bytes_text(head), out).refusal.status, OK);
    strcpy(head + HEAD_LINE_BYTES_MAX - strlen(version), "a HTTP/1.1\r\n" HOST "\r\n");
    expect(head, 414, COUNT_REFUSED_HEAD_SIZE);
}

static void test_a_refused_head_is_seen_as_a_harmless_one(void **state)
{
    (void)state;
    static char out[HEAD_OUT_BYTES + 1];
    scan_bytes(bytes_text("BREW /secret HTTP/1.1\r\n" HOST "\r\n"), out);
    assert_string_equal(out, "GET / HTTP/1.1\r\nHost:-\r\n\r\n");
    scan_bytes(bytes_text("HEAD / HTTP/1.1\r\n\r\n"), out);
    assert_string_equal(out, "HEAD / HTTP/1.1\r\nHost:-\r\n\r\n");
    scan_bytes(bytes_text(POST "Transfer-Encoding: chunked\r\n\r\n"), out);
    assert_string_equal(out, "GET / HTTP/1.1\r\nHost:-\r\nContent-Length:1\r\n\r\n");
    scan_bytes(bytes_text("\x16"), out);
    assert_string_equal(out, "GET / HTTP/1.1\r\nHost:-\r\nContent-Length:1\r\n\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_that_are_no_head_are_400),
        cmocka_unit_test(test_other_versions_are_505),
        cmocka_unit_test(test_methods_that_nobody_has_are_501),
        cmocka_unit_test(test_paths_with_control_characters_or_broken_escapes_are_400),
        cmocka_unit_test(test_more_than_32_parameters_are_400),
        cmocka_unit_test(test_any_transfer_encoding_is_501),
        cmocka_unit_test(test_a_length_stands_once_as_1_to_10_digits),
        cmocka_unit_test(test_headers_that_may_stand_once_and_stand_twice_are_400),
        cmocka_unit_test(test_http_1_1_without_one_plain_host_is_400),
        cmocka_unit_test(test_what_the_gateway_does_not_use_is_left_out),
        cmocka_unit_test(test_an_upgrade_is_seen_with_its_token_in_one_place),
        cmocka_unit_test(test_upgrades_to_anything_else_are_400),
        cmocka_unit_test(test_100_headers_pass_and_101_are_431),
        cmocka_unit_test(test_a_head_of_16_kib_passes_and_one_byte_more_is_431),
        cmocka_unit_test(test_a_request_line_of_8_kib_passes_and_one_byte_more_is_414),
        cmocka_unit_test(test_a_refused_head_is_seen_as_a_harmless_one)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
