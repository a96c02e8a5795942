/* The pre-parser against any bytes: it reads nothing outside them, and what it lets through has the
 * one shape it promises. */
#include <stdlib.h>

#include "crypto/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct token_parts parts;
    if (token_preparse(bytes_of(data, size), &parts) != OK) {
        return 0;
    }
    must(size <= TOKEN_BYTES_MAX);
    must(parts.header.data == data && parts.header.len > 0 && parts.payload.len > 0);
    must(parts.signature.data + parts.signature.len == data + size);
    must(parts.signature.len == 86);
    must(parts.header.len + 1 + parts.payload.len + 1 + parts.signature.len == size);
    size_t kid_len = strnlen(parts.kid, sizeof parts.kid);
    must(kid_len > 0 && kid_len < sizeof parts.kid);
    return 0;
}
