#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

const struct schema_options open_options = {.bytes_max = SCHEMA_BYTES_MAX,
                                            .depth_max = SCHEMA_DEPTH_MAX,
                                            .subschemas_max = SCHEMA_SUBSCHEMAS_MAX,
                                            .steps_max = SCHEMA_STEPS_MAX,
                                            .formats_asserted = true};

/* Owned by the caller. */
static char *quoted(const char *text)
{
    char *copy = strdup(text);
    assert_non_null(copy);
    for (char *c = copy; *c; c++)
        if (*c == '\'')
            *c = '"';
    return copy;
}

enum status compile_status(const char *schema, const struct schema_options *options,
                           struct schema_errors *errors)
{
    struct schema *compiled_schema = NULL;
    char *text = quoted(schema);
    enum status status = schema_compile(bytes_text(text), options, &compiled_schema, errors);
    schema_free(compiled_schema);
    free(text);
    return status;
}

struct schema *compiled(const char *schema, const struct schema_options *options)
{
    struct schema *compiled_schema = NULL;
    struct schema_errors errors;
    char *text = quoted(schema);
    enum status status = schema_compile(bytes_text(text), options, &compiled_schema, &errors);
    if (status != OK)
        print_message("%s: %s %s\n", schema, errors.list[0].pointer, errors.list[0].detail);
    free(text);
    assert_int_equal(status, OK);
    return compiled_schema;
}

enum status check_status(const struct schema *schema, const char *value,
                         struct schema_errors *errors)
{
    char *text = quoted(value);
    enum status status = schema_check_text(schema, bytes_text(text), errors);
    free(text);
    return status;
}

enum status verdict(const char *schema, const char *value)
{
    struct schema_errors errors;
    struct schema *compiled_schema = compiled(schema, &open_options);
    enum status quick = check_status(compiled_schema, value, NULL);
    enum status thorough = check_status(compiled_schema, value, &errors);
    schema_free(compiled_schema);
    assert_int_equal(quick, thorough);
    assert_int_equal(errors.count > 0, thorough != OK);
    return thorough;
}

void assert_cases(const struct check_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum status expected = cases[i].valid ? OK : STATUS_VALIDATION_FAILED;
        enum status status = verdict(cases[i].schema, cases[i].value);
        if (status != expected)
            print_message("%s with %s: %s\n", cases[i].schema, cases[i].value, status_code(status));
        assert_int_equal(status, expected);
    }
}

void assert_fault(const struct schema_errors *errors, const char *pointer, const char *keyword)
{
    for (size_t i = 0; i < errors->count; i++)
        if (strcmp(errors->list[i].pointer, pointer) == 0 &&
            strcmp(errors->list[i].keyword, keyword) == 0)
            return;
    for (size_t i = 0; i < errors->count; i++)
        print_message("  %s %s: %s\n", errors->list[i].pointer, errors->list[i].keyword,
                      errors->list[i].detail);
    fail_msg("no fault of %s at '%s'", keyword, pointer);
}
