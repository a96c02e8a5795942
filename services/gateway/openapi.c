/* Rows become paths, the messages they reach become schemas, each once; openapi_schema.c writes a
 * message. Next: openapi_schema.c
 */
#include "openapi.h"

#include <ctype.h>
#include "json/json.h"
#include "json/names.h"
#include "openapi_schema.h"
#include "routes.h"

static void write_text(struct buf *out, const char *text)
{
    json_write_string(bytes_text(text), out);
}

static bool is_captured(const struct route *route, const ProtobufCFieldDescriptor *field)
{
    for (size_t i = 0; i < EXCHANGE_CAPTURES_MAX; i++) {
        if (bytes_equal(route_capture_name(route, i), bytes_text(field->name)))
            return true;
    }
    return false;
}

static void write_parameter(struct buf *out, const char *where, struct bytes name,
                            const ProtobufCFieldDescriptor *field, bool *is_first)
{
    buf_text(out, *is_first ? "{\"name\":" : ",{\"name\":");
    json_write_string(name, out);
    buf_printf(out, ",\"in\":\"%s\"", where);
    if (strcmp(where, "path") == 0)
        buf_text(out, ",\"required\":true");
    buf_text(out, ",\"schema\":");
    schema_write_field(field, false, out);
    buf_text(out, "}");
    *is_first = false;
}

/* Of a stored file: the body itself and its Content-Type. */
static bool is_content(const ProtobufCFieldDescriptor *field)
{
    return strcmp(field->name, "content") == 0 || strcmp(field->name, "media_type") == 0;
}

/* What stands in the path, and, where no JSON body carries them, the other fields as a query. */
static void write_parameters(const struct route *route, const struct rpc *rpc, struct buf *out)
{
    const ProtobufCMessageDescriptor *input = rpc->method->input;
    bool is_first = true;
    buf_text(out, ",\"parameters\":[");
    for (unsigned i = 0; i < input->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &input->fields[i];
        struct field_name name = field_name_of(field);
        bool is_text = field->type != PROTOBUF_C_TYPE_MESSAGE && name.form != FORM_VERBATIM &&
                       field->label != PROTOBUF_C_LABEL_REPEATED;
        if (is_captured(route, field))
            write_parameter(out, "path", name.text, field, &is_first);
        else if (route->body != BODY_JSON && is_text && !name.inner_only &&
                 name.form != FORM_HIDDEN && !is_content(field))
            write_parameter(out, "query", name.text, field, &is_first);
    }
    buf_text(out, "]");
}

static bool skip_captured(const void *data, const ProtobufCFieldDescriptor *field)
{
    return is_captured(data, field);
}

static void write_body(const struct route *route, const struct rpc *rpc, struct buf *out)
{
    if (route->body == BODY_RAW) {
        buf_text(out,
                 ",\"requestBody\":{\"required\":true,\"content\":{\"application/octet-stream\":"
                 "{\"schema\":{\"type\":\"string\",\"format\":\"binary\"}}}}");
    } else if (route->body == BODY_JSON) {
        buf_text(out, ",\"requestBody\":{\"required\":true,\"content\":{\"application/json\":"
                      "{\"schema\":");
        schema_write_input(rpc->method->input, skip_captured, route, out);
        buf_text(out, "}}}");
    }
}

static const ProtobufCMessageDescriptor *output_of(const struct route *route, const struct rpc *rpc)
{
    const ProtobufCMessageDescriptor *output = rpc->method->output;
    if (!route->member)
        return output;
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(output, route->member);
    return field ? field->descriptor : output;
}

static void write_answers(const struct route *route, const struct rpc *rpc,
                          struct schema_list *schemas, struct buf *out)
{
    buf_printf(out, ",\"responses\":{\"%u\":{\"description\":\"done\"", route->success);
    if (rpc && route->success != 204 && strcmp(rpc->method->name, "Content") != 0) {
        buf_text(out, ",\"content\":{\"application/json\":{\"schema\":");
        schema_write_reference(output_of(route, rpc), schemas, out);
        buf_text(out, "}}");
    }
    buf_text(out, "},\"default\":{\"$ref\":\"#/components/responses/Problem\"}}");
}

