/* The ops port: its three paths, and callers that are wrong, large or slow. Next: ../bus */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/bytes.h"
#include "core/clock.h"
#include "core/metrics.h"
#include "ops/ops.h"

static struct ops *ops;
static int port;
static bool is_ready = true;

static bool ready(void *data, const char **why)
{
    *why = "not yet";
    return *(bool *)data;
}

static int open_ops(void **state)
{
    (void)state;
    static struct metric metric = {.name = "wardroom_test_total", .labels = "", .help = "Test."};
    metric_register(&metric);
    metric_add(&metric, 7);
    /* A port of loopback below the ephemeral range that nobody has. */
    enum status status = STATUS_UNAVAILABLE;
    for (int i = 0; i < 200 && status != OK; i++) {
        char listen[32];
        port = 18000 + (getpid() * 31 + i) % 2000;
        snprintf(listen, sizeof listen, "127.0.0.1:%d", port);
        status = ops_start(listen, ready, &is_ready, &ops);
    }
    return status == OK ? 0 : 1;
}

static int close_ops(void **state)
{
    (void)state;
    ops_stop(ops);
    return 0;
}

static int connect_ops(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* Everything the server says to these bytes; "" when it only hangs up. Static. */
static const char *say(struct bytes request)
{
    static char text[64 * 1024];
    int fd = connect_ops();
    size_t len = 0;
    ssize_t got = send(fd, request.data, request.len, MSG_NOSIGNAL);
    while (got > 0 && (got = read(fd, text + len, sizeof text - 1 - len)) > 0) {
        len += (size_t)got;
    }
    text[len] = '\0';
    close(fd);
    return text;
}

static void assert_line(const char *request, const char *line)
{
    const char *answer = say(bytes_text(request));
    if (strncmp(answer, line, strlen(line)) != 0) {
        fail_msg("\"%.40s\" was answered by \"%.40s\"", request, answer);
    }
}

static void test_three_paths_and_no_other(void **state)
{
    (void)state;
    assert_line("GET /livez HTTP/1.1\r\n\r\n", "HTTP/1.1 200 ");
    assert_line("GET /readyz?x=1 HTTP/1.1\r\n\r\n", "HTTP/1.1 200 ");
    assert_line("GET /metrics HTTP/1.0\r\n\r\n", "HTTP/1.1 200 ");
    assert_non_null(
        strstr(say(bytes_text("GET /metrics HTTP/1.1\r\n\r\n")), "\nwardroom_test_total 7\n"));
    assert_line("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 404 ");
    assert_line("GET /livezz HTTP/1.1\r\n\r\n", "HTTP/1.1 404 ");
    assert_line("GET \r\n\r\n", "HTTP/1.1 404 ");
    assert_line("POST /livez HTTP/1.1\r\n\r\n", "HTTP/1.1 405 ");
    assert_line("\r\n\r\n", "HTTP/1.1 405 ");
}

static void test_not_ready_is_503_with_the_reason_and_still_alive(void **state)
{
    (void)state;
    is_ready = false;
    const char *answer = say(bytes_text("GET /readyz HTTP/1.1\r\n\r\n"));
    assert_memory_equal(answer, "HTTP/1.1 503 ", 13);
    assert_non_null(strstr(answer, "\r\n\r\nnot yet\n"));
    assert_line("GET /livez HTTP/1.1\r\n\r\n", "HTTP/1.1 200 ");
    is_ready = true;
}

static void test_a_head_over_4_kib_is_cut_off(void **state)
{
    (void)state;
    char request[4097];
    memset(request, 'x', sizeof request);
    memcpy(request, "GET /livez HTTP/1.1\r\nX: ", 24);
    memcpy(request + 4092, "\r\n\r\n", 4);
    assert_memory_equal(say(bytes_of(request, 4096)), "HTTP/1.1 200 ", 13);
    memset(request + 4092, 'x', 5);
    assert_string_equal(say(bytes_of(request, 4097)), "");
}

static void test_bytes_with_nul_end_nothing(void **state)
{
    (void)state;
    static const char request[] = "GET /livez\0\xff\x80 HTTP/1.1\r\n";
    int fd = connect_ops();
    assert_true(send(fd, request, sizeof request, MSG_NOSIGNAL) > 0);
    close(fd);
    assert_line("GET /livez HTTP/1.1\r\n\r\n", "HTTP/1.1 200 ");
}

static void test_one_that_says_nothing_holds_the_port_for_2_s_at_most(void **state)
{
    (void)state;
    int64_t began_ms = clock_monotonic_ms();
    int silent = connect_ops();
    assert_line("GET /livez HTTP/1.1\r\n\r\n", "HTTP/1.1 200 ");
    assert_true(clock_monotonic_ms() - began_ms < 4000);
    close(silent);
}

static void test_an_address_that_cannot_be_read_is_invalid(void **state)
{
    (void)state;
    static const char *const wrong[] = {"nonsense",        "127.0.0.1",    ":9101",
                                        "127.0.0.1:",      "[::1:9101",    "127.0.0.1:0",
                                        "127.0.0.1:99999", "127.0.0.1:80x"};
    struct ops *none;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(ops_start(wrong[i], ready, &is_ready, &none), STATUS_INVALID);
    }
    assert_int_equal(ops_start("", ready, &is_ready, &none), OK);
    assert_null(none);
    ops_stop(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_three_paths_and_no_other),
        cmocka_unit_test(test_not_ready_is_503_with_the_reason_and_still_alive),
        cmocka_unit_test(test_a_head_over_4_kib_is_cut_off),
        cmocka_unit_test(test_bytes_with_nul_end_nothing),
        cmocka_unit_test(test_one_that_says_nothing_holds_the_port_for_2_s_at_most),
        cmocka_unit_test(test_an_address_that_cannot_be_read_is_invalid),
    };
    return cmocka_run_group_tests(tests, open_ops, close_ops);
}
