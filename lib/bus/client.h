/* Calling services over the bus, on a libuv loop: discovery, one DEALER per replica, heartbeats,
 * deadlines, bounded requests in flight.
 *
 * Used by the gateway, the retention sweeper and wardroomctl; a service never calls another.
 * Replies come on the loop's thread. Next: envelope.h
 */
#ifndef WARDROOM_BUS_CLIENT_H
#define WARDROOM_BUS_CLIENT_H

#include <protobuf-c/protobuf-c.h>
#include <uv.h>
#include "core/ids.h"

struct bus_client;

struct bus_peer {
    const char *service; /* "threads" */
    const char
        *endpoint; /* "tcp://threads:5603" (all addresses) or "dir:/run/x/discovery/threads" */
};
struct bus_client_spec {
    uv_loop_t *loop;
    const char *program;   /* own CURVE identity: "gateway", "retention", "admin" */
    const char *trust_dir; /* <program>.secret and public/<service>.pub */
    const struct bus_peer *peers;
    size_t peer_count;
};

/* INVALID: keys missing or an endpoint that cannot be read. */
MUST_CHECK enum status bus_client_new(const struct bus_client_spec *spec, struct bus_client **ret);
/* Fails everything pending with UNAVAILABLE, closes its handles; the loop must run on for them. */
void bus_client_close(struct bus_client *client);
/* Replicas of a service that answer their heartbeats now. */
unsigned bus_client_alive(const struct bus_client *client, const char *service);
/* How often one of them came or went, since the start: a change says that one may have died with
 * something unsaid. */
uint64_t bus_client_changes(const struct bus_client *client, const char *service);

struct bus_reply {
    enum status status;
    const char *detail; /* words for a person, never NULL */
    size_t error_count;
    const struct bus_field_error *errors; /* pointers into the request */
    uint32_t retry_after_ms;
    struct bytes payload; /* packed reply message; empty unless OK */
};
struct bus_field_error {
    const char *pointer, *detail;
};

struct bus_request {
    const ProtobufCServiceDescriptor *service; /* its package is the service's name */
    const ProtobufCMethodDescriptor *method;
    struct bytes payload;    /* the packed request message */
    struct bytes token;      /* the user's; empty for a call in the program's own name */
    const char *tenant;      /* of a call without a user; NULL or "" : none */
    const char *traceparent; /* NULL: none */
    struct bytes shard_key;  /* empty: any replica */
    uint32_t timeout_ms;     /* 0: DEADLINE_MS_DEFAULT */
};

/* Send; `done` is called exactly once, later, on the loop (never from inside bus_call), with the
 * reply borrowed. Own failures: UNAVAILABLE no replica alive, RESOURCE_EXHAUSTED too many pending,
 * DEADLINE_EXCEEDED. `ret_id` (may be NULL) can be given to bus_cancel, after which `done` is not
 * called. Everything in `request` is copied. RESOURCE_EXHAUSTED: no memory even to fail it later,
 * or a million refusals in one turn of the loop; `done` is not called. */
MUST_CHECK enum status bus_call(struct bus_client *client, const struct bus_request *request,
                                void (*done)(void *data, const struct bus_reply *reply), void *data,
                                uint64_t *ret_id);
void bus_cancel(struct bus_client *client, uint64_t id);

#endif
