/* A batch of message rows as the ten binary arrays of one statement. The arrays are laid out once;
 * for the next batch only what differs is written over.
 *
 * Next: insert_rows.c */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROWS_PER_BATCH 100
#define ROW_COLUMNS    10

struct row_batch {
    char *arrays[ROW_COLUMNS];
    int lengths[ROW_COLUMNS];
    size_t strides[ROW_COLUMNS]; /* from one element's value to the next */
    unsigned writer;             /* distinguishes the threads of two connections */
    uint64_t next_row;
};

/* The table of the threads service's messages, and the statement that takes a batch. */
extern const char insert_rows_table_sql[];
extern const char insert_rows_statement_sql[];

/* False when memory is out. The caller frees, also after false. */
bool row_batch_init(struct row_batch *batch, unsigned writer, unsigned sealed_bytes);
void row_batch_free(struct row_batch *batch);

/* Fill in the next ROWS_PER_BATCH rows: new seqs, client ids, commitments and sealed values. */
void row_batch_advance(struct row_batch *batch);
