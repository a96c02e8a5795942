/* Failpoints: moments that a test of faults can choose for a process to die at, and a wall clock it
 * can move. Compiled into test builds only (presets dev, tsan and faults define
 * WARDROOM_FAILPOINTS); elsewhere FAILPOINT expands to nothing, which tools/checks/failpoints proves.
 *
 * The test writes into the folder WARDROOM_FAILPOINT_DIR names, one folder a process:
 *
 *   NAME             an empty file: consumed by the first who reaches FAILPOINT("NAME"), then kill -9
 *   clock_offset_us  a number: what the wall clock is ahead, looked at every 20 ms; no file: nothing
 *
 * Next: log.h */
#ifndef WARDROOM_CORE_FAILPOINT_H
#define WARDROOM_CORE_FAILPOINT_H

#include <stdint.h>

#ifdef WARDROOM_FAILPOINTS
#define FAILPOINT(name) failpoint_reach(name)

/* Die by SIGKILL when `name` is armed. */
void failpoint_reach(const char *name);

/* How far the test has moved the wall clock of this process. */
int64_t failpoint_clock_offset_us(void);
#else
#define FAILPOINT(name) ((void)0)
#endif

#endif
