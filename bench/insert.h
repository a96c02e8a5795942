/* The ceiling of the machine for posts: the same rows, written by prepared statements of 100 rows
 * each, one transaction per statement, at the durability the suite has.
 *
 * Files: insert_rows.c builds the binary arrays, insert.c runs the connections.
 *
 * Next: bare.h */
#pragma once

#include "procs.h"

#include <stddef.h>

struct insert_result {
    bool is_valid;
    char why[512];
    unsigned connections;
    unsigned sealed_bytes;
    double seconds;
    uint64_t rows;
    double rows_per_s;
    bool has_cpu;
    double server_us_per_row; /* PostgreSQL with its children */
    char synchronous_commit[16];
    char fsync[16];
};

/* Run in a scratch database that is created and dropped again.
 *
 * url:   superuser URL of the suite's server, or NULL, which is reported.
 * sealed_bytes: of a row; 0: as the suite's posts have on average.
 * procs: for the CPU time of PostgreSQL, or NULL. */
void insert_run(const char *url, unsigned connections, unsigned sealed_bytes, double seconds,
                const struct procs *procs, struct insert_result *ret_result);
