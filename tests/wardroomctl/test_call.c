/* `wardroomctl call` against a running auth: answers, refusals, silence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "run.h"
#include "support/service_process.h"

static struct test_service service;
static char endpoint[128], trust[128];
static const char *environment[] = {endpoint, trust, NULL};

static int open_service(void **state)
{
    (void)state;
    char command[256], signing[128];
    if (!test_service_open(&service, "auth")) {
        return -1;
    }
    snprintf(signing, sizeof signing, "WARDROOM_SIGNING_DIR=%s/signing", service.dir);
    snprintf(command, sizeof command,
             "mkdir %s/signing && openssl ecparam -name prime256v1 -genkey -noout |"
             " openssl pkcs8 -topk8 -nocrypt -out %s/signing/k.pem",
             service.dir, service.dir);
    assert_int_equal(system(command), 0);
    snprintf(endpoint, sizeof endpoint, "WARDROOM_AUTH_ENDPOINT=%s", service.endpoint);
    snprintf(trust, sizeof trust, "WARDROOM_TRUST_DIR=%s/trust", service.dir);
    test_service_start(&service, (const char *const[]){signing, NULL});
    return 0;
}

static int close_service(void **state)
{
    (void)state;
    test_service_close(&service);
    return 0;
}

static void test_the_reply_is_one_json_object(void **state)
{
    (void)state;
    struct run run = RUN(environment, "call", "auth.CreateTenant",
                         "{\"id\":\"acme\",\"name\":\"Acme \\u00e9\"}");
    assert_string_equal(run.err, "");
    assert_int_equal(run.code, 0);
    assert_non_null(strstr(run.out, "\"id\":\"acme\""));
    assert_non_null(strstr(run.out, "\"state\":\"active\""));
    assert_non_null(strstr(run.out, "\"created_at\":\"20"));
}

static void test_a_dash_reads_standard_input(void **state)
{
    (void)state;
    const char *const arguments[] = {"call", "auth.CreateUser", "-", NULL};
    struct run run = run_ctl(arguments, environment,
                             "{\"tenant\":\"acme\",\"username\":\"amara\",\"name\":\"Amara\","
                             "\"role\":\"admin\",\"password\":\"vq8wzh2kfm3p\"}\n");
    assert_string_equal(run.err, "");
    assert_int_equal(run.code, 0);
    assert_non_null(strstr(run.out, "\"role\":\"admin\""));
    assert_null(strstr(run.out, "vq8w"));
}

static void test_the_tenant_may_stand_on_the_command_line(void **state)
{
    (void)state;
    struct run run = RUN(environment, "call", "auth.CreateUser",
                         "{\"username\":\"andre\",\"name\":\"Andre\",\"role\":\"analyst\","
                         "\"password\":\"vq8wzh2kfm3p\"}",
                         "--tenant", "acme");
    assert_int_equal(run.code, 0);
}

static void test_a_refusal_has_its_code_and_its_words(void **state)
{
    (void)state;
    struct run run =
        RUN(environment, "call", "auth.CreateTenant", "{\"id\":\"acme\",\"name\":\"Other\"}");
    assert_int_equal(run.code, 1);
    assert_string_equal(run.out, "");
    assert_non_null(strstr(run.err, "conflict: this tenant id exists already"));
    run = RUN(environment, "call", "auth.CreateTenant", "{\"id\":\"A\",\"name\":\"Other\"}");
    assert_int_equal(run.code, 1);
    assert_non_null(strstr(run.err, "/id: must match"));
    run = RUN(environment, "call", "auth.Me", "{}");
    assert_int_equal(run.code, 1);
    assert_non_null(strstr(run.err, "forbidden"));
}

static void test_what_cannot_be_a_request_is_a_usage_error(void **state)
{
    (void)state;
    assert_int_equal(RUN(environment, "call", "auth.Nothing", "{}").code, 2);
    assert_int_equal(RUN(environment, "call", "nobody.CreateTenant", "{}").code, 2);
    assert_int_equal(RUN(environment, "call", "auth", "{}").code, 2);
    assert_int_equal(RUN(environment, "call", "auth.CreateTenant").code, 2);
    assert_int_equal(RUN(environment, "call", "auth.CreateTenant", "{\"nope\":1}").code, 2);
    assert_int_equal(RUN(environment, "call", "auth.CreateTenant", "{}", "{}").code, 2);
    assert_int_equal(RUN(environment, "call", "threads.List", "{}").code, 2);
    struct run run = RUN(environment, "call", "auth.CreateUser", "{\"password\":hunter2}");
    assert_int_equal(run.code, 2);
    assert_null(strstr(run.err, "hunter2"));
}

static void test_silence_is_no_answer(void **state)
{
    (void)state;
    char nowhere[128];
    snprintf(nowhere, sizeof nowhere, "WARDROOM_AUTH_ENDPOINT=dir:%s/trust/public", service.dir);
    const char *const deaf[] = {nowhere, trust, NULL};
    struct run run = RUN(deaf, "call", "auth.ListTenants", "{}");
    assert_int_equal(run.code, 3);
    assert_non_null(strstr(run.err, "no auth service answers"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_reply_is_one_json_object),
        cmocka_unit_test(test_a_dash_reads_standard_input),
        cmocka_unit_test(test_the_tenant_may_stand_on_the_command_line),
        cmocka_unit_test(test_a_refusal_has_its_code_and_its_words),
        cmocka_unit_test(test_what_cannot_be_a_request_is_a_usage_error),
        cmocka_unit_test(test_silence_is_no_answer),
    };
    struct test_database any;
    if (!test_database_find("auth", &any)) {
        return 0;
    }
    return cmocka_run_group_tests_name("wardroomctl call", tests, open_service, close_service);
}
