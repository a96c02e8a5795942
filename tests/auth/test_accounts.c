/* Tenants and accounts: who may make and see which. Next: test_sign_in.c */
#include "fixture.h"

#include <stdlib.h>

static void test_a_tenant_made_twice_is_one_tenant(void **state)
{
    (void)state;
    struct test_reply reply = create_tenant(&admin, NULL, "acme", "Acme");
    assert_int_equal(reply.status, OK);
    const Auth__Tenant *tenant = (const Auth__Tenant *)reply.message;
    assert_string_equal(tenant->id, "acme");
    assert_string_equal(tenant->region, "default");
    assert_int_equal(tenant->state, AUTH__TENANT_STATE__TENANT_STATE_ACTIVE);
    assert_true(tenant->created_at_us > 0);
    test_reply_free(&reply);
    assert_refused(create_tenant(&admin, NULL, "acme", "Other"), STATUS_CONFLICT);
}

static void test_a_tenant_wants_an_id_a_name_and_a_known_region(void **state)
{
    (void)state;
    Auth__CreateTenantRequest request = AUTH__CREATE_TENANT_REQUEST__INIT;
    request.id = (char *)"initech";
    request.name = (char *)"Initech";
    request.region = (char *)"moon";
    struct test_reply reply = call_as(&admin, "CreateTenant", &request.base, NULL);
    assert_int_equal(reply.status, STATUS_VALIDATION_FAILED);
    assert_string_equal(reply.pointer, "/region");
    test_reply_free(&reply);
    reply = create_tenant(&admin, NULL, "Initech", "Initech");
    assert_string_equal(reply.pointer, "/id");
    assert_refused(reply, STATUS_VALIDATION_FAILED);
    reply = create_tenant(&admin, NULL, "initech", " ");
    assert_string_equal(reply.pointer, "/name");
    assert_refused(reply, STATUS_VALIDATION_FAILED);
}

static void test_tenants_are_for_operators(void **state)
{
    (void)state;
    struct pair olga = pair_of("olga"), amara = pair_of("amara");
    Auth__ListTenantsRequest request = AUTH__LIST_TENANTS_REQUEST__INIT;
    request.limit = 2;
    struct test_reply reply = call_as(&gateway, "ListTenants", &request.base, olga.access);
    assert_int_equal(reply.status, OK);
    const Auth__ListTenantsReply *list = (const Auth__ListTenantsReply *)reply.message;
    assert_int_equal(list->n_results, 2);
    assert_string_equal(list->results[0]->id, "acme");
    assert_string_equal(list->next, "globex");
    test_reply_free(&reply);
    request.cursor = (char *)"globex";
    reply = call_as(&gateway, "ListTenants", &request.base, olga.access);
    list = (const Auth__ListTenantsReply *)reply.message;
    assert_int_equal(list->n_results, 1);
    assert_string_equal(list->results[0]->name, "Platform");
    assert_string_equal(list->next, "");
    test_reply_free(&reply);
    assert_refused(call_as(&gateway, "ListTenants", &request.base, amara.access), STATUS_FORBIDDEN);
    assert_refused(create_tenant(&gateway, amara.access, "mine", "Mine"), STATUS_FORBIDDEN);
    assert_refused(call_as(&gateway, "ListTenants", &request.base, NULL), STATUS_INVALID_TOKEN);
    request.limit = 201;
    assert_refused(call_as(&admin, "ListTenants", &request.base, NULL), STATUS_VALIDATION_FAILED);
}

