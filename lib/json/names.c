/* Field names and forms by suffix. Pure; called for every member that is read or printed, so it
 * compares a few bytes and allocates nothing. Next: scan.c
 */
#include "json/names.h"

#include <ctype.h>

static bool has_suffix(const char *name, size_t len, const char *suffix, size_t suffix_len)
{
    return len > suffix_len && memcmp(name + len - suffix_len, suffix, suffix_len) == 0;
}

static enum field_form bytes_form(const char *name, size_t *len, bool repeated)
{
    if (has_suffix(name, *len, "_json", 5)) {
        *len -= 5;
        return FORM_VERBATIM;
    }
    if (repeated && has_suffix(name, *len, "_uuids", 6)) {
        *len -= 6;
        return FORM_UUIDS;
    }
    if (strcmp(name, "id") == 0 || has_suffix(name, *len, "_id", 3))
        return FORM_UUID;
    return FORM_HEX; /* hash, x_hash, sha256 */
}

struct field_name field_name_of(const ProtobufCFieldDescriptor *field)
{
    size_t len = strlen(field->name);
    struct field_name name = {.form = FORM_PLAIN};
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    if (has_suffix(field->name, len, "_filled", 7)) {
        len -= 7;
        name.inner_only = true;
    }
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        name.form = bytes_form(field->name, &len, repeated);
    } else if (field->type == PROTOBUF_C_TYPE_INT64 && has_suffix(field->name, len, "_us", 3)) {
        len -= 3;
        name.form = FORM_TIME;
    } else if (repeated && strcmp(field->name, "set_fields") == 0) {
        name.form = FORM_HIDDEN;
    }
    name.text = bytes_of(field->name, len);
    return name;
}

const ProtobufCFieldDescriptor *field_by_json_name(const ProtobufCMessageDescriptor *descriptor,
                                                   struct bytes name, struct field_name *ret_name)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        if (name.len == 0 || memcmp(field->name, name.data, 1) != 0)
            continue;
        struct field_name candidate = field_name_of(field);
        if (candidate.form == FORM_HIDDEN || candidate.inner_only ||
            !bytes_equal(candidate.text, name))
            continue;
        *ret_name = candidate;
        return field;
    }
    return NULL;
}

const char *enum_value_stem(const ProtobufCEnumDescriptor *descriptor, const char *value_name)
{
    size_t prefix = 1; /* the underscore at its end */
    for (const char *c = descriptor->short_name; *c; c++)
        prefix += 1 + (c != descriptor->short_name && isupper((unsigned char)*c));
    return strlen(value_name) > prefix ? value_name + prefix : value_name;
}
