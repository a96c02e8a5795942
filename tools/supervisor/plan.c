/* Reads the plan, the text file that says which programs a suite has.
 *
 * Called by suite.c at the start and on every reload. It only reads; it starts nothing.
 * Next: program.c */
#include "plan.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool name_is_valid(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= NAME_BYTES_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static bool version_is_valid(const char *version)
{
    return strlen(version) <= NAME_BYTES_MAX &&
           strspn(version, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-~ ") ==
               strlen(version);
}

static int signal_by_name(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } signals[] = {{"TERM", SIGTERM}, {"INT", SIGINT}, {"QUIT", SIGQUIT}};

    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (strcmp(signals[i].name, name) == 0)
            return signals[i].number;
    return 0;
}

/* A text key may stand once in a block. */
static const char *spec_set_text(char **slot, const char *value)
{
    if (*slot)
        return "said twice in one block";
    *slot = strdup(value);
    return *slot ? NULL : "out of memory";
}

static const char *spec_add_argument(struct spec *spec, const char *value)
{
    if (spec->argument_count == ARGUMENTS_MAX)
        return "too many arguments";
    spec->arguments[spec->argument_count] = strdup(value);
    return spec->arguments[spec->argument_count++] ? NULL : "out of memory";
}

/* Set one key of a block. Returns what is wrong with it, NULL when nothing is. */
static const char *spec_set(struct spec *spec, const char *key, const char *value)
{
    if (strcmp(key, "revision") == 0)
        return spec_set_text(&spec->revision, value);
    if (strcmp(key, "environment") == 0)
        return spec_set_text(&spec->environment, value);
    if (strcmp(key, "user") == 0)
        return spec_set_text(&spec->user, value);
    if (strcmp(key, "argument") == 0)
        return spec_add_argument(spec, value);
    if (strcmp(key, "version") == 0) {
        if (!version_is_valid(value))
            return "not a version";
        return spec_set_text(&spec->version, value);
    }
    if (strcmp(key, "stage") == 0) {
        if (value[0] < '1' || value[0] > '9' || value[1] != '\0')
            return "not a stage from 1 to 9";
        spec->stage = value[0] - '0';
        return NULL;
    }
    if (strcmp(key, "stop") == 0) {
        spec->stop_signal = signal_by_name(value);
        return spec->stop_signal ? NULL : "not one of TERM, INT, QUIT";
    }
    return "unknown key";
}

static const char *plan_add(struct plan *plan, const char *name)
{
    if (!name_is_valid(name))
        return "not a name of small letters, digits and hyphens";
    if (plan->count == PROGRAMS_MAX)
        return "too many programs";
    for (int i = 0; i < plan->count; i++)
        if (strcmp(plan->specs[i]->name, name) == 0)
            return "a program of this name stands above";

    struct spec *spec = calloc(1, sizeof *spec);
    if (!spec)
        return "out of memory";
    plan->specs[plan->count++] = spec;
    spec->stage = 1;
    spec->stop_signal = SIGTERM;
    return spec_set_text(&spec->name, name);
}

static const char *plan_read_line(struct plan *plan, char *line)
{
    if (line[0] == '\0' || line[0] == '#')
        return NULL;
    char *value = strchr(line, ' ');
    if (!value || value[1] == '\0')
        return "no value";
    *value++ = '\0';
    if (strlen(value) > VALUE_BYTES_MAX)
        return "too long";
    if (strcmp(line, "program") == 0)
        return plan_add(plan, value);
    if (plan->count == 0)
        return "stands before the first `program`";
    return spec_set(plan->specs[plan->count - 1], line, value);
}

static char *file_read(const char *path, char *err, size_t err_bytes)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        snprintf(err, err_bytes, "cannot open %s: %s", path, strerror(errno));
        return NULL;
    }
    char *text = malloc(PLAN_BYTES_MAX + 1);
    size_t len = text ? fread(text, 1, PLAN_BYTES_MAX + 1, file) : 0;
    bool bad = !text || ferror(file) || len > PLAN_BYTES_MAX || memchr(text, '\0', len);
    fclose(file);
    if (bad) {
        snprintf(err, err_bytes, "cannot read %s, or it is too long or no text", path);
        free(text);
        return NULL;
    }
    text[len] = '\0';
    return text;
}

struct plan *plan_read(const char *path, char *err, size_t err_bytes)
{
    char *text = file_read(path, err, err_bytes);
    struct plan *plan = text ? calloc(1, sizeof *plan) : NULL;
    const char *wrong = NULL;
    int line_number = 0;
    char *rest = text;

    if (!plan) {
        free(text);
        return NULL;
    }
    while (!wrong && rest) {
        char *line = strsep(&rest, "\n");
        line_number++;
        wrong = plan_read_line(plan, line);
    }
    for (int i = 0; !wrong && i < plan->count; i++)
        if (plan->specs[i]->argument_count == 0)
            wrong = "a program has no `argument` line";
    free(text);
    if (wrong) {
        snprintf(err, err_bytes, "%s line %d: %s", path, line_number, wrong);
        plan_free(plan);
        return NULL;
    }
    return plan;
}

void spec_free(struct spec *spec)
{
    if (!spec)
        return;
    free(spec->name);
    free(spec->revision);
    free(spec->version);
    free(spec->environment);
    free(spec->user);
    for (int i = 0; i < spec->argument_count; i++)
        free(spec->arguments[i]);
    free(spec);
}

void plan_free(struct plan *plan)
{
    if (!plan)
        return;
    for (int i = 0; i < plan->count; i++)
        spec_free(plan->specs[i]);
    free(plan);
}

static bool text_equal(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

bool spec_equal(const struct spec *a, const struct spec *b)
{
    if (a->argument_count != b->argument_count || a->stage != b->stage ||
        a->stop_signal != b->stop_signal)
        return false;
    for (int i = 0; i < a->argument_count; i++)
        if (strcmp(a->arguments[i], b->arguments[i]) != 0)
            return false;
    return text_equal(a->name, b->name) && text_equal(a->revision, b->revision) &&
           text_equal(a->version, b->version) && text_equal(a->environment, b->environment) &&
           text_equal(a->user, b->user);
}
