/* protobuf -> JSON by descriptor. The hot path of every delivered event: appends straight to the
 * buffer, no tree in between. Recursion follows the schema, which has no cycles.
 *
 * Next: decode.c
 */
#include "json/json.h"

#include <ctype.h>
#include <math.h>
#include "core/clock.h"
#include "core/ids.h"
#include "json/names.h"

static const char hex_digits[] = "0123456789abcdef";

/* Characters that stand for themselves inside a JSON string. */
static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
}

static void write_escaped(uint8_t c, struct buf *out)
{
    switch (c) {
    case '"':
        buf_append(out, "\\\"", 2);
        break;
    case '\\':
        buf_append(out, "\\\\", 2);
        break;
    case '\n':
        buf_append(out, "\\n", 2);
        break;
    case '\r':
        buf_append(out, "\\r", 2);
        break;
    case '\t':
        buf_append(out, "\\t", 2);
        break;
    default: {
        char text[6] = {'\\', 'u', '0', '0', hex_digits[c >> 4], hex_digits[c & 15]};
        buf_append(out, text, 6);
    }
    }
}

/* Length of the well-formed UTF-8 sequence at the start of `in`, 0: none (RFC 3629). */
static size_t utf8_length(struct bytes in)
{
    uint8_t first = in.data[0];
    size_t len = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3
                 : first < 0xf5 ? 4 : 0;
    if (len == 0 || len > in.len)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((in.data[i] & 0xc0) != 0x80)
            return 0;
    }
    bool is_overlong = (first == 0xe0 && in.data[1] < 0xa0) || (first == 0xf0 && in.data[1] < 0x90);
    bool is_outside = (first == 0xed && in.data[1] > 0x9f) || (first == 0xf4 && in.data[1] > 0x8f);
    return is_overlong || is_outside ? 0 : len;
}

void json_write_string(struct bytes text, struct buf *out)
{
    buf_append(out, "\"", 1);
    size_t start = 0, i = 0;
    while (i < text.len) {
        uint8_t c = text.data[i];
        if (c < 0x80 && is_plain(c)) {
            i++;
            continue;
        }
        size_t len = c < 0x80 ? 0 : utf8_length(bytes_of(text.data + i, text.len - i));
        if (len > 0) {
            i += len;
            continue;
        }
        buf_append(out, text.data + start, i - start);
        if (c < 0x80)
            write_escaped(c, out);
        else
            buf_append(out, "\xef\xbf\xbd", 3);
        start = ++i;
    }
    buf_append(out, text.data + start, text.len - start);
    buf_append(out, "\"", 1);
}

static void write_number(int64_t number, struct buf *out)
{
    char text[24];
    size_t at = sizeof text;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        text[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        text[--at] = '-';
    buf_append(out, text + at, sizeof text - at);
}

static void write_bytes(struct bytes value, enum field_form form, struct buf *out)
{
    struct uuid id;
    if (value.len == 0) {
        buf_append(out, "null", 4);
    } else if (form == FORM_VERBATIM) {
        buf_append(out, value.data, value.len);
    } else if ((form == FORM_UUID || form == FORM_UUIDS) && uuid_from_bytes(value, &id)) {
        char text[UUID_TEXT_SIZE + 2];
        text[0] = '"';
        uuid_format(&id, text + 1);
        text[UUID_TEXT_SIZE] = '"';
        buf_append(out, text, UUID_TEXT_SIZE + 1);
    } else {
        uint8_t *room = buf_reserve(out, 2 * value.len + 2);
        if (!room)
            return;
        *room++ = '"';
        for (size_t i = 0; i < value.len; i++) {
            *room++ = (uint8_t)hex_digits[value.data[i] >> 4];
            *room++ = (uint8_t)hex_digits[value.data[i] & 15];
        }
        *room = '"';
        out->len += 2 * value.len + 2;
    }
}

static void write_enum(const ProtobufCEnumDescriptor *descriptor, int number, struct buf *out)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(descriptor, number);
    if (number == 0 || !value) {
        buf_append(out, "null", 4);
        return;
    }
    char text[64] = "\"";
    size_t len = 1;
    for (const char *c = enum_value_stem(descriptor, value->name); *c && len < 62; c++)
        text[len++] = (char)tolower((unsigned char)*c);
    text[len++] = '"';
    buf_append(out, text, len);
}

