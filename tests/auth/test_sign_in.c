/* Signing in, carrying on, signing out; and what is told of it. */
#include "fixture.h"

#include <stdlib.h>

#include "core/clock.h"

static void test_a_sign_in_gives_tokens_for_the_home_tenant(void **state)
{
    (void)state;
    struct pair pair = pair_of("andre");
    assert_string_equal(pair.who.tenant.text, "acme");
    assert_string_equal(pair.who.name, "Person andre");
    assert_string_equal(pair.who.region, "default");
    assert_int_equal(pair.who.role, ROLE_ANALYST);
    struct test_reply reply = sign_in("Andre", PASSWORD, "acme", "192.0.2.1");
    struct pair again = pair_take(&reply);
    assert_true(uuid_equal(&again.who.user.u, &pair.who.user.u));
    assert_false(uuid_equal(&again.who.session.u, &pair.who.session.u));
}

static void test_what_is_wrong_with_a_sign_in_is_not_told(void **state)
{
    (void)state;
    static const struct {
        const char *username, *password, *tenant;
    } wrong[] = {{"andre", "vq8wzh2kfm3q", ""},   {"andre", "", ""},
                 {"nobody", PASSWORD, ""},        {"", "", ""},
                 {"no such name!", PASSWORD, ""}, {"andre", PASSWORD, "globex"},
                 {"andre", PASSWORD, "nowhere"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char address[32];
        snprintf(address, sizeof address, "198.51.100.%zu", i);
        struct test_reply reply =
            sign_in(wrong[i].username, wrong[i].password, wrong[i].tenant, address);
        assert_string_equal(reply.detail, "user name or password is wrong");
        assert_refused(reply, STATUS_INVALID_CREDENTIALS);
    }
}

static void test_who_fails_too_often_waits_whether_the_name_exists_or_not(void **state)
{
    (void)state;
    static const char *const names[] = {"alba", "nobody.at.all"};
    for (size_t i = 0; i < 2; i++) {
        for (int slip = 0; slip < 6; slip++) {
            assert_refused(sign_in(names[i], "wrong", "", "203.0.113.9"),
                           STATUS_INVALID_CREDENTIALS);
        }
        struct test_reply reply = sign_in(names[i], PASSWORD, "", "203.0.113.9");
        assert_in_range(reply.retry_after_ms, 1, 1000);
        assert_refused(reply, STATUS_RATE_LIMITED);
    }
    pair_of("alba"); /* from somewhere else */
}

static void test_a_refresh_gives_new_tokens_of_the_same_session(void **state)
{
    (void)state;
    struct pair first = pair_of("andre");
    struct test_reply reply = refresh(first.refresh);
    struct pair second = pair_take(&reply);
    assert_true(uuid_equal(&first.who.session.u, &second.who.session.u));
    assert_string_not_equal(first.access, second.access);
    assert_string_not_equal(first.refresh, second.refresh);
    reply = refresh(second.refresh);
    pair_take(&reply);
}

static void test_a_spent_refresh_token_ends_its_session(void **state)
{
    (void)state;
    int64_t cursor = 0;
    struct pair first = pair_of("andre"), bystander = pair_of("andre");
    struct test_reply reply = refresh(first.refresh);
    struct pair second = pair_take(&reply);
    assert_int_equal(revoked(&first, &cursor), 0);
    assert_refused(refresh(first.refresh), STATUS_INVALID_TOKEN);
    assert_int_equal(revoked(&first, &cursor), 1);
    assert_refused(refresh(second.refresh), STATUS_INVALID_TOKEN);
    reply = refresh(bystander.refresh);
    pair_take(&reply);
}

static void test_signing_out_ends_the_session_and_is_told_to_gateways(void **state)
{
    (void)state;
    int64_t cursor = 0, start = 0;
    struct pair pair = pair_of("andre");
    assert_int_equal(revoked(&pair, &cursor), 0);
    struct test_reply reply = sign_out(pair.refresh);
    assert_int_equal(reply.status, OK);
    test_reply_free(&reply);
    assert_int_equal(revoked(&pair, &cursor), 1);
    assert_int_equal(revoked(&pair, &start), 1);
    assert_refused(refresh(pair.refresh), STATUS_INVALID_TOKEN);
    reply = sign_out(pair.refresh); /* again is harmless */
    assert_int_equal(reply.status, OK);
    test_reply_free(&reply);
}

static void test_what_is_no_refresh_token_is_refused(void **state)
{
    (void)state;
    struct pair pair = pair_of("andre");
    struct test_token unknown = {.use = TOKEN_REFRESH, .role = ROLE_ADMIN};
    struct test_token nowhere = {.use = TOKEN_REFRESH, .tenant = {"nowhere"}};
    char *of_nobody = test_token_mint(&service.trust, &unknown);
    char *of_nowhere = test_token_mint(&service.trust, &nowhere);
    const char *const wrong[] = {"", "x", "a.b.c", pair.access, of_nobody, of_nowhere};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_refused(refresh(wrong[i]), STATUS_INVALID_TOKEN);
    }
    assert_refused(sign_out(pair.access), STATUS_INVALID_TOKEN);
    assert_refused(sign_out(of_nowhere), STATUS_INVALID_TOKEN);
    free(of_nobody);
    free(of_nowhere);
}

