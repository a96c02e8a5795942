/* How a call ended: one closed enum for every function that can fail, from SQL to HTTP.
 *
 * Rows and their meaning stand in error.def. errno, libpq, zmq and OpenSSL codes are translated
 * where they are seen. Next: bytes.h
 */
#ifndef WARDROOM_CORE_STATUS_H
#define WARDROOM_CORE_STATUS_H

#include <stdbool.h>
#include <stdint.h>

enum status {
#define X(name, http, code, retryable, meaning) STATUS_##name,
#include "core/error.def"
#undef X
    STATUS_COUNT
};

#define OK         STATUS_OK
#define MUST_CHECK __attribute__((warn_unused_result))

/* The stable code ("not_found"), the HTTP status, the meaning for a person, whether a retry can
 * help. A number outside the enum (a peer's reply) reads as INTERNAL. */
const char *status_code(enum status status);
int status_http(enum status status);
const char *status_meaning(enum status status);
bool status_retryable(enum status status);
/* The status for a number off the wire; unknown numbers are INTERNAL. */
enum status status_from_wire(uint32_t number);

#endif
