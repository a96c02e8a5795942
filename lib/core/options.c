/* Reading the option tables from the environment, and printing them. Next: metrics.h */
#include "core/options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX     (64 * 1024) /* of a NAME_FILE: a few keys or a PEM */
#define NAME_FILE_SIZE_MAX 128

/* What files held lives as long as the process, and is kept in sight here: a program may drop its
 * last pointer to a value on its way out, and a leak checker would name it. */
struct kept_text {
    struct kept_text *next;
    char text[];
};
static struct kept_text *kept_texts;

static bool is_text(const struct option_row *row)
{
    return row->type == OPTION_TEXT || row->type == OPTION_SECRET;
}

/* The file's text without trailing newlines, owned by the process; NULL: said why on stderr. */
static const char *read_file(const char *program, const char *name, const char *path)
{
    FILE *file = fopen(path, "re");
    struct kept_text *kept = file != NULL ? malloc(sizeof *kept + FILE_BYTES_MAX + 1) : NULL;
    char *text = kept != NULL ? kept->text : NULL;
    size_t len = text != NULL ? fread(text, 1, FILE_BYTES_MAX + 1, file) : 0;
    bool failed = text == NULL || ferror(file) != 0;
    int err = errno;
    if (file != NULL) {
        fclose(file);
    }
    if (failed) {
        fprintf(stderr, "%s: %s names %s, which cannot be read: %s\n", program, name, path,
                strerror(err));
    } else if (len > FILE_BYTES_MAX || memchr(text, '\0', len) != NULL) {
        fprintf(stderr, "%s: %s names %s, which is over %d bytes or not text\n", program, name,
                path, FILE_BYTES_MAX);
        failed = true;
    }
    if (failed) {
        free(kept);
        return NULL;
    }
    kept->next = kept_texts;
    kept_texts = kept;
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r')) {
        len--;
    }
    text[len] = '\0';
    return text;
}

/* NAME, NAME_FILE or the fallback. A set but empty variable counts as unset, because compose files
 * write NAME: ${NAME:-}. */
static enum status find_value(const char *program, const struct option_row *row, const char **ret)
{
    char file_name[NAME_FILE_SIZE_MAX];
    snprintf(file_name, sizeof file_name, "%s_FILE", row->name);
    const char *value = getenv(row->name);
    const char *path = getenv(file_name);
    bool has_value = value != NULL && value[0] != '\0';
    bool has_path = path != NULL && path[0] != '\0';
    if (has_value && has_path) {
        fprintf(stderr, "%s: both %s and %s are set; keep one\n", program, row->name, file_name);
        return STATUS_INVALID;
    }
    if (has_path) {
        value = read_file(program, file_name, path);
        if (value == NULL) {
            return STATUS_INVALID;
        }
    } else if (!has_value) {
        value = row->fallback;
    }
    if (value == NULL) {
        fprintf(stderr, "%s: %s is not set; it is needed: %s\n", program, row->name, row->help);
        return STATUS_INVALID;
    }
    *ret = value;
    return OK;
}

static enum status read_number(const char *program, const struct option_row *row, const char *value)
{
    int64_t min = row->type == OPTION_FLAG ? 0 : row->min;
    int64_t max = row->type == OPTION_FLAG ? 1 : row->max;
    char *end;
    errno = 0;
    int64_t number = strtoll(value, &end, 10);
    /* strtoll skips spaces and takes a plus sign; we do not. */
    bool plain = value[0] == '-' || (value[0] >= '0' && value[0] <= '9');
    if (!plain || *end != '\0' || errno != 0 || number < min || number > max) {
        fprintf(stderr, "%s: %s must be a number from %" PRId64 " to %" PRId64 "%s%s, not \"%s\"\n",
                program, row->name, min, max, row->unit[0] != '\0' ? " " : "", row->unit, value);
        return STATUS_INVALID;
    }
    *row->number = number;
    return OK;
}

static enum status read_row(const char *program, const struct option_row *row)
{
    const char *value;
    enum status status = find_value(program, row, &value);
    if (status != OK) {
        return status;
    }
    if (is_text(row)) {
        *row->text = value;
        return OK;
    }
    return read_number(program, row, value);
}

static void print_row(const struct option_row *row)
{
    printf("  %s\n      %s\n", row->name, row->help);
    printf("      ");
    if (row->type == OPTION_NUMBER) {
        printf("%" PRId64 " to %" PRId64 "%s%s; ", row->min, row->max,
               row->unit[0] != '\0' ? " " : "", row->unit);
    } else if (row->type == OPTION_FLAG) {
        printf("0 or 1; ");
    } else {
        printf("%s; ", row->type == OPTION_SECRET ? "secret text" : "text");
    }
    if (row->fallback == NULL) {
        printf("needed\n");
    } else if (row->fallback[0] == '\0') {
        printf("default: none\n");
    } else {
        /* A secret's fallback may be a real one; nobody has to read it here. */
        printf("default: %s\n", row->type == OPTION_SECRET ? "(not shown)" : row->fallback);
    }
}

static void print_help(const char *program, const char *summary,
                       const struct option_row *const *tables)
{
    printf("%s %s: %s\n\n", program, WARDROOM_VERSION, summary);
    printf("usage: %s [--help | --version]\n\n", program);
    printf("Options are environment variables. For every NAME, NAME_FILE may name a file that\n"
           "holds the value instead.\n\n");
    for (; *tables != NULL; tables++) {
        for (const struct option_row *row = *tables; row->name != NULL; row++) {
            print_row(row);
        }
    }
}

enum status options_read(const char *program, const char *summary,
                         const struct option_row *const *tables, int argc, char **argv,
                         bool *ret_exit)
{
    *ret_exit = false;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            print_help(program, summary, tables);
            *ret_exit = true;
            return OK;
        }
        if (strcmp(argv[i], "--version") == 0) {
            printf("%s %s\n", program, WARDROOM_VERSION);
            *ret_exit = true;
            return OK;
        }
    }
    for (; *tables != NULL; tables++) {
        for (const struct option_row *row = *tables; row->name != NULL; row++) {
            enum status status = read_row(program, row);
            if (status != OK) {
                return status;
            }
        }
    }
    return OK;
}
