/* Schemas and values as text, with single quotes for double ones so that C stays readable. */
#ifndef WARDROOM_TESTS_SCHEMA_FIXTURE_H
#define WARDROOM_TESTS_SCHEMA_FIXTURE_H

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "schema/schema.h"

/* The options of templates, but references may lead anywhere. */
extern const struct schema_options open_options;

/* Compile; fails the test unless it is OK. */
struct schema *compiled(const char *schema, const struct schema_options *options);
enum status compile_status(const char *schema, const struct schema_options *options,
                           struct schema_errors *errors);
/* Compile with open_options, check, both ways (verdict alone, all faults), which must agree. */
enum status verdict(const char *schema, const char *value);
enum status check_status(const struct schema *schema, const char *value,
                         struct schema_errors *errors);
/* The fault at this pointer with this keyword is in the list. */
void assert_fault(const struct schema_errors *errors, const char *pointer, const char *keyword);

struct check_case {
    const char *schema, *value;
    bool valid;
};
void assert_cases(const struct check_case *cases, size_t count);

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

#endif
