/* Next: test_service.c */
#include "fixture.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include <cmocka.h>

#include "bus/curve.h"
#include "core/clock.h"

extern char **environ;

void echo_prepare(struct echo *echo)
{
    static const char *const programs[] = {"echo", "gateway", "retention", "admin"};
    memset(echo, 0, sizeof *echo);
    test_trust_open(&echo->trust, NULL);
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        assert_int_equal(curve_make_pair(echo->trust.dir, programs[i]), OK);
    }
    snprintf(echo->endpoint, sizeof echo->endpoint, "ipc://%.90s/echo.sock", echo->trust.dir);
    snprintf(echo->announce, sizeof echo->announce, "%.100s/discovery", echo->trust.dir);
    snprintf(echo->log, sizeof echo->log, "%.100s/log", echo->trust.dir);
}

/* A port of loopback below the ephemeral range that nobody has now. */
static int free_port(void)
{
    static int taken; /* one given away may not be bound yet */
    for (int i = taken; i < taken + 200; i++) {
        int port = 20000 + (int)((unsigned)getpid() * 37u + (unsigned)i * 101u) % 12000;
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons((uint16_t)port),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool free_one = bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
        close(fd);
        if (free_one) {
            taken = i + 1;
            return port;
        }
    }
    fail_msg("no free port");
    return 0;
}

static void set(const char *name, const char *value)
{
    setenv(name, value, 1);
}

static void run_child(const struct echo *echo, const char *const *env)
{
    char ops[32];
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
    snprintf(ops, sizeof ops, "127.0.0.1:%d", echo->ops_port);
    set("WARDROOM_TRUST_DIR", echo->trust.dir);
    set("WARDROOM_LISTEN", echo->endpoint);
    set("WARDROOM_ANNOUNCE_DIR", echo->announce);
    set("WARDROOM_OPS_LISTEN", ops);
    set("WARDROOM_SERVICE_KEYS", "1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=");
    set("WARDROOM_CHANNEL_KEY", "1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=");
    for (; env != NULL && *env != NULL; env++) {
        putenv((char *)*env);
    }
    int log = open(echo->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    dup2(log, STDERR_FILENO);
    execl(BINARY_DIR "/echo_service", "echo_service", (char *)NULL);
    _exit(127);
}

void echo_start(struct echo *echo, const char *const *env)
{
    echo->ops_port = free_port();
    echo->pid = fork();
    assert_true(echo->pid >= 0);
    if (echo->pid == 0) {
        run_child(echo, env);
    }
}

static int code_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int echo_wait(struct echo *echo)
{
    int status = 0;
    int64_t until_ms = clock_monotonic_ms() + WAIT_MS_MAX;
    pid_t ended = 0;
    while (ended == 0 && clock_monotonic_ms() < until_ms) {
        ended = waitpid(echo->pid, &status, WNOHANG);
        usleep(2000);
    }
    if (ended == 0) {
        kill(echo->pid, SIGKILL);
        waitpid(echo->pid, &status, 0);
        echo->pid = 0;
        fail_msg("the service did not stop");
    }
    echo->pid = 0;
    return code_of(status);
}

int echo_stop(struct echo *echo, int signal)
{
    kill(echo->pid, signal);
    return echo_wait(echo);
}

void echo_close(struct echo *echo)
{
    if (echo->pid > 0) {
        (void)echo_stop(echo, SIGKILL);
    }
    static const char *const left[] = {"echo.secret",
                                       "gateway.secret",
                                       "retention.secret",
                                       "admin.secret",
                                       "stranger.secret",
                                       "echo.sock",
                                       "log",
                                       "public/echo.pub",
                                       "public/gateway.pub",
                                       "public/retention.pub",
                                       "public/admin.pub",
                                       "public/stranger.pub",
                                       "public",
                                       "discovery"};
    char path[512];
    DIR *dir = opendir(echo->announce);
    const struct dirent *entry = dir != NULL ? readdir(dir) : NULL;
    for (; entry != NULL; entry = readdir(dir)) {
        (void)unlinkat(dirfd(dir), entry->d_name, 0); /* of one that was killed */
    }
    if (dir != NULL) {
        closedir(dir);
    }
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", echo->trust.dir, left[i]);
        (void)remove(path);
    }
    test_trust_close(&echo->trust);
}

