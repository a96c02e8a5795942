/* The rpcs that the gateway calls by name, and the way to call any.
 *
 * bus_client keeps the calls in flight, their deadlines and their bound; this only packs. Next:
 * flows.h
 */
#ifndef WARDROOM_GATEWAY_RPC_H
#define WARDROOM_GATEWAY_RPC_H

#include "core/arena.h"
#include "gateway.h"

struct rpc {
    const ProtobufCServiceDescriptor *service;
    const ProtobufCMethodDescriptor *method;
};
enum rpc_name {
#define RPC(name, service, method) RPC_##name,
#include "rpc.def"
#undef RPC
    RPC_COUNT
};
const struct rpc *rpc_of(enum rpc_name name);
/* A method of a service by name; false: there is none. */
bool rpc_find(const ProtobufCServiceDescriptor *service, const char *method, struct rpc *ret);

struct rpc_call {
    const struct rpc *rpc;
    const ProtobufCMessage *request;
    struct bytes token;     /* empty: in the gateway's own name */
    const char *tenant;     /* of such a call; NULL: none */
    struct bytes shard_key; /* empty: any replica */
    const char *traceparent;
    uint32_t timeout_ms; /* 0: the default */
};
/* Pack and send; `done` comes later, once. False: over ENVELOPE_BYTES_MAX, or out of memory or of
 * room for calls, and `done` does not come. `ret_id` may be NULL. */
bool rpc_start(struct gateway *gateway, const struct rpc_call *call,
               void (*done)(void *data, const struct bus_reply *reply), void *data,
               uint64_t *ret_id);
/* Unpack a reply's payload into `arena`; NULL: it is no such message, or over the budget. */
ProtobufCMessage *rpc_unpack(const struct rpc *rpc, struct bytes payload, struct arena *arena);

#endif
