/* fork, exec, collect. */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 32

static void must(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "run: %s failed\n", what);
        exit(1);
    }
}

static FILE *temporary(const char *text)
{
    FILE *file = tmpfile();
    must(file != NULL && fputs(text, file) >= 0 && fflush(file) == 0, "tmpfile");
    rewind(file);
    return file;
}

static void take(FILE *file, char *out, size_t size)
{
    rewind(file);
    out[fread(out, 1, size - 1, file)] = '\0';
    fclose(file);
}

static void become(const char *const *arguments, const char *const *environment)
{
    char *words[WORDS_MAX] = {(char *)BINARY_DIR "/wardroomctl"}, *variables[WORDS_MAX] = {NULL};
    for (int i = 0; arguments != NULL && arguments[i] != NULL; i++) {
        words[i + 1] = (char *)arguments[i];
    }
    for (int i = 0; environment != NULL && environment[i] != NULL; i++) {
        variables[i] = (char *)environment[i];
    }
    execve(words[0], words, variables);
    _exit(127);
}

struct run run_ctl(const char *const *arguments, const char *const *environment, const char *input)
{
    struct run run = {0};
    FILE *in = temporary(input != NULL ? input : ""), *out = temporary(""), *err = temporary("");
    pid_t child = fork();
    must(child >= 0, "fork");
    if (child == 0) {
        dup2(fileno(in), STDIN_FILENO);
        dup2(fileno(out), STDOUT_FILENO);
        dup2(fileno(err), STDERR_FILENO);
        become(arguments, environment);
    }
    int status = 0;
    must(waitpid(child, &status, 0) == child && WIFEXITED(status), "waitpid");
    run.code = WEXITSTATUS(status);
    fclose(in);
    take(out, run.out, sizeof run.out);
    take(err, run.err, sizeof run.err);
    return run;
}
