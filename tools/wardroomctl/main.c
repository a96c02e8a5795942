/* wardroomctl: what an administrator does from the machine itself. Makes the keys that the programs
 * trust each other by, and calls any rpc under the identity "admin".
 *
 * Who may read the folder of keys may do this; that is the whole permission. Next: keys.c
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

struct command {
    const char *words[2]; /* the second may be NULL */
    int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
    {{"keys", "init"}, keys_init_run},
    {{"call", NULL}, call_run},
};

static const char usage[] =
    "\n"
    "commands:\n"
    "  wardroomctl keys init --trust DIR --secrets DIR [--name HOST]\n"
    "      Make every key that is missing; what exists is kept. HOST only names the machine in\n"
    "      what is printed.\n"
    "  wardroomctl call SERVICE.METHOD JSON [--tenant TENANT]\n"
    "      Call a service as the administrator, such as auth.ListTenants '{}'. JSON is the "
    "request\n"
    "      as an object; - reads it from standard input, which is the place for passwords.\n"
    "\n"
    "exit codes: 0 done, 1 refused, 2 usage, 3 no answer\n";

void say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("wardroomctl: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

/* --help and --version, printed from the same tables that the commands read. */
static int print_about(int argc, char **argv)
{
    const struct option_row *const tables[] = {keys_options, call_options, NULL};
    bool printed = false;
    enum status status = options_read("wardroomctl", "keys and administration of Wardroom", tables,
                                      argc, argv, &printed);
    if (status == OK && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
    }
    return status == OK && printed ? EXIT_DONE : EXIT_USAGE;
}

static const struct command *command_find(int argc, char **argv, int *ret_words)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        const struct command *command = &commands[i];
        int words = command->words[1] != NULL ? 2 : 1;
        if (argc > words && strcmp(argv[1], command->words[0]) == 0 &&
            (words == 1 || strcmp(argv[2], command->words[1]) == 0)) {
            *ret_words = words;
            return command;
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "--version") == 0)) {
        return print_about(argc, argv);
    }
    int words;
    const struct command *command = command_find(argc, argv, &words);
    if (command == NULL) {
        say("no such command; wardroomctl --help lists them");
        return EXIT_USAGE;
    }
    return command->run(argc - 1 - words, argv + 1 + words);
}
