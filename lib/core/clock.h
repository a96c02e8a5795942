/* Time: wall clock in microseconds since 1970 UTC for what is stored, monotonic milliseconds for
 * deadlines. Tests set the wall clock by clock_set_offset_us. Next: arena.h */
#ifndef WARDROOM_CORE_CLOCK_H
#define WARDROOM_CORE_CLOCK_H

#include "core/bytes.h"

#define RFC3339_SIZE 28 /* 2026-11-22T17:00:00.123456Z and NUL */

int64_t clock_now_us(void);
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);
void clock_set_offset_us(int64_t offset_us);
/* RFC 3339 UTC with six decimals; years 0000-9999, others are clamped. */
void clock_format(int64_t at_us, char out[RFC3339_SIZE]);
/* RFC 3339 with any offset and 0-6 (more are cut) decimals. */
bool clock_parse(struct bytes text, int64_t *ret_us);

#endif
