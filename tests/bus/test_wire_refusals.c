/* What bus_client would never send: spoiled envelopes, wrong frames, unknown keys. Each has its
 * status and its counter, and the service lives on. Next: test_overload.c */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "bus/curve.h"
#include "core/clock.h"
#include "core/limits.h"
#include "fixture.h"

#define REPLY_MS 5000

static struct echo echo;
static struct raw raw;

static int open_all(void **state)
{
    (void)state;
    uv_loop_t loop;
    echo_prepare(&echo);
    echo_start(&echo, NULL);
    uv_loop_init(&loop);
    struct bus_client *gateway = client_open(&loop, &echo, "gateway");
    wait_alive(&loop, gateway, 1);
    client_close(&loop, gateway);
    uv_loop_close(&loop);
    raw = raw_open(&echo, "gateway");
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    raw_close(&raw);
    assert_int_equal(echo_stop(&echo, SIGTERM), 0);
    echo_close(&echo);
    return 0;
}

static long refused(const char *why)
{
    char line[64];
    snprintf(line, sizeof line, "wardroom_refused_total{why=\"%s\"} ", why);
    return metric_value(&echo, line);
}

/* Status of the reply to this envelope, its id checked; -1: none. */
static int status_of(const Wardroom__Envelope *envelope)
{
    const Wardroom__Reply *reply = raw_say(&raw, envelope, REPLY_MS);
    if (reply == NULL) {
        return -1;
    }
    assert_int_equal(reply->request_id.len, 16);
    assert_memory_equal(reply->request_id.data, envelope->request_id.data, 16);
    return (int)reply->status;
}

static void test_a_good_envelope_is_answered(void **state)
{
    (void)state;
    Wardroom__Envelope envelope = raw_envelope();
    assert_int_equal(status_of(&envelope), OK);
}

static void test_another_version_is_a_bad_request(void **state)
{
    (void)state;
    long before = refused("malformed");
    Wardroom__Envelope envelope = raw_envelope();
    envelope.version = 2;
    assert_int_equal(status_of(&envelope), STATUS_INVALID);
    envelope.version = 0;
    assert_int_equal(status_of(&envelope), STATUS_INVALID);
    assert_int_equal(refused("malformed"), before + 2);
}

static void test_bytes_that_are_no_envelope_are_a_bad_request(void **state)
{
    (void)state;
    Wardroom__Envelope good = raw_envelope();
    uint8_t packed[256];
    size_t len = wardroom__envelope__pack(&good, packed);
    const struct bytes frames[] = {
        bytes_text("not an envelope at all"), {packed, len - 1}, {NULL, 0}};
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        const Wardroom__Reply *reply = raw_call(&raw, &frames[i], 1, REPLY_MS);
        assert_non_null(reply);
        assert_int_equal(reply->status, STATUS_INVALID);
    }
    assert_int_equal(status_of(&good), OK);
}

static void test_a_message_of_several_frames_is_a_bad_request(void **state)
{
    (void)state;
    Wardroom__Envelope good = raw_envelope();
    uint8_t packed[256];
    size_t len = wardroom__envelope__pack(&good, packed);
    const struct bytes frames[] = {{packed, len}, {packed, len}, {packed, len}};
    for (size_t count = 2; count <= 3; count++) {
        const Wardroom__Reply *reply = raw_call(&raw, frames, count, REPLY_MS);
        assert_non_null(reply);
        assert_int_equal(reply->status, STATUS_INVALID);
    }
    assert_int_equal(status_of(&good), OK);
}

static void test_an_unknown_method_is_not_implemented(void **state)
{
    (void)state;
    static const char *const methods[] = {"echo.Nothing", "other.Poll", "echo.poll", "common.Else",
                                          "ech.Poll"};
    long before = refused("method");
    Wardroom__Envelope envelope = raw_envelope();
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        envelope.method = (char *)methods[i];
        assert_int_equal(status_of(&envelope), STATUS_UNIMPLEMENTED);
    }
    assert_int_equal(refused("method"), before + 5);
    envelope.method = (char *)"echo.Po ll";
    assert_int_equal(status_of(&envelope), STATUS_INVALID);
}

