/* A suite of shell programs under a real supervisor, in a folder of its own.
 *
 * Everything fails the running test by assertion. Waiting is for a condition, DEADLINE_MS at most.
 */
#ifndef TEST_SUPERVISOR_SUITE_H
#define TEST_SUPERVISOR_SUITE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { DEADLINE_MS = 20000 };

struct suite {
    char folder[64]; /* plan, env, run/, logs/ and what the programs write */
};

struct program_status {
    pid_t pid;
    int deaths;
    bool running;
    char version[32];
};

void suite_init(struct suite *suite);

/* Stop its supervisor and remove the folder. */
void suite_fini(struct suite *suite);

/* Make the plan empty, add one `/bin/sh -c script` to it. Extra lines end with a newline each. */
void plan_clear(struct suite *suite);
void plan_add(struct suite *suite, const char *name, const char *extra, const char *script);
void plan_append(struct suite *suite, const char *text);

/* Exit codes of wardroom-supervisor: started in the background, asked. */
int suite_start(struct suite *suite);
int suite_ask(struct suite *suite, const char *command);

pid_t suite_supervisor(struct suite *suite);

/* What status.json says of one program; false when it does not name it. */
bool suite_status(struct suite *suite, const char *name, struct program_status *ret);
pid_t suite_wait_running(struct suite *suite, const char *name, pid_t but_not);
void suite_wait_deaths(struct suite *suite, const char *name, int deaths);

/* A file in the folder: wait until it is there and not empty; its text, in a static buffer. */
const char *suite_wait_file(struct suite *suite, const char *name);
bool suite_has_file(struct suite *suite, const char *name);

void wait_gone(pid_t pid);
int64_t clock_now_ms(void);

/* One turn of waiting: fails the test once `*deadline_ms` (0 at first) has passed. */
void wait_turn(int64_t *deadline_ms, const char *what);

#endif
