/* service_run: read the options, open everything in its order, run the mailbox, close in reverse.
 *
 * Next: settings.c
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "bus/runtime.h"
#include "core/clock.h"
#include "db/migrate.h"
#include "ops/ops.h"

bool runtime_ready(void *data, const char **why)
{
    const struct runtime *runtime = data;
    if (atomic_load(&runtime->stopping)) {
        *why = "stopping";
        return false;
    }
    int64_t now_ms = clock_monotonic_ms();
    for (unsigned i = 0; i < runtime->actor_count; i++) {
        const struct actor *actor = &runtime->actors[i];
        int64_t busy_since_ms = atomic_load(&actor->busy_since_ms);
        if (!atomic_load(&actor->ready)) {
            *why = "an actor has no database";
            return false;
        }
        if (busy_since_ms != 0 && now_ms - busy_since_ms > ACTOR_HUNG_MS) {
            *why = "an actor hangs";
            return false;
        }
    }
    *why = "";
    return true;
}

static const struct rpc_rule *find_rule(const struct service_spec *spec, const char *method)
{
    const struct rpc_rule *rule = spec->rules;
    while (rule->method != NULL && strcmp(rule->method, method) != 0) {
        rule++;
    }
    return rule->method != NULL ? rule : NULL;
}

/* Every method has its rule, and every rule's actor and database exist: main.c promises it. */
static void make_methods(struct runtime *runtime)
{
    const struct service_spec *spec = runtime->spec;
    const ProtobufCServiceDescriptor *service = spec->vtable->descriptor;
    bool kept = service->n_methods <= METHODS_MAX;
    for (unsigned i = 0; kept && i < service->n_methods; i++) {
        struct method *method = &runtime->methods[i];
        method->descriptor = &service->methods[i];
        method->index = i;
        method->rule = find_rule(spec, service->methods[i].name);
        kept = method->rule != NULL && runtime->settings.actors[method->rule->actor] > 0 &&
               (method->rule->scope == SCOPE_NONE || spec->schema != NULL);
        if (!kept) {
            fprintf(stderr,
                    "%s: the rule of %s is missing or names an actor or a scope that this "
                    "service has not\n",
                    spec->name, service->methods[i].name);
        }
    }
    if (!kept) {
        abort();
    }
    runtime->method_count = service->n_methods;
}

static void make_actor(struct runtime *runtime, struct queue *queue, enum rpc_actor kind,
                       unsigned index)
{
    struct actor *actor = &runtime->actors[runtime->actor_count++];
    actor->runtime = runtime;
    actor->queue = queue;
    actor->env = (struct actor_env){.service = runtime->spec->name,
                                    .kind = kind,
                                    .index = index,
                                    .keys = &runtime->settings.keys,
                                    .verifier = runtime->verifier};
}

/* A queue for each write actor, because a shard is one; one queue for all readers, and one for all
 * workers, because any of them will do. */
static enum status make_actors(struct runtime *runtime)
{
    for (unsigned kind = 0; kind < ACTOR_KINDS; kind++) {
        unsigned actors = (unsigned)runtime->settings.actors[kind];
        unsigned queues = kind == ACTOR_WRITE ? actors : actors > 0;
        runtime->queue_first[kind] = runtime->queues_made;
        runtime->queue_count[kind] = queues;
        for (unsigned i = 0; i < queues; i++) {
            struct queue *queue = &runtime->queues[runtime->queues_made++];
            unsigned share = kind == ACTOR_WRITE ? 1 : actors;
            enum status status = queue_init(queue, (enum rpc_actor)kind, share, i);
            if (status != OK) {
                return status;
            }
            for (unsigned k = 0; k < share; k++) {
                make_actor(runtime, queue, (enum rpc_actor)kind, i + k);
            }
        }
    }
    return OK;
}

static enum status start_actors(struct runtime *runtime)
{
    enum status status = OK;
    for (unsigned i = 0; i < runtime->actor_count && status == OK; i++) {
        status = actor_start(&runtime->actors[i]);
    }
    return status;
}

static void stop_actors(struct runtime *runtime)
{
    atomic_store(&runtime->stopping, true);
    for (unsigned i = 0; i < runtime->queues_made; i++) {
        queue_close(&runtime->queues[i]);
    }
    for (unsigned i = 0; i < runtime->actor_count; i++) {
        actor_join(&runtime->actors[i]);
    }
}

static bool needs_tokens(const struct service_spec *spec)
{
    unsigned callers = 0;
    for (const struct rpc_rule *rule = spec->rules; rule->method != NULL; rule++) {
        callers |= rule->callers;
    }
    return (callers & CALLER_USER) != 0;
}

static enum status say(const struct runtime *runtime, enum status status, const char *what)
{
    if (status != OK) {
        fprintf(stderr, "%s: %s: %s\n", runtime->spec->name, what, status_meaning(status));
    }
    return status;
}

