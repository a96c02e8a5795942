/* The command line of wardroom-bench.
 *
 * Next: scenarios.h */
#pragma once

#include <stdbool.h>

struct options {
    const char *url;        /* of the suite, TLS */
    const char *plain;      /* the gateways' loopback listener without TLS, or NULL: use url */
    const char *accounts;   /* file */
    const char *programs;   /* file with the output of `wardroom status --json`, or NULL */
    const char *pg;         /* URL of the suite's PostgreSQL as a superuser, or NULL */
    const char *out;        /* JSON goes here, or NULL */
    const char *only;       /* comma-separated parts, or NULL: all */
    const char *suite_note; /* printed as it is: which limits the caller lifted in the suite */
    double seconds;         /* each measured window */
    double warm_s;
    unsigned idle_sockets;
    unsigned sealed_bytes; /* of a row of the INSERT ceiling */
    unsigned frame_bytes;  /* of the bare sender when no event of the suite was seen */
    bool is_self_test;
    bool is_help;
};

/* False with fault_text when the arguments cannot be read. */
bool options_parse(struct options *options, int argc, char **argv);

void options_print_help(void);

/* True when the part is asked for: idle, posts, fan, bare, insert, restart. */
bool options_has_part(const struct options *options, const char *part);

/* True when it is named: noisy and storm are not run with the rest, for they need the limits that
 * the rest is better without. */
bool options_asks_for(const struct options *options, const char *part);
