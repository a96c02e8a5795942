/* A running echo service, and calls to it over real CURVE sockets.
 *
 * The service is a child process with its own trust folder and ipc socket in a temporary folder.
 * Waiting is always for a condition, with a deadline. Next: test_service.c */
#ifndef WARDROOM_TESTS_BUS_FIXTURE_H
#define WARDROOM_TESTS_BUS_FIXTURE_H

#include <sys/types.h>

#include "bus/client.h"
#include "common.pb-c.h"
#include "echo.pb-c.h"
#include "support/token.h"

#define WAIT_MS_MAX 10000

struct echo {
    struct test_trust trust;
    char endpoint[128], announce[128], log[128];
    int ops_port;
    pid_t pid;
};

struct answer {
    bool done;
    enum status status;
    char detail[256];
    char pointers[128]; /* of the field errors, each ended by a space */
    uint32_t retry_after_ms;
    size_t payload_len;
    Echo__EchoReply *echo; /* unpacked by answer_echo */
    uint8_t payload[1024 * 1024];
};

/* Keys for echo and its callers, no process yet. */
void echo_prepare(struct echo *echo);
/* Start the process; `env` are more variables, NULL-ended ("NAME=value"). */
void echo_start(struct echo *echo, const char *const *env);
/* Send a signal, wait for the end, give back the exit code (or 128 + signal). */
int echo_stop(struct echo *echo, int signal);
int echo_wait(struct echo *echo);
void echo_close(struct echo *echo);

struct bus_client *client_open(uv_loop_t *loop, const struct echo *echo, const char *program);
void client_close(uv_loop_t *loop, struct bus_client *client);
/* Run the loop until so many replicas are alive; fails the test after WAIT_MS_MAX. */
void wait_alive(uv_loop_t *loop, struct bus_client *client, unsigned count);
/* Run the loop until *flag; fails the test after WAIT_MS_MAX. */
void wait_for(uv_loop_t *loop, const bool *flag);

struct call_spec {
    const char *method; /* "Echo" */
    const ProtobufCMessage *input;
    const char *token;
    const char *tenant, *key;
    uint32_t timeout_ms;
};
/* One call, to its end. The answer is static, overwritten by the next. */
struct answer *call(uv_loop_t *loop, struct bus_client *client, struct call_spec spec);
uint64_t call_begin(struct bus_client *client, struct call_spec spec,
                    void (*done)(void *data, const struct bus_reply *reply), void *data);
/* The text reply of Echo; freed by the next call. */
const Echo__EchoReply *answer_echo(struct answer *answer);

/* The value of a line of /metrics ("wardroom_refused_total{why=\"role\"}"), -1: no such line. */
long metric_value(const struct echo *echo, const char *line);
/* The body of a GET to the ops port; the status in ret_code. Static. */
const char *ops_get(const struct echo *echo, const char *path, int *ret_code);

/* ---- A bare DEALER, for what bus_client would never send. */
struct raw {
    void *context, *socket;
};
/* With the key pair of `program` (a file pair in the trust folder). */
struct raw raw_open(const struct echo *echo, const char *program);
void raw_close(struct raw *raw);
/* Send these frames as one message; the reply unpacked, or NULL after wait_ms. Freed by the next.
 */
const Wardroom__Reply *raw_call(struct raw *raw, const struct bytes *frames, size_t count,
                                int wait_ms);
/* One frame: this envelope. */
const Wardroom__Reply *raw_say(struct raw *raw, const Wardroom__Envelope *envelope, int wait_ms);
/* A good envelope of echo.Poll, to be spoiled. */
Wardroom__Envelope raw_envelope(void);

char *token_for(const struct echo *echo, enum role role, const char *tenant);

#endif
