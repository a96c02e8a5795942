/* JSON -> protobuf by descriptor, for bytes from outside.
 *
 * Three steps: limits by json_scan_limits, grammar by jansson (duplicates, NUL, surrogates and
 * 64-bit range are its checks), then member by member into the message, so that a name the
 * descriptor does not know is refused with its pointer. Recursion follows the schema, which has no
 * cycles. Next: ../channel/channel.h
 */
#include "json/json.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/clock.h"
#include "core/ids.h"
#include "core/limits.h"
#include "json/names.h"
#include "json/scan.h"

const struct json_limits json_limits_default = {
    .bytes_max = HTTP_JSON_BYTES_MAX, .depth_max = JSON_DEPTH_MAX, .keys_max = JSON_KEYS_MAX};

/* Where decoding stands: the pointer grows and shrinks with the path. */
struct decoder {
    struct arena *arena;
    struct json_error *error;
    char pointer[sizeof((struct json_error *)0)->pointer];
    size_t pointer_len;
};

static enum status refuse(struct decoder *decoder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum status refuse(struct decoder *decoder, const char *format, ...)
{
    va_list args;
    memcpy(decoder->error->pointer, decoder->pointer, decoder->pointer_len);
    decoder->error->pointer[decoder->pointer_len] = '\0';
    va_start(args, format);
    vsnprintf(decoder->error->detail, sizeof decoder->error->detail, format, args);
    va_end(args);
    return STATUS_VALIDATION_FAILED;
}

/* Append "/name" (RFC 6901 escapes); a pointer that would not fit stays as it is. */
static size_t pointer_push(struct decoder *decoder, const char *name)
{
    size_t before = decoder->pointer_len, len = before;
    char *pointer = decoder->pointer;
    if (len + 2 * strlen(name) + 2 > sizeof decoder->pointer)
        return before;
    pointer[len++] = '/';
    for (const char *c = name; *c; c++) {
        if (*c == '~' || *c == '/') {
            pointer[len++] = '~';
            pointer[len++] = *c == '~' ? '0' : '1';
        } else {
            pointer[len++] = *c;
        }
    }
    decoder->pointer_len = len;
    return before;
}

static enum status set_bytes(struct decoder *decoder, struct bytes value,
                             ProtobufCBinaryData *member)
{
    member->data = arena_copy(decoder->arena, value.data, value.len);
    if (!member->data)
        return STATUS_RESOURCE_EXHAUSTED;
    member->len = value.len;
    return OK;
}

static enum status set_uuid(struct decoder *decoder, struct bytes text, void *member)
{
    struct uuid id;
    if (!uuid_parse(text, &id))
        return refuse(decoder, "is not a UUID");
    return set_bytes(decoder, uuid_bytes(&id), member);
}

static enum status set_hex(struct decoder *decoder, struct bytes text, void *member)
{
    uint8_t raw[64];
    size_t len;
    if (!hex_decode(text, raw, sizeof raw, &len))
        return refuse(decoder, "is not a lower-case hexadecimal hash");
    return set_bytes(decoder, bytes_of(raw, len), member);
}

static enum status set_enum(struct decoder *decoder, const ProtobufCEnumDescriptor *descriptor,
                            struct bytes text, int *member)
{
    for (unsigned i = 0; i < descriptor->n_values; i++) {
        const char *stem = enum_value_stem(descriptor, descriptor->values[i].name);
        size_t at = 0;
        while (at < text.len && stem[at] && tolower((unsigned char)stem[at]) == text.data[at])
            at++;
        if (at == text.len && !stem[at] && descriptor->values[i].value != 0) {
            *member = descriptor->values[i].value;
            return OK;
        }
    }
    return refuse(decoder, "is not one of the known values");
}

static enum status set_string(struct decoder *decoder, struct bytes text, char **member)
{
    *member = arena_text(decoder->arena, text);
    return *member ? OK : STATUS_RESOURCE_EXHAUSTED;
}

/* A member whose JSON is a string. */
static enum status set_text(struct decoder *decoder, const ProtobufCFieldDescriptor *field,
                            enum field_form form, struct bytes text, void *member)
{
    if (form == FORM_TIME) {
        if (!clock_parse(text, member))
            return refuse(decoder, "is not an RFC 3339 time");
        return OK;
    }
    if (form == FORM_UUID || form == FORM_UUIDS)
        return set_uuid(decoder, text, member);
    if (form == FORM_HEX)
        return set_hex(decoder, text, member);
    if (field->type == PROTOBUF_C_TYPE_ENUM)
        return set_enum(decoder, field->descriptor, text, member);
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return set_string(decoder, text, member);
    return refuse(decoder, "must not be a string");
}

/* A member whose JSON is an integer. */
static enum status set_integer(struct decoder *decoder, const ProtobufCFieldDescriptor *field,
                               enum field_form form, json_int_t number, void *member)
{
    if (form != FORM_PLAIN)
        return refuse(decoder, "must be a string");
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
        *(int64_t *)member = number;
        return OK;
    case PROTOBUF_C_TYPE_UINT64:
        if (number < 0)
            return refuse(decoder, "must not be negative");
        *(uint64_t *)member = (uint64_t)number;
        return OK;
    case PROTOBUF_C_TYPE_UINT32:
        if (number < 0 || number > UINT32_MAX)
            return refuse(decoder, "must be between 0 and %u", UINT32_MAX);
        *(uint32_t *)member = (uint32_t)number;
        return OK;
    case PROTOBUF_C_TYPE_INT32:
        if (number < INT32_MIN || number > INT32_MAX)
            return refuse(decoder, "is out of range");
        *(int32_t *)member = (int32_t)number;
        return OK;
    case PROTOBUF_C_TYPE_DOUBLE:
        *(double *)member = (double)number;
        return OK;
    default:
        return refuse(decoder, "must not be a number");
    }
}

