/* PostgreSQL's binary array: dimensions, has-null flag, element type, length, lower bound, and per
 * element its length and its bytes, all big-endian. Every element of a column is of one size here.
 *
 * Next: bare.c */
#include "insert_rows.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ARRAY_HEAD_BYTES 20
#define BATCH_THREADS    32

/* A hundred rows spread over 32 threads, as a shard's batch is. */
const char insert_rows_table_sql[] = "CREATE TABLE messages ("
                                     "  tenant_id  text     NOT NULL,"
                                     "  thread_id  uuid     NOT NULL,"
                                     "  seq        bigint   NOT NULL,"
                                     "  kind       smallint NOT NULL,"
                                     "  leaf_kind  smallint NOT NULL,"
                                     "  time_us    bigint   NOT NULL,"
                                     "  author_id  uuid     NOT NULL,"
                                     "  client_id  uuid,"
                                     "  commitment bytea    NOT NULL,"
                                     "  sealed     bytea,"
                                     "  PRIMARY KEY (thread_id, seq),"
                                     "  UNIQUE (thread_id, author_id, client_id))";

const char insert_rows_statement_sql[] =
    "INSERT INTO messages (tenant_id, thread_id, seq, kind, leaf_kind, time_us, author_id,"
    "                      client_id, commitment, sealed) "
    "SELECT * "
    "FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::smallint[], $5::smallint[],"
    "            $6::bigint[], $7::uuid[], $8::uuid[], $9::bytea[], $10::bytea[])";

enum column {
    COLUMN_TENANT,
    COLUMN_THREAD,
    COLUMN_SEQ,
    COLUMN_KIND,
    COLUMN_LEAF_KIND,
    COLUMN_TIME,
    COLUMN_AUTHOR,
    COLUMN_CLIENT,
    COLUMN_COMMITMENT,
    COLUMN_SEALED,
};

static void put_u32(char *at, uint32_t value)
{
    for (int i = 3; i >= 0; i--, value >>= 8)
        at[i] = (char)(value & 0xFF);
}

static void put_u64(char *at, uint64_t value)
{
    put_u32(at, (uint32_t)(value >> 32));
    put_u32(at + 4, (uint32_t)value);
}

static char *element(struct row_batch *batch, enum column column, unsigned row)
{
    return batch->arrays[column] + ARRAY_HEAD_BYTES + 4 + row * batch->strides[column];
}

static bool column_init(struct row_batch *batch, unsigned column, uint32_t oid, uint32_t bytes)
{
    batch->strides[column] = 4 + bytes;
    batch->lengths[column] = (int)(ARRAY_HEAD_BYTES + ROWS_PER_BATCH * batch->strides[column]);
    char *array = calloc(1, (size_t)batch->lengths[column]);
    batch->arrays[column] = array;
    if (!array)
        return false;
    put_u32(array, 1);
    put_u32(array + 8, oid);
    put_u32(array + 12, ROWS_PER_BATCH);
    put_u32(array + 16, 1);
    for (unsigned row = 0; row < ROWS_PER_BATCH; row++)
        put_u32(element(batch, column, row) - 4, bytes);
    return true;
}

/* What stays the same in all batches. */
static void constants_fill(struct row_batch *batch)
{
    char author[16];
    RAND_bytes((unsigned char *)author, sizeof(author));
    for (unsigned row = 0; row < ROWS_PER_BATCH; row++) {
        char *thread = element(batch, COLUMN_THREAD, row);
        memcpy(element(batch, COLUMN_TENANT, row), "acme_soc", 8);
        memcpy(element(batch, COLUMN_AUTHOR, row), author, 16);
        element(batch, COLUMN_KIND, row)[1] = 1;
        element(batch, COLUMN_LEAF_KIND, row)[1] = 1;
        put_u64(thread, 0x0190000000007000ULL);
        put_u64(thread + 8, 0x8000000000000000ULL + batch->writer * 256);
    }
}

bool row_batch_init(struct row_batch *batch, unsigned writer, unsigned sealed_bytes)
{
    static const uint32_t oids[ROW_COLUMNS] = {25, 2950, 20, 21, 21, 20, 2950, 2950, 17, 17};
    static const uint32_t sizes[ROW_COLUMNS] = {8, 16, 8, 2, 2, 8, 16, 16, 32, 0};
    *batch = (struct row_batch){.writer = writer};
    for (unsigned i = 0; i < ROW_COLUMNS; i++)
        if (!column_init(batch, i, oids[i], i == COLUMN_SEALED ? sealed_bytes : sizes[i]))
            return false;
    constants_fill(batch);
    return true;
}

void row_batch_free(struct row_batch *batch)
{
    for (unsigned i = 0; i < ROW_COLUMNS; i++)
        free(batch->arrays[i]);
}

void row_batch_advance(struct row_batch *batch)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    uint64_t time_us = (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
    size_t sealed_bytes = batch->strides[COLUMN_SEALED] - 4;
    for (unsigned row = 0; row < ROWS_PER_BATCH; row++, batch->next_row++) {
        char *client = element(batch, COLUMN_CLIENT, row);
        element(batch, COLUMN_THREAD, row)[15] = (char)(batch->next_row % BATCH_THREADS);
        put_u64(element(batch, COLUMN_SEQ, row), batch->next_row / BATCH_THREADS + 1);
        put_u64(element(batch, COLUMN_TIME, row), time_us);
        put_u64(client, (time_us / 1000) << 16 | 0x7000 | (batch->writer & 0xFFF));
        put_u64(client + 8, 0x8000000000000000ULL | batch->next_row);
        RAND_bytes((unsigned char *)element(batch, COLUMN_COMMITMENT, row), 32);
        /* Ciphertext does not compress, so the sealed values must not either. */
        RAND_bytes((unsigned char *)element(batch, COLUMN_SEALED, row), (int)sealed_bytes);
    }
}