struct bus_client *client_open(uv_loop_t *loop, const struct echo *echo, const char *program)
{
    static char place[160];
    snprintf(place, sizeof place, "dir:%s", echo->announce);
    struct bus_peer peer = {"echo", place};
    struct bus_client_spec spec = {loop, program, echo->trust.dir, &peer, 1};
    struct bus_client *client;
    assert_int_equal(bus_client_new(&spec, &client), OK);
    return client;
}

void client_close(uv_loop_t *loop, struct bus_client *client)
{
    bus_client_close(client);
    uv_run(loop, UV_RUN_DEFAULT);
}

void wait_alive(uv_loop_t *loop, struct bus_client *client, unsigned count)
{
    int64_t until_ms = clock_monotonic_ms() + WAIT_MS_MAX;
    while (bus_client_alive(client, "echo") != count) {
        if (clock_monotonic_ms() > until_ms) {
            fail_msg("%u replicas alive, not %u", bus_client_alive(client, "echo"), count);
        }
        uv_run(loop, UV_RUN_ONCE); /* the client's own timer bounds the wait */
    }
}

void wait_for(uv_loop_t *loop, const bool *flag)
{
    int64_t until_ms = clock_monotonic_ms() + WAIT_MS_MAX;
    while (!*flag) {
        if (clock_monotonic_ms() > until_ms) {
            fail_msg("nothing came in %d ms", WAIT_MS_MAX);
        }
        uv_run(loop, UV_RUN_ONCE);
    }
}

uint64_t call_begin(struct bus_client *client, struct call_spec spec,
                    void (*done)(void *data, const struct bus_reply *reply), void *data)
{
    static uint8_t packed[1024 * 1024];
    size_t len = spec.input != NULL ? protobuf_c_message_pack(spec.input, packed) : 0;
    struct bus_request request = {.service = &echo__api__descriptor,
                                  .method = protobuf_c_service_descriptor_get_method_by_name(
                                      &echo__api__descriptor, spec.method),
                                  .payload = bytes_of(packed, len),
                                  .token = bytes_text(spec.token != NULL ? spec.token : ""),
                                  .tenant = spec.tenant,
                                  .shard_key = bytes_text(spec.key != NULL ? spec.key : ""),
                                  .timeout_ms = spec.timeout_ms != 0 ? spec.timeout_ms : 5000};
    uint64_t id;
    assert_int_equal(bus_call(client, &request, done, data, &id), OK);
    return id;
}

static void answered(void *data, const struct bus_reply *reply)
{
    struct answer *answer = data;
    answer->done = true;
    answer->status = reply->status;
    answer->retry_after_ms = reply->retry_after_ms;
    snprintf(answer->detail, sizeof answer->detail, "%s", reply->detail);
    for (size_t i = 0; i < reply->error_count; i++) {
        size_t len = strlen(answer->pointers);
        snprintf(answer->pointers + len, sizeof answer->pointers - len, "%s ",
                 reply->errors[i].pointer);
    }
    assert_true(reply->payload.len <= sizeof answer->payload);
    answer->payload_len = reply->payload.len;
    if (reply->payload.len > 0) {
        memcpy(answer->payload, reply->payload.data, reply->payload.len);
    }
}

struct answer *call(uv_loop_t *loop, struct bus_client *client, struct call_spec spec)
{
    static struct answer answer;
    answer.done = false;
    answer.pointers[0] = '\0';
    (void)call_begin(client, spec, answered, &answer);
    assert_false(answer.done); /* never from inside bus_call */
    wait_for(loop, &answer.done);
    return &answer;
}

const Echo__EchoReply *answer_echo(struct answer *answer)
{
    assert_int_equal(answer->status, OK);
    if (answer->echo != NULL) {
        echo__echo_reply__free_unpacked(answer->echo, NULL);
    }
    answer->echo = echo__echo_reply__unpack(NULL, answer->payload_len, answer->payload);
    assert_non_null(answer->echo);
    return answer->echo;
}

