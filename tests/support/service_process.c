/* Starting, calling and stopping a service under test. */
#include "support/service_process.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bus/curve.h"
#include "core/clock.h"
#include "crypto/aead.h"

#define READY_MS_MAX    20000 /* with sanitizers on two shared cores */
#define ENVIRONMENT_MAX 64

static void must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "test service: %s failed\n", what);
        exit(1);
    }
}

static void make_folder(const struct test_service *service, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", service->dir, name);
    must(mkdir(path, 0700) == 0, path);
}

static void make_keys(struct test_service *service)
{
    const char *const programs[] = {"gateway", "admin", "retention", service->name};
    char path[128], text[64];
    uint8_t key[KEY_SIZE];
    make_folder(service, "announce");
    make_folder(service, "trust");
    make_folder(service, "trust/public");
    snprintf(path, sizeof path, "%s/trust", service->dir);
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        /* A service may be one of the callers itself. */
        must(curve_make_pair(path, programs[i]) == OK, "curve_make_pair");
    }
    test_trust_open(&service->trust, path);
    snprintf(path, sizeof path, "%s/service.keys", service->dir);
    random_bytes(key, sizeof key);
    base64_encode(bytes_of(key, sizeof key), false, text, sizeof text);
    FILE *file = fopen(path, "we");
    must(file != NULL && fprintf(file, "1:%s\n", text) > 0 && fclose(file) == 0, path);
}

struct environment {
    char text[ENVIRONMENT_MAX][640];
    char *pointers[ENVIRONMENT_MAX + 1];
    size_t count;
};

static void __attribute__((format(printf, 2, 3)))
set(struct environment *environment, const char *format, ...)
{
    va_list args;
    size_t at = environment->count++;
    must(at < ENVIRONMENT_MAX, "a smaller environment");
    va_start(args, format);
    vsnprintf(environment->text[at], sizeof environment->text[at], format, args);
    va_end(args);
    environment->pointers[at] = environment->text[at];
    environment->pointers[at + 1] = NULL;
}

static void set_usual(struct environment *environment, const struct test_service *service)
{
    static const char *const kept[] = {"PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS",
                                       "LSAN_OPTIONS"};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        if (getenv(kept[i]) != NULL) {
            set(environment, "%s=%s", kept[i], getenv(kept[i]));
        }
    }
    set(environment, "WARDROOM_TRUST_DIR=%s/trust", service->dir);
    set(environment, "WARDROOM_LISTEN=ipc://%s/bus.sock", service->dir);
    set(environment, "WARDROOM_ANNOUNCE_DIR=%s/announce", service->dir);
    set(environment, "WARDROOM_SERVICE_KEYS_FILE=%s/service.keys", service->dir);
    set(environment, "WARDROOM_LOG_LEVEL=warn");
    const char *redis = getenv("WARDROOM_TEST_REDIS_URL_FILE");
    if (redis != NULL) {
        set(environment, "REDIS_URL_FILE=%s", redis);
    }
}

static pid_t run(const struct test_service *service, const char *argument,
                 struct environment *environment)
{
    char path[512];
    char *const argv[] = {path, (char *)argument, NULL};
    snprintf(path, sizeof path, "%s/wardroom-%s", BINARY_DIR, service->name);
    pid_t child = fork();
    must(child >= 0, "fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed assertion leaves nothing behind */
        execve(path, argv, environment->pointers);
        fprintf(stderr, "test service: %s: %s\n", path, strerror(errno));
        _exit(127);
    }
    return child;
}

