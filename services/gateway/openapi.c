/* Placeholder until the end of this file's writing. */
#include "openapi.h"

void openapi_write(struct buf *out)
{
    buf_text(out, "{}");
}

void openapi_answer(struct exchange *exchange, ProtobufCMessage *request)
{
    (void)request;
    openapi_write(&exchange->answer_body);
    exchange_answer(exchange, &(struct answer){.http_status = 200,
                                               .content_type = "application/json",
                                               .body = buf_bytes(&exchange->answer_body)});
}
