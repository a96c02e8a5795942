/* Small checks without a framework, because the generator links nothing of the suite. Each prints
 * one sentence when it fails.
 *
 * Next: README.md */
#include "self_test.h"

#include "bare.h"
#include "events.h"
#include "fault.h"
#include "frame.h"
#include "histogram.h"
#include "http.h"
#include "load.h"
#include "procs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned failures;

static void check(bool is_true, const char *sentence)
{
    if (is_true)
        return;
    failures++;
    fprintf(stderr, "self-test: not so: %s\n", sentence);
}

static void test_frames_of_every_length_are_read_back(void)
{
    static const size_t lengths[] = {0, 1, 125, 126, 127, 65535, 65536, 300000};
    static uint8_t buf[300000 + FRAME_HEAD_BYTES_MAX];
    static const uint8_t mask[4] = {0x12, 0x00, 0xFF, 0x80};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct frame frame;
        size_t head = frame_put_head(buf, FRAME_TEXT, lengths[i], mask);
        memset(buf + head, 'x', lengths[i]);
        frame_mask(buf + head, lengths[i], mask);
        check(lengths[i] == 0 || buf[head] == ('x' ^ 0x12), "the mask is applied");
        check(frame_parse(buf, head + lengths[i], 400000, &frame) == FRAME_COMPLETE,
              "a whole frame is complete");
        check(frame.is_masked && frame.is_final && frame.opcode == FRAME_TEXT &&
                  frame.payload_len == lengths[i] && frame.frame_len == head + lengths[i],
              "the head says what was put in");
        frame_mask(buf + head, lengths[i], frame.mask);
        check(lengths[i] == 0 || (buf[head] == 'x' && buf[head + lengths[i] - 1] == 'x'),
              "masking twice gives the bytes back");
        check(frame_parse(buf, head + lengths[i] - 1, 400000, &frame) == FRAME_NEEDS_MORE,
              "a frame without its last byte needs more");
    }
}

static void test_broken_frames_are_refused(void)
{
    static const uint8_t too_long[] = {0x81, 127, 0, 0, 0, 1, 0, 0, 0, 0};
    static const uint8_t reserved[] = {0xC1, 0};
    struct frame frame;
    check(frame_parse(too_long, sizeof(too_long), 400000, &frame) == FRAME_BROKEN,
          "a frame of 4 GiB is refused");
    check(frame_parse(reserved, sizeof(reserved), 400000, &frame) == FRAME_BROKEN,
          "a reserved bit is refused");
}

