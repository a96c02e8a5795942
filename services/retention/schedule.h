/* Five cron fields: minute, hour, day of the month, month, day of the week. Pure, bounded.
 *
 * A field is a list of `*`, N or N-M, each with an optional /STEP; numbers only, days of the week
 * 0-7 with Sunday both 0 and 7. Fields are separated by one or more spaces. Next: store.h
 */
#ifndef WARDROOM_RETENTION_SCHEDULE_H
#define WARDROOM_RETENTION_SCHEDULE_H

#include "core/bytes.h"

#define SCHEDULE_BYTES_MAX 100

enum schedule_field {
    SCHEDULE_MINUTE,
    SCHEDULE_HOUR,
    SCHEDULE_DAY,
    SCHEDULE_MONTH,
    SCHEDULE_WEEKDAY,
    SCHEDULE_FIELDS
};

/* Bit N of a field: it runs at N. */
struct schedule {
    uint64_t bits[SCHEDULE_FIELDS];
    /* Whether day and weekday began with anything but `*`: when both did, either is enough (cron).
     */
    bool day_given, weekday_given;
};

bool schedule_parse(struct bytes text, struct schedule *ret);
/* Is there a date that it runs on? ("0 0 31 2 *" never does; 29 February counts.) */
bool schedule_ever_runs(const struct schedule *schedule);

#endif
