/* Next: test_access.c */
#include "fixture.h"

#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "crypto/aead.h"

struct test_service service;
struct tenant_id acme, globex;
struct user_id somebody;
static struct test_client client;

static void start(void)
{
    char dir[128], keys[128];
    snprintf(dir, sizeof dir, "WARDROOM_FILES_DIR=%s/objects", service.dir);
    snprintf(keys, sizeof keys, "WARDROOM_FILE_KEYS_FILE=%s/content.keys", service.dir);
    const char *const options[] = {dir, keys, NULL};
    test_service_start(&service, options);
    test_client_open(&client, &service, "gateway");
}

int open_service(void **state)
{
    (void)state;
    char path[128], text[64];
    uint8_t key[KEY_SIZE];
    acme = test_tenant_new("acme");
    globex = test_tenant_new("globex");
    somebody.u = uuid_new();
    snprintf(path, sizeof path, "%s/content.keys", service.dir);
    random_bytes(key, sizeof key);
    base64_encode(bytes_of(key, sizeof key), false, text, sizeof text);
    FILE *file = fopen(path, "we");
    assert_true(file != NULL && fprintf(file, "1:%s\n", text) > 0 && fclose(file) == 0);
    start();
    return 0;
}

int close_service(void **state)
{
    (void)state;
    test_client_close(&client);
    test_service_close(&service);
    return 0;
}

void kill_and_start(void)
{
    int status = 0;
    test_client_close(&client);
    assert_int_equal(kill(service.pid, SIGKILL), 0);
    assert_int_equal(waitpid(service.pid, &status, 0), service.pid);
    assert_true(WIFSIGNALED(status));
    service.pid = 0;
    start();
}

struct test_reply call_as(const struct tenant_id *tenant, enum role role,
                          const struct user_id *user, const char *method,
                          const ProtobufCMessage *request)
{
    const struct test_token token = {.tenant = *tenant, .role = role, .user = *user};
    char *text = test_token_mint(&service.trust, &token);
    struct test_reply reply =
        test_call(&client, &files__api__descriptor, method, request, text, NULL);
    free(text);
    return reply;
}

Files__StoreRequest store_request(const char *name, struct bytes content)
{
    static uint8_t thread_id[16] = {1, 2, 3};
    Files__StoreRequest request = FILES__STORE_REQUEST__INIT;
    request.thread_id = (ProtobufCBinaryData){sizeof thread_id, thread_id};
    request.name = (char *)name;
    request.media_type = (char *)"text/plain; charset=utf-8";
    request.content = (ProtobufCBinaryData){content.len, (uint8_t *)content.data};
    return request;
}

void store_file(const char *name, struct bytes content, uint8_t ret_id[16])
{
    Files__StoreRequest request = store_request(name, content);
    struct test_reply reply = call_as(&acme, ROLE_ANALYST, &somebody, "Store", &request.base);
    assert_int_equal(reply.status, OK);
    const Files__File *file = (const Files__File *)reply.message;
    assert_int_equal(file->id.len, 16);
    memcpy(ret_id, file->id.data, 16);
    test_reply_free(&reply);
}

struct test_reply ask(const struct tenant_id *tenant, enum role role, const struct user_id *user,
                      const char *method, uint8_t id[16])
{
    Files__GetRequest request = FILES__GET_REQUEST__INIT;
    request.file_id = (ProtobufCBinaryData){16, id};
    return call_as(tenant, role, user, method, &request.base);
}

struct test_reply content_of(uint8_t id[16])
{
    return ask(&acme, ROLE_ANALYST, &somebody, "Content", id);
}

size_t each_object(void (*visit)(const char *path, void *data), void *data)
{
    char pattern[128];
    glob_t found = {0};
    snprintf(pattern, sizeof pattern, "%s/objects/[0-9a-f]*/[0-9a-f]*/*", service.dir);
    int result = glob(pattern, 0, NULL, &found);
    assert_true(result == 0 || result == GLOB_NOMATCH);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        visit(found.gl_pathv[i], data);
    }
    size_t count = found.gl_pathc;
    globfree(&found);
    return count;
}
