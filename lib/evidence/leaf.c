/* The bytes of a record, byte for byte as docs/evidence.md has them. Next: tree.h */
#include "evidence/leaf.h"

#define RECORD_TAG       "wardroom/leaf/v1\n"
#define RECORD_TAG_BYTES (sizeof RECORD_TAG - 1)
/* tag, kind, tenant id with its length, stream, seq, time, author, commitment */
#define RECORD_BYTES_MAX                                                                           \
    (RECORD_TAG_BYTES + 1 + 4 + (TENANT_ID_SIZE - 1) + 16 + 8 + 8 + 16 + SHA256_SIZE)

void leaf_commit(const uint8_t salt[SALT_SIZE], struct bytes content, uint8_t out[SHA256_SIZE])
{
    hmac_sha256(bytes_of(salt, SALT_SIZE), content, out);
}

static uint8_t *put(uint8_t *at, const void *data, size_t len)
{
    memcpy(at, data, len);
    return at + len;
}

static uint8_t *put_number(uint8_t *at, uint64_t value, int size)
{
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
        *at++ = (uint8_t)(value >> shift);
    }
    return at;
}

static size_t record_write(const struct leaf_record *record, uint8_t out[RECORD_BYTES_MAX])
{
    size_t tenant_len = strnlen(record->tenant.text, TENANT_ID_SIZE - 1);
    uint8_t *at = put(out, RECORD_TAG, RECORD_TAG_BYTES);
    at = put_number(at, (uint64_t)record->kind, 1);
    at = put_number(at, tenant_len, 4);
    at = put(at, record->tenant.text, tenant_len);
    at = put(at, record->stream.b, sizeof record->stream.b);
    at = put_number(at, record->seq, 8);
    at = put_number(at, (uint64_t)record->time_us, 8);
    at = put(at, record->author.b, sizeof record->author.b);
    at = put(at, record->commitment, SHA256_SIZE);
    return (size_t)(at - out);
}

void leaf_encode(const struct leaf_record *record, struct buf *out)
{
    uint8_t bytes[RECORD_BYTES_MAX];
    buf_append(out, bytes, record_write(record, bytes));
}

void leaf_hash(const struct leaf_record *record, uint8_t out[SHA256_SIZE])
{
    uint8_t bytes[1 + RECORD_BYTES_MAX] = {0x00};
    sha256(bytes_of(bytes, 1 + record_write(record, bytes + 1)), out);
}
