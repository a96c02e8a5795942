/* Files in and out: the body of the request is the file, and so is the body of the answer.
 *
 * Whole files of up to FILE_ONE_CALL_BYTES_MAX for now. Next: static.h
 */
#ifndef WARDROOM_GATEWAY_CONTENT_H
#define WARDROOM_GATEWAY_CONTENT_H

#include "exchange.h"

/* `run` of routes.c. */
void content_store(struct exchange *exchange, ProtobufCMessage *request);
void content_fetch(struct exchange *exchange, ProtobufCMessage *request);

/* Append `attachment; filename="..."; filename*=UTF-8''...` (RFC 6266, RFC 8187). */
void content_disposition(const char *name, struct buf *out);
/* A media type that may stand in a header: type/subtype of token characters, at most 100. */
bool content_type_is_plain(const char *type);

#endif
