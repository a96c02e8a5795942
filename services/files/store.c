/* The only SQL of files. Next: handlers.c */
#include "store.h"

#include "core/cleanup.h"

static const struct db_stmt file_add_stmt = {
    "file_add",
    "INSERT INTO file (file_id, thread_id, uploader_id, object_id, size, created_us, name_sealed,\n"
    "                  media_type_sealed, sha256_sealed)\n"
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"};
static const struct db_stmt file_key_add_stmt = {"file_key_add",
                                                 "INSERT INTO file_key (file_id, wrapped_sealed)\n"
                                                 "VALUES ($1, $2)"};
static const struct db_stmt file_find_stmt = {
    "file_find", "SELECT thread_id, uploader_id, object_id, size, created_us, name_sealed,\n"
                 "       media_type_sealed, sha256_sealed\n"
                 "  FROM file\n"
                 " WHERE file_id = $1"};
static const struct db_stmt file_key_find_stmt = {"file_key_find", "SELECT wrapped_sealed\n"
                                                                   "  FROM file_key\n"
                                                                   " WHERE file_id = $1"};

static struct sealed_place place_of(const char *table, const char *column, const struct file_id *id)
{
    return (struct sealed_place){table, column, uuid_bytes(&id->u)};
}

/* The columns that say what the file is. */
struct sealed_columns {
    struct buf name, media_type, sha256;
};

static void sealed_columns_fini(struct sealed_columns *columns)
{
    buf_fini(&columns->name);
    buf_fini(&columns->media_type);
    buf_fini(&columns->sha256);
}

static enum status columns_seal(struct tenant_tx *tx, const struct key *key,
                                const struct file *file, struct sealed_columns *ret)
{
    enum status status = sealed_put(tx, key, place_of("file", "name", &file->id),
                                    bytes_text(file->name), &ret->name);
    if (status == OK) {
        status = sealed_put(tx, key, place_of("file", "media_type", &file->id),
                            bytes_text(file->media_type), &ret->media_type);
    }
    if (status == OK) {
        status = sealed_put(tx, key, place_of("file", "sha256", &file->id),
                            bytes_of(file->sha256, SHA256_SIZE), &ret->sha256);
    }
    return status;
}

static enum status file_key_add(struct tenant_tx *tx, const struct key *key,
                                const struct file_id *id, struct bytes wrapped)
{
    CLEANUP(buf_fini) struct buf sealed = {0};
    enum status status = sealed_put(tx, key, place_of("file_key", "wrapped", id), wrapped, &sealed);
    if (status != OK) {
        return status;
    }
    return TX_RUN(tx, &file_key_add_stmt, NULL, DB_UUID(&id->u), DB_BYTES(buf_bytes(&sealed)));
}

enum status file_add(struct tenant_keys *keys, struct tenant_tx *tx, const struct file *file,
                     struct bytes wrapped)
{
    CLEANUP(sealed_columns_fini) struct sealed_columns sealed = {0};
    const struct key *key;
    enum status status = tenant_keys_get(keys, tx, &key);
    if (status == OK) {
        status = columns_seal(tx, key, file, &sealed);
    }
    if (status == OK) {
        status = TX_RUN(
            tx, &file_add_stmt, NULL, DB_UUID(&file->id.u), DB_UUID(&file->thread.u),
            DB_UUID(&file->uploader.u), DB_BYTES(bytes_of(file->object.b, sizeof file->object.b)),
            DB_I64(file->size), DB_I64(file->created_us), DB_BYTES(buf_bytes(&sealed.name)),
            DB_BYTES(buf_bytes(&sealed.media_type)), DB_BYTES(buf_bytes(&sealed.sha256)));
    }
    return status == OK ? file_key_add(tx, key, &file->id, wrapped) : status;
}

/* Open a sealed column into `size` bytes; CORRUPT when it does not fit. */
static enum status column_open(struct tenant_tx *tx, const struct key *key,
                               struct sealed_place place, struct bytes sealed, void *out,
                               size_t size, size_t *ret_len)
{
    CLEANUP(buf_fini) struct buf plain = {0};
    enum status status = sealed_get(tx, key, place, sealed, &plain);
    if (status == OK && plain.len > size) {
        status = STATUS_CORRUPT;
    }
    if (status == OK) {
        memcpy(out, plain.data, plain.len);
        *ret_len = plain.len;
    }
    return status;
}

static enum status row_read(struct tenant_tx *tx, const struct key *key, const struct db_rows *rows,
                            struct file *file)
{
    struct bytes object = db_bytes(rows, 0, 2);
    size_t len = 0;
    if (object.len != sizeof file->object.b) {
        return STATUS_CORRUPT;
    }
    file->thread.u = db_uuid(rows, 0, 0);
    file->uploader.u = db_uuid(rows, 0, 1);
    memcpy(file->object.b, object.data, object.len);
    file->size = db_i64(rows, 0, 3);
    file->created_us = db_i64(rows, 0, 4);
    enum status status = column_open(tx, key, place_of("file", "name", &file->id),
                                     db_bytes(rows, 0, 5), file->name, NAME_BYTES_MAX, &len);
    if (status == OK) {
        status = column_open(tx, key, place_of("file", "media_type", &file->id),
                             db_bytes(rows, 0, 6), file->media_type, MEDIA_TYPE_BYTES_MAX, &len);
    }
    if (status == OK) {
        status = column_open(tx, key, place_of("file", "sha256", &file->id), db_bytes(rows, 0, 7),
                             file->sha256, SHA256_SIZE, &len);
    }
    return status == OK && len != SHA256_SIZE ? STATUS_CORRUPT : status;
}

enum status file_find(struct tenant_keys *keys, struct tenant_tx *tx, const struct file_id *id,
                      struct file *ret)
{
    const struct key *key;
    struct db_rows *rows;
    enum status status = tenant_keys_get(keys, tx, &key);
    if (status == OK) {
        status = TX_RUN(tx, &file_find_stmt, &rows, DB_UUID(&id->u));
    }
    if (status != OK) {
        return status;
    }
    struct file file = {.id = *id};
    status = db_rows_count(rows) > 0 ? row_read(tx, key, rows, &file) : STATUS_NOT_FOUND;
    db_rows_free(rows);
    if (status == OK) {
        *ret = file;
    }
    return status;
}

enum status file_key_find(struct tenant_keys *keys, struct tenant_tx *tx, const struct file_id *id,
                          struct buf *ret_wrapped)
{
    const struct key *key;
    struct db_rows *rows;
    enum status status = tenant_keys_get(keys, tx, &key);
    if (status == OK) {
        status = TX_RUN(tx, &file_key_find_stmt, &rows, DB_UUID(&id->u));
    }
    if (status != OK) {
        return status;
    }
    status = STATUS_GONE;
    if (db_rows_count(rows) > 0) {
        status = sealed_get(tx, key, place_of("file_key", "wrapped", id), db_bytes(rows, 0, 0),
                            ret_wrapped);
    }
    db_rows_free(rows);
    return status;
}
