/* Next: store.c */
#include "seal.h"

#include "core/cleanup.h"

static void key_purpose(const struct file_seal *seal, struct buf *out)
{
    char id[UUID_TEXT_SIZE];
    uuid_format(&seal->file->u, id);
    buf_printf(out, "wardroom/files/%s/file/%s", seal->tenant->text, id);
}

static void bytes_aad(const struct file_seal *seal, struct buf *out)
{
    buf_text(out, "wardroom/file/v1\n");
    buf_str(out, bytes_text(seal->tenant->text));
    buf_append(out, seal->file->u.b, sizeof seal->file->u.b);
}

enum status file_seal_bytes(const struct file_seal *seal, struct bytes plain, struct buf *wrapped,
                            struct buf *sealed)
{
    CLEANUP(buf_fini) struct buf purpose = {0}, aad = {0};
    struct key key;
    key_purpose(seal, &purpose);
    bytes_aad(seal, &aad);
    if (purpose.failed || aad.failed || seal->ring->count == 0) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    enum status status = key_create(&seal->ring->keys[0], buf_bytes(&purpose), &key, wrapped);
    if (status == OK) {
        status = aead_seal(&key, buf_bytes(&aad), plain, sealed);
    }
    bytes_wipe(&key, sizeof key);
    return status;
}

enum status file_open_bytes(const struct file_seal *seal, struct bytes wrapped, struct bytes sealed,
                            struct buf *plain)
{
    CLEANUP(buf_fini) struct buf purpose = {0}, aad = {0};
    struct key key;
    key_purpose(seal, &purpose);
    bytes_aad(seal, &aad);
    if (purpose.failed || aad.failed) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    enum status status = key_unwrap(seal->ring, buf_bytes(&purpose), wrapped, &key);
    if (status == OK) {
        status = aead_open(&key, buf_bytes(&aad), sealed, plain);
    }
    bytes_wipe(&key, sizeof key);
    return status;
}
