/* The life of an exchange on its connection.
 *
 * Until it is answered and the peer has taken the answer, reading from the connection is off, and
 * front.c holds back what came of the next request. Next: dispatch.h
 */
#include "http.h"

#include <libwebsockets.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/log.h"
#include "counters.h"
#include "dispatch.h"
#include "front.h"
#include "routes.h"
#include "session.h"

#define BODY_GRACE_MS 5000  /* before a body has to keep up with BODY_RATE */
#define BODY_RATE     2048  /* bytes/s: below that it is no upload but a held connection */
#define BODY_LIMIT_MS 60000 /* 1 MiB at 17 kB/s */
#define LINGER_MS     2000  /* for the peer to read a refusal while it still sends */
#define FLUSH_MS      30000 /* for a slow peer to take an answer */

static void link_exchange(struct exchange *exchange)
{
    struct gateway *gateway = exchange->gateway;
    exchange->next = gateway->exchanges;
    if (exchange->next)
        exchange->next->previous = exchange;
    gateway->exchanges = exchange;
}

static void leave_list(struct exchange **list, const struct exchange *exchange)
{
    while (*list && *list != exchange)
        list = &(*list)->next_ready;
    if (*list)
        *list = exchange->next_ready;
}

static void unlink_exchange(struct exchange *exchange)
{
    struct gateway *gateway = exchange->gateway;
    if (exchange->previous)
        exchange->previous->next = exchange->next;
    else
        gateway->exchanges = exchange->next;
    if (exchange->next)
        exchange->next->previous = exchange->previous;
    leave_list(&gateway->ready_exchanges, exchange);
    leave_list(&gateway->flushing_exchanges, exchange);
}

static void name_exchange(struct exchange *exchange)
{
    struct uuid id = uuid_new();
    char hex[33];
    uuid_format(&id, exchange->id);
    hex_encode(uuid_bytes(&id), hex);
    snprintf(exchange->traceparent, sizeof exchange->traceparent, "00-%s-%.16s-01", hex, hex + 16);
}

/* NULL: out of memory. */
static struct exchange *exchange_new(struct gateway *gateway, struct lws *wsi)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    struct arena *arena = arena_new(REQUEST_ARENA_BYTES_MAX);
    const struct head *head = exchange && arena ? head_read(wsi, arena) : NULL;
    if (!head) {
        free(exchange);
        arena_free(arena);
        return NULL;
    }
    exchange->kind = OWNER_EXCHANGE;
    exchange->gateway = gateway;
    exchange->wsi = wsi;
    exchange->arena = arena;
    exchange->head = head;
    exchange->started_us = clock_monotonic_us();
    exchange->deadline_ms = gateway_now_ms(gateway) + BODY_LIMIT_MS;
    exchange->closes =
        gateway->is_stopping || !head->is_http_1_1 || guard_list_has(head->connection, "close");
    name_exchange(exchange);
    link_exchange(exchange);
    return exchange;
}

/* Let go of what the answer needed; the connection may still be flushing it. */
static void release_parts(struct exchange *exchange)
{
    buf_fini(&exchange->body);
    buf_fini(&exchange->answer_body);
    buf_fini(&exchange->answer_headers);
    arena_free(exchange->arena);
    exchange->arena = NULL;
    exchange->head = NULL;
}

static void exchange_free(struct exchange *exchange)
{
    dispatch_abandon(exchange);
    unlink_exchange(exchange);
    release_parts(exchange);
    free(exchange);
}

void http_on_gone(struct exchange *exchange)
{
    exchange_free(exchange);
}

/* Not from within a callback of this connection. */
static void end_connection(struct exchange *exchange)
{
    struct lws *wsi = exchange->wsi;
    lws_set_opaque_user_data(wsi, NULL);
    exchange_free(exchange);
    lws_set_timeout(wsi, PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_SYNC);
}

static void start_working(struct exchange *exchange)
{
    exchange->state = EXCHANGE_WORKING;
    dispatch_run(exchange);
}

