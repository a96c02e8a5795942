/* Log: every line is one JSON object, whatever the values hold. */
#include "core/log.h"

#include <fcntl.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static int saved_stderr;
static int pipe_read;
static char line[8192];

static int capture_begin(void **state)
{
    (void)state;
    int ends[2];
    if (pipe2(ends, O_NONBLOCK) != 0) {
        return -1;
    }
    saved_stderr = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    pipe_read = ends[0];
    log_open("test", LOG_INFO);
    return 0;
}

static int capture_end(void **state)
{
    (void)state;
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    close(pipe_read);
    return 0;
}

/* What was logged, parsed; NULL: nothing. */
static json_t *captured(void)
{
    ssize_t len = read(pipe_read, line, sizeof line - 1);
    line[len > 0 ? len : 0] = '\0';
    return json_loads(line, JSON_REJECT_DUPLICATES, NULL);
}

static const char *member(json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void test_a_line_holds_head_and_pairs(void **state)
{
    (void)state;
    char method[] = "threads.Post";
    log_event(LOG_INFO, "request", {"method", LOG_S(method)}, {"took_us", LOG_I(-7)});
    json_t *entry = captured();
    assert_non_null(entry);
    assert_string_equal(member(entry, "level"), "info");
    assert_string_equal(member(entry, "program"), "test");
    assert_string_equal(member(entry, "event"), "request");
    assert_string_equal(member(entry, "method"), "threads.Post");
    assert_int_equal(json_integer_value(json_object_get(entry, "took_us")), -7);
    assert_int_equal(strlen(member(entry, "time")), 27);
    assert_int_equal(line[strlen(line) - 1], '\n');
    json_decref(entry);
}

static void test_an_event_needs_no_pairs(void **state)
{
    (void)state;
    log_event(LOG_ERROR, "stopped");
    json_t *entry = captured();
    assert_int_equal(json_object_size(entry), 4);
    json_decref(entry);
}

static void test_values_are_evaluated_once(void **state)
{
    (void)state;
    int count = 0;
    log_event(LOG_INFO, "count", {"count", LOG_I(++count)});
    json_t *entry = captured();
    assert_int_equal(count, 1);
    json_decref(entry);
}

static void test_lines_below_the_level_are_not_written(void **state)
{
    (void)state;
    log_event(LOG_DEBUG, "detail", {"x", LOG_I(1)});
    assert_null(captured());
}

static void test_hostile_text_cannot_break_the_line(void **state)
{
    (void)state;
    log_event(LOG_WARN, "x", {"a", LOG_S("q\"\\\n\r\t\x01\x7f}")},
              {"b", LOG_S("\xc3\xa4 \xe2\x82\xac")}, {"c", LOG_S("bad \xff\xc3 bytes")},
              {"d", LOG_S(NULL)});
    json_t *entry = captured();
    assert_non_null(entry);
    assert_string_equal(member(entry, "a"), "q\"\\\n\r\t\x01\x7f}");
    assert_string_equal(member(entry, "b"), "\xc3\xa4 \xe2\x82\xac");
    assert_string_equal(member(entry, "c"), "bad ?? bytes");
    assert_string_equal(member(entry, "d"), "");
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    json_decref(entry);
}

static void test_a_long_value_is_cut_between_characters(void **state)
{
    (void)state;
    char text[1001];
    for (int i = 0; i < 500; i++) {
        memcpy(text + 2 * i, "\xc3\xa4", 2);
    }
    text[1000] = '\0';
    log_event(LOG_INFO, "x", {"even", LOG_S(text)}, {"odd", LOG_S(text + 2 * 243)});
    json_t *entry = captured();
    assert_int_equal(strlen(member(entry, "even")), 512 + 3);
    assert_int_equal(strlen(member(entry, "odd")), 512 + 3);
    json_decref(entry);
    text[0] = 'x';
    memmove(text + 1, text + 2, 999);
    log_event(LOG_INFO, "x", {"shifted", LOG_S(text)});
    entry = captured();
    assert_non_null(entry);
    assert_int_equal(strlen(member(entry, "shifted")), 511 + 3);
    json_decref(entry);
}

static void test_a_line_that_is_too_long_loses_whole_pairs(void **state)
{
    (void)state;
    char text[513];
    memset(text, '"', 512); /* each one takes two bytes */
    text[512] = '\0';
    log_event(LOG_INFO, "x", {"a", LOG_S(text)}, {"b", LOG_S(text)}, {"c", LOG_S(text)},
              {"d", LOG_S(text)}, {"e", LOG_S(text)});
    json_t *entry = captured();
    assert_non_null(entry);
    assert_true(strlen(line) <= 4096);
    assert_int_equal(json_integer_value(json_object_get(entry, "cut")), 1);
    assert_non_null(member(entry, "c"));
    assert_null(member(entry, "d"));
    json_decref(entry);
}

static void test_levels_have_names(void **state)
{
    (void)state;
    enum log_level level;
    assert_true(log_level_parse("warn", &level));
    assert_int_equal(level, LOG_WARN);
    assert_false(log_level_parse("WARN", &level));
    assert_false(log_level_parse("", &level));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_line_holds_head_and_pairs, capture_begin,
                                        capture_end),
        cmocka_unit_test_setup_teardown(test_an_event_needs_no_pairs, capture_begin, capture_end),
        cmocka_unit_test_setup_teardown(test_values_are_evaluated_once, capture_begin, capture_end),
        cmocka_unit_test_setup_teardown(test_lines_below_the_level_are_not_written, capture_begin,
                                        capture_end),
        cmocka_unit_test_setup_teardown(test_hostile_text_cannot_break_the_line, capture_begin,
                                        capture_end),
        cmocka_unit_test_setup_teardown(test_a_long_value_is_cut_between_characters, capture_begin,
                                        capture_end),
        cmocka_unit_test_setup_teardown(test_a_line_that_is_too_long_loses_whole_pairs,
                                        capture_begin, capture_end),
        cmocka_unit_test(test_levels_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