static void test_accept_key_is_that_of_the_rfc(void)
{
    char accept[29];
    http_accept_key("dGhlIHNhbXBsZSBub25jZQ==", accept);
    check(strcmp(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") == 0, "the example of RFC 6455, 1.3");
}

struct seen {
    unsigned count;
    struct event events[8];
};

static void keep_event(void *context, const struct event *event)
{
    struct seen *seen = context;
    if (seen->count < 8)
        seen->events[seen->count] = *event;
    seen->count++;
}

static bool is_text(struct text text, const char *word)
{
    return text.len == strlen(word) && memcmp(text.at, word, text.len) == 0;
}

static void test_every_event_of_an_array_is_seen(void)
{
    static const char json[] =
        "[{\"type\":\"ack\",\"ref\":\"r1\",\"thread_id\":\"t1\",\"seq\":7,\"hash\":\"ab\"},\n"
        " {\"message\": {\"seq\" : \"8\", \"author\":{\"seq\":99,\"body\":\"no\"},\"body\":\"a "
        "\\\"type\\\":\\\"ack\\\" \\\\\",\"attachments\":[{\"seq\":5}],\"thread_id\":\"t2\"},"
        "\"type\":\"message\"},"
        " {\"type\":\"thread\",\"thread\":{\"last_seq\":3,\"seq\":4}},"
        " {\"type\":\"error\",\"code\":\"rate_limited\",\"ref\":\"r2\",\"detail\":null},"
        " {\"type\":\"subscribed\",\"last_seq\":12,\"thread_id\":\"t3\"}]";
    struct seen seen = {0};
    int count = events_scan(json, sizeof(json) - 1, keep_event, &seen);
    check(count == 5 && seen.count == 5, "five events are five");
    check(seen.events[0].type == EVENT_ACK && seen.events[0].seq == 7 &&
              is_text(seen.events[0].ref, "r1"),
          "an ack has its ref and seq");
    check(seen.events[1].type == EVENT_MESSAGE && seen.events[1].seq == 8 &&
              is_text(seen.events[1].body, "a \\\"type\\\":\\\"ack\\\" \\\\") &&
              is_text(seen.events[1].thread_id, "t2"),
          "a message's own members count, not those of its parts or its text");
    check(seen.events[2].type == EVENT_OTHER && seen.events[2].seq == 0 &&
              seen.events[2].last_seq == 0,
          "members of a thread event's parts are stepped over");
    check(seen.events[3].type == EVENT_ERROR && is_text(seen.events[3].code, "rate_limited") &&
              seen.events[3].detail.at == NULL,
          "an error has its code, and null is nothing");
    check(seen.events[4].type == EVENT_SUBSCRIBED && seen.events[4].last_seq == 12,
          "subscribed has its last_seq");
}

static void test_what_is_no_array_of_events_is_refused(void)
{
    static const char *const texts[] = {"",    "{}",   "[\"ack\"]",           "[{\"a\":1}", "[{\"a",
                                        "[1}", "[[]]", "[{\"type\":\"x\"}]]", "null"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct seen seen = {0};
        bool is_refused = events_scan(texts[i], strlen(texts[i]), keep_event, &seen) < 0;
        check(is_refused || strcmp(texts[i], "[1}") == 0, texts[i]);
    }
    struct seen none = {0};
    check(events_scan("[]", 2, keep_event, &none) == 0 && none.count == 0, "[] is no event");
}

static void test_percentiles_are_right_to_one_percent(void)
{
    static struct histogram h;
    histogram_reset(&h);
    check(histogram_percentile(&h, 0.5) == 0, "of nothing the median is 0");
    for (uint64_t us = 1; us <= 100000; us++)
        histogram_record(&h, us * 1000);
    double p50 = (double)histogram_percentile(&h, 0.50) / 1e6;
    double p99 = (double)histogram_percentile(&h, 0.99) / 1e6;
    check(p50 > 49.9 && p50 < 50.5, "the median of 1..100 ms is 50 ms");
    check(p99 > 98.9 && p99 < 100.0, "its p99 is 99 ms");
    check(histogram_percentile(&h, 1.0) == 100000000, "its maximum is exact");
    histogram_reset(&h);
    histogram_record(&h, UINT64_MAX);
    histogram_record(&h, 5);
    check(histogram_percentile(&h, 0.5) == 5, "small values are exact");
    check(histogram_percentile(&h, 1.0) > (1ULL << 62), "the largest value has a bucket");
}

static void test_status_is_read_and_cpu_is_counted_with_children(void)
{
    static struct procs procs;
    struct cpu before;
    struct cpu after;
    char json[256];
    snprintf(json, sizeof(json),
             "{\"url\":\"https://x\",\"programs\":[{\"name\":\"gateway-1\",\"pid\":%d,\"state\":"
             "\"ready\"},{\"pid\":null,\"name\":\"threads\"},{\"name\":\"gateway-2\",\"pid\":%d}]}",
             (int)getpid(), (int)getpid());
    check(procs_parse(&procs, json) && procs.count == 2 && procs.group_count == 1 &&
              strcmp(procs.groups[0].name, "gateway") == 0,
          "two gateways are one group, and what does not run is left out");
    procs.count = 1;
    check(procs_cpu(&procs, &before), "the CPU time of this process can be read");
    check(system("i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done") == 0, "a child can be run");
    check(procs_cpu(&procs, &after) && cpu_between(&before, &after).total_us >= 10000,
          "what a child used that has ended is counted");
}

/* The whole engine against the bare server, which is a real server in another process. */
static void test_closed_loop_against_the_bare_server(void)
{
    static struct load_result result;
    struct bare_server server;
    struct load_plan plan = {.name = "self-test",
                             .threads = 3,
                             .subscribers_per_thread = 4,
                             .in_flight = 12,
                             .tenants = 1,
                             .warm_s = 0.1,
                             .measured_s = 0.3,
                             .is_bare = true};
    check(bare_server_start(&server, 700, true), "the bare server starts");
    plan.target = server.target;
    load_run(&plan, NULL, NULL, &result);
    check(result.is_valid, result.why);
    check(result.delivered > 0 && result.acked > 0 && result.event_frame_len == 700,
          "posts are acked and seen");
    check(load_faults_none(&result.faults), result.faults.first);
    plan.posts_per_s = 200;
    load_run(&plan, NULL, NULL, &result);
    check(result.is_valid && load_faults_none(&result.faults), "paced posts are without faults");
    check(result.acked_per_s > 150 && result.acked_per_s < 250, "200 posts/s are 200 posts/s");
    plan.posts_per_s = 0;
    plan.subscribers_per_thread = 0;
    load_run(&plan, NULL, NULL, &result);
    check(result.is_valid && result.acked > 0 && load_faults_none(&result.faults),
          "posts alone are acked without faults");
    bare_server_stop(&server);
}

int self_test_run(void)
{
    test_frames_of_every_length_are_read_back();
    test_broken_frames_are_refused();
    test_accept_key_is_that_of_the_rfc();
    test_every_event_of_an_array_is_seen();
    test_what_is_no_array_of_events_is_refused();
    test_percentiles_are_right_to_one_percent();
    test_status_is_read_and_cpu_is_counted_with_children();
    test_closed_loop_against_the_bare_server();
    if (failures == 0)
        puts("self-test: all hold");
    return failures == 0 ? 0 : 1;
}
