/* The answers of an exchange; nothing is written here. Next: http.h */
#include "exchange.h"

#include <stdarg.h>
#include <stdio.h>
#include "core/clock.h"

static void make_ready(struct exchange *exchange)
{
    exchange->state = EXCHANGE_ANSWERED;
    exchange->next_ready = exchange->gateway->ready_exchanges;
    exchange->gateway->ready_exchanges = exchange;
}

static bool is_open(const struct exchange *exchange)
{
    return exchange->state == EXCHANGE_BODY || exchange->state == EXCHANGE_WORKING;
}

void exchange_answer(struct exchange *exchange, const struct answer *answer)
{
    if (!is_open(exchange))
        return;
    exchange->answer = *answer;
    make_ready(exchange);
}

void exchange_add_header(struct exchange *exchange, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (len > 0 && (size_t)len < sizeof line) {
        buf_append(&exchange->answer_headers, line, (size_t)len);
        buf_append(&exchange->answer_headers, "\r\n", 2);
    }
}

static void answer_problem(struct exchange *exchange, const struct problem *problem,
                           int http_status, uint32_t retry_after_ms)
{
    if (!is_open(exchange))
        return;
    int status = http_status ? http_status : status_http(problem->status);
    buf_clear(&exchange->answer_body);
    problem_write(problem, status, exchange->id, &exchange->answer_body);
    if (status == 401)
        exchange_add_header(exchange, "WWW-Authenticate: Bearer realm=\"wardroom\"");
    if (status == 426)
        exchange_add_header(exchange, "Sec-WebSocket-Version: 13");
    if (status == 429 || status == 503)
        exchange_add_header(exchange, "Retry-After: %u",
                            retry_after_ms > 0 ? (retry_after_ms + 999) / 1000 : 1);
    buf_append(&exchange->answer_headers, "", 1); /* ends the text */
    exchange_answer(exchange,
                    &(struct answer){.http_status = status,
                                     .content_type = "application/problem+json",
                                     .body = buf_bytes(&exchange->answer_body),
                                     .headers = (const char *)exchange->answer_headers.data});
}

void exchange_answer_problem(struct exchange *exchange, const struct problem *problem,
                             uint32_t retry_after_ms)
{
    answer_problem(exchange, problem, 0, retry_after_ms);
}

void exchange_fail(struct exchange *exchange, enum status status, const char *detail)
{
    answer_problem(exchange, &(struct problem){.status = status, .detail = detail}, 0, 0);
}

void exchange_answer_reply(struct exchange *exchange, const struct bus_reply *reply)
{
    struct problem_field *fields =
        arena_alloc(exchange->arena, (reply->error_count + 1) * sizeof *fields);
    size_t count = fields ? reply->error_count : 0;
    for (size_t i = 0; i < count; i++)
        fields[i] = (struct problem_field){reply->errors[i].pointer, reply->errors[i].detail};
    answer_problem(exchange,
                   &(struct problem){.status = reply->status,
                                     .detail = reply->detail,
                                     .fields = fields,
                                     .field_count = count},
                   0, reply->retry_after_ms);
}

void exchange_refuse(struct exchange *exchange, const struct refusal *refusal)
{
    count(refusal->counter);
    exchange->closes = true;
    answer_problem(exchange,
                   &(struct problem){.status = refusal->status, .detail = refusal->detail},
                   refusal->http_status, 0);
}
