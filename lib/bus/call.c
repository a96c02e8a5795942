/* struct call: how a handler answers. The reply is packed once, straight into the message that
 * leaves. Next: events.c
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "bus/runtime.h"
#include "bus/wire.h"

#define ERRORS_MAX        64
#define REPLY_HEAD_MAX    64 /* version, id, status and the payload's tag and length */
#define REPLY_BYTES_MAX   (ENVELOPE_BYTES_MAX - REPLY_HEAD_MAX)
#define REPLY_PAYLOAD_TAG WIRE_TAG(6)

struct call_private *call_new(const struct runtime *runtime)
{
    struct call_private *call = calloc(1, sizeof *call);
    if (call == NULL) {
        return NULL;
    }
    call->runtime = runtime;
    call->arena = arena_new(REQUEST_ARENA_BYTES_MAX);
    if (call->arena == NULL) {
        free(call);
        return NULL;
    }
    zmq_msg_init(&call->peer);
    zmq_msg_init(&call->reply);
    call_reset(call);
    return call;
}

void call_free(struct call_private *call)
{
    zmq_msg_close(&call->peer);
    zmq_msg_close(&call->reply);
    arena_free(call->arena);
    free(call);
}

void call_rewind(struct call_private *call)
{
    zmq_msg_close(&call->reply);
    zmq_msg_init(&call->reply);
    call->answer = ANSWER_NONE;
    call->status = OK;
    call->detail = NULL;
    call->retry_after_ms = 0;
    call->error_count = 0;
    call->call.tx = NULL;
    call->lost_event = false;
    STAILQ_INIT(&call->errors);
    STAILQ_INIT(&call->events);
}

void call_reset(struct call_private *call)
{
    call_rewind(call);
    zmq_msg_close(&call->peer);
    zmq_msg_init(&call->peer);
    arena_reset(call->arena);
    call->call = (struct call){.arena = call->arena, .private_ = call};
    call->envelope = NULL;
    call->has_request_id = false;
    call->program = "";
    call->method = NULL;
    call->queue = NULL;
    call->key_hash = call->tenant_hash = 0;
    call->frame_bytes = 0; /* and `again` is false: call.call is new */
}

bool call_unpack(struct call_private *call)
{
    const ProtobufCBinaryData *payload = &call->envelope->payload;
    ProtobufCMessage *input = protobuf_c_message_unpack(
        call->method->descriptor->input, arena_allocator(call->arena), payload->len, payload->data);
    if (input == NULL) {
        call_fail(&call->call, STATUS_INVALID, "the request does not unpack");
        return false;
    }
    if (!message_text_is_valid(input)) {
        call_fail(&call->call, STATUS_INVALID, "a text of the request is not UTF-8");
        return false;
    }
    call->call.input = input;
    return true;
}

static Wardroom__Reply reply_head(struct call_private *call)
{
    Wardroom__Reply reply = WARDROOM__REPLY__INIT;
    reply.version = ENVELOPE_VERSION;
    reply.request_id =
        (ProtobufCBinaryData){call->has_request_id ? sizeof call->request_id : 0, call->request_id};
    reply.status = (uint32_t)call->status;
    return reply;
}

void call_reply(struct call *public, const ProtobufCMessage *message)
{
    struct call_private *call = public->private_;
    if (call->answer == ANSWER_FAIL) {
        return; /* what has failed stays failed */
    }
    Wardroom__Reply head = reply_head(call);
    size_t head_len = wardroom__reply__get_packed_size(&head);
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t prefix[1 + WIRE_VARINT_MAX] = {REPLY_PAYLOAD_TAG};
    size_t prefix_len = len > 0 ? 1 + wire_put_varint(prefix + 1, len) : 0;
    zmq_msg_close(&call->reply);
    zmq_msg_init(&call->reply);
    if (len > REPLY_BYTES_MAX) {
        call_fail(public, STATUS_TOO_LARGE, "the answer would be over %d bytes", REPLY_BYTES_MAX);
        return;
    }
    if (zmq_msg_init_size(&call->reply, head_len + prefix_len + len) != 0) {
        zmq_msg_init(&call->reply);
        call_fail(public, STATUS_RESOURCE_EXHAUSTED, "no memory for the answer");
        return;
    }
    uint8_t *out = zmq_msg_data(&call->reply);
    wardroom__reply__pack(&head, out);
    memcpy(out + head_len, prefix, prefix_len);
    protobuf_c_message_pack(message, out + head_len + prefix_len);
    call->answer = ANSWER_REPLY;
}