const char *ops_get(const struct echo *echo, const char *path, int *ret_code)
{
    static char text[256 * 1024];
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)echo->ops_port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *ret_code = 0;
    text[0] = '\0';
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) {
        dprintf(fd, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
        size_t len = 0;
        ssize_t got;
        while ((got = read(fd, text + len, sizeof text - 1 - len)) > 0) {
            len += (size_t)got;
        }
        text[len] = '\0';
        *ret_code = len > 12 ? (int)strtol(text + 9, NULL, 10) : 0;
    }
    close(fd);
    const char *body = strstr(text, "\r\n\r\n");
    return body != NULL ? body + 4 : text;
}

long metric_value(const struct echo *echo, const char *line)
{
    int code;
    char start[160];
    snprintf(start, sizeof start, "\n%s", line); /* not in its HELP line */
    const char *at = strstr(ops_get(echo, "/metrics", &code), start);
    return at != NULL && code == 200 ? strtol(at + strlen(start), NULL, 10) : -1;
}

struct raw raw_open(const struct echo *echo, const char *program)
{
    struct raw raw = {.context = zmq_ctx_new()};
    struct curve_pair keys;
    char server[CURVE_TEXT_SIZE];
    int linger = 0;
    assert_int_equal(curve_load_pair(echo->trust.dir, program, &keys), OK);
    assert_int_equal(curve_load_public(echo->trust.dir, "echo", server), OK);
    raw.socket = zmq_socket(raw.context, ZMQ_DEALER);
    zmq_setsockopt(raw.socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(raw.socket, ZMQ_CURVE_SERVERKEY, server, sizeof server);
    zmq_setsockopt(raw.socket, ZMQ_CURVE_PUBLICKEY, keys.public_key, CURVE_TEXT_SIZE);
    zmq_setsockopt(raw.socket, ZMQ_CURVE_SECRETKEY, keys.secret_key, CURVE_TEXT_SIZE);
    assert_int_equal(zmq_connect(raw.socket, echo->endpoint), 0);
    return raw;
}

void raw_close(struct raw *raw)
{
    zmq_close(raw->socket);
    zmq_ctx_term(raw->context);
}

const Wardroom__Reply *raw_call(struct raw *raw, const struct bytes *frames, size_t count,
                                int wait_ms)
{
    static Wardroom__Reply *reply;
    static uint8_t frame[64 * 1024];
    for (size_t i = 0; i < count; i++) {
        assert_true(zmq_send(raw->socket, frames[i].data, frames[i].len,
                             i + 1 < count ? ZMQ_SNDMORE : 0) >= 0);
    }
    if (reply != NULL) {
        wardroom__reply__free_unpacked(reply, NULL);
    }
    reply = NULL;
    zmq_setsockopt(raw->socket, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
    int len = zmq_recv(raw->socket, frame, sizeof frame, 0);
    if (len >= 0) {
        reply = wardroom__reply__unpack(NULL, (size_t)len, frame);
        assert_non_null(reply);
    }
    return reply;
}

const Wardroom__Reply *raw_say(struct raw *raw, const Wardroom__Envelope *envelope, int wait_ms)
{
    static uint8_t packed[2 * 1024 * 1024];
    struct bytes frame = {packed, wardroom__envelope__pack(envelope, packed)};
    return raw_call(raw, &frame, 1, wait_ms);
}

Wardroom__Envelope raw_envelope(void)
{
    static uint8_t id[16] = "0123456789abcdef";
    Wardroom__Envelope envelope = WARDROOM__ENVELOPE__INIT;
    envelope.version = 1;
    envelope.request_id = (ProtobufCBinaryData){sizeof id, id};
    envelope.method = (char *)"echo.Poll";
    envelope.time_left_ms = 5000;
    return envelope;
}

char *token_for(const struct echo *echo, enum role role, const char *tenant)
{
    struct test_token token = {.role = role, .name = "Ada"};
    snprintf(token.tenant.text, sizeof token.tenant.text, "%s", tenant);
    return test_token_mint(&echo->trust, &token);
}
