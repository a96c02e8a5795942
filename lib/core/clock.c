/* The two clocks and RFC 3339, without the locale and locks of libc's calendar. Next: arena.h */
#include "core/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "core/failpoint.h"

#define US_PER_S     INT64_C(1000000)
#define S_PER_DAY    INT64_C(86400)
#define FIRST_US     (INT64_C(-62167219200) * US_PER_S)     /* 0000-01-01T00:00:00Z */
#define LAST_US      (INT64_C(253402300800) * US_PER_S - 1) /* 9999-12-31T23:59:59.999999Z */
#define DAYS_TO_1970 INT64_C(719468) /* from 0000-03-01, where the arithmetic below starts */
#define DAYS_PER_ERA INT64_C(146097) /* 400 years */

static _Atomic int64_t offset_us;

static int64_t read_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

int64_t clock_now_us(void)
{
    int64_t now_us =
        read_us(CLOCK_REALTIME) + atomic_load_explicit(&offset_us, memory_order_relaxed);
#ifdef WARDROOM_FAILPOINTS
    now_us += failpoint_clock_offset_us();
#endif
    return now_us;
}

int64_t clock_monotonic_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

int64_t clock_monotonic_ms(void)
{
    return clock_monotonic_us() / 1000;
}

void clock_set_offset_us(int64_t to)
{
    atomic_store_explicit(&offset_us, to, memory_order_relaxed);
}

/* Days since 1970 of a date of the Gregorian calendar; years begin in March here, so that the leap
 * day is the last of its year. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_1970;
}

static void date_of(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
    days += DAYS_TO_1970;
    int64_t era = (days >= 0 ? days : days - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
    int64_t day_of_era = days - era * DAYS_PER_ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    *ret_day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
    *ret_month = (int)(month < 10 ? month + 3 : month - 9);
    *ret_year = (int)(year_of_era + era * 400 + (*ret_month <= 2));
}

/* Write `value` with exactly `width` digits. */
static void put_digits(char *out, int width, int64_t value)
{
    for (int i = width - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

void clock_format(int64_t at_us, char out[RFC3339_SIZE])
{
    at_us = at_us < FIRST_US ? FIRST_US : at_us > LAST_US ? LAST_US : at_us;
    int64_t since_year_0 = at_us - FIRST_US;
    int64_t us = since_year_0 % US_PER_S;
    int64_t second = since_year_0 / US_PER_S % S_PER_DAY;
    int year, month, day;
    date_of((since_year_0 / US_PER_S - second) / S_PER_DAY + FIRST_US / US_PER_S / S_PER_DAY, &year,
            &month, &day);
    memcpy(out, "0000-00-00T00:00:00.000000Z", RFC3339_SIZE);
    put_digits(out, 4, year);
    put_digits(out + 5, 2, month);
    put_digits(out + 8, 2, day);
    put_digits(out + 11, 2, second / 3600);
    put_digits(out + 14, 2, second / 60 % 60);
    put_digits(out + 17, 2, second % 60);
    put_digits(out + 20, 6, us);
}

/* `width` digits at `at`, within least..most. */
static bool get_digits(struct bytes text, size_t at, int width, int64_t least, int64_t most,
                       int64_t *ret)
{
    if (text.len < at + (size_t)width) {
        return false;
    }
    int64_t value = 0;
    for (int i = 0; i < width; i++) {
        uint8_t c = text.data[at + (size_t)i];
        if (c < '0' || c > '9') {
            return false;
        }
        value = value * 10 + (c - '0');
    }
    *ret = value;
    return value >= least && value <= most;
}

/* The fraction at *at, if there is one: at least one digit, those after the sixth are cut. */
static bool get_fraction(struct bytes text, size_t *at, int64_t *ret_us)
{
    *ret_us = 0;
    if (*at >= text.len || text.data[*at] != '.') {
        return true;
    }
    size_t first = ++*at;
    int64_t unit = US_PER_S / 10;
    while (*at < text.len && text.data[*at] >= '0' && text.data[*at] <= '9') {
        *ret_us += (text.data[*at] - '0') * unit;
        unit /= 10;
        ++*at;
    }
    return *at > first;
}

/* `Z` or `+hh:mm` up to the end of the text. */
static bool get_offset(struct bytes text, size_t at, int64_t *ret_s)
{
    if (at + 1 == text.len && (text.data[at] == 'Z' || text.data[at] == 'z')) {
        *ret_s = 0;
        return true;
    }
    int64_t hours, minutes;
    if (at + 6 != text.len || (text.data[at] != '+' && text.data[at] != '-') ||
        text.data[at + 3] != ':' || !get_digits(text, at + 1, 2, 0, 23, &hours) ||
        !get_digits(text, at + 4, 2, 0, 59, &minutes)) {
        return false;
    }
    *ret_s = (text.data[at] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

bool clock_parse(struct bytes text, int64_t *ret_us)
{
    int64_t year, month, day, hour, minute, second, us, offset_s;
    if (!get_digits(text, 0, 4, 0, 9999, &year) || !get_digits(text, 5, 2, 1, 12, &month) ||
        !get_digits(text, 8, 2, 1, days_in_month(year, month), &day) ||
        !get_digits(text, 11, 2, 0, 23, &hour) || !get_digits(text, 14, 2, 0, 59, &minute) ||
        !get_digits(text, 17, 2, 0, 60, &second)) {
        return false;
    }
    if (text.data[4] != '-' || text.data[7] != '-' ||
        (text.data[10] != 'T' && text.data[10] != 't') || text.data[13] != ':' ||
        text.data[16] != ':') {
        return false;
    }
    size_t at = 19;
    if (!get_fraction(text, &at, &us) || !get_offset(text, at, &offset_s)) {
        return false;
    }
    int64_t of_day = hour * 3600 + minute * 60 - offset_s;
    /* A leap second is only ever the last of a UTC day (RFC 3339, appendix D). */
    if (second == 60 && (of_day + S_PER_DAY) % S_PER_DAY != S_PER_DAY - 60) {
        return false;
    }
    *ret_us = (days_of(year, month, day) * S_PER_DAY + of_day + second) * US_PER_S + us;
    return true;
}
