/* One program's output on its way to LOGS/<name>.log.
 *
 * Used by program.c. A full disk loses log lines, never a program. Next: control.c */
#include "logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool file_open(struct logfile *log)
{
    struct stat info;
    log->file = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (log->file < 0)
        return false;
    log->size = fstat(log->file, &info) == 0 ? info.st_size : 0;
    return true;
}

static void file_rotate(struct logfile *log)
{
    char from[4200], to[4200];

    for (int i = LOG_FILES_KEPT; i > 0; i--) {
        snprintf(to, sizeof to, "%s.%d", log->path, i);
        if (i > 1)
            snprintf(from, sizeof from, "%s.%d", log->path, i - 1);
        else
            snprintf(from, sizeof from, "%s", log->path);
        (void)rename(from, to);
    }
    int old = log->file;
    if (file_open(log))
        close(old);
    else
        log->file = old;
}

bool logfile_open(struct logfile *log, const char *folder, const char *name)
{
    int ends[2];

    if (asprintf(&log->path, "%s/%s.log", folder, name) < 0)
        return false;
    if (!file_open(log))
        goto no_file;
    if (pipe2(ends, O_CLOEXEC) < 0)
        goto no_pipe;
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    (void)fcntl(ends[0], F_SETPIPE_SZ, LOG_PIPE_BYTES);
    log->read_end = ends[0];
    log->write_end = ends[1];
    log->next_ms = 0;
    return true;
no_pipe:
    close(log->file);
no_file:
    free(log->path);
    return false;
}

void logfile_collect(struct logfile *log, int64_t now_ms)
{
    static char buf[64 * 1024];
    int64_t collected = 0;
    ssize_t len;

    /* A program that writes without end gets one pipe full a turn. */
    while (collected < LOG_PIPE_BYTES && (len = read(log->read_end, buf, sizeof buf)) > 0) {
        if (write(log->file, buf, (size_t)len) > 0)
            log->size += len;
        collected += len;
        if (log->size > LOG_FILE_BYTES_MAX)
            file_rotate(log);
    }
    log->next_ms = now_ms + LOG_PAUSE_MS;
}

void logfile_close(struct logfile *log)
{
    logfile_collect(log, 0);
    close(log->read_end);
    close(log->write_end);
    close(log->file);
    free(log->path);
}