static void write_time(int64_t at_us, struct buf *out)
{
    if (at_us == 0) {
        buf_append(out, "null", 4);
        return;
    }
    char text[RFC3339_SIZE + 2] = "\"";
    clock_format(at_us, text + 1);
    text[RFC3339_SIZE] = '"';
    buf_append(out, text, RFC3339_SIZE + 1);
}

static void write_real(double value, struct buf *out)
{
    if (isfinite(value))
        buf_printf(out, "%.17g", value);
    else
        buf_append(out, "null", 4);
}

static void write_value(const ProtobufCFieldDescriptor *field, enum field_form form,
                        const void *member, struct buf *out)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        write_number(*(const int32_t *)member, out);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        write_number(*(const uint32_t *)member, out);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        if (form == FORM_TIME)
            write_time(*(const int64_t *)member, out);
        else
            write_number(*(const int64_t *)member, out);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        buf_printf(out, "%llu", *(const unsigned long long *)member);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        write_real(*(const float *)member, out);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        write_real(*(const double *)member, out);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        buf_text(out, *(const protobuf_c_boolean *)member ? "true" : "false");
        break;
    case PROTOBUF_C_TYPE_ENUM:
        write_enum(field->descriptor, *(const int *)member, out);
        break;
    case PROTOBUF_C_TYPE_STRING: {
        const char *text = *(char *const *)member;
        bool is_end_of_list = (!text || !text[0]) && strcmp(field->name, "next") == 0;
        if (is_end_of_list)
            buf_append(out, "null", 4);
        else
            json_write_string(bytes_text(text ? text : ""), out);
        break;
    }
    case PROTOBUF_C_TYPE_BYTES: {
        const ProtobufCBinaryData *data = member;
        write_bytes(bytes_of(data->data, data->len), form, out);
        break;
    }
    case PROTOBUF_C_TYPE_MESSAGE:
        json_from_message(*(ProtobufCMessage *const *)member, out);
        break;
    }
}

static size_t element_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_ENUM:
        return 4;
    }
    return 4;
}

static void write_array(const ProtobufCFieldDescriptor *field, enum field_form form,
                        const uint8_t *base, struct buf *out)
{
    size_t count = *(const size_t *)(base + field->quantifier_offset);
    const uint8_t *items = *(uint8_t *const *)(base + field->offset);
    buf_append(out, "[", 1);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_append(out, ",", 1);
        write_value(field, form, items + i * element_size(field->type), out);
    }
    buf_append(out, "]", 1);
}

/* Is this member left out of the object? (json.h: printing what is absent) */
static bool is_left_out(const ProtobufCFieldDescriptor *field, const struct field_name *name,
                        const uint8_t *base)
{
    const void *member = base + field->offset;
    if (name->form == FORM_HIDDEN || name->inner_only)
        return true;
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        return *(const uint32_t *)(base + field->quantifier_offset) != field->id;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return false;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return *(void *const *)member == NULL;
    if (name->form == FORM_VERBATIM)
        return ((const ProtobufCBinaryData *)member)->len == 0;
    bool is_reference = bytes_equal(name->text, bytes_text("reply_to")) ||
                        bytes_equal(name->text, bytes_text("corrects"));
    return field->type == PROTOBUF_C_TYPE_INT64 && is_reference && *(const int64_t *)member == 0;
}

void json_from_message(const ProtobufCMessage *message, struct buf *out)
{
    const uint8_t *base = (const uint8_t *)message;
    bool is_first = true;
    buf_append(out, "{", 1);
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        struct field_name name = field_name_of(field);
        if (is_left_out(field, &name, base))
            continue;
        buf_append(out, is_first ? "\"" : ",\"", is_first ? 1 : 2);
        buf_append(out, name.text.data, name.text.len);
        buf_append(out, "\":", 2);
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            write_array(field, name.form, base, out);
        else
            write_value(field, name.form, base + field->offset, out);
        is_first = false;
    }
    buf_append(out, "}", 1);
}
