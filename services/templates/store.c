/* The only SQL of templates. Next: handlers.c */
#include "store.h"

#include "core/cleanup.h"
#include "core/limits.h"
#include "rules.h"

#define ROW_HEAD_BYTES 512 /* of a row in a list reply, beside its content */

static const struct db_stmt template_add_stmt = {
    "template_add", "INSERT INTO template (template_id, name_index, created_us)\n"
                    "VALUES ($1, $2, $3)\n"
                    "ON CONFLICT (name_index) DO NOTHING"};
static const struct db_stmt version_add_stmt = {
    "version_add",
    "INSERT INTO template_version (template_id, version, content_sealed, tag_indexes, created_us,\n"
    "                              created_by)\n"
    "VALUES ($1, $2, $3, $4, $5, $6)"};
static const struct db_stmt template_find_stmt = {
    "template_find", "SELECT t.template_id, v.version, t.retired, v.created_us, v.content_sealed\n"
                     "  FROM template t\n"
                     "  JOIN template_version v USING (template_id)\n"
                     " WHERE t.template_id = $1 AND ($2 = 0 OR v.version = $2)\n"
                     " ORDER BY v.version DESC\n"
                     " LIMIT 1"};
/* One row more than the page shows whether there is a next one; `rows_there` counts it although
 * rows beyond the bytes of a page stay in the database. */
static const struct db_stmt template_list_stmt = {
    "template_list",
    "WITH page AS (\n"
    "  SELECT t.template_id, v.version, t.retired, v.created_us, v.content_sealed\n"
    "    FROM template t\n"
    "   CROSS JOIN LATERAL (\n"
    "     SELECT version, created_us, content_sealed, tag_indexes\n"
    "       FROM template_version\n"
    "      WHERE template_id = t.template_id\n"
    "      ORDER BY version DESC\n"
    "      LIMIT 1) v\n"
    "   WHERE t.template_id > $1\n"
    "     AND NOT t.retired\n"
    "     AND (cardinality($2) = 0 OR v.tag_indexes && $2)\n"
    "   ORDER BY t.template_id\n"
    "   LIMIT $3\n"
    "), measured AS (\n"
    "  SELECT template_id, version, retired, created_us, content_sealed,\n"
    "         count(*) OVER () AS rows_there,\n"
    "         sum(octet_length(content_sealed) + $5) OVER (ORDER BY template_id) AS bytes_so_far\n"
    "    FROM page\n"
    ")\n"
    "SELECT template_id, version, retired, created_us, content_sealed, rows_there\n"
    "  FROM measured\n"
    " WHERE bytes_so_far <= $4\n"
    " ORDER BY template_id"};

static struct sealed_place content_place(const struct template_id *id, uint32_t version,
                                         struct buf *row)
{
    buf_append(row, id->u.b, sizeof id->u.b);
    buf_u32(row, version);
    return (struct sealed_place){"template_version", "content", buf_bytes(row)};
}

static void name_index(const struct key *key, struct bytes name, uint8_t out[SHA256_SIZE])
{
    blind_index(key, "templates/template/name", name, out);
}

static void tag_index(const struct key *key, struct bytes tag, uint8_t out[SHA256_SIZE])
{
    blind_index(key, "templates/template_version/tag", tag, out);
}

static enum status version_add(struct tenant_tx *tx, const struct key *key,
                               const struct template_new *template)
{
    CLEANUP(buf_fini) struct buf row = {0}, sealed = {0};
    uint8_t indexes[TAGS_MAX][SHA256_SIZE];
    struct bytes tags[TAGS_MAX];
    const uint32_t version = 1;
    if (template->tag_count > TAGS_MAX) {
        return STATUS_INVALID;
    }
    for (size_t i = 0; i < template->tag_count; i++) {
        tag_index(key, bytes_text(template->tags[i]), indexes[i]);
        tags[i] = bytes_of(indexes[i], SHA256_SIZE);
    }
    enum status status = sealed_put(tx, key, content_place(&template->id, version, &row),
                                    template->content, &sealed);
    if (status != OK) {
        return status;
    }
    return TX_RUN(tx, &version_add_stmt, NULL, DB_UUID(&template->id.u), DB_I32(version),
                  DB_BYTES(buf_bytes(&sealed)), DB_BYTESS(tags, template->tag_count),
                  DB_I64(template->created_us), DB_UUID(&template->created_by.u));
}