static void test_no_time_left_is_deadline_exceeded(void **state)
{
    (void)state;
    long before = refused("expired");
    Wardroom__Envelope envelope = raw_envelope();
    envelope.time_left_ms = 0;
    assert_int_equal(status_of(&envelope), STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(refused("expired"), before + 1);
}

static void test_an_envelope_over_the_limit_is_too_large(void **state)
{
    (void)state;
    static uint8_t body[ENVELOPE_BYTES_MAX + 16];
    Wardroom__Envelope envelope = raw_envelope();
    long before = refused("size");
    envelope.payload = (ProtobufCBinaryData){sizeof body, body};
    assert_int_equal(status_of(&envelope), STATUS_TOO_LARGE);
    assert_int_equal(refused("size"), before + 1);
}

static void test_a_frame_far_over_the_limit_cuts_only_its_connection(void **state)
{
    (void)state;
    static uint8_t body[ENVELOPE_BYTES_MAX + 256 * 1024];
    Wardroom__Envelope envelope = raw_envelope();
    envelope.payload = (ProtobufCBinaryData){sizeof body, body};
    struct raw other = raw_open(&echo, "gateway");
    assert_null(raw_say(&other, &envelope, 300));
    raw_close(&other);
    envelope.payload = (ProtobufCBinaryData){0};
    assert_int_equal(status_of(&envelope), OK);
}

static void test_a_payload_that_does_not_unpack_is_a_bad_request(void **state)
{
    (void)state;
    Wardroom__Envelope envelope = raw_envelope();
    uint8_t half[] = {0x0a, 0x20, 'x'};
    envelope.payload = (ProtobufCBinaryData){sizeof half, half};
    assert_int_equal(status_of(&envelope), STATUS_INVALID);
}

static void test_info_and_stats_are_answered_by_the_runtime(void **state)
{
    (void)state;
    Wardroom__Envelope envelope = raw_envelope();
    envelope.method = (char *)"common.Info";
    const Wardroom__Reply *reply = raw_say(&raw, &envelope, REPLY_MS);
    assert_non_null(reply);
    Wardroom__InfoReply *info =
        wardroom__info_reply__unpack(NULL, reply->payload.len, reply->payload.data);
    assert_string_equal(info->service, "echo");
    assert_true(info->ready);
    wardroom__info_reply__free_unpacked(info, NULL);
    envelope.method = (char *)"common.Stats";
    reply = raw_say(&raw, &envelope, REPLY_MS);
    assert_non_null(reply);
    Wardroom__StatsReply *stats =
        wardroom__stats_reply__unpack(NULL, reply->payload.len, reply->payload.data);
    assert_non_null(strstr(stats->metrics, "wardroom_requests_pending"));
    wardroom__stats_reply__free_unpacked(stats, NULL);
}

/* The counter is copied from the ZAP thread once a second. */
static void wait_refused_keys(long more_than)
{
    int64_t until_ms = clock_monotonic_ms() + WAIT_MS_MAX;
    while (metric_value(&echo, "wardroom_curve_refused_total ") <= more_than) {
        assert_true(clock_monotonic_ms() < until_ms);
        usleep(10000);
    }
}

static void test_an_unknown_key_is_refused_and_counted(void **state)
{
    (void)state;
    assert_int_equal(curve_make_pair(echo.trust.dir, "stranger"), OK);
    long before = metric_value(&echo, "wardroom_curve_refused_total ");
    struct raw stranger = raw_open(&echo, "stranger");
    Wardroom__Envelope envelope = raw_envelope();
    assert_null(raw_say(&stranger, &envelope, 300));
    wait_refused_keys(before);
    raw_close(&stranger);
}

static void test_a_key_that_was_replaced_is_refused_at_once(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s/public/retention.pub", echo.trust.dir);
    Wardroom__Envelope envelope = raw_envelope();
    envelope.method = (char *)"echo.Sweep";
    struct raw retention = raw_open(&echo, "retention");
    const Wardroom__Reply *reply = raw_say(&retention, &envelope, REPLY_MS);
    assert_non_null(reply);
    assert_int_equal(reply->status, OK);
    raw_close(&retention);
    assert_int_equal(unlink(path), 0);
    retention = raw_open(&echo, "retention");
    assert_null(raw_say(&retention, &envelope, 300));
    raw_close(&retention);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_envelope_is_answered),
        cmocka_unit_test(test_another_version_is_a_bad_request),
        cmocka_unit_test(test_bytes_that_are_no_envelope_are_a_bad_request),
        cmocka_unit_test(test_a_message_of_several_frames_is_a_bad_request),
        cmocka_unit_test(test_an_unknown_method_is_not_implemented),
        cmocka_unit_test(test_no_time_left_is_deadline_exceeded),
        cmocka_unit_test(test_an_envelope_over_the_limit_is_too_large),
        cmocka_unit_test(test_a_frame_far_over_the_limit_cuts_only_its_connection),
        cmocka_unit_test(test_a_payload_that_does_not_unpack_is_a_bad_request),
        cmocka_unit_test(test_info_and_stats_are_answered_by_the_runtime),
        cmocka_unit_test(test_an_unknown_key_is_refused_and_counted),
        cmocka_unit_test(test_a_key_that_was_replaced_is_refused_at_once),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