int http_on_request(struct gateway *gateway, struct lws *wsi, struct refusal refusal)
{
    struct exchange *exchange = exchange_new(gateway, wsi);
    lws_set_opaque_user_data(wsi, exchange);
    if (!exchange)
        return -1;
    exchange->body_left = guard_body_len(exchange->head);
    if (refusal.status != OK)
        exchange_refuse(exchange, &refusal);
    else
        dispatch_begin(exchange);
    if (exchange->state == EXCHANGE_BODY && exchange->body_left == 0)
        start_working(exchange);
    if (exchange->state == EXCHANGE_BODY && exchange->head->expects_continue) {
        static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
        if (lws_write(wsi, (unsigned char *)(uintptr_t)go_on, sizeof go_on - 1,
                      LWS_WRITE_HTTP_HEADERS) < 0)
            return -1;
    }
    if (exchange->body_left == 0)
        lws_rx_flow_control(wsi, 0);
    return 0;
}

int http_on_body(struct lws *wsi, const void *data, size_t len)
{
    struct exchange *exchange = lws_get_opaque_user_data(wsi);
    if (!exchange)
        return -1;
    exchange->body_left -= len < exchange->body_left ? len : exchange->body_left;
    if (exchange->state == EXCHANGE_BODY)
        buf_append(&exchange->body, data, len);
    return 0;
}

int http_on_body_complete(struct lws *wsi)
{
    struct exchange *exchange = lws_get_opaque_user_data(wsi);
    if (!exchange || exchange->state == EXCHANGE_LINGERING)
        return -1;
    exchange->body_left = 0;
    if (exchange->state == EXCHANGE_BODY)
        start_working(exchange);
    lws_rx_flow_control(wsi, 0);
    return 0;
}

static void log_exchange(const struct exchange *exchange)
{
    int64_t took_us = clock_monotonic_us() - exchange->started_us;
    count(COUNT_REQUESTS);
    metric_observe_us(counter_metric(COUNT_REQUEST_TIME), took_us);
    log_event(exchange->answer.http_status >= 500 ? LOG_WARN : LOG_INFO, "request",
              {"id", LOG_S(exchange->id)},
              {"method", LOG_S(http_method_text(exchange->head->method))},
              {"route", LOG_S(exchange->route ? exchange->route->path : "")},
              {"status", LOG_I(exchange->answer.http_status)},
              {"bytes", LOG_I(exchange->answer.body.len)}, {"took_us", LOG_I(took_us)});
}

static void write_answer(struct exchange *exchange)
{
    CLEANUP(buf_fini) struct buf out = {0};
    struct lws *wsi = exchange->wsi;
    bool closes =
        exchange->closes || exchange->body_left > 0 || front_io_is_deaf(lws_get_socket_fd(wsi));
    answer_write(&exchange->answer, exchange->head->method == HTTP_HEAD, closes, exchange->id,
                 &out);
    log_exchange(exchange);
    if (out.failed || lws_write(wsi, out.data, out.len, LWS_WRITE_HTTP_FINAL) < 0) {
        end_connection(exchange);
    } else if (exchange->body_left > 0) {
        lws_rx_flow_control(wsi, 1);
        exchange->state = EXCHANGE_LINGERING;
        exchange->deadline_ms = gateway_now_ms(exchange->gateway) + LINGER_MS;
        release_parts(exchange);
    } else if (!closes && lws_http_transaction_completed(wsi)) {
        end_connection(exchange);
    } else {
        exchange->closes = closes;
        exchange->state = EXCHANGE_FLUSHING;
        exchange->deadline_ms = gateway_now_ms(exchange->gateway) + FLUSH_MS;
        release_parts(exchange);
        exchange->next_ready = exchange->gateway->flushing_exchanges;
        exchange->gateway->flushing_exchanges = exchange;
    }
}

/* Let libwebsockets read what front.c holds of the next request; no poll would tell it. It goes
 * back to reading when it may write. */
static void read_on(struct lws *wsi)
{
    struct lws_context *context = lws_get_context(wsi);
    struct lws_pollfd pollfd = {
        .fd = lws_get_socket_fd(wsi), .events = LWS_POLLIN | LWS_POLLOUT, .revents = LWS_POLLOUT};
    if (lws_service_fd(context, &pollfd) == 0) {
        pollfd.revents = LWS_POLLIN;
        lws_service_fd(context, &pollfd);
    }
    lws_cancel_service(context); /* it looks at its timers only after an event of its own */
}

/* Write on, if the peer takes more. While reading is off libwebsockets does not write either, and
 * turns round and round with a socket that can be written. The connection may be gone afterwards.
 */