void call_closure(const ProtobufCMessage *reply, void *data)
{
    struct call *call = data;
    if (reply != NULL) {
        call_reply(call, reply);
    } else if (!call_failed(call)) {
        call_fail(call, STATUS_INTERNAL, "no answer");
    }
}

void call_fail(struct call *public, enum status status, const char *format, ...)
{
    struct call_private *call = public->private_;
    char words[512];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    call->answer = ANSWER_FAIL;
    call->status = status != OK ? status : STATUS_INTERNAL;
    call->detail = arena_copy(call->arena, words, strlen(words));
    call->retry_after_ms =
        status == STATUS_RESOURCE_EXHAUSTED || status == STATUS_UNAVAILABLE ? RETRY_AFTER_MS : 0;
}

void call_retry_after(struct call *public, uint32_t wait_ms)
{
    public->private_->retry_after_ms = wait_ms;
}

void call_field_error(struct call *public, const char *pointer, const char *detail)
{
    struct call_private *call = public->private_;
    struct field_error *error = arena_alloc(call->arena, sizeof *error);
    if (call->answer != ANSWER_FAIL || call->status != STATUS_VALIDATION_FAILED) {
        call_fail(public, STATUS_VALIDATION_FAILED, "%s", status_meaning(STATUS_VALIDATION_FAILED));
    }
    if (error == NULL || call->error_count == ERRORS_MAX) {
        return;
    }
    error->pointer = arena_copy(call->arena, pointer, strlen(pointer));
    error->detail = arena_copy(call->arena, detail, strlen(detail));
    if (error->pointer != NULL && error->detail != NULL) {
        STAILQ_INSERT_TAIL(&call->errors, error, next);
        call->error_count++;
    }
}

bool call_failed(const struct call *call)
{
    return call->private_->answer == ANSWER_FAIL;
}

enum status call_status(const struct call *call)
{
    return call->private_->status;
}

void call_publish(struct call *public, const ProtobufCMessage *event)
{
    struct call_private *call = public->private_;
    size_t len = protobuf_c_message_get_packed_size(event);
    struct packed_event *packed = arena_alloc(call->arena, sizeof *packed);
    uint8_t *bytes = arena_alloc(call->arena, len + 1);
    if (packed == NULL || bytes == NULL) {
        call->lost_event = true; /* History has it, and gateways are told to look */
        return;
    }
    protobuf_c_message_pack(event, bytes);
    packed->bytes = bytes_of(bytes, len);
    STAILQ_INSERT_TAIL(&call->events, packed, next);
}

zmq_msg_t *call_packed_reply(struct call_private *call)
{
    if (call->answer == ANSWER_REPLY) {
        return &call->reply;
    }
    Wardroom__Reply reply = reply_head(call);
    Wardroom__FieldError errors[ERRORS_MAX], *pointers[ERRORS_MAX];
    const struct field_error *error;
    STAILQ_FOREACH(error, &call->errors, next)
    {
        Wardroom__FieldError *out = &errors[reply.n_errors];
        wardroom__field_error__init(out);
        out->pointer = (char *)error->pointer;
        out->detail = (char *)error->detail;
        pointers[reply.n_errors++] = out;
    }
    reply.errors = pointers;
    reply.detail = (char *)(call->detail != NULL ? call->detail : status_meaning(call->status));
    reply.retry_after_ms = call->retry_after_ms;
    zmq_msg_close(&call->reply);
    zmq_msg_init(&call->reply);
    if (zmq_msg_init_size(&call->reply, wardroom__reply__get_packed_size(&reply)) != 0) {
        zmq_msg_init(&call->reply);
        return &call->reply; /* an empty frame is no reply: the caller's deadline answers */
    }
    wardroom__reply__pack(&reply, zmq_msg_data(&call->reply));
    return &call->reply;
}