static void test_an_admin_makes_accounts_in_their_own_tenant_only(void **state)
{
    (void)state;
    struct pair amara = pair_of("amara"), andre = pair_of("andre");
    struct test_reply reply = create_user(&gateway, amara.access, "", "aiko", ROLE_MEMBER);
    assert_int_equal(reply.status, OK);
    const Auth__User *user = (const Auth__User *)reply.message;
    assert_string_equal(user->username, "aiko");
    assert_string_equal(user->name, "Person aiko");
    assert_int_equal(user->role, ROLE_MEMBER);
    assert_false(user->disabled);
    test_reply_free(&reply);
    assert_string_equal(pair_of("aiko").who.tenant.text, "acme");
    assert_refused(create_user(&gateway, amara.access, "globex", "anna", ROLE_MEMBER),
                   STATUS_NOT_FOUND);
    assert_refused(create_user(&gateway, amara.access, "nowhere", "anna", ROLE_MEMBER),
                   STATUS_NOT_FOUND);
    assert_refused(create_user(&gateway, andre.access, "", "anna", ROLE_MEMBER), STATUS_FORBIDDEN);
    assert_refused(create_user(&gateway, NULL, "acme", "anna", ROLE_MEMBER), STATUS_INVALID_TOKEN);
}

static void test_a_user_name_is_given_once_per_installation(void **state)
{
    (void)state;
    struct pair amara = pair_of("amara");
    assert_refused(create_user(&admin, NULL, "acme", "george", ROLE_MEMBER), STATUS_CONFLICT);
    assert_refused(create_user(&gateway, amara.access, "", "george", ROLE_MEMBER), STATUS_CONFLICT);
    assert_refused(create_user(&admin, NULL, "nowhere", "anna", ROLE_MEMBER), STATUS_NOT_FOUND);
    assert_refused(create_user(&admin, NULL, "", "anna", ROLE_MEMBER), STATUS_VALIDATION_FAILED);
}

static void test_every_wrong_field_of_an_account_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *pointer, *username, *name, *password;
        enum role role;
    } wrong[] = {
        {"/username", "A B", "Anna", PASSWORD, ROLE_MEMBER},
        {"/name", "anna", "", PASSWORD, ROLE_MEMBER},
        {"/password", "anna", "Anna", "short", ROLE_MEMBER},
        {"/role", "anna", "Anna", PASSWORD, ROLE_NONE},
        {"/role", "anna", "Anna", PASSWORD, ROLE_OPERATOR},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        Auth__CreateUserRequest request = AUTH__CREATE_USER_REQUEST__INIT;
        request.tenant = (char *)"acme";
        request.username = (char *)wrong[i].username;
        request.name = (char *)wrong[i].name;
        request.password = (char *)wrong[i].password;
        request.role = (Auth__Role)wrong[i].role;
        struct test_reply reply = call_as(&admin, "CreateUser", &request.base, NULL);
        assert_string_equal(reply.pointer, wrong[i].pointer);
        assert_refused(reply, STATUS_VALIDATION_FAILED);
    }
}

static void test_me_is_who_signed_in(void **state)
{
    (void)state;
    struct pair alba = pair_of("alba");
    const Wardroom__Empty empty = WARDROOM__EMPTY__INIT;
    struct test_reply reply = call_as(&gateway, "Me", &empty.base, alba.access);
    assert_int_equal(reply.status, OK);
    const Auth__Profile *me = (const Auth__Profile *)reply.message;
    assert_memory_equal(me->id.data, alba.who.user.u.b, 16);
    assert_string_equal(me->username, "alba");
    assert_string_equal(me->name, "Person alba");
    assert_string_equal(me->tenant, "acme");
    assert_int_equal(me->role, ROLE_MEMBER);
    assert_int_equal(me->n_tenants, 1);
    assert_string_equal(me->tenants[0]->name, "Acme");
    test_reply_free(&reply);
    assert_refused(call_as(&gateway, "Me", &empty.base, alba.refresh), STATUS_INVALID_TOKEN);
    assert_refused(call_as(&gateway, "Me", &empty.base, "x.y.z"), STATUS_INVALID_TOKEN);
    assert_refused(call_as(&gateway, "Me", &empty.base, NULL), STATUS_INVALID_TOKEN);
    assert_refused(call_as(&admin, "Me", &empty.base, NULL), STATUS_FORBIDDEN);
}

