/* Next: schedule.c */
#include "rules.h"

const struct policy policy_default = {.closed_threads_only = true, .schedule = "0 3 * * *"};

const char *days_problem(uint32_t days)
{
    return days > DAYS_MAX ? "must be between 0 and 36500" : NULL;
}

const char *schedule_problem(struct bytes text)
{
    struct schedule schedule;
    if (text.len > SCHEDULE_BYTES_MAX) {
        return "must have at most 100 characters";
    }
    if (!schedule_parse(text, &schedule)) {
        return "must be five cron fields: minute hour day-of-month month day-of-week";
    }
    return schedule_ever_runs(&schedule) ? NULL : "names a day that no month has";
}
