/* What is in memory cannot be traversed: a path is a key, not a file name. Next: health.h */
#include "static.h"

#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/log.h"

#define FILES_MAX       2000
#define FILES_BYTES_MAX (64u * 1024 * 1024)

struct file {
    struct index_node node; /* key: path */
    struct file *next;
    char *path; /* "/assets/index-1234.js" */
    const char *type;
    struct buf content;
    char etag[40];
};
struct files {
    struct index index;
    struct file *first;
    size_t count, bytes;
};

static const struct {
    const char *suffix, *type;
} types[] = {{".html", "text/html; charset=utf-8"},
             {".js", "text/javascript; charset=utf-8"},
             {".mjs", "text/javascript; charset=utf-8"},
             {".css", "text/css; charset=utf-8"},
             {".json", "application/json"},
             {".map", "application/json"},
             {".svg", "image/svg+xml"},
             {".png", "image/png"},
             {".ico", "image/x-icon"},
             {".webp", "image/webp"},
             {".woff2", "font/woff2"},
             {".woff", "font/woff"},
             {".txt", "text/plain; charset=utf-8"},
             {".webmanifest", "application/manifest+json"}};

static const char *type_of(const char *path)
{
    const char *suffix = strrchr(path, '.');
    for (size_t i = 0; suffix && i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(suffix, types[i].suffix) == 0)
            return types[i].type;
    }
    return "application/octet-stream";
}

static bool read_content(const char *name, size_t size, struct buf *out)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    uint8_t *room = fd >= 0 ? buf_reserve(out, size + 1) : NULL;
    ssize_t got = 1;
    while (room && got > 0 && out->len < size) {
        got = read(fd, room + out->len, size - out->len);
        out->len += got > 0 ? (size_t)got : 0;
    }
    if (fd >= 0)
        close(fd);
    return room && out->len == size;
}

static enum status add_file(struct files *files, const char *name, const char *path,
                            const struct stat *info)
{
    size_t size = (size_t)info->st_size;
    if (++files->count > FILES_MAX || (files->bytes += size) > FILES_BYTES_MAX)
        return STATUS_INVALID;
    struct file *file = calloc(1, sizeof *file);
    if (!file)
        return STATUS_RESOURCE_EXHAUSTED;
    file->next = files->first;
    files->first = file;
    file->content.max = FILES_BYTES_MAX + 1;
    file->path = strdup(path);
    if (!file->path || !read_content(name, size, &file->content))
        return STATUS_INVALID;
    file->type = type_of(path);
    snprintf(file->etag, sizeof file->etag, "\"%llx-%zx\"",
             (unsigned long long)info->st_mtim.tv_sec * 1000 +
                 (unsigned long long)info->st_mtim.tv_nsec / 1000000,
             size);
    file->node.key = bytes_text(file->path);
    return index_add(&files->index, &file->node);
}

enum status static_load(const char *folder, struct files **ret)
{
    struct files *files = calloc(1, sizeof *files);
    if (!files)
        return STATUS_RESOURCE_EXHAUSTED;
    *ret = files;
    if (folder[0] == '\0')
        return OK;
    char *roots[] = {(char *)(uintptr_t)folder, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    enum status status = walk ? OK : STATUS_INVALID;
    size_t prefix = strlen(folder);
    while (prefix > 1 && folder[prefix - 1] == '/')
        prefix--;
    FTSENT *entry;
    while (status == OK && (entry = fts_read(walk)) != NULL) {
        if (entry->fts_info == FTS_F && entry->fts_pathlen > prefix)
            status = add_file(files, entry->fts_path, entry->fts_path + prefix, entry->fts_statp);
        else if (entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR)
            status = STATUS_INVALID;
    }
    if (walk)
        fts_close(walk);
    return status;
}

void static_free(struct files *files)
{
    while (files && files->first) {
        struct file *file = files->first;
        files->first = file->next;
        free(file->path);
        buf_fini(&file->content);
        free(file);
    }
    if (files)
        index_fini(&files->index);
    free(files);
}

static const struct file *find_file(const struct files *files, const char *path)
{
    struct index_node *node = index_find(&files->index, bytes_text(path));
    return node ? INDEX_OWNER(node, struct file, node) : NULL;
}

void static_answer(struct exchange *exchange)
{
    const struct files *files = exchange->gateway->files;
    const char *path = exchange->head->path;
    bool is_asset = strncmp(path, "/assets/", 8) == 0;
    const struct file *file = find_file(files, path);
    if (!file && !is_asset)
        file = find_file(files, "/index.html");
    if (!file) {
        exchange_fail(exchange, STATUS_NOT_FOUND, "no such path");
        return;
    }
    exchange_add_header(exchange, "ETag: %s", file->etag);
    buf_append(&exchange->answer_headers, "", 1);
    struct answer answer = {.http_status = 200,
                            .content_type = file->type,
                            .body = buf_bytes(&file->content),
                            .cache = is_asset ? "public, max-age=31536000, immutable" : "no-cache",
                            .headers = (const char *)exchange->answer_headers.data};
    if (exchange->head->if_none_match &&
        guard_list_has(exchange->head->if_none_match, file->etag)) {
        answer.http_status = 304;
        answer.content_type = NULL;
        answer.body = (struct bytes){0};
    }
    exchange_answer(exchange, &answer);
}
