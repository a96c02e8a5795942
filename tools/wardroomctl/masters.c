/* Master keys are read or made once; service keys are derived again at every start. Next: signing.h
 */
#include "masters.h"

#include <inttypes.h>
#include <stdio.h>

#include "command.h"
#include "core/cleanup.h"
#include "files.h"

#define KEY_BASE64_SIZE 45 /* 32 bytes: 44 characters and NUL */

/* "id:base64,id:base64\n" */
static void ring_print(const struct keyring *ring, struct buf *out)
{
    for (size_t i = 0; i < ring->count; i++) {
        char text[KEY_BASE64_SIZE];
        base64_encode(bytes_of(ring->keys[i].bytes, KEY_SIZE), false, text, sizeof text);
        buf_printf(out, "%s%" PRIu32 ":%s", i > 0 ? "," : "", ring->keys[i].id, text);
        bytes_wipe(text, sizeof text);
    }
    buf_text(out, "\n");
}

static enum status ring_write(const struct keyring *ring, const char *path)
{
    CLEANUP(buf_wipe) struct buf text = {0};
    ring_print(ring, &text);
    return text.failed ? STATUS_UNAVAILABLE : file_put(path, 0600, buf_bytes(&text));
}

static enum status ring_read(const char *path, struct keyring *ret)
{
    CLEANUP(buf_wipe) struct buf text = {0};
    enum status status = file_get_text(path, &text);
    if (status != OK) {
        return status;
    }
    status = keyring_parse((const char *)text.data, ret);
    if (status != OK) {
        say("%s does not hold keys (id:base64,id:base64)", path);
    }
    return status;
}

static enum status master_generate(struct master *master, const char *path)
{
    master->ring = (struct keyring){.count = 1, .keys[0].id = 1};
    random_bytes(master->ring.keys[0].bytes, KEY_SIZE);
    return ring_write(&master->ring, path);
}

enum status master_load(struct master *master, const char *secrets_dir, bool production)
{
    if (master->value[0] != '\0') {
        enum status status = keyring_parse(master->value, &master->ring);
        if (status != OK) {
            say("%s must be 32 bytes in base64 or hex, or a list id:key,id:key", master->option);
        }
        return status;
    }
    if (production) {
        say("%s is not set, and WARDROOM_ENV=production forbids a generated one", master->option);
        return STATUS_FORBIDDEN;
    }
    char path[PATH_SIZE];
    if (!path_join(path, secrets_dir, master->file)) {
        return STATUS_INVALID;
    }
    master->generated = true;
    enum status status = ring_read(path, &master->ring);
    return status == STATUS_NOT_FOUND ? master_generate(master, path) : status;
}

/* Every key of `old` must be in `fresh` unchanged: data may be sealed by it. */
static bool ring_keeps(const struct keyring *fresh, const struct keyring *old)
{
    for (size_t i = 0; i < old->count; i++) {
        const struct key *key = keyring_find(fresh, old->keys[i].id);
        if (key == NULL || !secret_equal(key->bytes, old->keys[i].bytes, KEY_SIZE)) {
            return false;
        }
    }
    return true;
}

static enum status derived_write(const struct master *master, const struct keyring *ring,
                                 const char *path)
{
    struct keyring old;
    enum status status = ring_read(path, &old);
    if (status == OK && !ring_keeps(ring, &old)) {
        say("%s was made from another %s; writing it anew would lock away what it sealed. Set the "
            "former key again (a rotation keeps it: new-id:key,old-id:key), or remove that file",
            path, master->option);
        status = STATUS_CONFLICT;
    } else if (status == OK || status == STATUS_NOT_FOUND) {
        status = ring_write(ring, path);
    }
    keyring_wipe(&old);
    return status;
}

enum status master_derive(const struct master *master, const char *secrets_dir, const char *file,
                          const char *purpose)
{
    char path[PATH_SIZE];
    if (!path_join(path, secrets_dir, file)) {
        return STATUS_INVALID;
    }
    struct keyring ring = {.count = master->ring.count};
    for (size_t i = 0; i < ring.count; i++) {
        ring.keys[i].id = master->ring.keys[i].id;
        hkdf_sha256(bytes_of(master->ring.keys[i].bytes, KEY_SIZE), purpose, ring.keys[i].bytes,
                    KEY_SIZE);
    }
    enum status status = derived_write(master, &ring, path);
    keyring_wipe(&ring);
    return status;
}
