/* Failpoints and the movable clock of test builds; empty in all others. Next: log.c */
#include "core/failpoint.h"

/* ISO C wants something in every file. */
typedef int failpoint_is_no_empty_file;

#ifdef WARDROOM_FAILPOINTS
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LOOK_EVERY_MS 20

static bool path_of(const char *name, char path[PATH_MAX])
{
    const char *folder = getenv("WARDROOM_FAILPOINT_DIR");
    return folder != NULL && snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX;
}

void failpoint_reach(const char *name)
{
    char path[PATH_MAX];
    /* Of several that come at once only one can unlink it. */
    if (path_of(name, path) && unlink(path) == 0) {
        kill(getpid(), SIGKILL);
    }
}

static int64_t read_offset_us(void)
{
    char path[PATH_MAX], text[32] = "";
    int fd = path_of("clock_offset_us", path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        return 0;
    }
    ssize_t len = read(fd, text, sizeof text - 1);
    close(fd);
    return len > 0 ? strtoll(text, NULL, 10) : 0;
}

int64_t failpoint_clock_offset_us(void)
{
    static _Atomic int64_t looked_ms, offset_us;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    int64_t before_ms = atomic_load(&looked_ms);
    if (now_ms - before_ms >= LOOK_EVERY_MS &&
        atomic_compare_exchange_strong(&looked_ms, &before_ms, now_ms)) {
        atomic_store(&offset_us, read_offset_us());
    }
    return atomic_load(&offset_us);
}
#endif
