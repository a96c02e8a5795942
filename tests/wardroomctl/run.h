/* Run bin/wardroomctl and look at what it said. */
#ifndef WARDROOM_TESTS_WARDROOMCTL_RUN_H
#define WARDROOM_TESTS_WARDROOMCTL_RUN_H

#include <stddef.h>

struct run {
    int code; /* of exit */
    char out[8192], err[8192];
};

/* `arguments` and `environment` ("NAME=value") are NULL-ended and may be NULL; `input` is standard
 * input, NULL for none. */
struct run run_ctl(const char *const *arguments, const char *const *environment, const char *input);
#define RUN(environment, ...) run_ctl((const char *const[]){__VA_ARGS__, NULL}, (environment), NULL)

#endif
