/* The bytes of whole connections, and that how they are split makes no difference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include "front.h"

#define HOST "Host: a\r\n"
#define GET  "GET / HTTP/1.1\r\n" HOST "\r\n"
#define SEEN "GET / HTTP/1.1\r\nHost:a\r\n\r\n"
#define TE   "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n\r\n"
#define DEAF "GET / HTTP/1.1\r\nHost:-\r\nContent-Length:1\r\n\r\n"
#define POST "POST / HTTP/1.1\r\n" HOST "Content-Length: "
#define BODY "POST / HTTP/1.1\r\nHost:a\r\nContent-Length:"
#define WS   "GET / HTTP/1.1\r\n" HOST "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n"
#define OPEN "GET / HTTP/1.1\r\nHost:a\r\nUpgrade:websocket\r\nConnection:upgrade\r\n\r\n"

static const struct {
    const char *in, *out;
    unsigned heads;
    enum counter counter; /* of the last head; 0: it is served */
} rows[] = {
    {GET, SEEN, 1, 0},
    {GET GET GET, SEEN SEEN SEEN, 3, 0},
    {POST "5\r\n\r\nhello" GET, BODY "5\r\n\r\nhello" SEEN, 2, 0},
    {POST "5\r\n\r\nGET /" GET, BODY "5\r\n\r\nGET /" SEEN, 2, 0},
    {POST "0\r\n\r\n" GET, BODY "0\r\n\r\n" SEEN, 2, 0},
    {POST "9\r\n\r\n", BODY "9\r\n\r\n", 1, 0},
    {TE GET, DEAF, 1, COUNT_REFUSED_TRANSFER_ENCODING},
    {GET TE GET, SEEN DEAF, 2, COUNT_REFUSED_TRANSFER_ENCODING},
    {POST "2\r\n\r\nhi" TE GET, BODY "2\r\n\r\nhi" DEAF, 2, COUNT_REFUSED_TRANSFER_ENCODING},
    {POST "2\r\n\r\nhi!" GET, BODY "2\r\n\r\nhi" SEEN, 2, COUNT_REFUSED_METHOD},
    {POST "2\r\nContent-Length: 3\r\n\r\nhi" GET, DEAF, 1, COUNT_REFUSED_LENGTH},
    {"\x16\x03\x01" GET, DEAF, 1, COUNT_REFUSED_HEAD},
    {GET "\r\n" GET, SEEN DEAF, 2, COUNT_REFUSED_HEAD},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HTTP/1.1\r\nHost:-\r\n\r\n", 1, COUNT_REFUSED_HEAD},
    {WS "\x81\x80\r\n\r\nGET", OPEN "\x81\x80\r\n\r\nGET", 1, 0},
    {GET WS GET, SEEN OPEN GET, 2, 0}};

struct seen {
    struct front *front;
    struct buf out;
};

static void feed(struct seen *seen, struct bytes in)
{
    static uint8_t out[FRONT_OUT_BYTES];
    if (in.len > 0)
        buf_append(&seen->out, out, front_feed(seen->front, in, out));
}

static void check(struct seen *seen, size_t row)
{
    unsigned heads = rows[row].heads;
    const char *expected = rows[row].out;
    if (rows[row].counter == COUNT_REFUSED_METHOD) /* "!GET" is a method nobody has */
        expected = BODY "2\r\n\r\nhiGET / HTTP/1.1\r\nHost:-\r\n\r\n";
    assert_true(bytes_equal(buf_bytes(&seen->out), bytes_text(expected)));
    while (heads-- > 1)
        assert_int_equal(front_take_head(seen->front).status, OK);
    struct refusal refusal = front_take_head(seen->front);
    assert_int_equal(refusal.counter, rows[row].counter);
    assert_int_equal(front_is_deaf(seen->front), refusal.status != OK);
    buf_fini(&seen->out);
    front_free(seen->front);
}

static void test_connections_in_two_pieces_split_anywhere(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        struct bytes in = bytes_text(rows[row].in);
        for (size_t at = 0; at <= in.len; at++) {
            struct seen seen = {.front = front_new()};
            feed(&seen, bytes_of(in.data, at));
            feed(&seen, bytes_of(in.data + at, in.len - at));
            check(&seen, row);
        }
    }
}

static void test_connections_byte_by_byte(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        struct seen seen = {.front = front_new()};
        for (const char *at = rows[row].in; *at; at++)
            feed(&seen, bytes_of(at, 1));
        check(&seen, row);
    }
}

/* Both bounds again, as one read may bring them: a long head that was held, then a full read. */
static void test_what_comes_at_once_fits(void **state)
{
    (void)state;
    static char in[HEAD_BYTES_MAX + FRONT_IN_BYTES];
    struct seen seen = {.front = front_new(), .out = {.max = 65536}};
    memset(in, 'a', sizeof in);
    memcpy(in, "GET / HTTP/1.1\r\nHost:a\r\nOrigin:", 31);
    memcpy(in + HEAD_BYTES_MAX - 4,
           "\r\n\r\nPOST / HTTP/1.1\r\nHost:a\r\nContent-Length:99999\r\n\r\n", 54);
    feed(&seen, bytes_of(in, FRONT_IN_BYTES - 1));
    assert_int_equal(seen.out.len, 0);
    feed(&seen, bytes_of(in + FRONT_IN_BYTES - 1, FRONT_IN_BYTES));
    assert_int_equal(seen.out.len, HEAD_BYTES_MAX + FRONT_IN_BYTES - 1);
    assert_memory_equal(seen.out.data, in, seen.out.len);
    buf_fini(&seen.out);
    front_free(seen.front);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connections_in_two_pieces_split_anywhere),
        cmocka_unit_test(test_connections_byte_by_byte),
        cmocka_unit_test(test_what_comes_at_once_fits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
