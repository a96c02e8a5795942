/* A table made from error.def: nothing in it comes from outside. Next: openapi.h */
#include "problem_page.h"

static const char page_head[] =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Wardroom: errors</title>"
    "<meta name=\"viewport\" content=\"width=device-width\">"
    "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;"
    "padding:0 1rem;color-scheme:light dark}td,th{text-align:left;padding:.3rem 1rem .3rem 0}"
    "</style><h1>Errors</h1><p>Every refusal is <code>application/problem+json</code> (RFC 9457). "
    "Decide on <code>code</code>, show <code>detail</code>. All paths and messages: "
    "<a href=\"/api/schema/\">OpenAPI</a>.</p>"
    "<table><tr><th>code<th>HTTP<th>meaning<th>a retry can help</tr>";

void problem_page_answer(struct exchange *exchange, ProtobufCMessage *request)
{
    struct buf *out = &exchange->answer_body;
    (void)request;
    buf_text(out, page_head);
    for (int i = STATUS_OK + 1; i < STATUS_COUNT; i++) {
        enum status status = (enum status)i;
        const char *code = status_code(status);
        buf_printf(out, "<tr id=\"problem-%s\"><td><code>%s</code><td>%d<td>%s<td>%s</tr>", code,
                   code, status_http(status), status_meaning(status),
                   status_retryable(status) ? "yes" : "no");
    }
    buf_text(out, "</table></html>");
    exchange_answer(exchange, &(struct answer){.http_status = 200,
                                               .content_type = "text/html; charset=utf-8",
                                               .body = buf_bytes(out),
                                               .cache = "no-cache"});
}
