/* Token and role early, so that a refusal costs no service anything; the services check again.
 *
 * Next: rpc.h
 */
#include "dispatch.h"

#include <stdio.h>
#include <strings.h>
#include "core/limits.h"
#include "flows.h"
#include "json/json.h"
#include "quota.h"
#include "revocation.h"
#include "routes.h"
#include "static.h"

static void fail_field(struct exchange *exchange, const struct json_error *error)
{
    const struct problem_field field = {error->pointer, error->detail};
    exchange_answer_problem(
        exchange,
        &(struct problem){.status = STATUS_VALIDATION_FAILED, .fields = &field, .field_count = 1},
        0);
}

static void answer_not_allowed(struct exchange *exchange, unsigned allowed)
{
    char list[80] = "";
    for (unsigned bit = HTTP_GET; bit <= HTTP_DELETE; bit <<= 1) {
        if (allowed & bit) {
            strcat(list, list[0] ? ", " : "");
            strcat(list, http_method_text((enum http_method)bit));
        }
    }
    count(COUNT_REFUSED_METHOD);
    exchange_add_header(exchange, "Allow: %s", list);
    exchange_fail(exchange, STATUS_METHOD_NOT_ALLOWED, NULL);
}

/* Not a path of the table: the frontend's, or nobody's. */
static void answer_other_path(struct exchange *exchange, unsigned allowed)
{
    const struct head *head = exchange->head;
    bool is_read = head->method == HTTP_GET || head->method == HTTP_HEAD;
    if (allowed)
        answer_not_allowed(exchange, allowed);
    else if (is_read && !route_is_api_path(head->path))
        static_answer(exchange);
    else if (!route_is_api_path(head->path))
        answer_not_allowed(exchange, HTTP_GET | HTTP_HEAD);
    else
        exchange_fail(exchange, STATUS_NOT_FOUND, "no such path");
}

static bool check_token(struct exchange *exchange)
{
    struct bytes token = guard_bearer(exchange->head);
    enum status status = STATUS_INVALID_TOKEN;
    if (token.len > 0)
        status = token_verify(exchange->gateway->verifier, token, TOKEN_ACCESS, &exchange->who);
    if (status == OK && revocation_has(&exchange->who.session))
        status = STATUS_INVALID_TOKEN;
    if (status != OK) {
        count(COUNT_REFUSED_TOKEN);
        exchange_fail(exchange, status, NULL);
        return false;
    }
    if (!(exchange->route->roles & ROLE_BIT(exchange->who.role))) {
        count(COUNT_REFUSED_ROLE);
        exchange_fail(exchange, STATUS_FORBIDDEN, NULL);
        return false;
    }
    exchange->token = token;
    return true;
}

static bool is_json_type(const char *type)
{
    static const char json[] = "application/json";
    size_t len = sizeof json - 1;
    return type && strncasecmp(type, json, len) == 0 &&
           (type[len] == '\0' || type[len] == ';' || type[len] == ' ');
}

/* `body_left` is still the whole body's length. */
static bool takes_json(const struct exchange *exchange)
{
    enum route_body body = exchange->route->body;
    return body == BODY_JSON || (body == BODY_OPTIONAL && exchange->body_left > 0);
}

static void check_body(struct exchange *exchange)
{
    const struct route *route = exchange->route;
    const struct head *head = exchange->head;
    if (exchange->body_left > route->body_max) {
        count(COUNT_REFUSED_TOO_LARGE);
        exchange_fail(exchange, STATUS_TOO_LARGE, NULL);
    } else if (takes_json(exchange) && !is_json_type(head->content_type)) {
        count(COUNT_REFUSED_MEDIA);
        exchange_fail(exchange, STATUS_UNSUPPORTED_MEDIA, "this path takes application/json");
    } else if (route->body == BODY_RAW && head->content_type &&
               strncasecmp(head->content_type, "multipart/", 10) == 0) {
        count(COUNT_REFUSED_MEDIA);
        exchange_fail(exchange, STATUS_UNSUPPORTED_MEDIA,
                      "send the bytes of the file as the body, not a form");
    }
}

void dispatch_begin(struct exchange *exchange)
{
    const struct head *head = exchange->head;
    unsigned allowed = 0;
    if (!guard_origin_is_allowed(head, exchange->gateway->settings->public_origins)) {
        count(COUNT_REFUSED_ORIGIN);
        exchange_fail(exchange, STATUS_FORBIDDEN, "pages of this origin may not call");
        return;
    }
    exchange->route = route_find(head->method, head->path, exchange->captures, &allowed);
    if (!exchange->route)
        answer_other_path(exchange, allowed);
    else if (exchange->route->roles == 0 || check_token(exchange))
        check_body(exchange);
}