static enum status decode_object(struct decoder *decoder, json_t *object, struct bytes text,
                                 const ProtobufCMessageDescriptor *descriptor,
                                 ProtobufCMessage **ret);

/* The member exactly as it was spelled; where that cannot be found (an escaped key), as jansson
 * prints it. */
static enum status set_verbatim(struct decoder *decoder, json_t *value, struct bytes text,
                                ProtobufCBinaryData *member)
{
    if (text.len > 0)
        return set_bytes(decoder, text, member);
    char *dump = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    if (!dump)
        return STATUS_RESOURCE_EXHAUSTED;
    enum status status = set_bytes(decoder, bytes_text(dump), member);
    free(dump);
    return status;
}

/* `text`: the value's own spelling, or empty when unknown. */
static enum status decode_value(struct decoder *decoder, const ProtobufCFieldDescriptor *field,
                                enum field_form form, json_t *value, struct bytes text,
                                void *member)
{
    if (form == FORM_VERBATIM)
        return set_verbatim(decoder, value, text, member);
    switch (json_typeof(value)) {
    case JSON_STRING:
        return set_text(decoder, field, form,
                        bytes_of(json_string_value(value), json_string_length(value)), member);
    case JSON_INTEGER:
        return set_integer(decoder, field, form, json_integer_value(value), member);
    case JSON_REAL:
        if (field->type != PROTOBUF_C_TYPE_DOUBLE)
            return refuse(decoder, "must be an integer");
        *(double *)member = json_real_value(value);
        return OK;
    case JSON_TRUE:
    case JSON_FALSE:
        if (field->type != PROTOBUF_C_TYPE_BOOL)
            return refuse(decoder, "must not be true or false");
        *(protobuf_c_boolean *)member = json_is_true(value);
        return OK;
    case JSON_OBJECT:
        if (field->type != PROTOBUF_C_TYPE_MESSAGE)
            return refuse(decoder, "must not be an object");
        return decode_object(decoder, value, text, field->descriptor, member);
    case JSON_ARRAY:
        return refuse(decoder, "must not be an array");
    case JSON_NULL:
        return refuse(decoder, "must not be null");
    }
    return STATUS_INTERNAL;
}

static enum status decode_array(struct decoder *decoder, const ProtobufCFieldDescriptor *field,
                                enum field_form form, json_t *array, uint8_t *base)
{
    /* Of the repeated fields that JSON may name, elements are texts, ids or messages. */
    size_t size = field->type == PROTOBUF_C_TYPE_BYTES ? sizeof(ProtobufCBinaryData)
                                                       : sizeof(void *);
    size_t count = json_array_size(array);
    if (!json_is_array(array))
        return refuse(decoder, "must be an array");
    if (count == 0)
        return OK;
    uint8_t *items = arena_alloc(decoder->arena, count * size);
    if (!items)
        return STATUS_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < count; i++) {
        char index[24];
        snprintf(index, sizeof index, "%zu", i);
        size_t before = pointer_push(decoder, index);
        enum status status = decode_value(decoder, field, form, json_array_get(array, i),
                                          (struct bytes){0}, items + i * size);
        if (status != OK)
            return status;
        decoder->pointer_len = before;
    }
    *(size_t *)(base + field->quantifier_offset) = count;
    *(uint8_t **)(base + field->offset) = items;
    return OK;
}

static const ProtobufCFieldDescriptor *
set_fields_member(const ProtobufCMessageDescriptor *descriptor)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(descriptor, "set_fields");
    return field && field->label == PROTOBUF_C_LABEL_REPEATED &&
                   field->type == PROTOBUF_C_TYPE_STRING
               ? field
               : NULL;
}