enum status template_add(struct tenant_keys *keys, struct tenant_tx *tx,
                         const struct template_new *template)
{
    const struct key *key;
    uint8_t index[SHA256_SIZE];
    enum status status = tenant_keys_get(keys, tx, &key);
    if (status != OK) {
        return status;
    }
    struct db_rows *rows;
    name_index(key, template->name, index);
    status = TX_RUN(tx, &template_add_stmt, &rows, DB_UUID(&template->id.u),
                    DB_BYTES(bytes_of(index, sizeof index)), DB_I64(template->created_us));
    if (status != OK) {
        return status;
    }
    bool added = db_rows_affected(rows) > 0;
    db_rows_free(rows);
    return added ? version_add(tx, key, template) : STATUS_CONFLICT;
}

/* A row of template_find or template_list. */
static enum status version_read(struct tenant_tx *tx, const struct key *key,
                                const struct db_rows *rows, size_t at, struct arena *arena,
                                struct template_version *ret)
{
    CLEANUP(buf_fini) struct buf row = {0}, plain = {0};
    struct template_version version = {.id.u = db_uuid(rows, at, 0),
                                       .version = (uint32_t)db_i64(rows, at, 1),
                                       .retired = db_i64(rows, at, 2) != 0,
                                       .created_us = db_i64(rows, at, 3)};
    enum status status = sealed_get(tx, key, content_place(&version.id, version.version, &row),
                                    db_bytes(rows, at, 4), &plain);
    if (status != OK) {
        return status;
    }
    version.content = bytes_of(arena_copy(arena, plain.data, plain.len), plain.len);
    if (version.content.data == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    *ret = version;
    return OK;
}

enum status template_find(struct tenant_keys *keys, struct tenant_tx *tx,
                          const struct template_id *id, uint32_t version, struct arena *arena,
                          struct template_version *ret)
{
    const struct key *key;
    struct db_rows *rows;
    enum status status = tenant_keys_get(keys, tx, &key);
    if (status == OK) {
        status = TX_RUN(tx, &template_find_stmt, &rows, DB_UUID(&id->u), DB_I64(version));
    }
    if (status != OK) {
        return status;
    }
    status =
        db_rows_count(rows) > 0 ? version_read(tx, key, rows, 0, arena, ret) : STATUS_NOT_FOUND;
    db_rows_free(rows);
    return status;
}

enum status template_list(struct tenant_keys *keys, struct tenant_tx *tx,
                          const struct template_query *query, struct arena *arena,
                          struct template_version *ret, size_t *ret_count, bool *ret_more)
{
    const struct key *key;
    uint8_t index[SHA256_SIZE];
    struct db_rows *rows;
    enum status status = tenant_keys_get(keys, tx, &key);
    if (status != OK) {
        return status;
    }
    tag_index(key, query->tag, index);
    struct bytes wanted = bytes_of(index, sizeof index);
    status = TX_RUN(tx, &template_list_stmt, &rows, DB_UUID(&query->after.u),
                    DB_BYTESS(&wanted, query->tag.len > 0), DB_I64(query->limit + 1),
                    DB_I64(LIST_BYTES_MAX), DB_I64(ROW_HEAD_BYTES));
    if (status != OK) {
        return status;
    }
    size_t there = db_rows_count(rows);
    int64_t rows_there = there > 0 ? db_i64(rows, 0, 5) : 0;
    size_t count = there < query->limit ? there : query->limit;
    for (size_t i = 0; i < count && status == OK; i++) {
        status = version_read(tx, key, rows, i, arena, &ret[i]);
    }
    db_rows_free(rows);
    if (status == OK) {
        *ret_count = count;
        *ret_more = rows_there > (int64_t)count;
    }
    return status;
}
