/* The vectors as C values. Next: test_vectors.c */
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/cleanup.h"

json_t *vectors_load(const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/vectors/%s.json", SOURCE_DIR, name);
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    return root;
}

const char *vector_text(json_t *vector, const char *name)
{
    const char *text = json_string_value(json_object_get(vector, name));
    assert_non_null(text);
    return text;
}

int64_t vector_number(json_t *vector, const char *name)
{
    json_t *value = json_object_get(vector, name);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

void vector_hash(json_t *hex, uint8_t out[SHA256_SIZE])
{
    size_t len = 0;
    assert_true(json_is_string(hex));
    assert_true(hex_decode(bytes_text(json_string_value(hex)), out, SHA256_SIZE, &len));
    assert_int_equal(len, SHA256_SIZE);
}

void vector_hex(json_t *vector, const char *name, struct buf *out)
{
    struct bytes text = bytes_text(vector_text(vector, name));
    size_t len = 0;
    uint8_t *room = buf_reserve(out, text.len / 2 + 1);
    assert_non_null(room);
    assert_true(hex_decode(text, room, text.len / 2, &len));
    out->len += len;
}

void vector_hashes(json_t *array, struct buf *out)
{
    size_t i;
    json_t *hex;
    assert_true(json_is_array(array));
    json_array_foreach(array, i, hex)
    {
        uint8_t hash[SHA256_SIZE];
        vector_hash(hex, hash);
        buf_append(out, hash, sizeof hash);
    }
}

struct leaf_record vector_record(json_t *vector)
{
    struct leaf_record record = {.kind = (enum leaf_kind)vector_number(vector, "kind"),
                                 .seq = strtoull(vector_text(vector, "seq"), NULL, 10),
                                 .time_us = strtoll(vector_text(vector, "time_us"), NULL, 10)};
    uint8_t salt[SALT_SIZE];
    assert_true(tenant_id_parse(bytes_text(vector_text(vector, "tenant_id")), &record.tenant));
    assert_true(uuid_parse(bytes_text(vector_text(vector, "stream_id")), &record.stream));
    assert_true(uuid_parse(bytes_text(vector_text(vector, "author_id")), &record.author));
    vector_hash(json_object_get(vector, "salt"), salt);
    leaf_commit(salt, bytes_text(vector_text(vector, "content")), record.commitment);
    return record;
}
