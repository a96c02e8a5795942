/* The service of these tests and the ways to call it. Next: test_sign_in.c */
#include "fixture.h"

#include <openssl/pem.h>
#include <stdlib.h>
#include <sys/stat.h>

struct test_service service;
struct test_client gateway, admin;
static struct token_verifier *verifier;

/* The key whose public half test_trust_open has published. */
static void write_signing_key(void)
{
    char path[128];
    snprintf(path, sizeof path, "%s/trust/signing", service.dir);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/trust/signing/" TEST_KID ".pem", service.dir);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(PEM_write_PrivateKey(file, service.trust.key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(file);
}

void start_service(void)
{
    char signing[128];
    snprintf(signing, sizeof signing, "WARDROOM_SIGNING_DIR=%s/trust/signing", service.dir);
    /* One test floods it, which is a line for each refusal. */
    test_service_start(&service, (const char *const[]){signing, "WARDROOM_LOG_LEVEL=error", NULL});
    test_client_open(&gateway, &service, "gateway");
    test_client_open(&admin, &service, "admin");
}

static void must_be_ok(struct test_reply reply)
{
    if (reply.status != OK) {
        fail_msg("%s: %s %s", status_code(reply.status), reply.detail, reply.pointer);
    }
    test_reply_free(&reply);
}

int open_service(void **state)
{
    (void)state;
    if (!test_service_open(&service, "auth")) {
        return -1;
    }
    write_signing_key();
    verifier = token_verifier_new(service.trust.dir);
    assert_non_null(verifier);
    start_service();
    must_be_ok(create_tenant(&admin, NULL, "acme", "Acme"));
    must_be_ok(create_tenant(&admin, NULL, "globex", "Globex"));
    must_be_ok(create_tenant(&admin, NULL, "platform", "Platform"));
    must_be_ok(create_user(&admin, NULL, "acme", "amara", ROLE_ADMIN));
    must_be_ok(create_user(&admin, NULL, "acme", "andre", ROLE_ANALYST));
    must_be_ok(create_user(&admin, NULL, "acme", "alba", ROLE_MEMBER));
    must_be_ok(create_user(&admin, NULL, "globex", "george", ROLE_ANALYST));
    must_be_ok(create_user(&admin, NULL, "platform", "olga", ROLE_OPERATOR));
    return 0;
}

int close_service(void **state)
{
    (void)state;
    test_client_close(&gateway);
    test_client_close(&admin);
    token_verifier_free(verifier);
    test_service_close(&service);
    return 0;
}

struct test_reply call_as(struct test_client *client, const char *method,
                          const ProtobufCMessage *request, const char *token)
{
    return test_call(client, &auth__api__descriptor, method, request, token, NULL);
}

struct test_reply create_user(struct test_client *client, const char *token, const char *tenant,
                              const char *username, enum role role)
{
    char name[64];
    Auth__CreateUserRequest request = AUTH__CREATE_USER_REQUEST__INIT;
    snprintf(name, sizeof name, "Person %s", username);
    request.tenant = (char *)tenant;
    request.username = (char *)username;
    request.name = name;
    request.role = (Auth__Role)role;
    request.password = (char *)PASSWORD;
    return call_as(client, "CreateUser", &request.base, token);
}

struct test_reply create_tenant(struct test_client *client, const char *token, const char *id,
                                const char *name)
{
    Auth__CreateTenantRequest request = AUTH__CREATE_TENANT_REQUEST__INIT;
    request.id = (char *)id;
    request.name = (char *)name;
    return call_as(client, "CreateTenant", &request.base, token);
}

struct test_reply sign_in(const char *username, const char *password, const char *tenant,
                          const char *address)
{
    Auth__TokenRequest request = AUTH__TOKEN_REQUEST__INIT;
    request.username = (char *)username;
    request.password = (char *)password;
    request.tenant = (char *)tenant;
    request.address_filled = (char *)address;
    return call_as(&gateway, "Token", &request.base, NULL);
}

struct test_reply refresh(const char *token)
{
    Auth__RefreshRequest request = AUTH__REFRESH_REQUEST__INIT;
    request.refresh = (char *)token;
    return call_as(&gateway, "Refresh", &request.base, NULL);
}

struct test_reply sign_out(const char *token)
{
    Auth__RevokeRequest request = AUTH__REVOKE_REQUEST__INIT;
    request.refresh = (char *)token;
    return call_as(&gateway, "Revoke", &request.base, NULL);
}

struct pair pair_take(struct test_reply *reply)
{
    struct pair pair = {0};
    if (reply->status != OK) {
        fail_msg("%s: %s", status_code(reply->status), reply->detail);
    }
    const Auth__TokenReply *tokens = (const Auth__TokenReply *)reply->message;
    snprintf(pair.access, sizeof pair.access, "%s", tokens->access);
    snprintf(pair.refresh, sizeof pair.refresh, "%s", tokens->refresh);
    assert_string_equal(tokens->token_type, "Bearer");
    assert_int_equal(tokens->expires_in, 900);
    assert_int_equal(token_verify(verifier, bytes_text(pair.access), TOKEN_ACCESS, &pair.who), OK);
    test_reply_free(reply);
    return pair;
}

struct pair pair_of(const char *username)
{
    struct test_reply reply = sign_in(username, PASSWORD, "", "192.0.2.1");
    return pair_take(&reply);
}

void assert_refused(struct test_reply reply, enum status status)
{
    if (reply.status != status) {
        fail_msg("%s instead of %s: %s", status_code(reply.status), status_code(status),
                 reply.detail);
    }
    test_reply_free(&reply);
}

int revoked(const struct pair *pair, int64_t *cursor)
{
    Auth__RevokedSinceRequest request = AUTH__REVOKED_SINCE_REQUEST__INIT;
    request.after = *cursor;
    struct test_reply reply = call_as(&gateway, "RevokedSince", &request.base, NULL);
    assert_int_equal(reply.status, OK);
    const Auth__RevokedSinceReply *message = (const Auth__RevokedSinceReply *)reply.message;
    int times = 0;
    for (size_t i = 0; i < message->n_results; i++) {
        const Auth__RevokedSession *session = message->results[i];
        if (session->session_id.len == 16 &&
            memcmp(session->session_id.data, pair->who.session.u.b, 16) == 0) {
            assert_memory_equal(session->user_id.data, pair->who.user.u.b, 16);
            times++;
        }
    }
    *cursor = message->next;
    test_reply_free(&reply);
    return times;
}
