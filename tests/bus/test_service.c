/* What a caller gets from the runtime, and what it refuses: a real process behind a real CURVE
 * socket. Next: test_wire_refusals.c */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/clock.h"
#include "fixture.h"

static struct echo echo;
static uv_loop_t loop;
static struct bus_client *gateway;
static char *member;

static int open_all(void **state)
{
    (void)state;
    echo_prepare(&echo);
    echo_start(&echo, NULL);
    uv_loop_init(&loop);
    gateway = client_open(&loop, &echo, "gateway");
    member = token_for(&echo, ROLE_MEMBER, "acme");
    wait_alive(&loop, gateway, 1);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    client_close(&loop, gateway);
    assert_int_equal(echo_stop(&echo, SIGTERM), 0);
    uv_loop_close(&loop);
    free(member);
    echo_close(&echo);
    return 0;
}

static struct answer *say(const char *method, const char *token, const char *text)
{
    Echo__EchoRequest input = ECHO__ECHO_REQUEST__INIT;
    input.text = (char *)text;
    return call(
        &loop, gateway,
        (struct call_spec){.method = method, .input = &input.base, .token = token, .key = text});
}

static long refused(const char *why)
{
    char line[64];
    snprintf(line, sizeof line, "wardroom_refused_total{why=\"%s\"} ", why);
    return metric_value(&echo, line);
}

static void test_a_user_is_answered_in_their_name(void **state)
{
    (void)state;
    const Echo__EchoReply *reply = answer_echo(say("Echo", member, "hello"));
    assert_string_equal(reply->text, "hello");
    assert_string_equal(reply->caller, "user");
    assert_string_equal(reply->tenant, "acme");
    assert_string_equal(reply->name, "Ada");
}

static void test_a_wrong_or_missing_token_is_invalid_token(void **state)
{
    (void)state;
    long before = refused("token");
    char *forged = strdup(member);
    forged[strlen(forged) - 10] ^= 1;
    assert_int_equal(say("Echo", forged, "x")->status, STATUS_INVALID_TOKEN);
    assert_int_equal(say("Echo", "a.b.c", "x")->status, STATUS_INVALID_TOKEN);
    assert_int_equal(say("Echo", NULL, "x")->status, STATUS_INVALID_TOKEN);
    assert_int_equal(refused("token"), before + 3);
    free(forged);
}

static void test_an_expired_token_is_invalid_token(void **state)
{
    (void)state;
    struct test_token old = {.issued_at_s = clock_now_us() / 1000000 - 3600, .lifetime_s = 60};
    char *token = test_token_mint(&echo.trust, &old);
    assert_int_equal(say("Echo", token, "x")->status, STATUS_INVALID_TOKEN);
    free(token);
}

static void test_another_role_is_forbidden(void **state)
{
    (void)state;
    long before = refused("role");
    char *admin = token_for(&echo, ROLE_ADMIN, "acme");
    assert_int_equal(say("ForAdmins", member, "x")->status, STATUS_FORBIDDEN);
    assert_int_equal(say("ForAdmins", admin, "x")->status, OK);
    assert_int_equal(refused("role"), before + 1);
    free(admin);
}

static void test_the_gateway_calls_in_its_own_name_only_where_the_rule_says(void **state)
{
    (void)state;
    long before = refused("caller");
    assert_string_equal(answer_echo(say("Poll", NULL, "x"))->caller, "gateway");
    assert_int_equal(say("Sweep", NULL, "x")->status, STATUS_FORBIDDEN);
    assert_int_equal(say("Poll", member, "x")->status, STATUS_FORBIDDEN);
    assert_int_equal(refused("caller"), before + 2);
}

static void test_retention_has_its_own_calls_and_speaks_for_no_user(void **state)
{
    (void)state;
    uv_loop_t own;
    uv_loop_init(&own);
    struct bus_client *retention = client_open(&own, &echo, "retention");
    struct call_spec spec = {.method = "Sweep", .tenant = "beta"};
    const Echo__EchoReply *reply = answer_echo(call(&own, retention, spec));
    assert_string_equal(reply->caller, "retention");
    assert_string_equal(reply->tenant, "beta");
    spec.tenant = "No-Tenant";
    assert_int_equal(call(&own, retention, spec)->status, STATUS_INVALID);
    spec = (struct call_spec){.method = "Echo", .token = member};
    assert_int_equal(call(&own, retention, spec)->status, STATUS_FORBIDDEN);
    spec.token = NULL;
    assert_int_equal(call(&own, retention, spec)->status, STATUS_FORBIDDEN);
    client_close(&own, retention);
    uv_loop_close(&own);
}

