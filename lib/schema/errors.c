/* The bounded list of faults. Next: evaluate.h */
#include <stdarg.h>
#include <stdio.h>
#include "schema/compile.h"

/* Copy whole tokens, as many as fit. */
static void copy_pointer(char *out, size_t cap, const char *pointer)
{
    size_t len = strlen(pointer);
    if (len >= cap) {
        len = cap - 1;
        while (len > 0 && pointer[len] != '/')
            len--;
    }
    memcpy(out, pointer, len);
    out[len] = '\0';
}

/* A detail cut in the middle of a character ends before it. */
static void end_on_character(char *text)
{
    size_t len = strlen(text);
    while (len > 0 && !bytes_is_text(bytes_of(text, len)))
        text[--len] = '\0';
}

void errors_add(struct schema_errors *errors, const char *pointer, const char *keyword,
                const char *format, va_list args)
{
    if (!errors)
        return;
    if (errors->count == SCHEMA_ERRORS_MAX) {
        errors->more = true;
        return;
    }
    struct schema_error *error = &errors->list[errors->count++];
    copy_pointer(error->pointer, sizeof error->pointer, pointer);
    snprintf(error->keyword, sizeof error->keyword, "%s", keyword ? keyword : "");
    vsnprintf(error->detail, sizeof error->detail, format, args);
    end_on_character(error->detail);
}
