/* Results: binary columns read as what they are. Next: statements.c */
#include "db/connection.h"

#include <stdlib.h>

struct db_rows {
    PGresult *result;
    struct tenant_tx *tx;
    struct db_rows *prev, *next;
};

struct db_rows *rows_new(struct tenant_tx *tx, PGresult *result)
{
    struct db_rows *rows = malloc(sizeof *rows);
    if (rows == NULL) {
        PQclear(result);
        return NULL;
    }
    *rows = (struct db_rows){.result = result, .tx = tx, .next = tx->rows};
    if (tx->rows != NULL) {
        tx->rows->prev = rows;
    }
    tx->rows = rows;
    return rows;
}

void db_rows_free(struct db_rows *rows)
{
    if (rows == NULL) {
        return;
    }
    *(rows->prev != NULL ? &rows->prev->next : &rows->tx->rows) = rows->next;
    if (rows->next != NULL) {
        rows->next->prev = rows->prev;
    }
    PQclear(rows->result);
    free(rows);
}

void rows_free_all(struct tenant_tx *tx)
{
    while (tx->rows != NULL) {
        db_rows_free(tx->rows);
    }
}

size_t db_rows_count(const struct db_rows *rows)
{
    return (size_t)PQntuples(rows->result);
}

size_t db_rows_affected(const struct db_rows *rows)
{
    return strtoul(PQcmdTuples(rows->result), NULL, 10);
}

bool db_is_null(const struct db_rows *rows, size_t row, size_t column)
{
    return PQgetisnull(rows->result, (int)row, (int)column) == 1;
}

struct bytes db_bytes(const struct db_rows *rows, size_t row, size_t column)
{
    return bytes_of(PQgetvalue(rows->result, (int)row, (int)column),
                    (size_t)PQgetlength(rows->result, (int)row, (int)column));
}

int64_t db_i64(const struct db_rows *rows, size_t row, size_t column)
{
    struct bytes value = db_bytes(rows, row, column);
    if (value.len == 0 || value.len > 8) {
        return 0;
    }
    /* Sign-extend from the first byte; a bool is one byte, 0 or 1. */
    uint64_t number = value.data[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < value.len; i++) {
        number = number << 8 | value.data[i];
    }
    return (int64_t)number;
}

struct uuid db_uuid(const struct db_rows *rows, size_t row, size_t column)
{
    struct uuid id = {0};
    struct bytes value = db_bytes(rows, row, column);
    if (value.len == sizeof id.b) {
        memcpy(id.b, value.data, sizeof id.b);
    }
    return id;
}
