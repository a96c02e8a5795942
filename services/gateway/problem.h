/* Errors as RFC 9457 problem details, the same for every refusal. Next: answer.h */
#ifndef WARDROOM_GATEWAY_PROBLEM_H
#define WARDROOM_GATEWAY_PROBLEM_H

#include "core/bytes.h"

struct problem_field {
    const char *pointer, *detail;
};
struct problem {
    enum status status;
    const char *detail; /* for a person; NULL: the meaning of the status */
    const struct problem_field *fields;
    size_t field_count;
};

/* Append the JSON object. `request_id`: 36 characters. `http_status`: 0 takes the status's own. */
void problem_write(const struct problem *problem, int http_status, const char *request_id,
                   struct buf *out);

#endif
