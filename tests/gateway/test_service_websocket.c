/* Bad WebSockets against the real gateway, and its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/clock.h"
#include "core/limits.h"
#include "raw.h"
#include "service_suites.h"

#define THREAD "0193ab00-0000-7000-8000-000000000001"

static char *token_of(enum role role)
{
    return test_token_mint(&test_gateway.trust, &(struct test_token){.role = role});
}

static struct raw open_socket(void)
{
    char *token = token_of(ROLE_ANALYST);
    struct raw raw = raw_open(test_gateway.plain_port);
    assert_true(raw_ws_open(&raw, "/ws/chat/", token));
    free(token);
    return raw;
}

static void send_text(struct raw *raw, const char *text)
{
    raw_ws_send(raw, 0x81, text, strlen(text));
}

/* The socket has ended with this code, the counter went up, the gateway lives. */
static void expect_close(struct raw *raw, int code, const char *reason, long before)
{
    assert_int_equal(raw_ws_close_code(raw, 8000), code);
    if (reason)
        assert_int_equal(test_gateway_refused(&test_gateway, reason), before + 1);
    assert_true(test_gateway_is_alive(&test_gateway));
    raw_close(raw);
}

static void upgrade(const char *extra, int status, const char *text)
{
    char request[8192];
    struct raw raw = raw_open(test_gateway.plain_port);
    snprintf(request, sizeof request,
             "GET /ws/chat/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
             "Connection: Upgrade\r\n%s\r\n",
             extra);
    raw_send(&raw, request);
    assert_true(raw_read_until(&raw, "\r\n\r\n", 8000));
    raw_read_until(&raw, text, 2000);
    assert_int_equal(raw_status(&raw), status);
    assert_non_null(strstr(raw.text, text));
    assert_true(test_gateway_is_alive(&test_gateway));
    raw_close(&raw);
}

#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define KEY     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static void test_upgrades_that_are_refused(void **state)
{
    (void)state;
    upgrade(KEY, 426, "Sec-WebSocket-Version: 13\r\n");
    upgrade("Sec-WebSocket-Version: 8\r\n" KEY, 426, "Sec-WebSocket-Version: 13\r\n");
    upgrade(VERSION, 400, "Sec-WebSocket-Key");
    upgrade(VERSION "Sec-WebSocket-Key: YWJj\r\n", 400, "Sec-WebSocket-Key");
    upgrade(VERSION KEY, 401, "invalid_token");
    upgrade(VERSION KEY "Authorization: Bearer a.b.c\r\n", 401, "invalid_token");
    upgrade(VERSION KEY "Sec-WebSocket-Protocol: wardroom.v1, bearer.a.b.c\r\n", 401,
            "invalid_token");
    upgrade(VERSION KEY "Sec-WebSocket-Protocol: other\r\n", 400, "wardroom.v1");
    upgrade(VERSION KEY "Origin: https://evil.example\r\n", 403, "origin");
}

static void test_an_operator_sees_no_content(void **state)
{
    (void)state;
    char line[4096];
    char *token = token_of(ROLE_OPERATOR);
    snprintf(line, sizeof line, VERSION KEY "Authorization: Bearer %s\r\n", token);
    upgrade(line, 403, "forbidden");
    free(token);
}

