/* Headers in a fixed order; the policy of pages and files stands here once. Next: routes.h */
#include "answer.h"

static const char common_headers[] =
    "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "X-Frame-Options: DENY\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n";
static const char page_policy[] =
    "Content-Security-Policy: default-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'\r\n";
static const char file_policy[] =
    "Content-Security-Policy: default-src 'none'; sandbox; frame-ancestors 'none'\r\n";

static const struct {
    int status;
    const char *phrase;
} phrases[] = {{200, "OK"},
               {201, "Created"},
               {204, "No Content"},
               {304, "Not Modified"},
               {400, "Bad Request"},
               {401, "Unauthorized"},
               {403, "Forbidden"},
               {404, "Not Found"},
               {405, "Method Not Allowed"},
               {408, "Request Timeout"},
               {409, "Conflict"},
               {410, "Gone"},
               {411, "Length Required"},
               {413, "Content Too Large"},
               {414, "URI Too Long"},
               {415, "Unsupported Media Type"},
               {422, "Unprocessable Content"},
               {426, "Upgrade Required"},
               {429, "Too Many Requests"},
               {431, "Request Header Fields Too Large"},
               {500, "Internal Server Error"},
               {501, "Not Implemented"},
               {503, "Service Unavailable"},
               {504, "Gateway Timeout"},
               {505, "HTTP Version Not Supported"}};

static const char *phrase_of(int status)
{
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
        if (phrases[i].status == status)
            return phrases[i].phrase;
    }
    return "Status";
}

void answer_write(const struct answer *answer, bool is_head, bool closes, const char *request_id,
                  struct buf *out)
{
    bool has_length = answer->http_status != 204 && answer->http_status != 304;
    buf_printf(out, "HTTP/1.1 %d %s\r\n", answer->http_status, phrase_of(answer->http_status));
    if (answer->content_type)
        buf_printf(out, "Content-Type: %s\r\n", answer->content_type);
    if (has_length)
        buf_printf(out, "Content-Length: %zu\r\n", answer->body.len);
    buf_printf(out, "Cache-Control: %s\r\n", answer->cache ? answer->cache : "no-store");
    buf_text(out, common_headers);
    buf_text(out, answer->is_untrusted ? file_policy : page_policy);
    buf_printf(out, "X-Request-Id: %s\r\n", request_id);
    if (answer->headers)
        buf_text(out, answer->headers);
    buf_text(out, closes ? "Connection: close\r\n\r\n" : "\r\n");
    if (has_length && !is_head)
        buf_append(out, answer->body.data, answer->body.len);
}
