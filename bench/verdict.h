/* The targets of issue 2 against the figures of one run.
 *
 * Next: report.h */
#pragma once

#include "scenarios.h"

#define VERDICTS_MAX 16

struct verdict {
    char name[64];
    double value;
    double target;
    bool is_floor; /* the value must be at least the target; else at most */
    bool is_known; /* false: not measured in this run */
    bool is_met;
    char unit[24];
};

/* Returns how many were written. */
unsigned verdict_all(const struct bench *bench, struct verdict ret_verdicts[VERDICTS_MAX]);
