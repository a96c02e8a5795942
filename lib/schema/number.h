/* Numbers as JSON Schema wants them: 1.0 is an integer, 0.0075 is a multiple of 0.0001.
 *
 * jansson gives a 64-bit integer or a double. Comparing the two is exact. A multiple is judged in
 * decimal, by the shortest digits that name the double, which is what was written. Next: equal.h
 */
#ifndef WARDROOM_SCHEMA_NUMBER_H
#define WARDROOM_SCHEMA_NUMBER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct number {
    bool is_real;
    int64_t integer;
    double real;
};

/* |value| = digits * 10^exponent, no trailing zeros. */
struct decimal {
    uint64_t digits;
    int exponent;
};

struct number number_of(const json_t *value);         /* an integer or a real */
bool number_is_integer(struct number number);         /* no fraction */
int number_compare(struct number a, struct number b); /* < 0, 0, > 0 */
struct decimal decimal_of(struct number number);
bool decimal_is_multiple(struct decimal value, struct decimal step); /* step > 0 */
/* A keyword's count: an integer >= 0, spelled 2 or 2.0. Over UINT64_MAX it is that. */
bool number_is_count(const json_t *value, uint64_t *ret_count);

#endif