static void flush_more(struct lws *wsi)
{
    struct pollfd socket = {.fd = lws_get_socket_fd(wsi), .events = POLLOUT};
    struct lws_context *context = lws_get_context(wsi);
    struct lws_pollfd pollfd = {.fd = socket.fd, .events = LWS_POLLOUT, .revents = LWS_POLLOUT};
    if (poll(&socket, 1, 0) <= 0)
        return;
    lws_rx_flow_control(wsi, 1);
    if (lws_service_fd(context, &pollfd) == 0 && lws_partial_buffered(wsi))
        lws_rx_flow_control(wsi, 0);
}

/* The peer has its answer: on to its next request. */
static void finish(struct exchange *exchange)
{
    struct lws *wsi = exchange->wsi;
    if (exchange->closes) {
        end_connection(exchange);
        return;
    }
    lws_set_opaque_user_data(wsi, NULL);
    exchange_free(exchange);
    lws_rx_flow_control(wsi, 1);
    if (front_io_next(lws_get_socket_fd(wsi)))
        read_on(wsi);
}

static void finish_flushed(struct gateway *gateway)
{
    struct exchange **at = &gateway->flushing_exchanges;
    while (*at) {
        struct exchange *exchange = *at;
        if (lws_partial_buffered(exchange->wsi))
            flush_more(exchange->wsi);
        if (*at != exchange)
            continue; /* its connection is gone, and it with it */
        if (lws_partial_buffered(exchange->wsi)) {
            at = &exchange->next_ready;
        } else {
            *at = exchange->next_ready;
            finish(exchange);
        }
    }
}

bool http_write_answers(struct gateway *gateway)
{
    for (unsigned round = 0; round < PIPELINE_TURN_MAX; round++) {
        while (gateway->ready_exchanges) {
            struct exchange *exchange = gateway->ready_exchanges;
            gateway->ready_exchanges = exchange->next_ready;
            exchange->next_ready = NULL;
            write_answer(exchange);
        }
        finish_flushed(gateway);
        if (!gateway->ready_exchanges)
            return false;
    }
    return true;
}

static bool is_slow(const struct exchange *exchange)
{
    int64_t age_ms = (clock_monotonic_us() - exchange->started_us) / 1000;
    return age_ms > BODY_GRACE_MS &&
           (int64_t)exchange->body.len < (age_ms - BODY_GRACE_MS) * BODY_RATE / 1000;
}

static void sweep_exchange(struct exchange *exchange, int64_t now_ms)
{
    bool is_late = now_ms >= exchange->deadline_ms;
    switch (exchange->state) {
    case EXCHANGE_BODY:
        if (is_late || is_slow(exchange))
            exchange_refuse(exchange, &(struct refusal){.status = STATUS_INVALID,
                                                        .http_status = 408,
                                                        .counter = COUNT_REFUSED_SLOW_BODY,
                                                        .detail = "the body came too slowly"});
        break;
    case EXCHANGE_WORKING:
    case EXCHANGE_ANSWERED:
        break;
    case EXCHANGE_LINGERING:
        if (is_late)
            end_connection(exchange);
        break;
    case EXCHANGE_FLUSHING:
        if (is_late)
            end_connection(exchange);
        break;
    }
}

void http_sweep(struct gateway *gateway)
{
    int64_t now_ms = gateway_now_ms(gateway);
    struct exchange *exchange = gateway->exchanges;
    while (exchange) {
        struct exchange *next = exchange->next;
        sweep_exchange(exchange, now_ms);
        exchange = next;
    }
}

/* Answer an upgrade that is refused, at once: libwebsockets wants to hear 0 or -1 now. */
static int refuse_upgrade(struct exchange *exchange, const struct refusal *refusal)
{
    CLEANUP(buf_fini) struct buf out = {0};
    exchange_refuse(exchange, refusal);
    answer_write(&exchange->answer, false, true, exchange->id, &out);
    log_exchange(exchange);
    if (!out.failed && lws_write(exchange->wsi, out.data, out.len, LWS_WRITE_HTTP_FINAL) < 0)
        lwsl_debug("the peer of a refused upgrade is gone\n");
    return -1;
}

int http_on_upgrade(struct gateway *gateway, struct lws *wsi)
{
    struct exchange *exchange = exchange_new(gateway, wsi);
    if (!exchange)
        return -1;
    struct refusal refusal = guard_upgrade(exchange->head, gateway->settings->public_origins);
    struct session *session = NULL;
    if (refusal.status == OK)
        session = session_new(gateway, wsi, exchange->head, &refusal);
    int result = session ? 0 : refuse_upgrade(exchange, &refusal);
    exchange_free(exchange);
    lws_set_opaque_user_data(wsi, session);
    return result;
}
