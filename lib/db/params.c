/* Parameters in PostgreSQL's binary forms. Next: rows.c */
#include "db/connection.h"

#include <limits.h>

/* Type numbers of pg_type.dat; they never change. */
enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_I64 = 20,
    OID_I16 = 21,
    OID_I32 = 23,
    OID_TEXT = 25,
    OID_BYTEA_ARRAY = 1001,
    OID_I16_ARRAY = 1005,
    OID_I64_ARRAY = 1016,
    OID_UUID = 2950,
    OID_UUID_ARRAY = 2951
};

static const Oid type_oids[] = {
    [DB_TYPE_NULL] = 0,
    [DB_TYPE_I16] = OID_I16,
    [DB_TYPE_I32] = OID_I32,
    [DB_TYPE_I64] = OID_I64,
    [DB_TYPE_BOOL] = OID_BOOL,
    [DB_TYPE_BYTES] = OID_BYTEA,
    [DB_TYPE_TEXT] = OID_TEXT,
    [DB_TYPE_UUID] = OID_UUID,
    [DB_TYPE_I16S] = OID_I16_ARRAY,
    [DB_TYPE_I64S] = OID_I64_ARRAY,
    [DB_TYPE_UUIDS] = OID_UUID_ARRAY,
    [DB_TYPE_BYTESS] = OID_BYTEA_ARRAY,
};

static void put_u16(struct buf *out, uint16_t value)
{
    buf_u8(out, (uint8_t)(value >> 8));
    buf_u8(out, (uint8_t)value);
}

/* array_send: dimensions, has-nulls, element type, then length and lower bound. */
static void put_array_head(struct buf *out, Oid element, size_t count)
{
    buf_u32(out, count > 0);
    buf_u32(out, 1);
    buf_u32(out, element);
    if (count > 0) {
        buf_u32(out, (uint32_t)count);
        buf_u32(out, 1);
    }
}

static void put_i16s(struct buf *out, const int16_t *items, size_t count)
{
    put_array_head(out, OID_I16, count);
    for (size_t i = 0; i < count; i++) {
        buf_u32(out, 2);
        put_u16(out, (uint16_t)items[i]);
    }
}

static void put_i64s(struct buf *out, const int64_t *items, size_t count)
{
    put_array_head(out, OID_I64, count);
    for (size_t i = 0; i < count; i++) {
        buf_u32(out, 8);
        buf_u64(out, (uint64_t)items[i]);
    }
}

static void put_uuids(struct buf *out, const struct uuid *items, size_t count)
{
    put_array_head(out, OID_UUID, count);
    for (size_t i = 0; i < count; i++) {
        buf_str(out, uuid_bytes(&items[i]));
    }
}

/* An item without data is NULL. */
static void put_bytess(struct buf *out, const struct bytes *items, size_t count)
{
    put_array_head(out, OID_BYTEA, count);
    for (size_t i = 0; i < count; i++) {
        if (items[i].data == NULL) {
            buf_u32(out, UINT32_MAX);
        } else {
            buf_str(out, items[i]);
        }
    }
}

static void put(struct buf *out, const struct db_param *param)
{
    switch (param->type) {
    case DB_TYPE_NULL:
    case DB_TYPE_BYTES:
    case DB_TYPE_TEXT:
    case DB_TYPE_UUID:
        return;
    case DB_TYPE_I16:
        put_u16(out, (uint16_t)param->number);
        return;
    case DB_TYPE_I32:
        buf_u32(out, (uint32_t)param->number);
        return;
    case DB_TYPE_I64:
        buf_u64(out, (uint64_t)param->number);
        return;
    case DB_TYPE_BOOL:
        buf_u8(out, param->number != 0);
        return;
    case DB_TYPE_I16S:
        put_i16s(out, param->items, param->count);
        return;
    case DB_TYPE_I64S:
        put_i64s(out, param->items, param->count);
        return;
    case DB_TYPE_UUIDS:
        put_uuids(out, param->items, param->count);
        return;
    case DB_TYPE_BYTESS:
        put_bytess(out, param->items, param->count);
        return;
    }
}

enum status params_encode(struct db *db, const struct db_param *param, size_t count,
                          struct encoded *ret)
{
    size_t starts[PARAMS_MAX];
    struct buf *out = &db->params;
    if (count > PARAMS_MAX) {
        return STATUS_INVALID;
    }
    buf_clear(out);
    for (size_t i = 0; i < count; i++) {
        starts[i] = out->len;
        put(out, &param[i]);
    }
    if (out->failed || out->len > INT_MAX) {
        return STATUS_INVALID;
    }
    ret->count = (int)count;
    for (size_t i = 0; i < count; i++) {
        bool borrowed = param[i].type == DB_TYPE_BYTES || param[i].type == DB_TYPE_TEXT ||
                        param[i].type == DB_TYPE_UUID;
        size_t end = i + 1 < count ? starts[i + 1] : out->len;
        const void *data = borrowed ? param[i].bytes.data : out->data + starts[i];
        size_t len = borrowed ? param[i].bytes.len : end - starts[i];
        if (len > INT_MAX) {
            return STATUS_INVALID;
        }
        /* libpq takes a NULL pointer for SQL NULL; no bytes at all are an empty value here. */
        ret->values[i] = param[i].type == DB_TYPE_NULL ? NULL : data != NULL ? data : "";
        ret->lengths[i] = (int)len;
        ret->formats[i] = 1;
        ret->types[i] = type_oids[param[i].type];
    }
    return OK;
}
