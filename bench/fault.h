/* The words for what went wrong last on this thread. Functions of the generator return false and
 * leave the reason here; main prints it. Nobody decides anything by these words.
 *
 * Next: clock.h */
#pragma once

#include <stdbool.h>

/* Keep the words; always returns false, so that `return fault_set(...)` reads as the refusal. */
__attribute__((format(printf, 1, 2))) bool fault_set(const char *format, ...);

/* What fault_set kept last on this thread; never NULL. */
const char *fault_text(void);
