/* Options: where a value comes from, what is refused, and what --help never prints. */
#include "core/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static const char *name, *secret;
static int64_t count, flag;

static const struct option_row rows[] = {
    {"TEST_NAME", OPTION_TEXT, "fallback", 0, 0, "", "a name", &name, NULL},
    {"TEST_SECRET", OPTION_SECRET, NULL, 0, 0, "", "a secret", &secret, NULL},
    {"TEST_COUNT", OPTION_NUMBER, "10", 1, 100, "ms", "a count", NULL, &count},
    {"TEST_FLAG", OPTION_FLAG, "0", 0, 0, "", "a flag", NULL, &flag},
    {0},
};
static const struct option_row *const tables[] = {rows, NULL};

static char out_text[8192], err_text[8192];

/* options_read with stdout and stderr caught in out_text and err_text. */
static enum status read_options(const char *argument, bool *ret_exit)
{
    char *argv[] = {(char[]){"test"}, (char *)argument, NULL};
    int saved[2] = {dup(1), dup(2)};
    FILE *files[2] = {tmpfile(), tmpfile()};
    fflush(stdout);
    dup2(fileno(files[0]), 1);
    dup2(fileno(files[1]), 2);
    enum status status =
        options_read("test", "a test", tables, argument != NULL ? 2 : 1, argv, ret_exit);
    fflush(stdout);
    char *texts[2] = {out_text, err_text};
    for (int i = 0; i < 2; i++) {
        dup2(saved[i], i + 1);
        close(saved[i]);
        rewind(files[i]);
        texts[i][fread(texts[i], 1, sizeof out_text - 1, files[i])] = '\0';
        fclose(files[i]);
    }
    return status;
}

static int clean(void **state)
{
    (void)state;
    static const char *const names[] = {"TEST_NAME",   "TEST_NAME_FILE",   "TEST_COUNT",
                                        "TEST_SECRET", "TEST_SECRET_FILE", "TEST_FLAG"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        unsetenv(names[i]);
    }
    setenv("TEST_SECRET", "hunter2", 1);
    return 0;
}

static void test_unset_rows_take_their_fallback(void **state)
{
    (void)state;
    bool leave = true;
    assert_int_equal(read_options(NULL, &leave), OK);
    assert_false(leave);
    assert_string_equal(name, "fallback");
    assert_string_equal(secret, "hunter2");
    assert_int_equal(count, 10);
    assert_int_equal(flag, 0);
}

static void test_an_empty_variable_counts_as_unset(void **state)
{
    (void)state;
    bool leave;
    setenv("TEST_NAME", "", 1);
    setenv("TEST_COUNT", "", 1);
    assert_int_equal(read_options(NULL, &leave), OK);
    assert_string_equal(name, "fallback");
    assert_int_equal(count, 10);
}

static void test_a_needed_row_that_is_unset_is_named(void **state)
{
    (void)state;
    bool leave;
    unsetenv("TEST_SECRET");
    assert_int_equal(read_options(NULL, &leave), STATUS_INVALID);
    assert_non_null(strstr(err_text, "TEST_SECRET is not set"));
}

static void test_numbers_hold_on_both_sides_of_their_bounds(void **state)
{
    (void)state;
    bool leave;
    static const char *const right[] = {"1", "100", "007"};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        setenv("TEST_COUNT", right[i], 1);
        assert_int_equal(read_options(NULL, &leave), OK);
    }
    static const char *const wrong[] = {"0",  "101", "-1", "1x",   " 1",
                                        "+1", "1 ",  "x",  "0x10", "99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        setenv("TEST_COUNT", wrong[i], 1);
        assert_int_equal(read_options(NULL, &leave), STATUS_INVALID);
        assert_non_null(strstr(err_text, "TEST_COUNT must be a number from 1 to 100 ms"));
    }
}

static void test_a_flag_is_0_or_1(void **state)
{
    (void)state;
    bool leave;
    setenv("TEST_FLAG", "1", 1);
    assert_int_equal(read_options(NULL, &leave), OK);
    assert_int_equal(flag, 1);
    setenv("TEST_FLAG", "2", 1);
    assert_int_equal(read_options(NULL, &leave), STATUS_INVALID);
    setenv("TEST_FLAG", "true", 1);
    assert_int_equal(read_options(NULL, &leave), STATUS_INVALID);
}

