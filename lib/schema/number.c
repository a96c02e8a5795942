/* Exact comparison and exact multiples. Next: equal.c */
#include "schema/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct number number_of(const json_t *value)
{
    if (json_is_integer(value))
        return (struct number){.integer = json_integer_value(value)};
    return (struct number){.is_real = true, .real = json_real_value(value)};
}

bool number_is_integer(struct number number)
{
    return !number.is_real || number.real == floor(number.real);
}

/* 2^63 and beyond no integer reaches; below that the whole part of the double is an int64. */
static int compare_mixed(int64_t integer, double real)
{
    if (real >= 0x1p63)
        return -1;
    if (real < -0x1p63)
        return 1;
    double whole = floor(real);
    int64_t floor_of_real = (int64_t)whole;
    if (integer != floor_of_real)
        return integer < floor_of_real ? -1 : 1;
    return whole < real ? -1 : 0;
}

int number_compare(struct number a, struct number b)
{
    if (a.is_real && b.is_real)
        return (a.real > b.real) - (a.real < b.real);
    if (a.is_real)
        return -compare_mixed(b.integer, a.real);
    if (b.is_real)
        return compare_mixed(a.integer, b.real);
    return (a.integer > b.integer) - (a.integer < b.integer);
}

static struct decimal decimal_trim(uint64_t digits, int exponent)
{
    while (digits != 0 && digits % 10 == 0) {
        digits /= 10;
        exponent++;
    }
    return (struct decimal){.digits = digits, .exponent = digits == 0 ? 0 : exponent};
}

/* The fewest digits that read back as the same double: "7.4999999999999997e-03" is 0.0075. */
static struct decimal decimal_of_real(double real)
{
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*e", digits - 1, real);
        if (strtod(text, NULL) == real)
            break;
    }
    uint64_t digits = 0;
    int exponent = 0;
    bool past_point = false;
    const char *c = text;
    for (; *c && *c != 'e'; c++) {
        if (*c == '.') {
            past_point = true;
        } else {
            digits = digits * 10 + (uint64_t)(*c - '0');
            exponent -= past_point;
        }
    }
    if (*c == 'e')
        exponent += atoi(c + 1);
    return decimal_trim(digits, exponent);
}

struct decimal decimal_of(struct number number)
{
    if (number.is_real)
        return decimal_of_real(fabs(number.real));
    uint64_t magnitude = number.integer < 0 ? -(uint64_t)number.integer : (uint64_t)number.integer;
    return decimal_trim(magnitude, 0);
}

static uint64_t multiply_modulo(uint64_t a, uint64_t b, uint64_t modulus)
{
    return (uint64_t)((unsigned __int128)a * b % modulus);
}

/* digits * 10^power mod modulus; power is at most 308 + 324 + 17, squaring takes ten rounds. */
static uint64_t scaled_modulo(uint64_t digits, unsigned power, uint64_t modulus)
{
    uint64_t result = digits % modulus, base = 10 % modulus;
    for (; power > 0; power >>= 1) {
        if (power & 1)
            result = multiply_modulo(result, base, modulus);
        base = multiply_modulo(base, base, modulus);
    }
    return result;
}

bool decimal_is_multiple(struct decimal value, struct decimal step)
{
    if (value.digits == 0)
        return true;
    if (value.exponent >= step.exponent)
        return scaled_modulo(value.digits, (unsigned)(value.exponent - step.exponent),
                             step.digits) == 0;
    return false; /* a multiple would end in a zero, and trimmed digits do not */
}

bool number_is_count(const json_t *value, uint64_t *ret_count)
{
    if (!json_is_number(value))
        return false;
    struct number number = number_of(value);
    if (!number_is_integer(number) || number_compare(number, (struct number){0}) < 0)
        return false;
    if (number.is_real)
        *ret_count = number.real >= 0x1p64 ? UINT64_MAX : (uint64_t)number.real;
    else
        *ret_count = (uint64_t)number.integer;
    return true;
}
