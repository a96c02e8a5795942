/* Objects as files: <dir>/ab/cd/<32 hex digits>, written in <dir>/incoming and renamed.
 *
 * Every path is made of hex digits that random bytes gave; nothing a client sent is part of one.
 * Next: seal.c
 */
#include "object_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "crypto/aead.h"

#define INCOMING          "incoming"
#define INCOMING_AGE_S    3600 /* 60 times the longest deadline of a call */
#define INCOMING_SCAN_MAX 10000
#define PATH_SIZE         64 /* incoming/ and 32 digits */

struct object_store {
    int dir_fd;
};

/* Where one object is, relative to the folder. */
struct places {
    char incoming[PATH_SIZE], first[PATH_SIZE], second[PATH_SIZE], final[PATH_SIZE];
};

static struct places places_of(const struct object_id *id)
{
    struct places places;
    char hex[2 * sizeof id->b + 1];
    hex_encode(bytes_of(id->b, sizeof id->b), hex);
    snprintf(places.incoming, PATH_SIZE, INCOMING "/%s", hex);
    snprintf(places.first, PATH_SIZE, "%.2s", hex);
    snprintf(places.second, PATH_SIZE, "%.2s/%.2s", hex, hex + 2);
    snprintf(places.final, PATH_SIZE, "%.2s/%.2s/%s", hex, hex + 2, hex);
    return places;
}

static enum status status_of_errno(void)
{
    switch (errno) {
    case ENOENT:
        return STATUS_NOT_FOUND;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return STATUS_RESOURCE_EXHAUSTED;
    default:
        return STATUS_UNAVAILABLE;
    }
}

static void close_fd(const int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
}

struct object_id object_id_new(void)
{
    struct object_id id;
    random_bytes(id.b, sizeof id.b);
    return id;
}

static enum status folder_sync(const struct object_store *store, const char *path)
{
    CLEANUP(close_fd)
    int fd = openat(store->dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0 ? OK : status_of_errno();
}

/* Puts that a crash cut short. Another replica's are younger. */
static void drop_old_incoming(const struct object_store *store)
{
    int fd = openat(store->dir_fd, INCOMING, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (folder == NULL) {
        close_fd(&fd);
        return;
    }
    time_t before = time(NULL) - INCOMING_AGE_S;
    const struct dirent *entry = readdir(folder);
    for (int i = 0; entry != NULL && i < INCOMING_SCAN_MAX; i++, entry = readdir(folder)) {
        struct stat about;
        if (fstatat(fd, entry->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(about.st_mode) && about.st_mtime < before) {
            unlinkat(fd, entry->d_name, 0);
        }
    }
    closedir(folder);
}

enum status object_store_open(const char *dir, struct object_store **ret)
{
    struct object_store *store = malloc(sizeof *store);
    if (store == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    store->dir_fd = -1;
    bool made = mkdir(dir, 0700) == 0;
    if (made || errno == EEXIST) {
        store->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (store->dir_fd < 0 || (mkdirat(store->dir_fd, INCOMING, 0700) != 0 && errno != EEXIST) ||
        faccessat(store->dir_fd, INCOMING, W_OK | X_OK, 0) != 0 ||
        (made && folder_sync(store, "..") != OK)) {
        int why = errno;
        object_store_close(store);
        errno = why;
        return STATUS_UNAVAILABLE;
    }
    drop_old_incoming(store);
    *ret = store;
    return OK;
}

void object_store_close(struct object_store *store)
{
    if (store != NULL) {
        close_fd(&store->dir_fd);
        free(store);
    }
}

static bool write_all(int fd, struct bytes bytes)
{
    size_t done = 0;
    while (done < bytes.len) {
        ssize_t wrote = write(fd, bytes.data + done, bytes.len - done);
        if (wrote == 0 || (wrote < 0 && errno != EINTR)) {
            return false;
        }
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    return true;
}

static enum status incoming_write(const struct object_store *store, const char *path,
                                  struct bytes bytes)
{
    CLEANUP(close_fd)
    int fd =
        openat(store->dir_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd >= 0 && write_all(fd, bytes) && fsync(fd) == 0 ? OK : status_of_errno();
}

/* Also synced when it was there: another replica may have made it a moment ago and not synced yet,
 * and a folder that did not change costs next to nothing. */
static enum status folder_make(const struct object_store *store, const char *path,
                               const char *parent)
{
    if (mkdirat(store->dir_fd, path, 0700) != 0 && errno != EEXIST) {
        return status_of_errno();
    }
    return folder_sync(store, parent);
}

enum status object_store_put(struct object_store *store, const struct object_id *id,
                             struct bytes bytes)
{
    struct places at = places_of(id);
    enum status status = incoming_write(store, at.incoming, bytes);
    if (status == OK) {
        status = folder_make(store, at.first, ".");
    }
    if (status == OK) {
        status = folder_make(store, at.second, at.first);
    }
    if (status == OK && renameat(store->dir_fd, at.incoming, store->dir_fd, at.final) != 0) {
        status = status_of_errno();
    }
    if (status == OK) {
        status = folder_sync(store, at.second);
    }
    if (status != OK) {
        unlinkat(store->dir_fd, at.incoming, 0);
        unlinkat(store->dir_fd, at.final, 0);
    }
    /* A folder that disappears while it is written to is an outage, not a missing object. */
    return status == STATUS_NOT_FOUND ? STATUS_UNAVAILABLE : status;
}

static enum status read_all(int fd, size_t len, struct buf *out)
{
    uint8_t *room = buf_reserve(out, len);
    if (room == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    size_t done = 0;
    while (done < len) {
        ssize_t got = read(fd, room + done, len - done);
        if (got == 0) {
            return STATUS_CORRUPT; /* shorter than a moment ago */
        }
        if (got < 0 && errno != EINTR) {
            return status_of_errno();
        }
        done += got > 0 ? (size_t)got : 0;
    }
    out->len += len;
    return OK;
}

enum status object_store_get(struct object_store *store, const struct object_id *id,
                             size_t bytes_max, struct buf *out)
{
    struct places at = places_of(id);
    struct stat about;
    CLEANUP(close_fd)
    int fd = openat(store->dir_fd, at.final, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about) != 0) {
        return status_of_errno();
    }
    if (!S_ISREG(about.st_mode) || about.st_size < 0 || (uint64_t)about.st_size > bytes_max) {
        return STATUS_CORRUPT;
    }
    return read_all(fd, (size_t)about.st_size, out);
}

void object_store_remove(struct object_store *store, const struct object_id *id)
{
    struct places at = places_of(id);
    unlinkat(store->dir_fd, at.final, 0);
}
