/* How a protobuf field looks in JSON: its name and form, by the suffix rules of json.h.
 *
 * For lib/json, and for the OpenAPI document, which has to say the same. Next: decode.c
 */
#ifndef WARDROOM_JSON_NAMES_H
#define WARDROOM_JSON_NAMES_H

#include <protobuf-c/protobuf-c.h>
#include "core/bytes.h"

enum field_form {
    FORM_PLAIN,
    FORM_VERBATIM, /* JSON passed as bytes */
    FORM_TIME,     /* microseconds, RFC 3339 outside */
    FORM_UUID,
    FORM_UUIDS,
    FORM_HEX,
    FORM_HIDDEN    /* set_fields: neither read nor printed */
};

struct field_name {
    struct bytes text; /* borrowed from the descriptor */
    enum field_form form;
    bool inner_only;   /* `_filled`: never read from JSON */
};

struct field_name field_name_of(const ProtobufCFieldDescriptor *field);
/* The field with this JSON name; NULL: none that JSON may name. */
const ProtobufCFieldDescriptor *field_by_json_name(const ProtobufCMessageDescriptor *descriptor,
                                                   struct bytes name, struct field_name *ret_name);
/* "THREAD_STATUS_OPEN" of enum ThreadStatus -> where "OPEN" starts. */
const char *enum_value_stem(const ProtobufCEnumDescriptor *descriptor, const char *value_name);

#endif
