/* The real binary over real CURVE sockets, with tokens that the test signs. */
#include "support/service_process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "retention.pb-c.h"

static struct test_service service;
static struct test_client client;
/* Names of this run: the database may have seen others. */
static struct tenant_id acme, globex;

static int open_service(void **state)
{
    (void)state;
    acme = test_tenant_new("acme");
    globex = test_tenant_new("globex");
    test_service_start(&service, NULL);
    test_client_open(&client, &service, "gateway");
    return 0;
}

static int close_service(void **state)
{
    (void)state;
    test_client_close(&client);
    test_service_close(&service);
    return 0;
}

static struct test_reply call_as(const struct tenant_id *tenant, enum role role, const char *method,
                                 const ProtobufCMessage *request)
{
    const struct test_token token = {.tenant = *tenant, .role = role};
    char *text = test_token_mint(&service.trust, &token);
    struct test_reply reply =
        test_call(&client, &retention__api__descriptor, method, request, text, NULL);
    free(text);
    return reply;
}

static struct test_reply get(const struct tenant_id *tenant, enum role role)
{
    Wardroom__Empty request = WARDROOM__EMPTY__INIT;
    return call_as(tenant, role, "GetPolicy", &request.base);
}

static Retention__Policy policy_of(uint32_t messages_days, const char *schedule)
{
    Retention__Policy policy = RETENTION__POLICY__INIT;
    policy.messages_days = messages_days;
    policy.files_days = 90;
    policy.schedule = (char *)schedule;
    return policy;
}

static void check_policy(struct test_reply reply, uint32_t messages_days, uint32_t files_days,
                         bool closed_only, const char *schedule)
{
    assert_int_equal(reply.status, OK);
    const Retention__Policy *got = (const Retention__Policy *)reply.message;
    assert_int_equal(got->messages_days, messages_days);
    assert_int_equal(got->files_days, files_days);
    assert_int_equal(got->closed_threads_only, closed_only);
    assert_string_equal(got->schedule, schedule);
    test_reply_free(&reply);
}

static void test_a_tenant_that_set_nothing_keeps_everything(void **state)
{
    (void)state;
    check_policy(get(&globex, ROLE_ADMIN), 0, 0, true, "0 3 * * *");
}

static void test_a_policy_is_set_and_read_in_its_tenant_only(void **state)
{
    (void)state;
    Retention__Policy policy = policy_of(365, "30 2 * * 1-5");
    check_policy(call_as(&acme, ROLE_ADMIN, "SetPolicy", &policy.base), 365, 90, false,
                 "30 2 * * 1-5");
    check_policy(get(&acme, ROLE_AUDITOR), 365, 90, false, "30 2 * * 1-5");
    check_policy(get(&globex, ROLE_ADMIN), 0, 0, true, "0 3 * * *");
}

static void test_a_policy_outlives_the_process(void **state)
{
    (void)state;
    const struct tenant_id tenant = test_tenant_new("lasting");
    Retention__Policy policy = policy_of(1, "0 0 1 1 *");
    check_policy(call_as(&tenant, ROLE_ADMIN, "SetPolicy", &policy.base), 1, 90, false,
                 "0 0 1 1 *");
    test_client_close(&client);
    test_service_stop(&service);
    test_service_start(&service, NULL);
    test_client_open(&client, &service, "gateway");
    check_policy(get(&tenant, ROLE_ADMIN), 1, 90, false, "0 0 1 1 *");
}

static void test_roles_that_may_not_are_forbidden(void **state)
{
    (void)state;
    static const enum role others[] = {ROLE_MEMBER, ROLE_ANALYST, ROLE_OPERATOR};
    Retention__Policy policy = policy_of(1, "0 3 * * *");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(call_as(&globex, others[i], "SetPolicy", &policy.base).status,
                         STATUS_FORBIDDEN);
        assert_int_equal(get(&globex, others[i]).status, STATUS_FORBIDDEN);
    }
    assert_int_equal(call_as(&globex, ROLE_AUDITOR, "SetPolicy", &policy.base).status,
                     STATUS_FORBIDDEN);
    check_policy(get(&globex, ROLE_ADMIN), 0, 0, true, "0 3 * * *");
}

static void test_a_call_without_a_token_is_refused(void **state)
{
    (void)state;
    Wardroom__Empty request = WARDROOM__EMPTY__INIT;
    assert_int_equal(
        test_call(&client, &retention__api__descriptor, "GetPolicy", &request.base, NULL, acme.text)
            .status,
        STATUS_INVALID_TOKEN);
}

static void refused_at(const Retention__Policy *policy, const char *pointer)
{
    struct test_reply reply = call_as(&globex, ROLE_ADMIN, "SetPolicy", &policy->base);
    assert_int_equal(reply.status, STATUS_VALIDATION_FAILED);
    assert_string_equal(reply.pointer, pointer);
    test_reply_free(&reply);
}

static void test_wrong_fields_are_named(void **state)
{
    (void)state;
    Retention__Policy policy = policy_of(36501, "0 3 * * *");
    refused_at(&policy, "/messages_days");
    policy = policy_of(1, "0 3 * * *");
    policy.files_days = UINT32_MAX;
    refused_at(&policy, "/files_days");
    policy = policy_of(1, "every night");
    refused_at(&policy, "/schedule");
    policy = policy_of(1, "");
    refused_at(&policy, "/schedule");
    check_policy(get(&globex, ROLE_ADMIN), 0, 0, true, "0 3 * * *");
}

static void test_a_body_over_its_limit_is_too_large(void **state)
{
    (void)state;
    char schedule[1000];
    memset(schedule, ' ', sizeof schedule);
    schedule[sizeof schedule - 1] = '\0';
    Retention__Policy policy = policy_of(1, schedule);
    assert_int_equal(call_as(&globex, ROLE_ADMIN, "SetPolicy", &policy.base).status,
                     STATUS_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_tenant_that_set_nothing_keeps_everything),
        cmocka_unit_test(test_a_policy_is_set_and_read_in_its_tenant_only),
        cmocka_unit_test(test_a_policy_outlives_the_process),
        cmocka_unit_test(test_roles_that_may_not_are_forbidden),
        cmocka_unit_test(test_a_call_without_a_token_is_refused),
        cmocka_unit_test(test_wrong_fields_are_named),
        cmocka_unit_test(test_a_body_over_its_limit_is_too_large),
    };
    if (!test_service_open(&service, "retention")) {
        return 0;
    }
    return cmocka_run_group_tests_name("retention service", tests, open_service, close_service);
}
