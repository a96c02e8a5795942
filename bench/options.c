/* One table of options: name, where it goes, what it means.
 *
 * Next: scenarios.h */
#include "options.h"

#include "fault.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum option_kind { OPTION_TEXT, OPTION_SECONDS, OPTION_COUNT, OPTION_FLAG };

struct option_row {
    const char *name;
    enum option_kind kind;
    size_t offset;
    const char *meaning;
};

#define AT(member) offsetof(struct options, member)

static const struct option_row rows[] = {
    {"--url", OPTION_TEXT, AT(url), "https://host:port of the suite"},
    {"--plain", OPTION_TEXT, AT(plain), "host:port where its gateways listen without TLS"},
    {"--accounts", OPTION_TEXT, AT(accounts), "file of tenant<TAB>username<TAB>password lines"},
    {"--programs", OPTION_TEXT, AT(programs), "file with the output of wardroom status --json"},
    {"--pg", OPTION_TEXT, AT(pg), "superuser URL of its PostgreSQL (or WARDROOM_BENCH_PG)"},
    {"--out", OPTION_TEXT, AT(out), "file for the figures as JSON"},
    {"--only", OPTION_TEXT, AT(only), "parts: idle,posts,fan,bare,insert,restart; or noisy,storm"},
    {"--suite-note", OPTION_TEXT, AT(suite_note), "words on how the suite was started"},
    {"--seconds", OPTION_SECONDS, AT(seconds), "length of each measured window, default 5"},
    {"--warm", OPTION_SECONDS, AT(warm_s), "warm-up before each, default 1"},
    {"--idle-sockets", OPTION_COUNT, AT(idle_sockets), "also those of the storm, default 2000"},
    {"--sealed-bytes", OPTION_COUNT, AT(sealed_bytes),
     "sealed value of an INSERTed row; default: as the suite has"},
    {"--frame-bytes", OPTION_COUNT, AT(frame_bytes),
     "event of the bare sender when none was seen, default 600"},
    {"--self-test", OPTION_FLAG, AT(is_self_test), "check the generator's own parts and exit"},
    {"--help", OPTION_FLAG, AT(is_help), "this list"},
};

static bool option_set(struct options *options, const struct option_row *row, const char *value)
{
    char *field = (char *)options + row->offset;
    char *end = NULL;
    double number = 0;
    if (row->kind == OPTION_SECONDS || row->kind == OPTION_COUNT) {
        number = strtod(value, &end);
        if (*end != '\0' || number <= 0 || number > 100000)
            return fault_set("%s wants a number, not '%s'", row->name, value);
    }
    switch (row->kind) {
    case OPTION_TEXT:
        *(const char **)(void *)field = value;
        return true;
    case OPTION_SECONDS:
        *(double *)(void *)field = number;
        return true;
    case OPTION_COUNT:
        *(unsigned *)(void *)field = (unsigned)number;
        return true;
    case OPTION_FLAG:
        *(bool *)(void *)field = true;
        return true;
    }
    return false;
}

bool options_parse(struct options *options, int argc, char **argv)
{
    *options = (struct options){.pg = getenv("WARDROOM_BENCH_PG"),
                                .seconds = 5,
                                .warm_s = 1,
                                .idle_sockets = 2000,
                                .frame_bytes = 600};
    for (int i = 1; i < argc; i++) {
        const struct option_row *row = NULL;
        for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]) && !row; k++)
            if (strcmp(argv[i], rows[k].name) == 0)
                row = &rows[k];
        if (!row)
            return fault_set("unknown option '%s'; --help lists them", argv[i]);
        if (row->kind != OPTION_FLAG && i + 1 >= argc)
            return fault_set("%s wants a value", row->name);
        if (!option_set(options, row, row->kind == OPTION_FLAG ? "" : argv[++i]))
            return false;
    }
    return true;
}

void options_print_help(void)
{
    puts("wardroom-bench: figures of a running suite, and the ceilings of the machine beside them");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        printf("  %-16s %s\n", rows[i].name, rows[i].meaning);
}

bool options_has_part(const struct options *options, const char *part)
{
    if (!options->only)
        return true;
    size_t len = strlen(part);
    for (const char *at = options->only; *at; at += strcspn(at, ",")) {
        at += *at == ',';
        if (strcspn(at, ",") == len && memcmp(at, part, len) == 0)
            return true;
    }
    return false;
}

bool options_asks_for(const struct options *options, const char *part)
{
    return options->only && options_has_part(options, part);
}
