/* The service under test: each handler shows one thing that the runtime promises.
 *
 * With ECHO_DATABASE=1 it has a schema and Add is a batch. Next: fixture.h */
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "bus/service.h"
#include "db/db.h"
#include "db/migrate.h"
#include "echo.pb-c.h"
#include "events.pb-c.h"

static void hold(uint32_t ms)
{
    struct timespec span = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    if (ms > 0) {
        nanosleep(&span, NULL);
    }
}

/* Until the test opens the other end of this FIFO. */
static void wait_at_gate(const char *path)
{
    int fd = path[0] == '/' ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        close(fd);
    }
}

/* What an actor remembers between calls. */
struct memory {
    uint32_t forgotten;
};

static enum status memory_open(const struct actor_env *env, void **ret)
{
    (void)env;
    *ret = calloc(1, sizeof(struct memory));
    return *ret != NULL ? OK : STATUS_RESOURCE_EXHAUSTED;
}
static void memory_forget(void *memory)
{
    ((struct memory *)memory)->forgotten++;
}

static const char *caller_text(enum caller_bit caller)
{
    switch (caller) {
    case CALLER_USER:
        return "user";
    case CALLER_GATEWAY:
        return "gateway";
    case CALLER_RETENTION:
        return "retention";
    case CALLER_ADMIN:
        return "admin";
    }
    return "";
}

static void echo__echo(Echo__Api_Service *service, const Echo__EchoRequest *input,
                       Echo__EchoReply_Closure closure, void *data)
{
    (void)service;
    struct call *call = data;
    hold(input->sleep_ms);
    Echo__EchoReply reply = ECHO__ECHO_REPLY__INIT;
    reply.text = input->text;
    reply.caller = (char *)caller_text(call->caller);
    reply.tenant = call->tenant.text;
    reply.name = (char *)(call->who != NULL ? call->who->name : "");
    reply.filling.len = input->answer_bytes;
    reply.filling.data =
        input->answer_bytes > 0 ? arena_alloc(call->arena, input->answer_bytes) : NULL;
    closure(&reply, data);
}
static void echo__write(Echo__Api_Service *service, const Echo__EchoRequest *input,
                        Echo__EchoReply_Closure closure, void *data)
{
    wait_at_gate(input->text);
    echo__echo(service, input, closure, data);
}
static void echo__for_admins(Echo__Api_Service *service, const Echo__EchoRequest *input,
                             Echo__EchoReply_Closure closure, void *data)
{
    echo__echo(service, input, closure, data);
}
static void echo__poll(Echo__Api_Service *service, const Echo__EchoRequest *input,
                       Echo__EchoReply_Closure closure, void *data)
{
    echo__echo(service, input, closure, data);
}
static void echo__sweep(Echo__Api_Service *service, const Echo__EchoRequest *input,
                        Echo__EchoReply_Closure closure, void *data)
{
    echo__echo(service, input, closure, data);
}
static void echo__silent(Echo__Api_Service *service, const Echo__EchoRequest *input,
                         Echo__EchoReply_Closure closure, void *data)
{
    (void)service;
    (void)input;
    (void)closure;
    (void)data;
}
static void echo__reject(Echo__Api_Service *service, const Echo__EchoRequest *input,
                         Echo__EchoReply_Closure closure, void *data)
{
    call_field_error(data, "/text", "is never right");
    call_field_error(data, "/sleep_ms", "nor is this");
    echo__echo(service, input, closure, data); /* a reply after a failure does not undo it */
}

static const struct db_stmt insert_number = {"insert_number",
                                             "INSERT INTO number (id, amount) VALUES ($1, $2) "
                                             "ON CONFLICT (id) DO NOTHING"};
static const struct db_stmt count_numbers = {"count_numbers", "SELECT count(*) FROM number"};

/* An amount that the first try of a batch does not survive, as when another writer came first. */
#define CONFLICTS_ONCE 77

static enum status add_one(struct call *call, size_t together)
{
    const Echo__AddRequest *input = (const Echo__AddRequest *)call->input;
    struct db_rows *rows;
    if (input->amount == 0) {
        call_fail(call, STATUS_CONFLICT, "nothing to add");
        return OK;
    }
    if (input->amount == CONFLICTS_ONCE && !call->again) {
        return STATUS_CONFLICT;
    }
    enum status status =
        TX_RUN(call->tx, &insert_number, NULL, DB_I64(input->id), DB_I64(input->amount));
    if (status == OK) {
        status = tenant_tx_run(call->tx, &count_numbers, NULL, 0, &rows);
    }
    if (status != OK) {
        return status;
    }
    Echo__AddReply reply = ECHO__ADD_REPLY__INIT;
    reply.total = db_i64(rows, 0, 0);
    reply.together = (uint32_t)together;
    reply.forgotten = ((struct memory *)call->state)->forgotten;
    db_rows_free(rows);
    call_reply(call, &reply.base);
    Events__Event event = EVENTS__EVENT__INIT;
    Events__Read read = EVENTS__READ__INIT;
    read.seq = input->id;
    event.of_case = EVENTS__EVENT__OF_READ;
    event.read = &read;
    call_publish(call, &event.base);
    return OK;
}

