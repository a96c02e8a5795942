/* The rows of error.def as tables. Next: bytes.h */
#include "core/status.h"

struct status_row {
    const char *code;
    int http;
    bool retryable;
    const char *meaning;
};

static const struct status_row rows[STATUS_COUNT] = {
#define X(name, http, code, retryable, meaning) {code, http, retryable, meaning},
#include "core/error.def"
#undef X
};

static const struct status_row *row_of(enum status status)
{
    return &rows[status_from_wire((uint32_t)status)];
}

const char *status_code(enum status status)
{
    return row_of(status)->code;
}

int status_http(enum status status)
{
    return row_of(status)->http;
}

const char *status_meaning(enum status status)
{
    return row_of(status)->meaning;
}

bool status_retryable(enum status status)
{
    return row_of(status)->retryable;
}

enum status status_from_wire(uint32_t number)
{
    return number < STATUS_COUNT ? (enum status)number : STATUS_INTERNAL;
}
