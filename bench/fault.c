/* One line of text per thread.
 *
 * Next: clock.h */
#include "fault.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char words[512];

bool fault_set(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof(words), format, args);
    va_end(args);
    return false;
}

const char *fault_text(void)
{
    return words;
}