static enum status add_batch(struct call **calls, size_t count)
{
    enum status status = OK;
    for (size_t i = 0; i < count && status == OK; i++) {
        status = add_one(calls[i], count);
    }
    return status;
}

static void echo__add(Echo__Api_Service *service, const Echo__AddRequest *input,
                      Echo__AddReply_Closure closure, void *data)
{
    (void)service;
    (void)input;
    (void)data;
    closure(NULL, data); /* only called without a database */
}

static void echo__count(Echo__Api_Service *service, const Echo__EchoRequest *input,
                        Echo__AddReply_Closure closure, void *data)
{
    (void)service;
    (void)input;
    struct call *call = data;
    struct db_rows *rows;
    if (call->tx == NULL || tenant_tx_run(call->tx, &count_numbers, NULL, 0, &rows) != OK) {
        call_fail(call, STATUS_UNAVAILABLE, "no database");
        return;
    }
    Echo__AddReply reply = ECHO__ADD_REPLY__INIT;
    reply.total = db_i64(rows, 0, 0);
    db_rows_free(rows);
    closure(&reply, data);
}

static const struct schema_file files[] = {
    {"0001_create_number",
     "-- scope: tenant\n"
     "CREATE TABLE number (tenant_id text NOT NULL DEFAULT '@TENANT@',\n"
     "    id bigint PRIMARY KEY, amount bigint NOT NULL CHECK (amount > 0));\n"
     "GRANT SELECT, INSERT ON number TO @ROLE@;\n"},
    {0}};

#define ALL_ROLES (~0u)
#define BODY      (512 * 1024)

static const struct rpc_rule bare_rules[] = {
    {"Echo", ALL_ROLES, CALLER_USER, BODY, ACTOR_READ, SCOPE_NONE, NULL},
    {"Write", ALL_ROLES, CALLER_USER, BODY, ACTOR_WRITE, SCOPE_NONE, NULL},
    {"ForAdmins", ROLE_BIT(ROLE_ADMIN), CALLER_USER, 1024, ACTOR_READ, SCOPE_NONE, NULL},
    {"Poll", 0, CALLER_GATEWAY, 1024, ACTOR_WORK, SCOPE_NONE, NULL},
    {"Sweep", 0, CALLER_RETENTION, 1024, ACTOR_READ, SCOPE_NONE, NULL},
    {"Silent", ALL_ROLES, CALLER_USER, 1024, ACTOR_READ, SCOPE_NONE, NULL},
    {"Reject", ALL_ROLES, CALLER_USER, 1024, ACTOR_READ, SCOPE_NONE, NULL},
    {"Add", ALL_ROLES, CALLER_USER, 1024, ACTOR_WRITE, SCOPE_NONE, NULL},
    {"Count", ALL_ROLES, CALLER_USER, 1024, ACTOR_READ, SCOPE_NONE, NULL},
    {0}};
static const struct rpc_rule database_rules[] = {
    {"Echo", ALL_ROLES, CALLER_USER, BODY, ACTOR_READ, SCOPE_NONE, NULL},
    {"Write", ALL_ROLES, CALLER_USER, BODY, ACTOR_WRITE, SCOPE_NONE, NULL},
    {"ForAdmins", ROLE_BIT(ROLE_ADMIN), CALLER_USER, 1024, ACTOR_READ, SCOPE_NONE, NULL},
    {"Poll", 0, CALLER_GATEWAY, 1024, ACTOR_WORK, SCOPE_NONE, NULL},
    {"Sweep", 0, CALLER_RETENTION, 1024, ACTOR_READ, SCOPE_TENANT, NULL},
    {"Silent", ALL_ROLES, CALLER_USER, 1024, ACTOR_READ, SCOPE_TENANT, NULL},
    {"Reject", ALL_ROLES, CALLER_USER, 1024, ACTOR_READ, SCOPE_TENANT, NULL},
    {"Add", ALL_ROLES, CALLER_USER, 1024, ACTOR_WRITE, SCOPE_TENANT, add_batch},
    {"Count", ALL_ROLES, CALLER_USER, 1024, ACTOR_READ, SCOPE_TENANT, NULL},
    {0}};

int main(int argc, char **argv)
{
    Echo__Api_Service vtable = ECHO__API__INIT(echo__);
    struct service_spec spec = {.name = "echo",
                                .summary = "says what it hears",
                                .vtable = &vtable.base,
                                .rules = bare_rules,
                                .write_actors = 1,
                                .read_actors = 2,
                                .work_actors = 1,
                                .actor_open = memory_open,
                                .actor_forget = memory_forget,
                                .actor_close = free};
    if (getenv("ECHO_DATABASE") != NULL) {
        spec.rules = database_rules;
        spec.schema = files;
        spec.publishes = true;
    }
    return service_run(&spec, argc, argv);
}