/* Members that the path gives may not stand in the body as well. */
static bool is_set(const ProtobufCMessage *message, struct bytes name)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (!bytes_equal(bytes_text(field->name), name) ||
            field->label == PROTOBUF_C_LABEL_REPEATED)
            continue;
        const void *value = (const uint8_t *)message + field->offset;
        if (field->type == PROTOBUF_C_TYPE_BYTES)
            return ((const ProtobufCBinaryData *)value)->len > 0;
        return field->type == PROTOBUF_C_TYPE_INT64 && *(const int64_t *)value != 0;
    }
    return false;
}

static bool fill_captures(struct exchange *exchange, ProtobufCMessage *request)
{
    struct json_error error = {0};
    for (size_t i = 0; i < EXCHANGE_CAPTURES_MAX; i++) {
        struct bytes name = route_capture_name(exchange->route, i);
        if (name.len == 0)
            break;
        if (is_set(request, name)) {
            snprintf(error.pointer, sizeof error.pointer, "/%.*s", (int)name.len,
                     (const char *)name.data);
            strcpy(error.detail, "comes from the path");
            fail_field(exchange, &error);
            return false;
        }
        if (json_set_field(request, name, exchange->captures[i], exchange->arena, &error) != OK) {
            exchange_fail(exchange, STATUS_NOT_FOUND, NULL);
            return false;
        }
    }
    return true;
}

/* A limit of 0 would read as absent in the message; the services refuse what is over their most. */
static enum status check_limit(const struct head_param *param, struct json_error *error)
{
    bool is_zero = param->value.len > 0;
    for (size_t i = 0; i < param->value.len; i++)
        is_zero = is_zero && param->value.data[i] == '0';
    if (!is_zero || !bytes_equal(param->name, bytes_text("limit")))
        return OK;
    *error = (struct json_error){.pointer = "/limit", .detail = "must be at least 1"};
    return STATUS_VALIDATION_FAILED;
}

static bool fill_params(struct exchange *exchange, ProtobufCMessage *request)
{
    const struct head *head = exchange->head;
    struct json_error error = {0};
    for (size_t i = 0; i < head->param_count; i++) {
        const struct head_param *param = &head->params[i];
        enum status status = check_limit(param, &error);
        if (status == OK)
            status = json_set_field(request, param->name, param->value, exchange->arena, &error);
        if (status == STATUS_VALIDATION_FAILED)
            fail_field(exchange, &error);
        else if (status != OK)
            exchange_fail(exchange, status, NULL);
        if (status != OK)
            return false;
    }
    return true;
}

/* The request message from body, query and path; NULL: answered. */
static ProtobufCMessage *make_request(struct exchange *exchange, const struct rpc *rpc)
{
    const ProtobufCMessageDescriptor *descriptor = rpc->method->input;
    ProtobufCMessage *request = NULL;
    struct json_error error = {0};
    enum status status = OK;
    enum route_body kind = exchange->route->body;
    if (kind == BODY_JSON || (kind == BODY_OPTIONAL && exchange->body.len > 0)) {
        status = json_to_message(buf_bytes(&exchange->body), &json_limits_default, descriptor,
                                 exchange->arena, &request, &error);
    } else {
        request = arena_alloc(exchange->arena, descriptor->sizeof_message);
        if (request)
            protobuf_c_message_init(descriptor, request);
        else
            status = STATUS_RESOURCE_EXHAUSTED;
    }
    if (status == STATUS_VALIDATION_FAILED)
        fail_field(exchange, &error);
    else if (status != OK)
        exchange_fail(exchange, status, error.detail);
    if (status == STATUS_INVALID)
        count(COUNT_REFUSED_BODY);
    if (status != OK || !fill_params(exchange, request) || !fill_captures(exchange, request))
        return NULL;
    return request;
}

