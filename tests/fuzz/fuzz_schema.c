/* A schema and a value from outside: text up to the first NUL, and after it. Whatever compiles is
 * checked both ways, and the two verdicts agree. */
#include "schema/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct schema_errors errors;
    struct schema *schema = NULL;
    struct schema_options options = schema_options_templates;
    const uint8_t *end = size > 1 ? memchr(data + 1, 0, size - 1) : NULL;
    if (!end)
        return 0;
    options.local_refs_only = data[0] & 1;
    options.formats_asserted = data[0] & 2;
    options.steps_max = 20000;
    struct bytes text = bytes_of(data + 1, (size_t)(end - data - 1));
    struct bytes value = bytes_of(end + 1, size - text.len - 2);
    enum status status = schema_compile(text, &options, &schema, &errors);
    if ((status == OK) != (errors.count == 0))
        __builtin_trap();
    if (status != OK)
        return 0;
    enum status quick = schema_check_text(schema, value, NULL);
    enum status thorough = schema_check_text(schema, value, &errors);
    /* To look for every fault takes more steps than to find one. */
    if (quick != thorough && thorough != STATUS_TOO_LARGE)
        __builtin_trap();
    if ((thorough == OK) != (errors.count == 0))
        __builtin_trap();
    schema_free(schema);
    return 0;
}