static enum status decode_member(struct decoder *decoder, const char *key, json_t *value,
                                 struct bytes text, ProtobufCMessage *message)
{
    uint8_t *base = (uint8_t *)message;
    struct field_name name;
    const ProtobufCFieldDescriptor *field =
        field_by_json_name(message->descriptor, bytes_text(key), &name);
    if (!field)
        return refuse(decoder, "is not a known member here");
    if (json_is_null(value) && name.form != FORM_VERBATIM)
        return OK;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return decode_array(decoder, field, name.form, value, base);
    struct bytes spelled = {0};
    if (name.form == FORM_VERBATIM || field->type == PROTOBUF_C_TYPE_MESSAGE)
        spelled = json_scan_member(text, bytes_text(key));
    enum status status =
        decode_value(decoder, field, name.form, value, spelled, base + field->offset);
    if (status == OK && (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
        *(uint32_t *)(base + field->quantifier_offset) = field->id;
    return status;
}

static enum status decode_object(struct decoder *decoder, json_t *object, struct bytes text,
                                 const ProtobufCMessageDescriptor *descriptor,
                                 ProtobufCMessage **ret)
{
    ProtobufCMessage *message = arena_alloc(decoder->arena, descriptor->sizeof_message);
    if (!message)
        return STATUS_RESOURCE_EXHAUSTED;
    protobuf_c_message_init(descriptor, message);
    const ProtobufCFieldDescriptor *set_fields = set_fields_member(descriptor);
    char **names = NULL;
    size_t count = 0;
    if (set_fields) {
        names = arena_alloc(decoder->arena, (json_object_size(object) + 1) * sizeof *names);
        if (!names)
            return STATUS_RESOURCE_EXHAUSTED;
    }
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        size_t before = pointer_push(decoder, key);
        enum status status = decode_member(decoder, key, value, text, message);
        if (status == OK && names &&
            !(names[count++] = arena_text(decoder->arena, bytes_text(key))))
            status = STATUS_RESOURCE_EXHAUSTED;
        if (status != OK)
            return status;
        decoder->pointer_len = before;
    }
    if (set_fields) {
        *(size_t *)((uint8_t *)message + set_fields->quantifier_offset) = count;
        *(char ***)((uint8_t *)message + set_fields->offset) = names;
    }
    *ret = message;
    return OK;
}

/* jansson's words for a person: what and where, without the text itself. */
static enum status not_json(struct json_error *error, const json_error_t *cause)
{
    error->pointer[0] = '\0';
    snprintf(error->detail, sizeof error->detail, "is not valid JSON: %.80s at byte %d",
             cause->text, cause->position);
    char *quote = strstr(error->detail, " near '");
    if (quote)
        snprintf(quote, sizeof error->detail - (size_t)(quote - error->detail), " at byte %d",
                 cause->position);
    return STATUS_INVALID;
}

enum status json_to_message(struct bytes text, const struct json_limits *limits,
                            const ProtobufCMessageDescriptor *descriptor, struct arena *arena,
                            ProtobufCMessage **ret, struct json_error *ret_error)
{
    *ret_error = (struct json_error){0};
    if (text.len > limits->bytes_max) {
        snprintf(ret_error->detail, sizeof ret_error->detail, "is over %zu bytes",
                 limits->bytes_max);
        return STATUS_TOO_LARGE;
    }
    enum status status = json_scan_limits(text, limits, ret_error);
    if (status != OK)
        return status;
    json_error_t cause;
    json_t *root = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &cause);
    if (!root)
        return not_json(ret_error, &cause);
    struct decoder decoder = {.arena = arena, .error = ret_error};
    if (json_is_object(root))
        status = decode_object(&decoder, root, text, descriptor, ret);
    else
        status = refuse(&decoder, "must be an object");
    json_decref(root);
    return status;
}

static bool text_to_integer(struct bytes text, json_int_t *ret)
{
    char copy[24];
    char *end;
    if (text.len == 0 || text.len >= sizeof copy)
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    if (!isdigit((unsigned char)copy[0]) && copy[0] != '-')
        return false;
    errno = 0;
    *ret = strtoll(copy, &end, 10);
    return errno == 0 && *end == '\0';
}

enum status json_set_field(ProtobufCMessage *message, struct bytes name, struct bytes text,
                           struct arena *arena, struct json_error *ret_error)
{
    *ret_error = (struct json_error){0};
    struct decoder decoder = {.arena = arena, .error = ret_error};
    struct field_name found;
    char *key = arena_text(arena, name);
    if (!key)
        return STATUS_RESOURCE_EXHAUSTED;
    pointer_push(&decoder, key);
    const ProtobufCFieldDescriptor *field = field_by_json_name(message->descriptor, name, &found);
    if (!field || field->label == PROTOBUF_C_LABEL_REPEATED ||
        field->type == PROTOBUF_C_TYPE_MESSAGE || found.form == FORM_VERBATIM)
        return refuse(&decoder, "is not a known parameter here");
    void *member = (uint8_t *)message + field->offset;
    if (!bytes_is_text(text))
        return refuse(&decoder, "is not UTF-8 text");
    if (field->type == PROTOBUF_C_TYPE_BOOL) {
        bool is_true = bytes_equal(text, bytes_text("true"));
        if (!is_true && !bytes_equal(text, bytes_text("false")))
            return refuse(&decoder, "must be true or false");
        *(protobuf_c_boolean *)member = is_true;
        return OK;
    }
    json_int_t number;
    if (found.form == FORM_PLAIN && field->type != PROTOBUF_C_TYPE_STRING &&
        field->type != PROTOBUF_C_TYPE_ENUM) {
        if (!text_to_integer(text, &number))
            return refuse(&decoder, "must be an integer");
        return set_integer(&decoder, field, found.form, number, member);
    }
    return set_text(&decoder, field, found.form, text, member);
}