static void test_me_of_nobody_is_no_token(void **state)
{
    (void)state;
    const Wardroom__Empty empty = WARDROOM__EMPTY__INIT;
    struct test_token nobody = {.role = ROLE_ADMIN}, nowhere = {.tenant = {"nowhere"}};
    char *token = test_token_mint(&service.trust, &nobody);
    assert_refused(call_as(&gateway, "Me", &empty.base, token), STATUS_INVALID_TOKEN);
    free(token);
    token = test_token_mint(&service.trust, &nowhere);
    assert_refused(call_as(&gateway, "Me", &empty.base, token), STATUS_INVALID_TOKEN);
    free(token);
}

static struct test_reply search(const char *token, const char *q, uint32_t limit,
                                const char *cursor)
{
    Auth__DirectoryRequest request = AUTH__DIRECTORY_REQUEST__INIT;
    request.q = (char *)q;
    request.limit = limit;
    request.cursor = (char *)cursor;
    return call_as(&gateway, "Directory", &request.base, token);
}

static void test_the_directory_shows_the_own_tenant_to_staff(void **state)
{
    (void)state;
    struct pair andre = pair_of("andre"), alba = pair_of("alba"), george = pair_of("george");
    struct test_reply reply = search(andre.access, "PERSON A", 0, "");
    assert_int_equal(reply.status, OK);
    const Auth__DirectoryReply *found = (const Auth__DirectoryReply *)reply.message;
    assert_true(found->n_results >= 3);
    assert_string_equal(found->next, "");
    for (size_t i = 0; i < found->n_results; i++) {
        assert_int_equal(strncmp(found->results[i]->name, "Person a", 8), 0);
        assert_int_equal(found->results[i]->id.len, 16);
    }
    test_reply_free(&reply);
    reply = search(george.access, "", 0, "");
    found = (const Auth__DirectoryReply *)reply.message;
    assert_int_equal(found->n_results, 1);
    assert_string_equal(found->results[0]->name, "Person george");
    test_reply_free(&reply);
    assert_refused(search(alba.access, "", 0, ""), STATUS_FORBIDDEN);
    assert_refused(search(andre.access, "", 201, ""), STATUS_VALIDATION_FAILED);
    assert_refused(search(andre.access, "", 0, "nonsense"), STATUS_VALIDATION_FAILED);
}

static void test_the_directory_comes_page_by_page(void **state)
{
    (void)state;
    struct pair andre = pair_of("andre");
    char cursor[64] = "", names[2][64];
    for (int page = 0; page < 2; page++) {
        struct test_reply reply = search(andre.access, "person a", 1, cursor);
        const Auth__DirectoryReply *found = (const Auth__DirectoryReply *)reply.message;
        assert_int_equal(found->n_results, 1);
        snprintf(names[page], sizeof names[page], "%s", found->results[0]->name);
        snprintf(cursor, sizeof cursor, "%s", found->next);
        test_reply_free(&reply);
    }
    assert_string_not_equal(names[0], names[1]);
}

static struct test_reply get_user(const char *token, const struct user_id *id)
{
    Auth__GetUserRequest request = AUTH__GET_USER_REQUEST__INIT;
    request.user_id = (ProtobufCBinaryData){16, (uint8_t *)id->u.b};
    return call_as(&gateway, "GetUser", &request.base, token);
}

static void test_a_user_of_another_tenant_is_not_found(void **state)
{
    (void)state;
    struct pair andre = pair_of("andre"), alba = pair_of("alba"), george = pair_of("george");
    struct test_reply reply = get_user(andre.access, &alba.who.user);
    assert_int_equal(reply.status, OK);
    assert_string_equal(((const Auth__DirectoryEntry *)reply.message)->name, "Person alba");
    test_reply_free(&reply);
    assert_refused(get_user(andre.access, &george.who.user), STATUS_NOT_FOUND);
    assert_refused(get_user(george.access, &alba.who.user), STATUS_NOT_FOUND);
    struct user_id nobody = {.u = uuid_new()};
    assert_refused(get_user(andre.access, &nobody), STATUS_NOT_FOUND);
    Auth__GetUserRequest request = AUTH__GET_USER_REQUEST__INIT;
    assert_refused(call_as(&gateway, "GetUser", &request.base, andre.access),
                   STATUS_VALIDATION_FAILED);
}

