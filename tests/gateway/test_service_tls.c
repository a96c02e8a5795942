/* TLS of the real gateway: 1.3 alone, HTTP/1.1 alone, and a WebSocket through it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include "raw.h"
#include "service_suites.h"

struct tls {
    struct raw raw;
    SSL_CTX *context;
    SSL *ssl;
    bool is_open;
};

static struct tls tls_open(int least, int most, const char *alpn)
{
    struct tls tls = {.raw = raw_open(test_gateway.tls_port)};
    tls.context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(tls.context, least);
    SSL_CTX_set_max_proto_version(tls.context, most);
    if (alpn)
        SSL_CTX_set_alpn_protos(tls.context, (const unsigned char *)alpn, (unsigned)strlen(alpn));
    tls.ssl = SSL_new(tls.context);
    SSL_set_fd(tls.ssl, tls.raw.fd);
    const struct timeval limit = {.tv_sec = 20}; /* a gateway that stalls fails the test */
    setsockopt(tls.raw.fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    tls.is_open = SSL_connect(tls.ssl) == 1;
    return tls;
}

static void tls_close(struct tls *tls)
{
    SSL_free(tls->ssl);
    SSL_CTX_free(tls->context);
    raw_close(&tls->raw);
}

static void test_tls_1_3_is_served_as_http_1_1(void **state)
{
    (void)state;
    static const char request[] = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const unsigned char *chosen = NULL;
    unsigned len = 0;
    char text[4096] = "";
    struct tls tls = tls_open(TLS1_3_VERSION, TLS1_3_VERSION, "\x02h2\x08http/1.1");
    assert_true(tls.is_open);
    SSL_get0_alpn_selected(tls.ssl, &chosen, &len);
    assert_int_equal(len, 8);
    assert_memory_equal(chosen, "http/1.1", 8);
    assert_true(SSL_write(tls.ssl, request, sizeof request - 1) > 0);
    assert_true(SSL_read(tls.ssl, text, sizeof text - 1) > 0);
    assert_non_null(strstr(text, "HTTP/1.1 200 OK"));
    tls_close(&tls);
}

/* Each piece in a record of its own. */
static void tls_send_pieces(struct tls *tls, const char *text, size_t piece)
{
    for (size_t left = strlen(text); left > 0;) {
        size_t len = left < piece ? left : piece;
        assert_int_equal(SSL_write(tls->ssl, text, (int)len), len);
        text += len;
        left -= len;
    }
}

/* Until the gateway hangs up. */
static void tls_read_all(struct tls *tls, char *text, size_t cap)
{
    size_t len = 0;
    int got = 1;
    while (got > 0 && len + 1 < cap) {
        got = SSL_read(tls->ssl, text + len, (int)(cap - 1 - len));
        len += got > 0 ? (size_t)got : 0;
    }
    text[len] = '\0';
}

static unsigned count_of(const char *text, const char *needle)
{
    unsigned count = 0;
    for (const char *at = text; (at = strstr(at, needle)) != NULL; at++)
        count++;
    return count;
}

#define HOST "Host: localhost\r\n"
#define GET  "GET /livez HTTP/1.1\r\n" HOST
#define POST                                                                                       \
    "POST /api/chat/token/ HTTP/1.1\r\n" HOST                                                      \
    "Content-Type: application/json\r\nContent-Length: 14\r\n\r\n{\"username\":7}"

/* Requests, a body and a refused head: what is answered depends on no border of records. */
static void test_records_of_any_size_are_read_alike(void **state)
{
    (void)state;
    static const char requests[] =
        GET "\r\n" POST GET "\r\n" GET "A: b\r\nTransfer-Encoding:\r\n\r\n" GET "\r\n";
    static const size_t pieces[] = {1, 2, 7, 100, sizeof requests};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        char text[32768];
        struct tls tls = tls_open(TLS1_3_VERSION, TLS1_3_VERSION, NULL);
        tls_send_pieces(&tls, requests, pieces[i]);
        tls_read_all(&tls, text, sizeof text);
        assert_int_equal(count_of(text, "HTTP/1.1 200 OK\r\n"), 2);
        assert_int_equal(count_of(text, "HTTP/1.1 501 "), 1);
        assert_int_equal(count_of(text, "HTTP/1.1 422 "), 1);
        assert_int_equal(count_of(text, "X-Request-Id: "), 4);
        tls_close(&tls);
    }
}

static void test_a_body_is_read_whatever_its_records(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 50, 16384};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        char text[32768];
        struct tls tls = tls_open(TLS1_3_VERSION, TLS1_3_VERSION, NULL);
        tls_send_pieces(&tls,
                        "POST /api/chat/token/ HTTP/1.1\r\n" HOST "Connection: close\r\n"
                        "Content-Type: application/json\r\nContent-Length: 15\r\n\r\n"
                        "{\"username\":7} ",
                        pieces[i]);
        tls_read_all(&tls, text, sizeof text);
        assert_non_null(strstr(text, "HTTP/1.1 422 "));
        assert_non_null(strstr(text, "\"pointer\":\"/username\""));
        tls_close(&tls);
    }
}

static void test_half_a_head_is_waited_for_and_then_hung_up_on(void **state)
{
    (void)state;
    char text[4096];
    struct tls tls = tls_open(TLS1_3_VERSION, TLS1_3_VERSION, NULL);
    long before_ms = test_gateway_cpu_ms(&test_gateway);
    tls_send_pieces(&tls, "GET / HTTP/1.1\r\nHost: local", 10);
    tls_read_all(&tls, text, sizeof text);
    assert_string_equal(text, "");
    assert_in_range(test_gateway_cpu_ms(&test_gateway), 0, before_ms + 2000);
    tls_close(&tls);
}

static void test_older_tls_is_refused(void **state)
{
    (void)state;
    struct tls tls = tls_open(TLS1_2_VERSION, TLS1_2_VERSION, NULL);
    assert_false(tls.is_open);
    tls_close(&tls);
    assert_true(test_gateway_is_alive(&test_gateway));
}

static void test_plain_http_on_the_tls_port_is_hung_up_on(void **state)
{
    (void)state;
    struct raw raw = raw_open(test_gateway.tls_port);
    raw_send(&raw, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_true(raw_read_all(&raw, 15000));
    assert_int_equal(raw_status(&raw), 0);
    raw_close(&raw);
    assert_true(test_gateway_is_alive(&test_gateway));
}

static void test_a_handshake_that_does_not_come_is_hung_up_on(void **state)
{
    (void)state;
    struct raw raw = raw_open(test_gateway.tls_port);
    assert_true(raw_read_all(&raw, 15000));
    raw_close(&raw);
}

int run_tls_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls_1_3_is_served_as_http_1_1),
        cmocka_unit_test(test_records_of_any_size_are_read_alike),
        cmocka_unit_test(test_a_body_is_read_whatever_its_records),
        cmocka_unit_test(test_half_a_head_is_waited_for_and_then_hung_up_on),
        cmocka_unit_test(test_older_tls_is_refused),
        cmocka_unit_test(test_plain_http_on_the_tls_port_is_hung_up_on),
        cmocka_unit_test(test_a_handshake_that_does_not_come_is_hung_up_on)};
    return cmocka_run_group_tests_name("tls", tests, NULL, NULL);
}
