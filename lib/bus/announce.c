/* The file by which clients on the same host find this replica (discovery.c reads it).
 *
 * Next: actor.c
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bus/runtime.h"

#define FILES_MAX 1024

static bool file_names(int dir_fd, const char *name, const char *endpoint)
{
    char text[ENDPOINT_SIZE + 1];
    int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t len = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0) {
        close(fd);
    }
    text[len > 0 ? len : 0] = '\0';
    text[strcspn(text, "\r\n")] = '\0';
    return len > 0 && strcmp(text, endpoint) == 0;
}

/* What an earlier process left behind under our address. */
static void remove_same(const char *dir, const char *endpoint)
{
    DIR *folder = opendir(dir);
    const struct dirent *entry = folder != NULL ? readdir(folder) : NULL;
    for (int i = 0; entry != NULL && i < FILES_MAX; i++, entry = readdir(folder)) {
        if (entry->d_name[0] != '.' && file_names(dirfd(folder), entry->d_name, endpoint)) {
            unlinkat(dirfd(folder), entry->d_name, 0);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
}

enum status announce_put(const char *dir, const char *endpoint, char ret[ANNOUNCE_PATH_SIZE])
{
    char id[UUID_TEXT_SIZE], beside[ANNOUNCE_PATH_SIZE], path[ANNOUNCE_PATH_SIZE];
    struct uuid uuid = uuid_new();
    uuid_format(&uuid, id);
    int len = snprintf(beside, sizeof beside, "%s/.%s", dir, id);
    if (len < 0 || len >= (int)sizeof beside || (mkdir(dir, 0700) != 0 && errno != EEXIST)) {
        return STATUS_UNAVAILABLE;
    }
    snprintf(path, sizeof path, "%s/%s", dir, id);
    remove_same(dir, endpoint);
    FILE *file = fopen(beside, "we");
    if (file == NULL) {
        return STATUS_UNAVAILABLE;
    }
    bool wrote = fprintf(file, "%s\n", endpoint) > 0;
    wrote = fclose(file) == 0 && wrote;
    if (!wrote || rename(beside, path) != 0) {
        unlink(beside);
        return STATUS_UNAVAILABLE;
    }
    memcpy(ret, path, sizeof path);
    return OK;
}

void announce_remove(const char *path)
{
    if (path[0] != '\0') {
        unlink(path);
    }
}
