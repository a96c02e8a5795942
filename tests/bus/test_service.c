/* The runtime as its callers see it: a real process behind a real CURVE socket. Next: test_batch.c */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "bus/curve.h"
#include "fixture.h"

static struct echo echo;
static uv_loop_t loop;
static struct bus_client *gateway;
static char *member;

static int open_all(void **state)
{
    (void)state;
    static const char *const env[] = {"WARDROOM_LOG_LEVEL=debug", NULL};
    echo_prepare(&echo);
    echo_start(&echo, env);
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
    return call(&loop, gateway, (struct call_spec){.method = method, .input = &input.base,
                                                   .token = token, .key = text});
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

static void test_a_forged_token_is_invalid_token(void **state)
{
    (void)state;
    long before = metric_value(&echo, "wardroom_refused_total{why=\"token\"} ");
    char *forged = strdup(member);
    forged[strlen(forged) - 10] ^= 1;
    assert_int_equal(say("Echo", forged, "x")->status, STATUS_INVALID_TOKEN);
    assert_int_equal(say("Echo", "a.b.c", "x")->status, STATUS_INVALID_TOKEN);
    assert_int_equal(say("Echo", NULL, "x")->status, STATUS_INVALID_TOKEN);
    assert_int_equal(metric_value(&echo, "wardroom_refused_total{why=\"token\"} "), before + 3);
    free(forged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_user_is_answered_in_their_name),
        cmocka_unit_test(test_a_forged_token_is_invalid_token),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
