/* Writing secrets so that a crash leaves the old file or the new one. Next: masters.h */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "core/cleanup.h"

#define FILE_BYTES_MAX (64 * 1024) /* 16 keys of 60 bytes, or a PEM of 300 */

void buf_wipe(struct buf *buf)
{
    bytes_wipe(buf->data, buf->cap);
    buf_fini(buf);
}

bool path_join(char out[PATH_SIZE], const char *folder, const char *name)
{
    int len = snprintf(out, PATH_SIZE, "%s/%s", folder, name);
    if (len < 0 || len >= PATH_SIZE - 8) {
        say("the path %s/%s is too long", folder, name);
        return false;
    }
    return true;
}

enum status folder_make(const char *path, mode_t mode)
{
    struct stat found;
    if (mkdir(path, mode) != 0 && errno != EEXIST) {
        say("cannot make the folder %s: %s", path, strerror(errno));
        return STATUS_UNAVAILABLE;
    }
    if (lstat(path, &found) != 0 || !S_ISDIR(found.st_mode) || found.st_uid != geteuid()) {
        say("%s is not a folder of this user; refusing to put keys there", path);
        return STATUS_FORBIDDEN;
    }
    if ((found.st_mode & 07777) != mode && chmod(path, mode) != 0) {
        say("cannot set the mode of %s: %s", path, strerror(errno));
        return STATUS_UNAVAILABLE;
    }
    return OK;
}

static bool write_whole(int fd, struct bytes content)
{
    while (content.len > 0) {
        ssize_t put = write(fd, content.data, content.len);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return false;
        }
        content = bytes_of(content.data + put, content.len - (size_t)put);
    }
    return true;
}

/* The rename is lasting only when the folder is on the disk too. */
static bool folder_sync(const char *path)
{
    char folder[PATH_SIZE];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash != NULL) {
        slash[slash == folder ? 1 : 0] = '\0';
    }
    int fd = open(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return good;
}

static enum status file_replace(const char *path, mode_t mode, struct bytes content)
{
    char temporary[PATH_SIZE];
    snprintf(temporary, sizeof temporary, "%s.new", path);
    unlink(temporary); /* what a crash left */
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool good = fd >= 0 && write_whole(fd, content) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
    int err = errno;
    if (fd >= 0) {
        close(fd);
    }
    if (good && (rename(temporary, path) != 0 || !folder_sync(path))) {
        err = errno;
        good = false;
    }
    if (!good) {
        say("cannot write %s: %s", path, strerror(err));
        unlink(temporary);
        return STATUS_UNAVAILABLE;
    }
    return OK;
}

enum status file_put(const char *path, mode_t mode, struct bytes content)
{
    CLEANUP(buf_wipe) struct buf old = {0};
    enum status status = file_get(path, &old);
    if (status != OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    if (status == OK && bytes_equal(buf_bytes(&old), content)) {
        if (chmod(path, mode) != 0) {
            say("cannot set the mode of %s: %s", path, strerror(errno));
            return STATUS_UNAVAILABLE;
        }
        return OK;
    }
    return file_replace(path, mode, content);
}

enum status file_get(const char *path, struct buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        return STATUS_NOT_FOUND;
    }
    ssize_t got = -1;
    uint8_t *room = fd >= 0 ? buf_reserve(out, FILE_BYTES_MAX + 1) : NULL;
    if (room != NULL) {
        got = read(fd, room, FILE_BYTES_MAX + 1); /* a regular file: whole, or an error */
    }
    int err = errno;
    if (fd >= 0) {
        close(fd);
    }
    if (got < 0 || got > FILE_BYTES_MAX) {
        say("cannot read %s: %s", path, got < 0 ? strerror(err) : "it is too long");
        return STATUS_UNAVAILABLE;
    }
    out->len += (size_t)got;
    return OK;
}

enum status file_get_text(const char *path, struct buf *out)
{
    enum status status = file_get(path, out);
    if (status != OK) {
        return status;
    }
    while (out->len > 0 && (out->data[out->len - 1] == '\n' || out->data[out->len - 1] == '\r')) {
        out->len--;
    }
    if (out->len > 0 && memchr(out->data, '\0', out->len) != NULL) {
        say("%s is not text", path);
        return STATUS_INVALID;
    }
    buf_u8(out, 0);
    out->len -= !out->failed;
    return out->failed ? STATUS_UNAVAILABLE : OK;
}
