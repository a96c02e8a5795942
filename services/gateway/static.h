/* The frontend's files, read into memory once at the start. Next: health.h */
#ifndef WARDROOM_GATEWAY_STATIC_H
#define WARDROOM_GATEWAY_STATIC_H

#include "exchange.h"

struct files;

/* Read every file below `folder` ("" : none). INVALID: cannot be read, or over the bounds. */
MUST_CHECK enum status static_load(const char *folder, struct files **ret);
void static_free(struct files *files);
/* Answer a GET: the file, or index.html for a path that the frontend knows how to show. */
void static_answer(struct exchange *exchange);

#endif
