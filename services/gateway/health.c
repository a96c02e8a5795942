/* Ready: auth and threads have a live replica and Redis is connected. Next: openapi.h */
#include "health.h"

#include <stdio.h>
#include <stdlib.h>

#define KEYS_BYTES_MAX (64 * 1024)

void health_look(struct gateway *gateway)
{
    gateway->is_auth_alive = bus_client_alive(gateway->bus, "auth") > 0;
    gateway->is_threads_alive = bus_client_alive(gateway->bus, "threads") > 0;
    gateway->is_channel_alive = subscriber_connected(gateway->channel);
}

bool gateway_is_ready(const struct gateway *gateway)
{
    return gateway->is_auth_alive && gateway->is_threads_alive && gateway->is_channel_alive &&
           !gateway->is_stopping;
}

bool health_ops_ready(void *data, const char **why)
{
    const struct gateway *gateway = data;
    if (!gateway->is_auth_alive)
        *why = "no replica of auth answers";
    else if (!gateway->is_threads_alive)
        *why = "no replica of threads answers";
    else if (!gateway->is_channel_alive)
        *why = "Redis is not connected";
    else
        return true;
    return false;
}

static void answer_json(struct exchange *exchange, int http_status)
{
    exchange_answer(exchange, &(struct answer){.http_status = http_status,
                                               .content_type = "application/json",
                                               .body = buf_bytes(&exchange->answer_body)});
}

void health_live(struct exchange *exchange, ProtobufCMessage *request)
{
    (void)request;
    buf_printf(&exchange->answer_body, "{\"status\":\"alive\",\"version\":\"%s\"}",
               WARDROOM_VERSION);
    answer_json(exchange, 200);
}

static void write_part(struct buf *out, const char *name, unsigned alive)
{
    buf_printf(out, ",\"%s\":{\"ready\":%s,\"replicas\":%u}", name, alive > 0 ? "true" : "false",
               alive);
}

void health_ready(struct exchange *exchange, ProtobufCMessage *request)
{
    static const char *const services[] = {"auth", "threads", "templates", "files", "retention"};
    struct gateway *gateway = exchange->gateway;
    struct buf *out = &exchange->answer_body;
    (void)request;
    health_look(gateway);
    bool is_ready = gateway_is_ready(gateway);
    buf_printf(out, "{\"ready\":%s,\"version\":\"%s\",\"region\":\"%s\",\"parts\":{",
               is_ready ? "true" : "false", WARDROOM_VERSION, gateway->settings->region);
    buf_printf(out, "\"redis\":{\"ready\":%s}", gateway->is_channel_alive ? "true" : "false");
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        write_part(out, services[i], bus_client_alive(gateway->bus, services[i]));
    buf_text(out, "}}");
    if (!is_ready) {
        exchange_add_header(exchange, "Retry-After: 1");
        buf_append(&exchange->answer_headers, "", 1);
    }
    exchange_answer(exchange,
                    &(struct answer){.http_status = is_ready ? 200 : 503,
                                     .content_type = "application/json",
                                     .body = buf_bytes(out),
                                     .headers = (const char *)exchange->answer_headers.data});
}

void health_keys(struct exchange *exchange, ProtobufCMessage *request)
{
    char path[4096];
    (void)request;
    snprintf(path, sizeof path, "%s/jwks.json", exchange->gateway->settings->trust_dir);
    FILE *file = fopen(path, "re");
    uint8_t *room = file ? buf_reserve(&exchange->answer_body, KEYS_BYTES_MAX) : NULL;
    size_t len = room ? fread(room, 1, KEYS_BYTES_MAX, file) : 0;
    if (file)
        fclose(file);
    if (len == 0 || len == KEYS_BYTES_MAX) {
        exchange_fail(exchange, STATUS_UNAVAILABLE, "the keys cannot be read");
        return;
    }
    exchange->answer_body.len = len;
    exchange_answer(exchange, &(struct answer){.http_status = 200,
                                               .content_type = "application/json",
                                               .body = buf_bytes(&exchange->answer_body),
                                               .cache = "public, max-age=60"});
}