static void test_each_place_of_the_token_opens(void **state)
{
    (void)state;
    char line[8192];
    char *token = token_of(ROLE_MEMBER);
    snprintf(line, sizeof line, VERSION KEY "Authorization: Bearer %s\r\n", token);
    upgrade(line, 101, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    snprintf(line, sizeof line, VERSION KEY "Sec-WebSocket-Protocol: bearer.%s, wardroom.v1\r\n",
             token);
    upgrade(line, 101, "Sec-WebSocket-Protocol: wardroom.v1\r\n");
    struct raw raw = raw_open(test_gateway.plain_port);
    snprintf(line, sizeof line,
             "GET /ws/chat/?token=%s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
             "Connection: Upgrade\r\n" VERSION KEY "\r\n",
             token);
    raw_send(&raw, line);
    assert_true(raw_read_until(&raw, "\r\n\r\n", 8000));
    assert_int_equal(raw_status(&raw), 101);
    raw_close(&raw);
    free(token);
}

static void test_a_ping_is_answered(void **state)
{
    (void)state;
    struct raw raw = open_socket();
    send_text(&raw, "{\"op\":\"ping\",\"ref\":\"x\"}");
    assert_true(raw_read_until(&raw, "[{\"type\":\"pong\",\"ref\":\"x\"}]", 5000));
    raw_forget(&raw);
    raw_ws_send(&raw, 0x89, "hello", 5);
    assert_true(raw_read_until(&raw, "\x8a\x05hello", 5000));
    raw_close(&raw);
}

static void test_a_burst_of_answers_is_one_frame(void **state)
{
    (void)state;
    struct raw raw = open_socket();
    uint8_t burst[10 * 32];
    static const char text[] = "{\"op\":\"ping\",\"ref\":\"12345\"}";
    size_t at = 0;
    for (int i = 0; i < 8; i++) {
        burst[at++] = 0x81;
        burst[at++] = 0x80 | (sizeof text - 1);
        memset(burst + at, 0, 4);
        memcpy(burst + at + 4, text, sizeof text - 1);
        at += 4 + sizeof text - 1;
    }
    raw_send_bytes(&raw, burst, at);
    assert_true(raw_read_until(&raw, "\"12345\"}]", 5000));
    assert_int_equal(raw_count(&raw, "\"pong\""), 8);
    raw_close(&raw);
}

static void test_what_is_not_json_is_4400(void **state)
{
    (void)state;
    long before = test_gateway_refused(&test_gateway, "frame_not_json");
    struct raw raw = open_socket();
    send_text(&raw, "{\"op\":");
    expect_close(&raw, 4400, "frame_not_json", before);
}

static void test_unknown_ops_and_members_are_errors_and_the_socket_lives(void **state)
{
    (void)state;
    long before = test_gateway_refused(&test_gateway, "command");
    struct raw raw = open_socket();
    send_text(&raw, "{\"op\":\"shout\"}");
    send_text(&raw, "{\"op\":\"ping\",\"more\":1}");
    send_text(&raw, "{\"op\":\"ping\",\"ref\":\"after\"}");
    assert_true(raw_read_until(&raw, "after", 5000));
    assert_int_equal(raw_count(&raw, "\"code\":\"validation_failed\""), 2);
    assert_int_equal(test_gateway_refused(&test_gateway, "command"), before + 2);
    raw_close(&raw);
}

static void test_what_comes_later_says_so(void **state)
{
    (void)state;
    struct raw raw = open_socket();
    send_text(&raw, "{\"op\":\"answer\",\"ref\":\"" THREAD "\",\"thread_id\":\"" THREAD
                    "\",\"question_seq\":1,\"data\":{}}");
    assert_true(raw_read_until(&raw, "\"code\":\"not_implemented\"", 5000));
    assert_int_equal(raw_count(&raw, "\"ref\":\"" THREAD "\""), 1);
    raw_close(&raw);
}

static void test_without_services_subscribe_and_post_are_errors(void **state)
{
    (void)state;
    struct raw raw = open_socket();
    send_text(&raw, "{\"op\":\"post\",\"ref\":\"" THREAD "\",\"thread_id\":\"" THREAD
                    "\",\"body\":\"x\"}");
    send_text(&raw, "{\"op\":\"subscribe\",\"thread_id\":\"" THREAD "\",\"after_seq\":0}");
    assert_true(raw_read_until(&raw, "\"ref\":\"" THREAD "\"", 5000));
    assert_true(raw_read_until(&raw, "\"type\":\"error\",\"thread_id\"", 15000));
    raw_close(&raw);
}

static void test_presence_typing_and_read_marks_that_make_no_sense_are_errors(void **state)
{
    (void)state;
    struct raw raw = open_socket();
    send_text(&raw, "{\"op\":\"presence\",\"status\":\"offline\"}");
    send_text(&raw, "{\"op\":\"presence\",\"status\":\"away\"}");
    send_text(&raw, "{\"op\":\"typing\",\"thread_id\":\"" THREAD "\",\"active\":true}");
    send_text(&raw, "{\"op\":\"read\",\"thread_id\":\"" THREAD "\",\"seq\":0}");
    send_text(&raw, "{\"op\":\"read\",\"thread_id\":\"" THREAD "\",\"seq\":-1}");
    send_text(&raw, "{\"op\":\"ping\",\"ref\":\"after\"}");
    assert_true(raw_read_until(&raw, "after", 5000));
    assert_int_equal(raw_count(&raw, "\"code\":\"validation_failed\""), 3);
    assert_int_equal(raw_count(&raw, "\"code\":\"conflict\""), 1);
    raw_close(&raw);
}

#define PERSON "\"user_id\":\"ab000000-0000-0000-0000-000000000000\",\"status\":\""

static void test_who_is_there_is_told_without_redis_and_services_on_one_gateway(void **state)
{
    (void)state;
    struct test_token person = {.role = ROLE_ADMIN};
    person.user.u.b[0] = 0xab;
    char *token = test_token_mint(&test_gateway.trust, &person);
    struct raw watcher = open_socket();
    struct raw first = raw_open(test_gateway.plain_port);
    assert_true(raw_ws_open(&first, "/ws/chat/", token));
    assert_true(raw_read_until(&watcher, PERSON "online\"", 5000));
    send_text(&first, "{\"op\":\"presence\",\"status\":\"away\"}");
    assert_true(raw_read_until(&watcher, PERSON "away\"", 5000));
    int64_t closed_ms = clock_monotonic_ms();
    raw_close(&first);
    assert_true(raw_read_until(&watcher, PERSON "offline\"", 10000));
    assert_true(clock_monotonic_ms() - closed_ms > 4000);
    raw_close(&watcher);
    free(token);
}

static void test_a_frame_without_a_mask_is_1002(void **state)
{
    (void)state;
    static const char frame[] = "\x81\x0d{\"op\":\"ping\"}";
    for (size_t piece = 1; piece <= sizeof frame - 1; piece += sizeof frame - 2) {
        struct raw raw = open_socket();
        long before = test_gateway_refused(&test_gateway, "frame_unmasked");
        raw_send_bytes(&raw, frame, piece);
        raw_send_bytes(&raw, frame + piece, sizeof frame - 1 - piece);
        expect_close(&raw, 1002, "frame_unmasked", before);
    }
}

static void test_binary_is_1003(void **state)
{
    (void)state;
    long before = test_gateway_refused(&test_gateway, "frame_binary");
    struct raw raw = open_socket();
    raw_ws_send(&raw, 0x82, "{}", 2);
    expect_close(&raw, 1003, "frame_binary", before);
}

static void test_bytes_that_are_not_utf_8_are_1007(void **state)
{
    (void)state;
    struct raw raw = open_socket();
    raw_ws_send(&raw, 0x81, "\"\xc3\x28\"", 4);
    expect_close(&raw, 1007, NULL, 0);
}

static void test_frames_that_are_too_big_are_1009(void **state)
{
    (void)state;
    long before = test_gateway_refused(&test_gateway, "frame_size");
    char *text = calloc(1, FRAME_IN_BYTES_MAX + 2);
    memset(text, ' ', FRAME_IN_BYTES_MAX + 1);
    struct raw raw = open_socket();
    raw_ws_send(&raw, 0x81, text, FRAME_IN_BYTES_MAX + 1);
    expect_close(&raw, 1009, "frame_size", before);
    raw = open_socket();
    memcpy(text, "{\"op\":\"ping\",\"ref\":\"big\"}", 25);
    raw_ws_send(&raw, 0x81, text, FRAME_IN_BYTES_MAX);
    assert_true(raw_read_until(&raw, "big", 5000));
    raw_close(&raw);
    free(text);
}

static void test_a_frame_that_announces_2_to_62_bytes_is_1009(void **state)
{
    (void)state;
    static const uint8_t head[] = {0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '{'};
    long before = test_gateway_refused(&test_gateway, "frame_size");
    struct raw raw = open_socket();
    raw_send_bytes(&raw, head, sizeof head);
    expect_close(&raw, 1009, "frame_size", before);
}

static void test_too_many_fragments_are_1009(void **state)
{
    (void)state;
    long before = test_gateway_refused(&test_gateway, "frame_fragments");
    struct raw raw = open_socket();
    raw_ws_send(&raw, 0x01, "1", 1);
    for (int i = 0; i < FRAME_FRAGMENTS_MAX; i++)
        raw_ws_send(&raw, 0x00, "1", 1);
    expect_close(&raw, 1009, "frame_fragments", before);
}

static void test_a_message_in_fragments_is_one(void **state)
{
    (void)state;
    struct raw raw = open_socket();
    raw_ws_send(&raw, 0x01, "{\"op\":\"pi", 9);
    raw_ws_send(&raw, 0x89, "", 0);
    raw_ws_send(&raw, 0x80, "ng\",\"ref\":\"joined\"}", 19);
    assert_true(raw_read_until(&raw, "joined", 5000));
    raw_close(&raw);
}

static void test_too_many_frames_are_4429(void **state)
{
    (void)state;
    long before = test_gateway_refused(&test_gateway, "frame_rate");
    struct raw raw = open_socket();
    for (int i = 0; i < 300; i++)
        send_text(&raw, "{\"op\":\"ping\"}");
    expect_close(&raw, 4429, "frame_rate", before);
}

static void test_a_token_that_runs_out_closes_with_4401(void **state)
{
    (void)state;
    struct raw raw = raw_open(test_gateway.plain_port);
    char *token = test_token_mint(
        &test_gateway.trust,
        &(struct test_token){.issued_at_s = clock_now_us() / 1000000 - 10, .lifetime_s = 13});
    assert_true(raw_ws_open(&raw, "/ws/chat/", token));
    assert_true(raw_read_until(&raw, "\"type\":\"expiring\"", 3000));
    raw_forget(&raw);
    assert_int_equal(raw_ws_close_code(&raw, 8000), 4401);
    raw_close(&raw);
    free(token);
}

static void test_a_fresh_token_keeps_the_socket_open(void **state)
{
    (void)state;
    char command[4096];
    struct test_token first = {.issued_at_s = clock_now_us() / 1000000 - 10, .lifetime_s = 14};
    first.user.u.b[0] = 7;
    struct test_token second = first, other = {0};
    second.issued_at_s = 0;
    second.lifetime_s = 0;
    char *token = test_token_mint(&test_gateway.trust, &first);
    char *fresh = test_token_mint(&test_gateway.trust, &second);
    char *stranger = test_token_mint(&test_gateway.trust, &other);
    struct raw raw = raw_open(test_gateway.plain_port);
    assert_true(raw_ws_open(&raw, "/ws/chat/", token));
    send_text(&raw, "{\"op\":\"authenticate\",\"token\":\"a.b.c\"}");
    assert_true(raw_read_until(&raw, "\"code\":\"invalid_token\"", 5000));
    snprintf(command, sizeof command, "{\"op\":\"authenticate\",\"token\":\"%s\"}", fresh);
    send_text(&raw, command);
    assert_true(raw_read_until(&raw, "\"type\":\"authenticated\",\"expires_at\":\"20", 5000));
    raw_forget(&raw);
    assert_int_equal(raw_ws_close_code(&raw, 6000), -1);
    snprintf(command, sizeof command, "{\"op\":\"authenticate\",\"token\":\"%s\"}", stranger);
    send_text(&raw, command);
    assert_int_equal(raw_ws_close_code(&raw, 5000), 4403);
    raw_close(&raw);
    free(token);
    free(fresh);
    free(stranger);
}

static void test_sockets_that_come_and_go_leave_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        struct raw raw = open_socket();
        send_text(&raw, "{\"op\":\"subscribe\",\"thread_id\":\"" THREAD "\"}");
        raw_close(&raw);
    }
    struct raw raw = raw_open(test_gateway.ops_port);
    int64_t end_ms = clock_monotonic_ms() + 8000;
    do {
        raw_close(&raw);
        raw = raw_open(test_gateway.ops_port);
        raw_send(&raw, "GET /metrics HTTP/1.0\r\n\r\n");
        raw_read_all(&raw, 5000);
    } while (!strstr(raw.text, "wardroom_gateway_sessions 0\n") && clock_monotonic_ms() < end_ms);
    assert_non_null(strstr(raw.text, "wardroom_gateway_sessions 0\n"));
    assert_non_null(strstr(raw.text, "wardroom_gateway_subscriptions 0\n"));
    raw_close(&raw);
}

