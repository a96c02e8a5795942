/* The members of a problem, in the order of the contract. Next: answer.h */
#include "problem.h"

#include "json/json.h"

static void member(struct buf *out, const char *name, const char *text)
{
    buf_printf(out, ",\"%s\":", name);
    json_write_string(bytes_text(text), out);
}

void problem_write(const struct problem *problem, int http_status, const char *request_id,
                   struct buf *out)
{
    const char *code = status_code(problem->status);
    const char *meaning = status_meaning(problem->status);
    const char *detail = problem->detail && problem->detail[0] ? problem->detail : meaning;
    buf_printf(out, "{\"type\":\"/api/docs/#problem-%s\"", code);
    member(out, "title", meaning);
    buf_printf(out, ",\"status\":%d", http_status ? http_status : status_http(problem->status));
    member(out, "detail", detail);
    member(out, "code", code);
    member(out, "request_id", request_id);
    buf_text(out, ",\"errors\":[");
    for (size_t i = 0; i < problem->field_count; i++) {
        buf_text(out, i > 0 ? ",{\"pointer\":" : "{\"pointer\":");
        json_write_string(bytes_text(problem->fields[i].pointer), out);
        member(out, "detail", problem->fields[i].detail);
        buf_text(out, "}");
    }
    buf_text(out, "]}");
}