static void write_security(const struct route *route, struct buf *out)
{
    bool is_first = true;
    buf_text(out, ",\"security\":[");
    if (route->roles) {
        buf_text(out, "{\"bearer\":[]}],\"x-roles\":[");
        for (int role = ROLE_MEMBER; role < ROLE_COUNT; role++) {
            if (!(route->roles & ROLE_BIT(role)))
                continue;
            buf_printf(out, "%s\"%s\"", is_first ? "" : ",", role_text((enum role)role));
            is_first = false;
        }
    }
    buf_text(out, "]");
}

static void write_method(const struct route *route, struct schema_list *schemas, struct buf *out)
{
    struct rpc rpc;
    bool has_rpc = route->service && rpc_find(route->service, route->rpc, &rpc);
    buf_text(out, "\"");
    for (const char *c = http_method_text(route->method); *c; c++)
        buf_printf(out, "%c", tolower((unsigned char)*c));
    buf_text(out, "\":{\"summary\":");
    write_text(out, route->summary);
    if (has_rpc)
        buf_printf(out, ",\"operationId\":\"%s.%s\",\"tags\":[\"%s\"]", route->service->package,
                   route->rpc, route->service->package);
    write_security(route, out);
    if (has_rpc) {
        write_parameters(route, &rpc, out);
        write_body(route, &rpc, out);
    }
    write_answers(route, has_rpc ? &rpc : NULL, schemas, out);
    buf_text(out, "}");
}

static bool stands_before(const struct route *route)
{
    for (const struct route *other = routes_all(); other < route; other++) {
        if (strcmp(other->path, route->path) == 0)
            return true;
    }
    return false;
}

static void write_paths(struct schema_list *schemas, struct buf *out)
{
    bool is_first = true;
    buf_text(out, "\"paths\":{");
    for (const struct route *route = routes_all(); route->path; route++) {
        if (stands_before(route))
            continue;
        buf_text(out, is_first ? "" : ",");
        write_text(out, route->path);
        buf_text(out, ":{");
        is_first = false;
        for (const struct route *other = route; other->path; other++) {
            if (strcmp(other->path, route->path) != 0)
                continue;
            buf_text(out, other == route ? "" : ",");
            write_method(other, schemas, out);
        }
        buf_text(out, "}");
    }
    buf_text(out, "}");
}

static const char problem_parts[] =
    "\"Problem\":{\"type\":\"object\",\"required\":[\"type\",\"title\",\"status\",\"detail\","
    "\"code\",\"request_id\",\"errors\"],\"properties\":{\"type\":{\"type\":\"string\"},"
    "\"title\":{\"type\":\"string\"},\"status\":{\"type\":\"integer\"},"
    "\"detail\":{\"type\":\"string\"},\"code\":{\"type\":\"string\"},"
    "\"request_id\":{\"type\":\"string\"},\"errors\":{\"type\":\"array\",\"items\":"
    "{\"type\":\"object\",\"properties\":{\"pointer\":{\"type\":\"string\"},"
    "\"detail\":{\"type\":\"string\"}}}}}}";

void openapi_write(struct buf *out)
{
    struct schema_list schemas = {0};
    buf_printf(out,
               "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Wardroom\",\"version\":\"%s\"},"
               "\"servers\":[{\"url\":\"/\"}],",
               WARDROOM_VERSION);
    write_paths(&schemas, out);
    buf_text(out, ",\"components\":{\"securitySchemes\":{\"bearer\":{\"type\":\"http\","
                  "\"scheme\":\"bearer\",\"bearerFormat\":\"JWT\"}},\"responses\":{\"Problem\":"
                  "{\"description\":\"RFC 9457\",\"content\":{\"application/problem+json\":"
                  "{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}}}},\"schemas\":{");
    buf_text(out, problem_parts);
    schema_write_all(&schemas, out);
    buf_text(out, "}}}");
}

void openapi_answer(struct exchange *exchange, ProtobufCMessage *request)
{
    static struct buf document; /* made once */
    (void)request;
    if (document.len == 0)
        openapi_write(&document);
    if (document.failed) {
        exchange_fail(exchange, STATUS_RESOURCE_EXHAUSTED, NULL);
        return;
    }
    exchange_answer(exchange, &(struct answer){.http_status = 200,
                                               .content_type = "application/json",
                                               .body = buf_bytes(&document),
                                               .cache = "no-cache"});
}