int run_websocket_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_upgrades_that_are_refused),
        cmocka_unit_test(test_an_operator_sees_no_content),
        cmocka_unit_test(test_each_place_of_the_token_opens),
        cmocka_unit_test(test_a_ping_is_answered),
        cmocka_unit_test(test_a_burst_of_answers_is_one_frame),
        cmocka_unit_test(test_what_is_not_json_is_4400),
        cmocka_unit_test(test_unknown_ops_and_members_are_errors_and_the_socket_lives),
        cmocka_unit_test(test_what_comes_later_says_so),
        cmocka_unit_test(test_without_services_subscribe_and_post_are_errors),
        cmocka_unit_test(test_presence_typing_and_read_marks_that_make_no_sense_are_errors),
        cmocka_unit_test(test_who_is_there_is_told_without_redis_and_services_on_one_gateway),
        cmocka_unit_test(test_a_frame_without_a_mask_is_1002),
        cmocka_unit_test(test_binary_is_1003),
        cmocka_unit_test(test_bytes_that_are_not_utf_8_are_1007),
        cmocka_unit_test(test_frames_that_are_too_big_are_1009),
        cmocka_unit_test(test_a_frame_that_announces_2_to_62_bytes_is_1009),
        cmocka_unit_test(test_too_many_fragments_are_1009),
        cmocka_unit_test(test_a_message_in_fragments_is_one),
        cmocka_unit_test(test_too_many_frames_are_4429),
        cmocka_unit_test(test_a_token_that_runs_out_closes_with_4401),
        cmocka_unit_test(test_a_fresh_token_keeps_the_socket_open),
        cmocka_unit_test(test_sockets_that_come_and_go_leave_nothing)};
    return cmocka_run_group_tests_name("websocket", tests, NULL, NULL);
}

