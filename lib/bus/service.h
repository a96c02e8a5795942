/* The actor runtime: a service is a table of rpcs, run behind a mailbox by shards.
 *
 *   main thread   ROUTER mailbox: envelope, deadline, token, role, body limit; picks an actor
 *   write actors  one connection each; drain all that waits; batchable calls share a transaction
 *   read actors   one read-only connection each, with statement_timeout
 *   work actors   slow computation (password hashing); a connection each, one call at a time
 *
 * `main` fills a service_spec and calls service_run. Every service also answers Ping, Info and
 * Stats by itself, serves /metrics, /livez, /readyz, logs each request once and drains on SIGTERM.
 * Next: client.h
 */
#ifndef WARDROOM_BUS_SERVICE_H
#define WARDROOM_BUS_SERVICE_H

#include "bus/call.h"
#include "core/options.h"
#include "crypto/keyring.h"

struct db;
struct schema_file;

enum rpc_actor { ACTOR_WRITE, ACTOR_READ, ACTOR_WORK };
enum rpc_scope {
    SCOPE_TENANT, /* a transaction, entered into the call's tenant */
    SCOPE_GLOBAL, /* a transaction, no tenant entered: the handler enters by itself */
    SCOPE_NONE    /* no transaction */
};

/* One row per rpc, beside the handlers. */
struct rpc_rule {
    const char *method; /* "Post"; NULL ends the table */
    unsigned roles;     /* ROLE_BIT set, for CALLER_USER */
    unsigned callers;   /* caller_bit set */
    uint32_t body_bytes_max;
    enum rpc_actor actor;
    enum rpc_scope scope;
    /* NULL, or: handle `count` calls of one tenant in one shared transaction (SCOPE_TENANT,
     * ACTOR_WRITE), in the order they came; methods whose rules name the same function come
     * together. For each call exactly one call_reply or call_fail. Returns other than OK after an
     * SQL error: everything is rolled back and actor_forget is called. After CONFLICT or
     * UNAVAILABLE all run together once more, with `again` set; after any other status, or a second
     * failure, each is replayed alone, in a transaction of its own, with count 1. */
    enum status (*batch)(struct call **calls, size_t count);
};

/* What an actor is given when it starts; lives as long as the actor. */
struct actor_env {
    const char *service;
    enum rpc_actor kind;
    unsigned index;
    struct db *db;                   /* NULL when the service has no database */
    const struct keyring *keys;      /* of the service */
    struct token_verifier *verifier; /* of the process: auth checks refresh tokens with it */
};

struct service_spec {
    const char *name;                 /* "threads": program name, CURVE identity, role prefix */
    const char *summary;              /* for --help */
    ProtobufCService *vtable;         /* from THREADS__API__INIT(handler_prefix) */
    const struct rpc_rule *rules;     /* one per method of the vtable's descriptor, any order */
    const struct option_row *options; /* the service's own; ended by a row without a name */
    const struct schema_file *schema; /* NULL: no database */
    unsigned write_actors, read_actors, work_actors; /* defaults; options may change them */
    bool publishes;                                  /* needs Redis */
    /* State of one actor: caches, heads. `open` runs on the actor's thread before it takes calls.
     */
    enum status (*actor_open)(const struct actor_env *env, void **ret_state);
    void (*actor_forget)(void *state); /* a transaction was rolled back: drop what it cached */
    void (*actor_close)(void *state);
};

/* Run until SIGTERM; returns the exit code of the process. Also does --help, --version, --migrate.
 */
int service_run(const struct service_spec *spec, int argc, char **argv);

#endif
