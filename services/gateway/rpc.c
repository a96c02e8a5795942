/* Descriptors by name, packing into one buffer that every call reuses. Next: flows.h */
#include "rpc.h"

#include <assert.h>
#include "auth.pb-c.h"
#include "core/arena.h"
#include "core/limits.h"
#include "counters.h"
#include "files.pb-c.h"
#include "threads.pb-c.h"

static const struct {
    const ProtobufCServiceDescriptor *service;
    const char *method;
} names[RPC_COUNT] = {
#define RPC(name, package, method) [RPC_##name] = {&package##__api__descriptor, method},
#include "rpc.def"
#undef RPC
};

bool rpc_find(const ProtobufCServiceDescriptor *service, const char *method, struct rpc *ret)
{
    ret->service = service;
    ret->method = protobuf_c_service_descriptor_get_method_by_name(service, method);
    return ret->method != NULL;
}

const struct rpc *rpc_of(enum rpc_name name)
{
    static struct rpc found[RPC_COUNT];
    if (!found[name].method) {
        bool is_there = rpc_find(names[name].service, names[name].method, &found[name]);
        assert(is_there);
        (void)is_there;
    }
    return &found[name];
}

bool rpc_start(struct gateway *gateway, const struct rpc_call *call,
               void (*done)(void *data, const struct bus_reply *reply), void *data,
               uint64_t *ret_id)
{
    static struct buf packed = {.max = ENVELOPE_BYTES_MAX};
    size_t len = protobuf_c_message_get_packed_size(call->request);
    buf_clear(&packed);
    packed.failed = false;
    uint8_t *room = buf_reserve(&packed, len > 0 ? len : 1);
    if (!room)
        return false;
    packed.len = protobuf_c_message_pack(call->request, room);
    struct bus_request request = {.service = call->rpc->service,
                                  .method = call->rpc->method,
                                  .payload = buf_bytes(&packed),
                                  .token = call->token,
                                  .tenant = call->tenant,
                                  .traceparent = call->traceparent,
                                  .shard_key = call->shard_key,
                                  .timeout_ms = call->timeout_ms};
    return bus_call(gateway->bus, &request, done, data, ret_id) == OK;
}

ProtobufCMessage *rpc_unpack(const struct rpc *rpc, struct bytes payload, struct arena *arena)
{
    ProtobufCMessage *message = protobuf_c_message_unpack(
        rpc->method->output, arena_allocator(arena), payload.len, payload.data);
    if (!message)
        count(COUNT_BAD_REPLY);
    return message;
}
