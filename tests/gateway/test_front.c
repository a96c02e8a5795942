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
#define GONE "GET / HTTP/1.1\r\nHost:-\r\n\r\n"
#define POST "POST / HTTP/1.1\r\n" HOST "Content-Length: "
#define BODY "POST / HTTP/1.1\r\nHost:a\r\nContent-Length:"
#define WS   "GET / HTTP/1.1\r\n" HOST "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n"
#define MARK "\xf1\x02hi" /* reserved bits: libwebsockets closes with 1002 */
#define OPEN "GET / HTTP/1.1\r\nHost:a\r\nUpgrade:websocket\r\nConnection:upgrade\r\n\r\n"

static const struct {
    const char *in, *out;
    bool answers;         /* are they given, as soon as they can be? */
    enum counter counter; /* of the last head; 0: it is served */
} rows[] = {{GET, SEEN, true, 0},
            {GET GET GET, SEEN SEEN SEEN, true, 0},
            {GET GET GET, SEEN, false, 0},
            {POST "5\r\n\r\nhello" GET, BODY "5\r\n\r\nhello" SEEN, true, 0},
            {POST "5\r\n\r\nhello" GET, BODY "5\r\n\r\nhello", false, 0},
            {POST "5\r\n\r\nGET /" GET, BODY "5\r\n\r\nGET /" SEEN, true, 0},
            {GET POST "5\r\n\r\nhello", SEEN BODY "5\r\n\r\nhello", true, 0},
            {POST "0\r\n\r\n" GET, BODY "0\r\n\r\n" SEEN, true, 0},
            {POST "9\r\n\r\n", BODY "9\r\n\r\n", true, 0},
            {POST "2\r\n\r\nhi!" GET, BODY "2\r\n\r\nhi" GONE, true, COUNT_REFUSED_METHOD},
            {POST "2\r\nContent-Length: 3\r\n\r\nhi" GET, DEAF, true, COUNT_REFUSED_LENGTH},
            {TE GET, DEAF, true, COUNT_REFUSED_TRANSFER_ENCODING},
            {GET TE GET, SEEN DEAF, true, COUNT_REFUSED_TRANSFER_ENCODING},
            {GET TE GET, SEEN, false, 0},
            {"\x16\x03\x01" GET, DEAF, true, COUNT_REFUSED_HEAD},
            {GET "\r\n" GET, SEEN DEAF, true, COUNT_REFUSED_HEAD},
            {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", GONE, true, COUNT_REFUSED_HEAD},
            {WS "\x81\x80\r\n\r\nGET", OPEN "\x81\x80\r\n\r\nGET", false, 0},
            {WS "\x81", OPEN, false, 0},
            {WS "\x81\x02hi", OPEN MARK, false, 0},
            {GET WS "\x81\x82" GET, SEEN OPEN "\x81\x82" GET, true, 0}};

struct seen {
    struct front *front;
    struct buf out;
    bool answers;
};

static void feed(struct seen *seen, struct bytes in)
{
    static uint8_t out[FRONT_OUT_BYTES];
    if (in.len == 0)
        return;
    buf_append(&seen->out, out, front_feed(seen->front, in, out));
    while (seen->answers && front_next(seen->front)) {
        assert_true(front_is_loose(seen->front));
        buf_append(&seen->out, out, front_feed(seen->front, (struct bytes){0}, out));
        assert_false(front_is_loose(seen->front));
    }
}

static struct seen begin(size_t row)
{
    return (struct seen){.front = front_new(), .answers = rows[row].answers};
}

static void check(struct seen *seen, size_t row)
{
    assert_true(bytes_equal(buf_bytes(&seen->out), bytes_text(rows[row].out)));
    assert_int_equal(front_refusal(seen->front).counter, rows[row].counter);
    assert_int_equal(front_is_deaf(seen->front), rows[row].counter != 0);
    assert_int_equal(front_has_bare_frame(seen->front), strstr(rows[row].out, MARK) != NULL);
    buf_fini(&seen->out);
    front_free(seen->front);
}

static void test_connections_in_two_pieces_split_anywhere(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        struct bytes in = bytes_text(rows[row].in);
        for (size_t at = 0; at <= in.len; at++) {
            struct seen seen = begin(row);
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
        struct seen seen = begin(row);
        for (const char *at = rows[row].in; *at; at++)
            feed(&seen, bytes_of(at, 1));
        check(&seen, row);
    }
}

/* A long head that was held, and a full read behind it. */
static void test_what_comes_at_once_fits(void **state)
{
    (void)state;
    static char many[HEAD_BYTES_MAX + FRONT_IN_BYTES];
    static const char start[] = "POST / HTTP/1.1\r\nHost:a\r\nOrigin:";
    static const char end[] = "\r\nContent-Length:99999\r\n\r\n";
    struct seen seen = {.front = front_new()};
    memset(many, 'a', sizeof many);
    memcpy(many, start, sizeof start - 1);
    memcpy(many + HEAD_BYTES_MAX - (sizeof end - 1), end, sizeof end - 1);
    feed(&seen, bytes_of(many, FRONT_IN_BYTES - 1));
    assert_int_equal(seen.out.len, 0);
    feed(&seen, bytes_of(many + FRONT_IN_BYTES - 1, FRONT_IN_BYTES));
    assert_int_equal(seen.out.len, HEAD_BYTES_MAX + FRONT_IN_BYTES - 1);
    assert_memory_equal(seen.out.data, many, seen.out.len);
    buf_fini(&seen.out);
    front_free(seen.front);
}

static void test_as_much_as_is_held_may_be_sent_ahead_and_a_byte_more_ends_it(void **state)
{
    (void)state;
    static uint8_t out[FRONT_OUT_BYTES];
    static char ahead[FRONT_HELD_BYTES_MAX];
    memset(ahead, 'a', sizeof ahead);
    for (size_t more = 0; more <= 1; more++) {
        struct front *front = front_new();
        assert_int_equal(front_feed(front, bytes_text(GET), out), strlen(SEEN));
        for (size_t at = 0; at < sizeof ahead; at += FRONT_IN_BYTES / 2)
            assert_int_equal(front_feed(front, bytes_of(ahead + at, FRONT_IN_BYTES / 2), out), 0);
        assert_false(front_is_deaf(front));
        assert_int_equal(front_feed(front, bytes_of("a", more), out), 0);
        assert_int_equal(front_is_deaf(front), more);
        assert_int_equal(front_next(front), !more);
        front_free(front);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connections_in_two_pieces_split_anywhere),
        cmocka_unit_test(test_connections_byte_by_byte),
        cmocka_unit_test(test_what_comes_at_once_fits),
        cmocka_unit_test(test_as_much_as_is_held_may_be_sent_ahead_and_a_byte_more_ends_it)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
