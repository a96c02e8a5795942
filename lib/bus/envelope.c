/* Envelope and Reply off the wire: size, then protobuf-c under a budget, then every member's form.
 *
 * protobuf-c checks neither UTF-8 nor bounds; what passes here may be believed to be well-formed,
 * nothing more. Next: curve.h
 */
#include "bus/envelope.h"

#include "bus/wire.h"
#include "core/limits.h"

#define METHOD_BYTES_MAX      64  /* "templates.CreateVersion" is 23 */
#define TRACEPARENT_BYTES_MAX 128 /* version 00 has 55; later ones may have more */
#define SHARD_KEY_BYTES_MAX   256
#define REPLY_ERRORS_MAX      128
#define TAG_REQUEST_ID        WIRE_TAG(2)

static bool text_within(const char *text, size_t max)
{
    return strnlen(text, max + 1) <= max;
}

/* package.Method, letters, digits and underscores only: it is looked up and logged. */
static bool method_is_valid(const char *method)
{
    size_t dots = 0, part = 0;
    for (const char *at = method; *at != '\0'; at++) {
        bool letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z');
        bool other = (*at >= '0' && *at <= '9') || *at == '_';
        if (*at == '.' && part > 0) {
            dots++;
            part = 0;
        } else if (letter || (other && part > 0)) {
            part++;
        } else {
            return false;
        }
    }
    return dots == 1 && part > 0;
}

static bool envelope_is_valid(const Wardroom__Envelope *envelope)
{
    return envelope->version == ENVELOPE_VERSION && envelope->request_id.len == 16 &&
           text_within(envelope->method, METHOD_BYTES_MAX) && method_is_valid(envelope->method) &&
           text_within(envelope->token, TOKEN_BYTES_MAX) &&
           text_within(envelope->traceparent, TRACEPARENT_BYTES_MAX) &&
           envelope->shard_key.len <= SHARD_KEY_BYTES_MAX &&
           text_within(envelope->tenant_id, TENANT_ID_SIZE - 1) &&
           text_within(envelope->region, REGION_NAME_SIZE - 1) &&
           message_text_is_valid(&envelope->base);
}

enum status envelope_unpack(struct bytes frame, struct arena *arena, Wardroom__Envelope **ret)
{
    if (frame.len == 0 || frame.len > ENVELOPE_BYTES_MAX) {
        return STATUS_INVALID;
    }
    Wardroom__Envelope *envelope =
        wardroom__envelope__unpack(arena_allocator(arena), frame.len, frame.data);
    if (envelope == NULL || !envelope_is_valid(envelope)) {
        return STATUS_INVALID;
    }
    *ret = envelope;
    return OK;
}

enum status reply_unpack(struct bytes frame, struct arena *arena, Wardroom__Reply **ret)
{
    if (frame.len == 0 || frame.len > ENVELOPE_BYTES_MAX) {
        return STATUS_INVALID;
    }
    Wardroom__Reply *reply = wardroom__reply__unpack(arena_allocator(arena), frame.len, frame.data);
    if (reply == NULL || reply->version != ENVELOPE_VERSION || reply->request_id.len != 16 ||
        reply->n_errors > REPLY_ERRORS_MAX || !message_text_is_valid(&reply->base)) {
        return STATUS_INVALID;
    }
    *ret = reply;
    return OK;
}

bool envelope_peek_id(struct bytes frame, uint8_t ret[16])
{
    struct bytes rest = frame;
    while (rest.len > 0) {
        uint64_t tag;
        struct bytes value;
        if (!wire_next(&rest, &tag, &value)) {
            return false;
        }
        if (tag == TAG_REQUEST_ID && value.len == 16) {
            memcpy(ret, value.data, 16);
            return true;
        }
    }
    return false;
}

static bool member_is_present(const ProtobufCMessage *message,
                              const ProtobufCFieldDescriptor *field)
{
    bool oneof = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    const uint8_t *base = (const uint8_t *)message;
    return !oneof || *(const uint32_t *)(base + field->quantifier_offset) == field->id;
}

static bool member_is_valid(const ProtobufCFieldDescriptor *field, const void *member)
{
    const void *value = *(const void *const *)member;
    if (value == NULL) {
        return true;
    }
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        return bytes_is_text(bytes_text(value));
    }
    return message_text_is_valid(value);
}

bool message_text_is_valid(const ProtobufCMessage *message)
{
    const uint8_t *base = (const uint8_t *)message;
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        bool judged =
            field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE;
        if (!judged || !member_is_present(message, field)) {
            continue;
        }
        const void *member = base + field->offset;
        size_t count = 1;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            count = *(const size_t *)(base + field->quantifier_offset);
            member = *(const void *const *)member;
        }
        for (size_t k = 0; k < count; k++) {
            if (!member_is_valid(field, (const void *const *)member + k)) {
                return false;
            }
        }
    }
    return true;
}
