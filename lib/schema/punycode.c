/* The bootstring of RFC 3492 with the parameters of its section 5. Next: format_idn.c */
#include "schema/punycode.h"

#include <ctype.h>

enum {
    BASE = 36,
    T_MIN = 1,
    T_MAX = 26,
    SKEW = 38,
    DAMP = 700,
    BIAS_FIRST = 72,
    POINT_FIRST = 128
};
#define POINT_MAX 0x10FFFFu

static uint32_t adapt(uint32_t delta, uint32_t points, bool is_first)
{
    uint32_t k = 0;
    delta = is_first ? delta / DAMP : delta / 2;
    delta += delta / points;
    for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
        delta /= BASE - T_MIN;
    return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static uint32_t threshold(uint32_t k, uint32_t bias)
{
    if (k <= bias)
        return T_MIN;
    return k >= bias + T_MAX ? T_MAX : k - bias;
}

static int digit_value(uint8_t c)
{
    if (isdigit(c))
        return c - '0' + 26;
    return isalpha(c) ? tolower(c) - 'a' : -1;
}

/* One number of variable length, added to *i. */
static bool read_delta(struct bytes text, size_t *at, uint32_t bias, uint32_t *i)
{
    uint64_t weight = 1, sum = *i;
    for (uint32_t k = BASE;; k += BASE) {
        int digit = *at < text.len ? digit_value(text.data[(*at)++]) : -1;
        if (digit < 0)
            return false;
        sum += (uint64_t)digit * weight;
        if (sum > UINT32_MAX)
            return false;
        uint32_t t = threshold(k, bias);
        if ((uint32_t)digit < t)
            break;
        weight *= BASE - t;
        if (weight > UINT32_MAX)
            return false;
    }
    *i = (uint32_t)sum;
    return true;
}

bool punycode_decode(struct bytes text, uint32_t *points, size_t *ret_len)
{
    uint32_t point = POINT_FIRST, i = 0, bias = BIAS_FIRST;
    size_t basic = text.len, len = 0, at;
    while (basic > 0 && text.data[basic - 1] != '-')
        basic--;
    at = basic;
    for (size_t c = 0; basic > 0 && c < basic - 1; c++) {
        if (text.data[c] >= 0x80 || len == PUNYCODE_POINTS_MAX)
            return false;
        points[len++] = text.data[c];
    }
    while (at < text.len) {
        uint32_t before = i;
        if (!read_delta(text, &at, bias, &i) || len == PUNYCODE_POINTS_MAX)
            return false;
        uint32_t count = (uint32_t)len + 1;
        bias = adapt(i - before, count, before == 0);
        if (i / count > POINT_MAX - point)
            return false;
        point += i / count;
        i %= count;
        memmove(points + i + 1, points + i, (len - i) * sizeof *points);
        points[i++] = point;
        len++;
    }
    *ret_len = len;
    return true;
}

static bool put(char *out, size_t cap, size_t *len, uint32_t c)
{
    if (*len == cap)
        return false;
    out[(*len)++] = (char)c;
    return true;
}

static bool write_delta(uint32_t delta, uint32_t bias, char *out, size_t cap, size_t *len)
{
    uint32_t rest = delta;
    for (uint32_t k = BASE;; k += BASE) {
        uint32_t t = threshold(k, bias), digit = rest < t ? rest : t + (rest - t) % (BASE - t);
        if (!put(out, cap, len, digit < 26 ? 'a' + digit : '0' + digit - 26))
            return false;
        if (rest < t)
            return true;
        rest = (rest - t) / (BASE - t);
    }
}

bool punycode_encode(const uint32_t *points, size_t count, char *out, size_t cap, size_t *ret_len)
{
    uint32_t point = POINT_FIRST, delta = 0, bias = BIAS_FIRST;
    size_t len = 0, done = 0;
    if (count > PUNYCODE_POINTS_MAX)
        return false;
    for (size_t i = 0; i < count; i++)
        if (points[i] < 0x80 && !put(out, cap, &len, points[i]))
            return false;
    size_t basic = done = len;
    if (basic > 0 && !put(out, cap, &len, '-'))
        return false;
    while (done < count) {
        uint32_t next = POINT_MAX;
        for (size_t i = 0; i < count; i++)
            if (points[i] >= point && points[i] < next)
                next = points[i];
        /* At most 0x10FFFF * 64 code points: no overflow. */
        delta += (next - point) * (uint32_t)(done + 1);
        point = next;
        for (size_t i = 0; i < count; i++) {
            delta += points[i] < point;
            if (points[i] != point)
                continue;
            if (!write_delta(delta, bias, out, cap, &len))
                return false;
            bias = adapt(delta, (uint32_t)done + 1, done == basic);
            delta = 0;
            done++;
        }
        delta++;
        point++;
    }
    *ret_len = len;
    return true;
}
