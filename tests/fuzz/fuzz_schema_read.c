/* The reader of lib/schema against jansson's: both take the same texts and make the same values of
 * them, but for what read.h says is bounded here. */
#include "core/limits.h"
#include "schema/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *fault;
    size_t at;
    json_t *value = NULL;
    enum status status = json_read(bytes_of(data, size), &value, &fault, &at);
    json_t *other = json_loadb((const char *)data, size,
                               JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    /* jansson takes a bare NUL byte for the end of the text, whatever follows. */
    bool has_nul = size > 0 && memchr(data, 0, size);
    if (has_nul ? status == OK : status != STATUS_TOO_LARGE && (status == OK) != (other != NULL))
        __builtin_trap();
    if (status == OK && !json_equal(value, other))
        __builtin_trap();
    if (status != OK && at > size)
        __builtin_trap();
    json_decref(value);
    json_decref(other);
    return 0;
}
