/* Reading one WebSocket message into a command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include "commands.h"

#define THREAD "\"thread_id\":\"0193ab00-0000-7000-8000-000000000001\""
#define REF    "\"ref\":\"0193ab00-0000-7000-8000-0000000000aa\""

static struct arena *arena;
static Socket__Command *command;
static char detail[COMMAND_DETAIL_SIZE];

static int setup(void **state)
{
    (void)state;
    arena = arena_new(1024 * 1024);
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static enum status parse(const char *text)
{
    arena_reset(arena);
    return command_parse(bytes_text(text), arena, &command, detail);
}

static void test_every_op_of_the_contract_is_read(void **state)
{
    (void)state;
    static const char *const good[] = {
        "{\"op\":\"subscribe\"," THREAD "}",
        "{\"op\":\"subscribe\"," THREAD ",\"after_seq\":7}",
        "{\"op\":\"unsubscribe\"," THREAD "}",
        "{\"op\":\"post\"," REF "," THREAD ",\"body\":\"hi\"}",
        "{\"op\":\"post\"," REF "," THREAD ",\"body\":\"\",\"reply_to\":1,\"corrects\":2,"
        "\"attachments\":[\"0193ab00-0000-7000-8000-000000000001\"]}",
        "{\"op\":\"answer\"," REF "," THREAD ",\"question_seq\":3,\"data\":{\"a\":[1]}}",
        "{\"op\":\"acknowledge\"," REF "," THREAD ",\"seq\":3}",
        "{\"op\":\"read\"," THREAD ",\"seq\":3}",
        "{\"op\":\"typing\"," THREAD ",\"active\":false}",
        "{\"op\":\"presence\",\"status\":\"away\"}",
        "{\"op\":\"authenticate\",\"token\":\"a.b.c\"}",
        "{\"op\":\"ping\"}",
        "{\"op\":\"ping\",\"ref\":\"x\"}"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(parse(good[i]), OK);
}

static void test_what_is_not_json_is_invalid(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "{",
                                      "hello",
                                      "{\"op\":\"ping\"",
                                      "{\"op\":\"a\\u0000\"}",
                                      "{\"op\":\"ping\",\"op\":\"ping\"}",
                                      "{\"op\":\"\\ud800\"}",
                                      "{\"op\":\"ping\"} x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(parse(bad[i]), STATUS_INVALID);
}

static void assert_refused(const char *text, const char *reason)
{
    assert_int_equal(parse(text), STATUS_VALIDATION_FAILED);
    assert_non_null(strstr(detail, reason));
}

static void test_unknown_ops_and_members_are_refused_with_words(void **state)
{
    (void)state;
    assert_refused("{}", "/op");
    assert_refused("{\"op\":\"shout\"}", "/op");
    assert_refused("{\"op\":\"ping\",\"extra\":1}", "/extra");
    assert_refused("{\"op\":\"ping\",\"body\":\"x\"}", "/body: is not a member of this op");
    assert_refused("{\"op\":\"subscribe\"}", "/thread_id: is missing");
    assert_refused("{\"op\":\"subscribe\",\"thread_id\":\"x\"}", "/thread_id");
    assert_refused("{\"op\":\"post\"," THREAD ",\"body\":\"x\"}", "/ref: is missing");
    assert_refused("{\"op\":\"read\"," THREAD ",\"seq\":\"1\"}", "/seq");
    assert_refused("{\"op\":7}", "/op");
    assert_refused("[]", "");
}

static void test_a_refused_post_still_tells_its_ref(void **state)
{
    (void)state;
    assert_refused("{\"op\":\"post\"," REF ",\"body\":\"x\"}", "/thread_id: is missing");
    assert_string_equal(command->ref, "0193ab00-0000-7000-8000-0000000000aa");
}

static void test_depth_and_keys_are_bounded(void **state)
{
    (void)state;
    char deep[400] = "{\"op\":\"answer\"," REF "," THREAD ",\"question_seq\":3,\"data\":";
    size_t len = strlen(deep);
    memset(deep + len, '[', 40);
    memset(deep + len + 40, ']', 40);
    strcpy(deep + len + 80, "}");
    assert_int_equal(parse(deep), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_op_of_the_contract_is_read),
        cmocka_unit_test(test_what_is_not_json_is_invalid),
        cmocka_unit_test(test_unknown_ops_and_members_are_refused_with_words),
        cmocka_unit_test(test_a_refused_post_still_tells_its_ref),
        cmocka_unit_test(test_depth_and_keys_are_bounded)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
