/* What every command of wardroomctl has: a function of its arguments that returns an exit code.
 *
 * Words for people go to stderr, answers to stdout; neither ever shows a secret. Next: main.c
 */
#ifndef WARDROOM_TOOLS_COMMAND_H
#define WARDROOM_TOOLS_COMMAND_H

#include "core/options.h"

enum exit_code {
    EXIT_DONE = 0,
    EXIT_REFUSED = 1,  /* understood, and answered with no */
    EXIT_USAGE = 2,    /* the command line or an option cannot be read */
    EXIT_NO_ANSWER = 3 /* the service cannot be reached, or is too busy */
};

/* One plain sentence on stderr, with the program's name before it. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* `argv` starts after the command's words. */
int keys_init_run(int argc, char **argv);
int call_run(int argc, char **argv);

/* Tables of options, each ended by a row without a name. */
extern const struct option_row keys_options[];
extern const struct option_row call_options[];

#endif
