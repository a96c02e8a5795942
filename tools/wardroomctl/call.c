/* `wardroomctl call auth.CreateTenant '{...}'`: any rpc of any service, found by descriptor.
 *
 * It speaks as the program "admin"; what that may do is in each service's table of rules. The reply
 * is one JSON object on stdout. Next: ../../services/auth/README.md
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth.pb-c.h"
#include "bus/client.h"
#include "command.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/limits.h"
#include "files.h"
#include "files.pb-c.h"
#include "json/json.h"
#include "retention.pb-c.h"
#include "templates.pb-c.h"
#include "threads.pb-c.h"

#define CONNECT_MS_MAX  5000 /* a service that restarts is back within this */
#define CONNECT_LOOK_MS 10
#define SERVICES        5

static const char *trust_dir;
static const char *endpoints[SERVICES];

#define ENDPOINT_ROW(service, at)                                                                  \
    {                                                                                              \
        .name = "WARDROOM_" service "_ENDPOINT", .type = OPTION_TEXT, .fallback = "", .unit = "",  \
        .help = "call: where the service listens, tcp://host:port or dir:PATH",                    \
        .text = &endpoints[at]                                                                     \
    }

const struct option_row call_options[] = {{.name = "WARDROOM_TRUST_DIR",
                                           .type = OPTION_TEXT,
                                           .fallback = "/etc/wardroom/trust",
                                           .unit = "",
                                           .help = "call: folder with admin.secret and public/",
                                           .text = &trust_dir},
                                          ENDPOINT_ROW("AUTH", 0),
                                          ENDPOINT_ROW("THREADS", 1),
                                          ENDPOINT_ROW("TEMPLATES", 2),
                                          ENDPOINT_ROW("FILES", 3),
                                          ENDPOINT_ROW("RETENTION", 4),
                                          {0}};

static const struct {
    const char *name;
    const ProtobufCServiceDescriptor *descriptor;
} services[SERVICES] = {
    {"auth", &auth__api__descriptor},           {"threads", &threads__api__descriptor},
    {"templates", &templates__api__descriptor}, {"files", &files__api__descriptor},
    {"retention", &retention__api__descriptor},
};

struct call_plan {
    const char *rpc, *json, *tenant;
    size_t service; /* row of `services` */
    const ProtobufCMethodDescriptor *method;
    struct buf payload; /* the packed request */
};

/* One call on its way through the loop. */
struct call_run {
    const struct call_plan *plan;
    struct bus_client *client;
    uv_timer_t timer; /* looks whether a replica answers yet */
    int64_t give_up_ms;
    int exit_code;
};

static void plan_fini(struct call_plan *plan)
{
    buf_wipe(&plan->payload);
}

static bool arguments_read(int argc, char **argv, struct call_plan *plan)
{
    const char *words[2] = {NULL, NULL};
    size_t count = 0;
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--tenant") == 0 && i + 1 < argc) {
            plan->tenant = argv[++i];
        } else if (count < 2 && strncmp(argv[i], "--", 2) != 0) {
            words[count++] = argv[i];
        } else {
            say("call does not know what to do with %s", argv[i]);
            return false;
        }
    }
    if (count != 2) {
        say("call needs SERVICE.METHOD and a JSON object, or - to read it from standard input");
        return false;
    }
    plan->rpc = words[0];
    plan->json = words[1];
    return true;
}

static bool method_find(struct call_plan *plan)
{
    const char *dot = strchr(plan->rpc, '.');
    size_t len = dot != NULL ? (size_t)(dot - plan->rpc) : 0;
    for (size_t i = 0; i < SERVICES && dot != NULL; i++) {
        if (strlen(services[i].name) == len && memcmp(services[i].name, plan->rpc, len) == 0) {
            plan->service = i;
            plan->method =
                protobuf_c_service_descriptor_get_method_by_name(services[i].descriptor, dot + 1);
        }
    }
    if (plan->method == NULL) {
        say("there is no call %s", plan->rpc);
    }
    return plan->method != NULL;
}

static bool stdin_read(struct buf *out)
{
    out->max = HTTP_JSON_BYTES_MAX + 1;
    size_t got;
    do {
        char piece[4096];
        got = fread(piece, 1, sizeof piece, stdin);
        buf_append(out, piece, got);
        bytes_wipe(piece, sizeof piece);
    } while (got > 0 && !out->failed);
    if (ferror(stdin) != 0 || out->failed) {
        say("standard input cannot be read, or is over %d bytes", HTTP_JSON_BYTES_MAX);
        return false;
    }
    return true;
}

