/* The gateway, as a checklist: options, keys, parts, loop, and the way down.
 *
 * Next: gateway.h
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include "core/clock.h"
#include "core/log.h"
#include "counters.h"
#include "crypto/keyring.h"
#include "gateway.h"
#include "health.h"
#include "ops/ops.h"
#include "settings.h"
#include "static.h"
#include "turn.h"

#define FILES_MAX 20000

static struct keyring channel_keys;

static enum status open_bus(struct gateway *gateway)
{
    const struct settings *settings = gateway->settings;
    const struct bus_peer peers[] = {{"auth", settings->auth_endpoint},
                                     {"threads", settings->threads_endpoint},
                                     {"templates", settings->templates_endpoint},
                                     {"files", settings->files_endpoint},
                                     {"retention", settings->retention_endpoint}};
    const struct bus_client_spec spec = {.loop = gateway->loop,
                                         .program = "gateway",
                                         .trust_dir = settings->trust_dir,
                                         .peers = peers,
                                         .peer_count = sizeof peers / sizeof peers[0]};
    return bus_client_new(&spec, &gateway->bus);
}

static enum status open_channel(struct gateway *gateway)
{
    const struct settings *settings = gateway->settings;
    enum status status = keyring_parse(settings->channel_key, &channel_keys);
    if (status != OK)
        return status;
    return subscriber_new(gateway->loop, settings->redis_url, &channel_keys, settings->region,
                          (struct subscriber_handlers){.on_batch = turn_on_batch,
                                                       .on_state = turn_on_channel_state,
                                                       .on_added = turn_on_channel_added,
                                                       .data = gateway},
                          &gateway->channel);
}

/* Every part that must be there; the name of the first that is not is in the log. */
static enum status open_parts(struct gateway *gateway)
{
    const char *part = "the keys of tokens (jwks.json in WARDROOM_TRUST_DIR)";
    enum status status = STATUS_INVALID;
    gateway->verifier = token_verifier_new(gateway->settings->trust_dir);
    if (gateway->verifier) {
        part = "the frontend's files (WARDROOM_STATIC_DIR)";
        status = static_load(gateway->settings->static_dir, &gateway->files);
    }
    if (status == OK) {
        part = "the bus (keys in WARDROOM_TRUST_DIR, endpoints)";
        status = open_bus(gateway);
    }
    if (status == OK) {
        part = "the channel layer (REDIS_URL, WARDROOM_CHANNEL_KEY)";
        status = open_channel(gateway);
    }
    if (status == OK) {
        part = "the listening sockets";
        status = turn_open(gateway);
    }
    if (status != OK)
        log_event(LOG_ERROR, "start.failed", {"part", LOG_S(part)},
                  {"reason", LOG_S(status_meaning(status))});
    return status;
}

/* As many files as may be, up to FILES_MAX: libwebsockets makes tables of the limit's size. */
static void set_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max < FILES_MAX ? limit.rlim_max : FILES_MAX;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int run(struct gateway *gateway)
{
    struct ops *ops = NULL;
    if (ops_start(gateway->settings->ops_listen, health_ops_ready, gateway, &ops) != OK) {
        log_event(LOG_ERROR, "start.failed", {"part", LOG_S("WARDROOM_OPS_LISTEN")});
        return EXIT_FAILURE;
    }
    log_event(LOG_INFO, "started", {"version", LOG_S(WARDROOM_VERSION)},
              {"listen", LOG_S(gateway->settings->listen)},
              {"region", LOG_S(gateway->settings->region)});
    uv_run(gateway->loop, UV_RUN_DEFAULT);
    turn_fini(gateway);
    ops_stop(ops);
    log_event(LOG_INFO, "stopped");
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct settings settings;
    struct gateway gateway = {.settings = &settings};
    enum log_level level = LOG_INFO;
    uv_loop_t loop;
    bool exits;
    if (settings_read(argc, argv, &settings, &exits) != OK)
        return EXIT_FAILURE;
    if (exits)
        return EXIT_SUCCESS;
    if (!log_level_parse(settings.log_level, &level)) {
        fprintf(stderr,
                "wardroom-gateway: WARDROOM_LOG_LEVEL must be debug, info, warn or error\n");
        return EXIT_FAILURE;
    }
    signal(SIGPIPE, SIG_IGN);
    set_file_limit();
    log_open("gateway", level);
    counters_register();
    uv_loop_init(&loop);
    gateway.loop = &loop;
    if (open_parts(&gateway) != OK)
        return EXIT_FAILURE;
    int result = run(&gateway);
    static_free(gateway.files);
    token_verifier_free(gateway.verifier);
    index_fini(&gateway.tenants);
    keyring_wipe(&channel_keys);
    uv_loop_close(&loop);
    return result;
}