void dispatch_run(struct exchange *exchange)
{
    const struct route *route = exchange->route;
    struct rpc rpc;
    ProtobufCMessage *request = NULL;
    if (exchange->body.failed) {
        exchange_fail(exchange, STATUS_RESOURCE_EXHAUSTED, NULL);
        return;
    }
    if (!quota_admits_request(exchange))
        return;
    if (route->service) {
        if (!rpc_find(route->service, route->rpc, &rpc)) {
            exchange_fail(exchange, STATUS_UNIMPLEMENTED, NULL);
            return;
        }
        request = make_request(exchange, &rpc);
        if (!request)
            return;
    }
    if (route->run)
        route->run(exchange, request);
    else
        dispatch_call(exchange, request, NULL);
}

static void on_reply(void *data, const struct bus_reply *reply)
{
    struct exchange *exchange = data;
    exchange->call = 0;
    dispatch_answer(exchange, reply);
}

static struct bytes shard_key_of(const struct route *route, const ProtobufCMessage *request)
{
    const ProtobufCFieldDescriptor *field =
        route->shard
            ? protobuf_c_message_descriptor_get_field_by_name(request->descriptor, route->shard)
            : NULL;
    if (!field || field->type != PROTOBUF_C_TYPE_BYTES)
        return (struct bytes){0};
    const void *value = (const uint8_t *)request + field->offset;
    const ProtobufCBinaryData *data = value;
    return bytes_of(data->data, data->len);
}

void dispatch_call(struct exchange *exchange, const ProtobufCMessage *request,
                   void (*done)(void *exchange, const struct bus_reply *reply))
{
    const struct route *route = exchange->route;
    struct rpc rpc;
    if (!rpc_find(route->service, route->rpc, &rpc)) {
        exchange_fail(exchange, STATUS_UNIMPLEMENTED, NULL);
        return;
    }
    const struct rpc_call call = {.rpc = &rpc,
                                  .request = request,
                                  .token = exchange->token,
                                  .shard_key = shard_key_of(route, request),
                                  .traceparent = exchange->traceparent,
                                  .timeout_ms = route->timeout_ms};
    if (!rpc_start(exchange->gateway, &call, done ? done : on_reply, exchange, &exchange->call))
        exchange_fail(exchange, STATUS_TOO_LARGE, NULL);
}

ProtobufCMessage *dispatch_open_reply(struct exchange *exchange, const struct bus_reply *reply)
{
    struct rpc rpc;
    if (reply->status != OK) {
        exchange_answer_reply(exchange, reply);
        return NULL;
    }
    ProtobufCMessage *message = NULL;
    if (rpc_find(exchange->route->service, exchange->route->rpc, &rpc))
        message = rpc_unpack(&rpc, reply->payload, exchange->arena);
    if (!message)
        exchange_fail(exchange, STATUS_INTERNAL, NULL);
    return message;
}

/* A sub-message by the name of its field; NULL: not there. */
static const ProtobufCMessage *member_of(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    if (!field || field->type != PROTOBUF_C_TYPE_MESSAGE)
        return NULL;
    const void *value = (const uint8_t *)message + field->offset;
    return *(ProtobufCMessage *const *)value;
}

/* A repeated post says 200 where a new one says 201. */
static int success_of(const struct route *route, const ProtobufCMessage *reply)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(reply->descriptor, "repeated_post");
    if (!field)
        return route->success;
    const void *value = (const uint8_t *)reply + field->offset;
    return *(const protobuf_c_boolean *)value ? 200 : route->success;
}

void dispatch_answer(struct exchange *exchange, const struct bus_reply *reply)
{
    const struct route *route = exchange->route;
    const ProtobufCMessage *message = dispatch_open_reply(exchange, reply);
    if (!message)
        return;
    int success = success_of(route, message);
    if (success == 204) {
        exchange_answer(exchange, &(struct answer){.http_status = success});
        return;
    }
    const ProtobufCMessage *body = route->member ? member_of(message, route->member) : message;
    if (!body) {
        exchange_fail(exchange, STATUS_INTERNAL, NULL);
        return;
    }
    json_from_message(body, &exchange->answer_body);
    if (exchange->answer_body.failed) {
        exchange_fail(exchange, STATUS_RESOURCE_EXHAUSTED, NULL);
        return;
    }
    exchange_answer(exchange, &(struct answer){.http_status = success,
                                               .content_type = "application/json",
                                               .body = buf_bytes(&exchange->answer_body)});
}

void dispatch_abandon(struct exchange *exchange)
{
    if (exchange->call)
        bus_cancel(exchange->gateway->bus, exchange->call);
    exchange->call = 0;
    if (exchange->flow)
        flow_abandon(exchange->flow);
    exchange->flow = NULL;
}
