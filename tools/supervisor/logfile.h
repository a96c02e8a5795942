/* One program's log: a pipe it writes into, a file its output ends in, rotated by size.
 *
 * The pipe lives as long as the program's place in the suite, over all its restarts, so what a
 * dying program said last is kept. Output is collected every LOG_PAUSE_MS at most, so that a
 * program that logs each request does not wake the supervisor for each. */
#ifndef SUPERVISOR_LOGFILE_H
#define SUPERVISOR_LOGFILE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    LOG_PAUSE_MS = 20,
    LOG_PIPE_BYTES = 1024 * 1024, /* 20 ms of 50 MB/s */
    LOG_FILE_BYTES_MAX = 32 * 1024 * 1024,
    LOG_FILES_KEPT = 3, /* .log.1 to .log.3: at most 128 MiB a program */
};

struct logfile {
    char *path;
    int file;
    int64_t size;
    int read_end;  /* non-blocking, ours */
    int write_end; /* the program's stdout and stderr */
    int64_t next_ms;
};

/* Open `folder`/`name`.log for appending, and its pipe. False leaves nothing open. */
bool logfile_open(struct logfile *log, const char *folder, const char *name);

/* Collect what waits in the pipe; not again before `now_ms` + LOG_PAUSE_MS (log->next_ms). */
void logfile_collect(struct logfile *log, int64_t now_ms);

/* Collect the rest and close. */
void logfile_close(struct logfile *log);

#endif
