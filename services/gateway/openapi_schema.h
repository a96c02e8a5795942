/* A protobuf message as a JSON Schema, by the rules of lib/json. Next: main.c */
#ifndef WARDROOM_GATEWAY_OPENAPI_SCHEMA_H
#define WARDROOM_GATEWAY_OPENAPI_SCHEMA_H

#include <protobuf-c/protobuf-c.h>
#include "core/bytes.h"

#define SCHEMAS_MAX 128

/* The messages that have been referred to, to be written once each. */
struct schema_list {
    const ProtobufCMessageDescriptor *messages[SCHEMAS_MAX];
    size_t count;
};

/* The schema of one field; `is_output`: what is absent is printed as null. */
void schema_write_field(const ProtobufCFieldDescriptor *field, bool is_output, struct buf *out);
/* An object with the fields that JSON may name, but those that `skip` names. */
void schema_write_input(const ProtobufCMessageDescriptor *message,
                        bool (*skip)(const void *data, const ProtobufCFieldDescriptor *field),
                        const void *data, struct buf *out);
/* {"$ref": ...}, and remember it. */
void schema_write_reference(const ProtobufCMessageDescriptor *message, struct schema_list *list,
                            struct buf *out);
/* `,"package.Message":{...}` for everything that was referred to, directly or not. */
void schema_write_all(struct schema_list *list, struct buf *out);

#endif