/* A file with `len` bytes of `text`, named by the variable. */
static void put_file(const char *variable, const char *text, size_t len, char path[32])
{
    strcpy(path, "/tmp/wardroom-test-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), (ssize_t)len);
    close(fd);
    setenv(variable, path, 1);
}

static void test_a_file_may_hold_the_value(void **state)
{
    (void)state;
    bool leave;
    char path[32];
    unsetenv("TEST_SECRET");
    put_file("TEST_SECRET_FILE", "from a file\r\n", 13, path);
    assert_int_equal(read_options(NULL, &leave), OK);
    assert_string_equal(secret, "from a file");
    unlink(path);
}

static void test_a_file_that_is_missing_or_not_text_is_refused(void **state)
{
    (void)state;
    bool leave;
    char path[32];
    put_file("TEST_NAME_FILE", "a\0b", 3, path);
    assert_int_equal(read_options(NULL, &leave), STATUS_INVALID);
    unlink(path);
    assert_int_equal(read_options(NULL, &leave), STATUS_INVALID);
    assert_non_null(strstr(err_text, "TEST_NAME_FILE names"));
    setenv("TEST_NAME_FILE", "/tmp", 1);
    assert_int_equal(read_options(NULL, &leave), STATUS_INVALID);
}

static void test_a_file_over_64_kib_is_refused(void **state)
{
    (void)state;
    bool leave;
    char path[32];
    char *text = malloc(64 * 1024 + 1);
    memset(text, 'x', 64 * 1024 + 1);
    put_file("TEST_NAME_FILE", text, 64 * 1024, path);
    assert_int_equal(read_options(NULL, &leave), OK);
    assert_int_equal(strlen(name), 64 * 1024);
    unlink(path);
    put_file("TEST_NAME_FILE", text, 64 * 1024 + 1, path);
    assert_int_equal(read_options(NULL, &leave), STATUS_INVALID);
    unlink(path);
    free(text);
}

static void test_value_and_file_at_once_are_refused(void **state)
{
    (void)state;
    bool leave;
    setenv("TEST_NAME", "x", 1);
    setenv("TEST_NAME_FILE", "/dev/null", 1);
    assert_int_equal(read_options(NULL, &leave), STATUS_INVALID);
    assert_non_null(strstr(err_text, "both TEST_NAME and TEST_NAME_FILE"));
}

static void test_help_prints_the_table_but_no_secret(void **state)
{
    (void)state;
    bool leave = false;
    assert_int_equal(read_options("--help", &leave), OK);
    assert_true(leave);
    assert_non_null(strstr(out_text, "TEST_COUNT"));
    assert_non_null(strstr(out_text, "1 to 100 ms; default: 10"));
    assert_non_null(strstr(out_text, "TEST_SECRET"));
    assert_null(strstr(out_text, "hunter2"));
    assert_string_equal(err_text, "");
}

static void test_version_prints_the_version(void **state)
{
    (void)state;
    bool leave = false;
    assert_int_equal(read_options("--version", &leave), OK);
    assert_true(leave);
    assert_string_equal(out_text, "test " WARDROOM_VERSION "\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_unset_rows_take_their_fallback, clean),
        cmocka_unit_test_setup(test_an_empty_variable_counts_as_unset, clean),
        cmocka_unit_test_setup(test_a_needed_row_that_is_unset_is_named, clean),
        cmocka_unit_test_setup(test_numbers_hold_on_both_sides_of_their_bounds, clean),
        cmocka_unit_test_setup(test_a_flag_is_0_or_1, clean),
        cmocka_unit_test_setup(test_a_file_may_hold_the_value, clean),
        cmocka_unit_test_setup(test_a_file_that_is_missing_or_not_text_is_refused, clean),
        cmocka_unit_test_setup(test_a_file_over_64_kib_is_refused, clean),
        cmocka_unit_test_setup(test_value_and_file_at_once_are_refused, clean),
        cmocka_unit_test_setup(test_help_prints_the_table_but_no_secret, clean),
        cmocka_unit_test_setup(test_version_prints_the_version, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