static void test_a_program_that_no_rule_names_is_not_let_in(void **state)
{
    (void)state;
    /* The pair exists in the trust folder, but no rule has CALLER_ADMIN. */
    long before = refused("caller");
    uv_loop_t own;
    uv_loop_init(&own);
    struct bus_client *admin = client_open(&own, &echo, "admin");
    struct call_spec spec = {.method = "Poll", .timeout_ms = 500};
    assert_int_equal(call(&own, admin, spec)->status, STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(bus_client_alive(admin, "echo"), 0);
    assert_int_equal(refused("caller"), before);
    client_close(&own, admin);
    uv_loop_close(&own);
}

static void test_a_body_over_its_limit_is_too_large(void **state)
{
    (void)state;
    char text[1100];
    char *admin = token_for(&echo, ROLE_ADMIN, "acme");
    long before = refused("body");
    memset(text, 'x', sizeof text);
    text[1024 - 3] = '\0'; /* a tag and two bytes of length before it */
    struct call_spec spec = {.method = "ForAdmins", .token = admin};
    Echo__EchoRequest input = ECHO__ECHO_REQUEST__INIT;
    input.text = text;
    spec.input = &input.base;
    assert_int_equal(call(&loop, gateway, spec)->status, OK);
    text[1024 - 3] = 'x';
    text[1024 - 2] = '\0';
    assert_int_equal(call(&loop, gateway, spec)->status, STATUS_TOO_LARGE);
    assert_int_equal(refused("body"), before + 1);
    free(admin);
}

static void test_a_text_that_is_not_utf8_is_a_bad_request(void **state)
{
    (void)state;
    assert_int_equal(say("Echo", member, "caf\xe9")->status, STATUS_INVALID);
    assert_int_equal(say("Echo", member, "caf\xc3\xa9")->status, OK);
}

static void test_an_answer_over_the_limit_is_too_large(void **state)
{
    (void)state;
    Echo__EchoRequest input = ECHO__ECHO_REQUEST__INIT;
    struct call_spec spec = {.method = "Echo", .input = &input.base, .token = member};
    input.answer_bytes = 1000 * 1000;
    assert_int_equal(answer_echo(call(&loop, gateway, spec))->filling.len, 1000 * 1000);
    input.answer_bytes = 2 * 1024 * 1024;
    assert_int_equal(call(&loop, gateway, spec)->status, STATUS_TOO_LARGE);
}

static void test_a_handler_that_says_nothing_is_internal(void **state)
{
    (void)state;
    assert_int_equal(say("Silent", member, "x")->status, STATUS_INTERNAL);
    assert_int_equal(metric_value(&echo, "wardroom_unanswered_total "), 1);
}

static void test_field_errors_reach_the_caller_and_outlive_a_later_reply(void **state)
{
    (void)state;
    struct answer *answer = say("Reject", member, "x");
    assert_int_equal(answer->status, STATUS_VALIDATION_FAILED);
    assert_string_equal(answer->pointers, "/text /sleep_ms ");
}

static void test_the_ops_port_answers_three_paths(void **state)
{
    (void)state;
    int code;
    ops_get(&echo, "/livez", &code);
    assert_int_equal(code, 200);
    assert_string_equal(ops_get(&echo, "/readyz", &code), "ok\n");
    assert_int_equal(code, 200);
    ops_get(&echo, "/else", &code);
    assert_int_equal(code, 404);
    say("Echo", member, "counted");
    assert_true(metric_value(&echo, "wardroom_requests_total{method=\"echo.Echo\",class=\"ok\"} ") >
                0);
    assert_true(metric_value(&echo, "wardroom_request_seconds_count{method=\"echo.Echo\"} ") > 0);
}

static void never(void *data, const struct bus_reply *reply)
{
    (void)reply;
    *(bool *)data = true;
}

static void test_a_cancelled_call_is_never_told(void **state)
{
    (void)state;
    bool told = false;
    uint64_t id = call_begin(gateway, (struct call_spec){.method = "Poll"}, never, &told);
    bus_cancel(gateway, id);
    bus_cancel(gateway, id);
    say("Echo", member, "after it");
    assert_false(told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_user_is_answered_in_their_name),
        cmocka_unit_test(test_a_wrong_or_missing_token_is_invalid_token),
        cmocka_unit_test(test_an_expired_token_is_invalid_token),
        cmocka_unit_test(test_another_role_is_forbidden),
        cmocka_unit_test(test_the_gateway_calls_in_its_own_name_only_where_the_rule_says),
        cmocka_unit_test(test_retention_has_its_own_calls_and_speaks_for_no_user),
        cmocka_unit_test(test_a_program_that_no_rule_names_is_not_let_in),
        cmocka_unit_test(test_a_body_over_its_limit_is_too_large),
        cmocka_unit_test(test_a_text_that_is_not_utf8_is_a_bad_request),
        cmocka_unit_test(test_an_answer_over_the_limit_is_too_large),
        cmocka_unit_test(test_a_handler_that_says_nothing_is_internal),
        cmocka_unit_test(test_field_errors_reach_the_caller_and_outlive_a_later_reply),
        cmocka_unit_test(test_the_ops_port_answers_three_paths),
        cmocka_unit_test(test_a_cancelled_call_is_never_told),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
