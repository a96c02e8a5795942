/* What retention decides without looking anything up. Next: schedule.h */
#ifndef WARDROOM_RETENTION_RULES_H
#define WARDROOM_RETENTION_RULES_H

#include "core/ids.h"
#include "schedule.h"

#define DAYS_MAX 36500 /* a hundred years: longer is 0, for ever */

struct policy {
    uint32_t messages_days, files_days; /* 0: for ever */
    bool closed_threads_only;
    char schedule[SCHEDULE_BYTES_MAX + 1]; /* UTC, see schedule.h */
};

/* Of a tenant that has set none. */
extern const struct policy policy_default;

/* Each returns NULL when all is well, else words for a person. */
const char *days_problem(uint32_t days);
const char *schedule_problem(struct bytes schedule);

#endif