static void test_only_the_gateway_signs_people_in(void **state)
{
    (void)state;
    struct pair pair = pair_of("andre");
    Auth__TokenRequest token = AUTH__TOKEN_REQUEST__INIT;
    Auth__RevokedSinceRequest since = AUTH__REVOKED_SINCE_REQUEST__INIT;
    assert_refused(call_as(&admin, "Token", &token.base, NULL), STATUS_FORBIDDEN);
    assert_refused(call_as(&gateway, "Token", &token.base, pair.access), STATUS_FORBIDDEN);
    assert_refused(call_as(&admin, "RevokedSince", &since.base, NULL), STATUS_FORBIDDEN);
    assert_refused(call_as(&gateway, "RevokedSince", &since.base, pair.access), STATUS_FORBIDDEN);
}

static void test_a_sign_in_beyond_its_limit_is_too_large(void **state)
{
    (void)state;
    char longest[9000];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_refused(sign_in("andre", longest, "", "192.0.2.1"), STATUS_TOO_LARGE);
    longest[1025] = '\0';
    assert_refused(sign_in("andre", longest, "", "192.0.2.1"), STATUS_INVALID_CREDENTIALS);
}

struct tally {
    unsigned ended, by_status[STATUS_COUNT];
};

static void count(void *data, const struct bus_reply *reply)
{
    struct tally *tally = data;
    tally->ended++;
    tally->by_status[reply->status]++;
}

static void test_a_flood_of_sign_ins_is_refused_at_once_beyond_the_queue(void **state)
{
    (void)state;
    const unsigned calls = WORK_QUEUE_MAX + 72;
    struct tally tally = {0};
    uint8_t packed[256];
    Auth__TokenRequest input = AUTH__TOKEN_REQUEST__INIT;
    input.username = (char *)"andre";
    input.password = (char *)PASSWORD;
    const struct bus_request request = {
        .service = &auth__api__descriptor,
        .method = protobuf_c_service_descriptor_get_method_by_name(&auth__api__descriptor, "Token"),
        .payload = bytes_of(packed, auth__token_request__pack(&input, packed)),
        .timeout_ms = DEADLINE_MS_MAX};
    pair_of("andre"); /* the connection is up */
    for (unsigned i = 0; i < calls; i++) {
        assert_int_equal(bus_call(gateway.bus, &request, count, &tally, NULL), OK);
    }
    while (tally.ended < calls) {
        uv_run(&gateway.loop, UV_RUN_ONCE);
    }
    /* A few are through already while the last ones arrive. */
    assert_true(tally.by_status[OK] >= WORK_QUEUE_MAX);
    assert_true(tally.by_status[STATUS_RESOURCE_EXHAUSTED] > 0);
    assert_int_equal(tally.by_status[OK] + tally.by_status[STATUS_RESOURCE_EXHAUSTED], calls);
}

static void psql(const char *sql)
{
    char command[1024];
    snprintf(command, sizeof command, "psql -X -q -o /dev/null -c \"%s\" \"%s\"", sql,
             service.database.admin);
    assert_int_equal(system(command), 0);
}

static void test_without_a_database_nobody_is_told_that_the_password_is_wrong(void **state)
{
    (void)state;
    psql("REVOKE CONNECT ON DATABASE wardroom_auth FROM auth_runtime");
    psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'auth_runtime'");
    assert_refused(sign_in("andre", PASSWORD, "", "192.0.2.1"), STATUS_UNAVAILABLE);
    psql("GRANT CONNECT ON DATABASE wardroom_auth TO auth_runtime");
    int64_t until_ms = clock_monotonic_ms() + 20000;
    enum status status;
    do {
        struct test_reply reply = sign_in("andre", PASSWORD, "", "192.0.2.1");
        status = reply.status;
        test_reply_free(&reply);
    } while (status == STATUS_UNAVAILABLE && clock_monotonic_ms() < until_ms);
    assert_int_equal(status, OK);
}

static void test_sessions_outlive_the_process(void **state)
{
    (void)state;
    struct pair pair = pair_of("andre");
    test_client_close(&gateway);
    test_client_close(&admin);
    test_service_stop(&service);
    start_service();
    struct test_reply reply = refresh(pair.refresh);
    struct pair next = pair_take(&reply);
    assert_refused(refresh(pair.refresh), STATUS_INVALID_TOKEN);
    assert_refused(refresh(next.refresh), STATUS_INVALID_TOKEN);
}

const struct CMUnitTest sign_in_tests[] = {
    cmocka_unit_test(test_a_sign_in_gives_tokens_for_the_home_tenant),
    cmocka_unit_test(test_what_is_wrong_with_a_sign_in_is_not_told),
    cmocka_unit_test(test_who_fails_too_often_waits_whether_the_name_exists_or_not),
    cmocka_unit_test(test_a_refresh_gives_new_tokens_of_the_same_session),
    cmocka_unit_test(test_a_spent_refresh_token_ends_its_session),
    cmocka_unit_test(test_signing_out_ends_the_session_and_is_told_to_gateways),
    cmocka_unit_test(test_what_is_no_refresh_token_is_refused),
    cmocka_unit_test(test_only_the_gateway_signs_people_in),
    cmocka_unit_test(test_a_sign_in_beyond_its_limit_is_too_large),
    cmocka_unit_test(test_a_flood_of_sign_ins_is_refused_at_once_beyond_the_queue),
    cmocka_unit_test(test_without_a_database_nobody_is_told_that_the_password_is_wrong),
    cmocka_unit_test(test_sessions_outlive_the_process),
};
const size_t sign_in_test_count = sizeof sign_in_tests / sizeof sign_in_tests[0];