static void test_sigterm_closes_sockets_with_1001_and_exits_with_0(void **state)
{
    (void)state;
    struct raw raw = open_socket();
    struct raw idle = raw_open(test_gateway.plain_port);
    int64_t begin_ms = clock_monotonic_ms();
    assert_int_equal(test_gateway_stop(&test_gateway), 0);
    assert_true(clock_monotonic_ms() - begin_ms < 8000);
    assert_int_equal(raw_ws_close_code(&raw, 1000), 1001);
    raw_close(&raw);
    raw_close(&idle);
}

/* Many are sent away in parts: while some are told to go, others are still served. */
static void test_sigterm_sends_many_sockets_away_one_part_after_the_other(void **state)
{
    (void)state;
    enum { MANY = 300 };
    static struct test_gateway crowded;
    static const char *const no_more[] = {NULL};
    struct raw *raws = calloc(MANY, sizeof *raws);
    assert_non_null(raws);
    test_gateway_start_with(&crowded, no_more);
    char *token = test_token_mint(&crowded.trust, &(struct test_token){.role = ROLE_MEMBER});
    for (int i = 0; i < MANY; i++) {
        raws[i] = raw_open(crowded.plain_port);
        assert_true(raw_ws_open(&raws[i], "/ws/chat/", token));
    }
    kill(crowded.pid, SIGTERM);
    /* The newest goes first, the oldest some 0.7 s later. */
    assert_int_equal(raw_ws_close_code(&raws[MANY - 1], 5000), 1001);
    send_text(&raws[0], "{\"op\":\"ping\"}");
    assert_true(raw_read_until(&raws[0], "\"pong\"", 5000));
    raw_forget(&raws[0]);
    assert_int_equal(test_gateway_wait(&crowded), 0);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(raw_ws_close_code(&raws[i], 1000), 1001);
        raw_close(&raws[i]);
    }
    free(token);
    free(raws);
}

int run_stop_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sigterm_sends_many_sockets_away_one_part_after_the_other),
        cmocka_unit_test(test_sigterm_closes_sockets_with_1001_and_exits_with_0)};
    return cmocka_run_group_tests_name("stop", tests, NULL, NULL);
}
