/* Next: store.c */
#include "schedule.h"

static const struct {
    unsigned least, most;
} ranges[SCHEDULE_FIELDS] = {[SCHEDULE_MINUTE] = {0, 59},
                             [SCHEDULE_HOUR] = {0, 23},
                             [SCHEDULE_DAY] = {1, 31},
                             [SCHEDULE_MONTH] = {1, 12},
                             [SCHEDULE_WEEKDAY] = {0, 7}};

/* Each take_x moves past an x at the start of `rest`; false: there is none. */
static bool take_char(struct bytes *rest, char c)
{
    if (rest->len == 0 || rest->data[0] != (uint8_t)c) {
        return false;
    }
    *rest = bytes_of(rest->data + 1, rest->len - 1);
    return true;
}

/* One or two digits: no field has larger numbers. */
static bool take_number(struct bytes *rest, unsigned *ret)
{
    unsigned number = 0;
    size_t len = 0;
    while (len < rest->len && rest->data[len] >= '0' && rest->data[len] <= '9' && len < 3) {
        number = number * 10 + (unsigned)(rest->data[len] - '0');
        len++;
    }
    if (len == 0 || len > 2) {
        return false;
    }
    *rest = bytes_of(rest->data + len, rest->len - len);
    *ret = number;
    return true;
}

/* `*`, N or N-M; then an optional /STEP. A step without a range goes on to the field's end. */
static bool take_item(struct bytes *rest, enum schedule_field field, uint64_t *bits)
{
    unsigned first = ranges[field].least, last = ranges[field].most, step = 1;
    if (!take_char(rest, '*')) {
        if (!take_number(rest, &first)) {
            return false;
        }
        bool range = take_char(rest, '-');
        if (range && !take_number(rest, &last)) {
            return false;
        }
        last = range || (rest->len > 0 && rest->data[0] == '/') ? last : first;
    }
    if (take_char(rest, '/') && (!take_number(rest, &step) || step == 0)) {
        return false;
    }
    if (first < ranges[field].least || last > ranges[field].most || first > last) {
        return false;
    }
    for (unsigned at = first; at <= last; at += step) {
        *bits |= UINT64_C(1) << at;
    }
    return true;
}

static bool take_field(struct bytes *rest, enum schedule_field field, uint64_t *bits)
{
    bool right = take_item(rest, field, bits);
    while (right && take_char(rest, ',')) {
        right = take_item(rest, field, bits);
    }
    return right;
}

static bool is_star(struct bytes rest)
{
    return rest.len > 0 && rest.data[0] == '*';
}

bool schedule_parse(struct bytes text, struct schedule *ret)
{
    struct schedule schedule = {0};
    struct bytes rest = text;
    if (text.len > SCHEDULE_BYTES_MAX) {
        return false;
    }
    for (int i = 0; i < SCHEDULE_FIELDS; i++) {
        if (i > 0 && !take_char(&rest, ' ')) {
            return false;
        }
        while (i > 0 && take_char(&rest, ' ')) {
        }
        schedule.day_given = i == SCHEDULE_DAY ? !is_star(rest) : schedule.day_given;
        schedule.weekday_given = i == SCHEDULE_WEEKDAY ? !is_star(rest) : schedule.weekday_given;
        if (!take_field(&rest, (enum schedule_field)i, &schedule.bits[i])) {
            return false;
        }
    }
    if (rest.len > 0) {
        return false;
    }
    const uint64_t sunday = (UINT64_C(1) << 7) | 1;
    if ((schedule.bits[SCHEDULE_WEEKDAY] & sunday) != 0) {
        schedule.bits[SCHEDULE_WEEKDAY] |= sunday;
    }
    *ret = schedule;
    return true;
}

bool schedule_ever_runs(const struct schedule *schedule)
{
    static const unsigned days[] = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (schedule->weekday_given) {
        return true; /* either is enough, and every month has every weekday */
    }
    for (unsigned month = 1; month <= 12; month++) {
        uint64_t in_month = (UINT64_C(2) << days[month]) - 1;
        if ((schedule->bits[SCHEDULE_MONTH] & (UINT64_C(1) << month)) != 0 &&
            (schedule->bits[SCHEDULE_DAY] & in_month) != 0) {
            return true;
        }
    }
    return false;
}
