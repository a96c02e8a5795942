/* Field by field; messages inside an answer by reference, inside a request in place. Next: main.c
 */
#include "openapi_schema.h"

#include <ctype.h>
#include "json/json.h"
#include "json/names.h"

static void write_enum(const ProtobufCEnumDescriptor *descriptor, bool is_output, struct buf *out)
{
    bool is_first = true;
    buf_text(out, is_output ? "{\"enum\":[null" : "{\"type\":\"string\",\"enum\":[");
    for (unsigned i = 0; i < descriptor->n_values; i++) {
        const char *stem = enum_value_stem(descriptor, descriptor->values[i].name);
        if (descriptor->values[i].value == 0)
            continue;
        buf_text(out, is_first && !is_output ? "\"" : ",\"");
        for (const char *c = stem; *c; c++)
            buf_printf(out, "%c", tolower((unsigned char)*c));
        buf_text(out, "\"");
        is_first = false;
    }
    buf_text(out, "]}");
}

static void write_string(const char *more, bool may_be_null, struct buf *out)
{
    buf_printf(out, "{\"type\":%s%s}", may_be_null ? "[\"string\",\"null\"]" : "\"string\"", more);
}

static void write_number(const char *format, struct buf *out)
{
    buf_printf(out, "{\"type\":\"integer\",\"format\":\"%s\"}", format);
}

static void write_bytes(enum field_form form, bool is_output, struct buf *out)
{
    if (form == FORM_VERBATIM)
        buf_text(out, "{}");
    else if (form == FORM_HEX)
        write_string(",\"pattern\":\"^[0-9a-f]*$\"", is_output, out);
    else
        write_string(",\"format\":\"uuid\"", is_output && form == FORM_UUID, out);
}

static void write_scalar(const ProtobufCFieldDescriptor *field, bool is_output, struct buf *out)
{
    struct field_name name = field_name_of(field);
    switch (field->type) {
    case PROTOBUF_C_TYPE_ENUM:
        write_enum(field->descriptor, is_output, out);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        buf_text(out, "{\"type\":\"boolean\"}");
        break;
    case PROTOBUF_C_TYPE_STRING:
        write_string("", is_output && strcmp(field->name, "next") == 0, out);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        write_bytes(name.form, is_output, out);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_INT32:
        write_number("int32", out);
        break;
    default: /* another's enum; the rest are 64-bit integers and times */
        if (name.form == FORM_TIME)
            write_string(",\"format\":\"date-time\"", is_output, out);
        else
            write_number("int64", out);
    }
}

static bool skip_nothing(const void *data, const ProtobufCFieldDescriptor *field)
{
    (void)data;
    (void)field;
    return false;
}

void schema_write_field(const ProtobufCFieldDescriptor *field, bool is_output, struct buf *out)
{
    bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED;
    buf_text(out, is_list ? "{\"type\":\"array\",\"items\":" : "");
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        schema_write_input(field->descriptor, skip_nothing, NULL, out);
    else
        write_scalar(field, is_output, out);
    buf_text(out, is_list ? "}" : "");
}

static void write_name(const struct field_name *name, bool *is_first, struct buf *out)
{
    buf_text(out, *is_first ? "" : ",");
    json_write_string(name->text, out);
    buf_text(out, ":");
    *is_first = false;
}

void schema_write_input(const ProtobufCMessageDescriptor *message,
                        bool (*skip)(const void *data, const ProtobufCFieldDescriptor *field),
                        const void *data, struct buf *out)
{
    bool is_first = true;
    buf_text(out, "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
    for (unsigned i = 0; i < message->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->fields[i];
        struct field_name name = field_name_of(field);
        if (name.form == FORM_HIDDEN || name.inner_only || skip(data, field))
            continue;
        write_name(&name, &is_first, out);
        schema_write_field(field, false, out);
    }
    buf_text(out, "}}");
}

void schema_write_reference(const ProtobufCMessageDescriptor *message, struct schema_list *list,
                            struct buf *out)
{
    bool is_known = false;
    for (size_t i = 0; i < list->count; i++)
        is_known = is_known || list->messages[i] == message;
    if (!is_known && list->count < SCHEMAS_MAX)
        list->messages[list->count++] = message;
    buf_printf(out, "{\"$ref\":\"#/components/schemas/%s\"}", message->name);
}

static void write_output(const ProtobufCMessageDescriptor *message, struct schema_list *list,
                         struct buf *out)
{
    bool is_first = true;
    buf_text(out, "{\"type\":\"object\",\"properties\":{");
    for (unsigned i = 0; i < message->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->fields[i];
        struct field_name name = field_name_of(field);
        bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED;
        if (name.form == FORM_HIDDEN || name.inner_only)
            continue;
        write_name(&name, &is_first, out);
        if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
            schema_write_field(field, true, out);
            continue;
        }
        buf_text(out, is_list ? "{\"type\":\"array\",\"items\":" : "");
        schema_write_reference(field->descriptor, list, out);
        buf_text(out, is_list ? "}" : "");
    }
    buf_text(out, "}}");
}

void schema_write_all(struct schema_list *list, struct buf *out)
{
    /* The list grows while it is walked: messages inside messages. */
    for (size_t i = 0; i < list->count; i++) {
        buf_printf(out, ",\"%s\":", list->messages[i]->name);
        write_output(list->messages[i], list, out);
    }
}
