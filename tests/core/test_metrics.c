/* Metrics: the text Prometheus reads, to the byte. */
#include "core/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static struct metric posts = {
    "wardroom_calls_total", "method=\"Post\"", "calls", METRIC_COUNTER, 0, {0}, NULL};
static struct metric depth = {"wardroom_queue_depth", "", "waiting", METRIC_GAUGE, 0, {0}, NULL};
static struct metric lists = {
    "wardroom_calls_total", "method=\"List\"", "calls", METRIC_COUNTER, 0, {0}, NULL};
static struct metric took = {
    "wardroom_call_seconds", "m=\"x\"", "time", METRIC_HISTOGRAM, 0, {0}, NULL};

static int set_up(void **state)
{
    (void)state;
    metric_register(&posts);
    metric_register(&depth);
    metric_register(&lists);
    metric_register(&took);
    return 0;
}

static char *printed(struct buf *out)
{
    metrics_print(out);
    buf_append(out, "", 1);
    return (char *)out->data;
}

static void test_series_of_one_name_stand_under_one_head(void **state)
{
    (void)state;
    metric_add(&posts, 3);
    metric_add(&lists, 4);
    metric_set(&depth, -2);
    struct buf out = {0};
    const char *text = printed(&out);
    const char *expected = "# HELP wardroom_calls_total calls\n"
                           "# TYPE wardroom_calls_total counter\n"
                           "wardroom_calls_total{method=\"Post\"} 3\n"
                           "wardroom_calls_total{method=\"List\"} 4\n"
                           "# HELP wardroom_queue_depth waiting\n"
                           "# TYPE wardroom_queue_depth gauge\n"
                           "wardroom_queue_depth -2\n";
    assert_memory_equal(text, expected, strlen(expected));
    buf_fini(&out);
}

static void test_an_observation_falls_into_its_bucket_and_all_above(void **state)
{
    (void)state;
    metric_observe_us(&took, 100);     /* le 0.0001, inclusive */
    metric_observe_us(&took, 101);     /* le 0.0002 */
    metric_observe_us(&took, 5000000); /* +Inf */
    struct buf out = {0};
    const char *text = printed(&out);
    assert_non_null(strstr(text, "wardroom_call_seconds_bucket{m=\"x\",le=\"0.000100\"} 1\n"));
    assert_non_null(strstr(text, "wardroom_call_seconds_bucket{m=\"x\",le=\"0.000200\"} 2\n"));
    assert_non_null(strstr(text, "wardroom_call_seconds_bucket{m=\"x\",le=\"1.638400\"} 2\n"));
    assert_non_null(strstr(text, "wardroom_call_seconds_bucket{m=\"x\",le=\"+Inf\"} 3\n"));
    assert_non_null(strstr(text, "wardroom_call_seconds_sum{m=\"x\"} 5.000201\n"));
    assert_non_null(strstr(text, "wardroom_call_seconds_count{m=\"x\"} 3\n"));
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_series_of_one_name_stand_under_one_head),
        cmocka_unit_test(test_an_observation_falls_into_its_bucket_and_all_above),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