static bool ended_well(pid_t pid)
{
    int status = 0;
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void migrate(const struct test_service *service)
{
    struct environment environment = {0};
    set_usual(&environment, service);
    set(&environment, "WARDROOM_DATABASE_URL=%s", service->database.migrator);
    must(ended_well(run(service, "--migrate", &environment)), "--migrate");
}

void test_service_start(struct test_service *service, const char *const *options)
{
    struct environment environment = {0};
    /* Of a name that is there twice the first one counts. */
    for (; options != NULL && *options != NULL; options++) {
        set(&environment, "%s", *options);
    }
    set_usual(&environment, service);
    set(&environment, "WARDROOM_DATABASE_URL=%s", service->database.runtime);
    service->pid = run(service, NULL, &environment);
}

bool test_service_open(struct test_service *service, const char *name)
{
    *service = (struct test_service){.name = name, .dir = "/tmp/wardroom-svc-XXXXXX"};
    if (!test_database_find(name, &service->database)) {
        return false;
    }
    must(mkdtemp(service->dir) != NULL, "mkdtemp");
    snprintf(service->endpoint, sizeof service->endpoint, "dir:%s/announce", service->dir);
    make_keys(service);
    migrate(service);
    return true;
}

void test_service_stop(struct test_service *service)
{
    must(kill(service->pid, SIGTERM) == 0, "kill");
    must(ended_well(service->pid), "a clean end of the service");
    service->pid = 0;
}

void test_service_close(struct test_service *service)
{
    if (service->pid != 0) {
        test_service_stop(service);
    }
    test_trust_close(&service->trust);
    pid_t child = fork();
    must(child >= 0, "fork");
    if (child == 0) {
        execlp("rm", "rm", "-rf", "--", service->dir, (char *)NULL);
        _exit(127);
    }
    must(ended_well(child), "rm");
}

static void wait_for_heartbeat(struct test_client *client)
{
    const struct test_service *service = client->service;
    int64_t until_ms = clock_monotonic_ms() + READY_MS_MAX;
    while (bus_client_alive(client->bus, service->name) == 0) {
        must(clock_monotonic_ms() < until_ms, "the first heartbeat");
        must(waitpid(service->pid, NULL, WNOHANG) == 0, "a service that runs");
        uv_run(&client->loop, UV_RUN_ONCE); /* the client's own timers wake it */
    }
}

void test_client_open(struct test_client *client, const struct test_service *service,
                      const char *program)
{
    char trust_dir[128];
    const struct bus_peer peer = {service->name, service->endpoint};
    snprintf(trust_dir, sizeof trust_dir, "%s/trust", service->dir);
    client->service = service;
    must(uv_loop_init(&client->loop) == 0, "uv_loop_init");
    const struct bus_client_spec spec = {.loop = &client->loop,
                                         .program = program,
                                         .trust_dir = trust_dir,
                                         .peers = &peer,
                                         .peer_count = 1};
    must(bus_client_new(&spec, &client->bus) == OK, "bus_client_new");
    wait_for_heartbeat(client);
}

void test_client_close(struct test_client *client)
{
    bus_client_close(client->bus);
    uv_run(&client->loop, UV_RUN_DEFAULT);
    must(uv_loop_close(&client->loop) == 0, "uv_loop_close");
}

struct waiting {
    const ProtobufCMethodDescriptor *method;
    bool done;
    struct test_reply reply;
};

static void take_reply(void *data, const struct bus_reply *reply)
{
    struct waiting *waiting = data;
    struct test_reply *out = &waiting->reply;
    waiting->done = true;
    out->status = reply->status;
    out->retry_after_ms = reply->retry_after_ms;
    snprintf(out->detail, sizeof out->detail, "%s", reply->detail);
    if (reply->error_count > 0) {
        snprintf(out->pointer, sizeof out->pointer, "%s", reply->errors[0].pointer);
    }
    if (reply->status == OK) {
        out->message = protobuf_c_message_unpack(waiting->method->output, NULL, reply->payload.len,
                                                 reply->payload.data);
        must(out->message != NULL, "unpacking the reply");
    }
}

struct test_reply test_call(struct test_client *client,
                            const ProtobufCServiceDescriptor *descriptor, const char *method,
                            const ProtobufCMessage *request, const char *token, const char *tenant)
{
    struct waiting waiting = {
        .method = protobuf_c_service_descriptor_get_method_by_name(descriptor, method)};
    must(waiting.method != NULL, method);
    size_t len = protobuf_c_message_get_packed_size(request);
    uint8_t *packed = malloc(len + 1);
    must(packed != NULL && protobuf_c_message_pack(request, packed) == len, "packing");
    const struct bus_request call = {.service = descriptor,
                                     .method = waiting.method,
                                     .payload = bytes_of(packed, len),
                                     .token = bytes_text(token != NULL ? token : ""),
                                     .tenant = tenant};
    /* While the test did other things this loop stood still, and heartbeats may have been missed.
     */
    uv_run(&client->loop, UV_RUN_NOWAIT);
    wait_for_heartbeat(client);
    must(bus_call(client->bus, &call, take_reply, &waiting, NULL) == OK, "bus_call");
    free(packed);
    while (!waiting.done) {
        uv_run(&client->loop, UV_RUN_ONCE);
    }
    return waiting.reply;
}

void test_reply_free(struct test_reply *reply)
{
    if (reply->message != NULL) {
        protobuf_c_message_free_unpacked(reply->message, NULL);
    }
    *reply = (struct test_reply){0};
}