/* JSON to the packed request. */
static bool request_pack(struct call_plan *plan)
{
    CLEANUP(buf_wipe) struct buf text = {0};
    bool from_stdin = strcmp(plan->json, "-") == 0;
    if (from_stdin ? !stdin_read(&text) : (buf_text(&text, plan->json), text.failed)) {
        return false;
    }
    struct arena *arena = arena_new(REQUEST_ARENA_BYTES_MAX);
    ProtobufCMessage *message = NULL;
    struct json_error error = {0};
    enum status status = arena == NULL
                             ? STATUS_UNAVAILABLE
                             : json_to_message(buf_bytes(&text), &json_limits_default,
                                               plan->method->input, arena, &message, &error);
    if (status == OK) {
        size_t len = protobuf_c_message_get_packed_size(message);
        uint8_t *room = buf_reserve(&plan->payload, len + 1);
        plan->payload.len = room != NULL ? protobuf_c_message_pack(message, room) : 0;
    } else {
        /* Where it is no JSON at all, the parser quotes what it met, which may be a password. */
        bool quotes = status != STATUS_VALIDATION_FAILED;
        say("the request is not what %s takes: %s %s", plan->rpc, quotes ? "" : error.pointer,
            quotes ? "not one JSON object within the limits" : error.detail);
    }
    arena_free(arena);
    return status == OK && !plan->payload.failed;
}

static void reply_print(const struct call_plan *plan, struct bytes payload)
{
    ProtobufCMessage *message =
        protobuf_c_message_unpack(plan->method->output, NULL, payload.len, payload.data);
    CLEANUP(buf_wipe) struct buf text = {0};
    if (message != NULL) {
        json_from_message(message, &text);
        protobuf_c_message_free_unpacked(message, NULL);
    }
    printf("%.*s\n", (int)text.len, text.len > 0 ? (const char *)text.data : "");
}

static void refusal_print(const struct bus_reply *reply)
{
    say("%s: %s", status_code(reply->status),
        reply->detail[0] != '\0' ? reply->detail : status_meaning(reply->status));
    for (size_t i = 0; i < reply->error_count; i++) {
        fprintf(stderr, "  %s: %s\n", reply->errors[i].pointer, reply->errors[i].detail);
    }
    if (reply->retry_after_ms > 0) {
        fprintf(stderr, "  try again in %" PRIu32 " ms\n", reply->retry_after_ms);
    }
}

static void timer_closed(uv_handle_t *handle)
{
    (void)handle;
}

static void run_end(struct call_run *run, int exit_code)
{
    run->exit_code = exit_code;
    bus_client_close(run->client);
    uv_close((uv_handle_t *)&run->timer, timer_closed);
}

static void call_done(void *data, const struct bus_reply *reply)
{
    struct call_run *run = data;
    if (reply->status == OK) {
        reply_print(run->plan, reply->payload);
        run_end(run, EXIT_DONE);
        return;
    }
    refusal_print(reply);
    bool no_answer = status_retryable(reply->status) && reply->status != STATUS_RATE_LIMITED;
    run_end(run, no_answer ? EXIT_NO_ANSWER : EXIT_REFUSED);
}

static void look_for_replica(uv_timer_t *timer)
{
    struct call_run *run = timer->data;
    const struct call_plan *plan = run->plan;
    if (bus_client_alive(run->client, services[plan->service].name) > 0) {
        const struct bus_request request = {.service = services[plan->service].descriptor,
                                            .method = plan->method,
                                            .payload = buf_bytes(&plan->payload),
                                            .tenant = plan->tenant};
        uv_timer_stop(timer);
        if (bus_call(run->client, &request, call_done, run, NULL) != OK) {
            say("no room for a call");
            run_end(run, EXIT_NO_ANSWER);
        }
    } else if (clock_monotonic_ms() > run->give_up_ms) {
        say("no %s service answers at %s", services[plan->service].name, endpoints[plan->service]);
        run_end(run, EXIT_NO_ANSWER);
    }
}

static int call_send(const struct call_plan *plan)
{
    uv_loop_t loop;
    const struct bus_peer peer = {services[plan->service].name, endpoints[plan->service]};
    const struct bus_client_spec spec = {
        .loop = &loop, .program = "admin", .trust_dir = trust_dir, .peers = &peer, .peer_count = 1};
    struct call_run run = {.plan = plan,
                           .exit_code = EXIT_NO_ANSWER,
                           .give_up_ms = clock_monotonic_ms() + CONNECT_MS_MAX};
    uv_loop_init(&loop);
    if (bus_client_new(&spec, &run.client) != OK) {
        say("cannot start: keys are missing in %s, or %s is no endpoint", trust_dir, peer.endpoint);
        return EXIT_USAGE;
    }
    uv_timer_init(&loop, &run.timer);
    run.timer.data = &run;
    uv_timer_start(&run.timer, look_for_replica, 0, CONNECT_LOOK_MS);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return run.exit_code;
}

int call_run(int argc, char **argv)
{
    const struct option_row *const tables[] = {call_options, NULL};
    CLEANUP(plan_fini) struct call_plan plan = {0};
    bool printed;
    if (!arguments_read(argc, argv, &plan) || !method_find(&plan) ||
        options_read("wardroomctl", "", tables, 0, NULL, &printed) != OK || !request_pack(&plan)) {
        return EXIT_USAGE;
    }
    if (endpoints[plan.service][0] == '\0') {
        say("no endpoint is set for %s; see --help", services[plan.service].name);
        return EXIT_USAGE;
    }
    return call_send(&plan);
}