static struct test_reply switch_user(struct test_client *client, const char *method,
                                     const char *username)
{
    Auth__UserNameRequest request = AUTH__USER_NAME_REQUEST__INIT;
    request.username = (char *)username;
    return call_as(client, method, &request.base, NULL);
}

static void test_a_disabled_account_loses_every_session_and_gateways_are_told(void **state)
{
    (void)state;
    int64_t cursor = 0;
    struct test_reply reply = create_user(&admin, NULL, "acme", "aldo", ROLE_MEMBER);
    assert_refused(reply, OK);
    struct pair first = pair_of("aldo"), second = pair_of("aldo"), other = pair_of("alba");
    reply = switch_user(&admin, "DisableUser", "Aldo");
    assert_int_equal(reply.status, OK);
    assert_true(((const Auth__User *)reply.message)->disabled);
    test_reply_free(&reply);
    int64_t again = cursor, third = cursor;
    assert_int_equal(revoked(&first, &cursor), 1);
    assert_int_equal(revoked(&second, &again), 1);
    assert_int_equal(revoked(&other, &third), 0);
    assert_refused(refresh(first.refresh), STATUS_INVALID_TOKEN);
    assert_refused(sign_in("aldo", PASSWORD, "", "192.0.2.1"), STATUS_INVALID_CREDENTIALS);
    reply = refresh(other.refresh);
    pair_take(&reply);
}

static void test_an_enabled_account_may_sign_in_again_and_its_old_sessions_stay_ended(void **state)
{
    (void)state;
    assert_refused(create_user(&admin, NULL, "acme", "alma", ROLE_MEMBER), OK);
    struct pair before = pair_of("alma");
    assert_refused(switch_user(&admin, "DisableUser", "alma"), OK);
    assert_refused(switch_user(&admin, "DisableUser", "alma"), OK); /* again is harmless */
    assert_refused(switch_user(&admin, "EnableUser", "alma"), OK);
    struct pair after = pair_of("alma");
    int64_t cursor = 0;
    assert_int_equal(revoked(&after, &cursor), 0);
    assert_refused(refresh(before.refresh), STATUS_INVALID_TOKEN);
}

static void test_only_the_admin_tool_disables_accounts_that_there_are(void **state)
{
    (void)state;
    assert_refused(switch_user(&gateway, "DisableUser", "andre"), STATUS_FORBIDDEN);
    assert_refused(switch_user(&gateway, "EnableUser", "andre"), STATUS_FORBIDDEN);
    assert_refused(switch_user(&admin, "DisableUser", "nobody"), STATUS_NOT_FOUND);
    assert_refused(switch_user(&admin, "DisableUser", "no such name!"), STATUS_NOT_FOUND);
    assert_refused(switch_user(&admin, "EnableUser", ""), STATUS_NOT_FOUND);
}

const struct CMUnitTest account_tests[] = {
    cmocka_unit_test(test_a_tenant_made_twice_is_one_tenant),
    cmocka_unit_test(test_a_tenant_wants_an_id_a_name_and_a_known_region),
    cmocka_unit_test(test_tenants_are_for_operators),
    cmocka_unit_test(test_an_admin_makes_accounts_in_their_own_tenant_only),
    cmocka_unit_test(test_a_user_name_is_given_once_per_installation),
    cmocka_unit_test(test_every_wrong_field_of_an_account_is_named),
    cmocka_unit_test(test_me_is_who_signed_in),
    cmocka_unit_test(test_me_of_nobody_is_no_token),
    cmocka_unit_test(test_the_directory_shows_the_own_tenant_to_staff),
    cmocka_unit_test(test_the_directory_comes_page_by_page),
    cmocka_unit_test(test_a_user_of_another_tenant_is_not_found),
    cmocka_unit_test(test_a_disabled_account_loses_every_session_and_gateways_are_told),
    cmocka_unit_test(test_an_enabled_account_may_sign_in_again_and_its_old_sessions_stay_ended),
    cmocka_unit_test(test_only_the_admin_tool_disables_accounts_that_there_are),
};
const size_t account_test_count = sizeof account_tests / sizeof account_tests[0];
