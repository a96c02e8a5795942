/* Dates and times of RFC 3339, durations of its appendix A. Next: format_host.c */
#include "schema/format.h"

#include <ctype.h>

struct cursor {
    struct bytes text;
    size_t at;
};

static int look(const struct cursor *cursor)
{
    return cursor->at < cursor->text.len ? cursor->text.data[cursor->at] : -1;
}

static bool take(struct cursor *cursor, int c)
{
    bool is_there = look(cursor) == c;
    cursor->at += is_there;
    return is_there;
}

/* Exactly `digits` digits. */
static bool take_number(struct cursor *cursor, unsigned digits, int *ret)
{
    int value = 0;
    for (unsigned i = 0; i < digits; i++, cursor->at++) {
        if (!isdigit(look(cursor)))
            return false;
        value = value * 10 + look(cursor) - '0';
    }
    *ret = value;
    return true;
}

static bool take_digits(struct cursor *cursor)
{
    size_t begin = cursor->at;
    while (isdigit(look(cursor)))
        cursor->at++;
    return cursor->at > begin;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && is_leap);
}

static bool take_date(struct cursor *cursor)
{
    int year, month, day;
    return take_number(cursor, 4, &year) && take(cursor, '-') && take_number(cursor, 2, &month) &&
           take(cursor, '-') && take_number(cursor, 2, &day) && month >= 1 && month <= 12 &&
           day >= 1 && day <= days_of_month(year, month);
}

/* Z or an offset; `ret_minutes` east of Greenwich. */
static bool take_zone(struct cursor *cursor, int *ret_minutes)
{
    int hours, minutes, sign = look(cursor) == '-' ? -1 : 1;
    *ret_minutes = 0;
    if (take(cursor, 'Z') || take(cursor, 'z'))
        return true;
    if (!take(cursor, '+') && !take(cursor, '-'))
        return false;
    if (!take_number(cursor, 2, &hours) || !take(cursor, ':') || !take_number(cursor, 2, &minutes))
        return false;
    *ret_minutes = sign * (hours * 60 + minutes);
    return hours <= 23 && minutes <= 59;
}

/* A leap second stands only at the end of a day in UTC. */
static bool take_time(struct cursor *cursor)
{
    int hour, minute, second, zone;
    if (!take_number(cursor, 2, &hour) || !take(cursor, ':') || !take_number(cursor, 2, &minute) ||
        !take(cursor, ':') || !take_number(cursor, 2, &second))
        return false;
    if (take(cursor, '.') && !take_digits(cursor))
        return false;
    if (!take_zone(cursor, &zone) || hour > 23 || minute > 59 || second > 60)
        return false;
    int minute_of_day = (hour * 60 + minute - zone + 2 * 24 * 60) % (24 * 60);
    return second < 60 || minute_of_day == 24 * 60 - 1;
}

static bool at_end(const struct cursor *cursor)
{
    return cursor->at == cursor->text.len;
}

bool format_is_date(struct bytes text)
{
    struct cursor cursor = {.text = text};
    return take_date(&cursor) && at_end(&cursor);
}

bool format_is_time(struct bytes text)
{
    struct cursor cursor = {.text = text};
    return take_time(&cursor) && at_end(&cursor);
}

bool format_is_date_time(struct bytes text)
{
    struct cursor cursor = {.text = text};
    return take_date(&cursor) && (take(&cursor, 'T') || take(&cursor, 't')) && take_time(&cursor) &&
           at_end(&cursor);
}

/* Numbers with units in the order of `units`, at least one, none left out between two. */
static bool take_elements(struct cursor *cursor, const char *units)
{
    bool any = false;
    while (isdigit(look(cursor))) {
        take_digits(cursor);
        const char *unit = look(cursor) > 0 ? strchr(units, look(cursor)) : NULL;
        if (!unit || (any && unit != units))
            return false;
        cursor->at++;
        units = unit + 1;
        any = true;
    }
    return any;
}

bool format_is_duration(struct bytes text)
{
    struct cursor cursor = {.text = text};
    if (!take(&cursor, 'P'))
        return false;
    if (text.len > 1 && text.data[text.len - 1] == 'W')
        return take_digits(&cursor) && take(&cursor, 'W') && at_end(&cursor);
    bool has_date = take_elements(&cursor, "YMD");
    if (!take(&cursor, 'T'))
        return has_date && at_end(&cursor);
    return (has_date || cursor.at == 2) && take_elements(&cursor, "HMS") && at_end(&cursor);
}
