/* Unpack, rules, store; top to bottom. Next: ../gateway/README.md */
#include "handlers.h"

#include "core/clock.h"
#include "rules.h"
#include "store.h"

#define POLICY_BYTES_MAX 256 /* a schedule and three numbers */

const struct rpc_rule retention_rules[] = {{"GetPolicy",
                                            ROLE_BIT(ROLE_ADMIN) | ROLE_BIT(ROLE_AUDITOR),
                                            CALLER_USER, 64, ACTOR_READ, SCOPE_TENANT, NULL},
                                           {"SetPolicy", ROLE_BIT(ROLE_ADMIN), CALLER_USER,
                                            POLICY_BYTES_MAX, ACTOR_WRITE, SCOPE_TENANT, NULL},
                                           {0}};

static void fail(struct call *call, enum status status)
{
    call_fail(call, status, "%s", status_meaning(status));
}

static void check_field(struct call *call, const char *pointer, const char *problem)
{
    if (problem != NULL) {
        call_field_error(call, pointer, problem);
    }
}

static void policy_reply(struct call *call, struct policy *policy, Retention__Policy_Closure reply)
{
    Retention__Policy message = RETENTION__POLICY__INIT;
    message.messages_days = policy->messages_days;
    message.files_days = policy->files_days;
    message.closed_threads_only = policy->closed_threads_only;
    message.schedule = policy->schedule;
    reply(&message, call);
}

void retention_get_policy(Retention__Api_Service *service, const Wardroom__Empty *input,
                          Retention__Policy_Closure reply, void *data)
{
    (void)service, (void)input;
    struct call *call = data;
    struct policy policy;
    enum status status = policy_find(call->tx, &policy);
    if (status == STATUS_NOT_FOUND) {
        policy = policy_default;
        status = OK;
    }
    if (status != OK) {
        fail(call, status);
        return;
    }
    policy_reply(call, &policy, reply);
}

void retention_set_policy(Retention__Api_Service *service, const Retention__Policy *input,
                          Retention__Policy_Closure reply, void *data)
{
    (void)service;
    struct call *call = data;
    struct bytes schedule = bytes_text(input->schedule);
    check_field(call, "/messages_days", days_problem(input->messages_days));
    check_field(call, "/files_days", days_problem(input->files_days));
    check_field(call, "/schedule", schedule_problem(schedule));
    if (call_failed(call)) {
        return;
    }
    struct policy policy = {.messages_days = input->messages_days,
                            .files_days = input->files_days,
                            .closed_threads_only = input->closed_threads_only};
    memcpy(policy.schedule, schedule.data, schedule.len);
    enum status status = policy_set(call->tx, &policy, clock_now_us(), &call->who->user);
    if (status != OK) {
        fail(call, status);
        return;
    }
    policy_reply(call, &policy, reply);
}
