/* The figures of a run, as a table for people and as JSON for machines.
 *
 * Next: report.c */
#pragma once

#include "scenarios.h"

/* Print the table on stdout. */
void report_print(const struct bench *bench);

/* Write the JSON file. False with fault_text. */
bool report_write_json(const struct bench *bench, const char *path);

/* True when every part that ran has figures and nothing that came back was wrong. */
bool report_is_sound(const struct bench *bench);