static enum status open_peers(struct runtime *runtime)
{
    const struct settings *settings = &runtime->settings;
    if (needs_tokens(runtime->spec)) {
        runtime->verifier = token_verifier_new(settings->trust_dir);
        if (runtime->verifier == NULL) {
            return say(runtime, STATUS_INVALID, "no usable key in jwks.json of the trust folder");
        }
    }
    if (runtime->spec->publishes) {
        enum status status = publisher_new(settings->redis_url, &settings->channel_keys,
                                           settings->region, &runtime->publisher);
        if (status != OK) {
            return say(runtime, status, "REDIS_URL or WARDROOM_CHANNEL_KEY");
        }
        publisher_set_lost(runtime->publisher, events_write_lost);
    }
    runtime->zmq = zmq_ctx_new();
    return runtime->zmq != NULL ? OK : STATUS_RESOURCE_EXHAUSTED;
}

static enum status announce(struct runtime *runtime)
{
    const struct settings *settings = &runtime->settings;
    if (settings->announce_dir[0] == '\0') {
        return OK;
    }
    return announce_put(settings->announce_dir, settings->listen, runtime->announced);
}

static enum status runtime_open(struct runtime *runtime, struct ops **ret_ops)
{
    enum status status = open_peers(runtime);
    if (status == OK) {
        status = say(runtime, make_actors(runtime), "actors");
    }
    if (status == OK) {
        stats_register(runtime);
        status = say(runtime,
                     zap_start(runtime->zmq, runtime->settings.trust_dir,
                               gate_programs(runtime->spec), &runtime->zap),
                     "ZAP");
    }
    if (status == OK) {
        status = mailbox_open(runtime);
    }
    if (status == OK) {
        status =
            say(runtime, ops_start(runtime->settings.ops_listen, runtime_ready, runtime, ret_ops),
                "WARDROOM_OPS_LISTEN");
    }
    if (status == OK) {
        status = say(runtime, start_actors(runtime), "threads");
    }
    return status == OK ? say(runtime, announce(runtime), "WARDROOM_ANNOUNCE_DIR") : status;
}

static void runtime_close(struct runtime *runtime, struct ops *ops)
{
    announce_remove(runtime->announced);
    stop_actors(runtime);
    ops_stop(ops);
    mailbox_close(runtime);
    zap_stop(runtime->zap);
    if (runtime->zmq != NULL) {
        zmq_ctx_term(runtime->zmq); /* waits LINGER for the last replies */
    }
    if (runtime->publisher != NULL) {
        publisher_free(runtime->publisher);
    }
    token_verifier_free(runtime->verifier);
    for (unsigned i = 0; i < runtime->queues_made; i++) {
        queue_fini(&runtime->queues[i]);
    }
    keyring_wipe(&runtime->settings.keys);
    keyring_wipe(&runtime->settings.channel_keys);
}

static int migrate(const struct service_spec *spec, int argc, char **argv)
{
    const char *url;
    bool exit_now;
    if (settings_read_migrate(spec, argc, argv, &url, &exit_now) != OK) {
        return 1;
    }
    if (exit_now || spec->schema == NULL) {
        return 0;
    }
    enum status status = db_migrate(url, spec->name, spec->schema);
    if (status != OK) {
        fprintf(stderr, "%s: the migration did not finish: %s\n", spec->name,
                status_meaning(status));
    }
    return status == OK ? 0 : 1;
}

/* Before the first thread, so that only the mailbox hears them. */
static void block_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

static int run(struct runtime *runtime)
{
    struct ops *ops = NULL;
    block_signals();
    make_methods(runtime);
    runtime->started_at_us = clock_now_us();
    enum status status = runtime_open(runtime, &ops);
    if (status == OK) {
        log_event(LOG_INFO, "service.started", {"listen", LOG_S(runtime->settings.listen)},
                  {"version", LOG_S(WARDROOM_VERSION)});
        mailbox_run(runtime);
    }
    runtime_close(runtime, ops);
    bool failed = status != OK || atomic_load(&runtime->fatal);
    log_event(LOG_INFO, "service.stopped", {"failed", LOG_I(failed)});
    return failed ? 1 : 0;
}

int service_run(const struct service_spec *spec, int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--migrate") == 0) {
        return migrate(spec, argc, argv);
    }
    struct runtime *runtime = calloc(1, sizeof *runtime);
    bool exit_now = false;
    if (runtime == NULL) {
        return 1;
    }
    runtime->spec = spec;
    runtime->mailbox.wake_fd = runtime->mailbox.signal_fd = -1;
    int code = 1;
    if (settings_read(spec, argc, argv, &runtime->settings, &exit_now) == OK) {
        code = exit_now ? 0 : run(runtime);
    }
    free(runtime);
    return code;
}
