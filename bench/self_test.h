/* `wardroom-bench --self-test`: whoever judges others is judged first. Run by ctest.
 *
 * Next: self_test.c */
#pragma once

/* Check the WebSocket codec, the scanner, the percentiles, the reading of /proc and, against the
 * bare server, a whole closed loop. Returns 0 when all hold, else 1, with words on stderr. */
int self_test_run(void);
