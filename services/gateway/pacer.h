/* How much of the loop's time goes into writing to busy rooms: a share of it, so that what comes in
 * is never kept waiting by what goes out, on a fast machine and on a busy one.
 *
 * Pure but for its one account; the caller brings the time. Next: rooms.c
 */
#ifndef WARDROOM_GATEWAY_PACER_H
#define WARDROOM_GATEWAY_PACER_H

#include <stdint.h>

/* An account of time that writing owes. Zero-initialised: it owes nothing. */
struct pacer {
    int64_t debt_us;
    int64_t at_us; /* when debt_us was right */
};

/* Writing took spent_us and ended at now_us, monotonic. */
void pacer_spend(struct pacer *pacer, int64_t spent_us, int64_t now_us);
/* Milliseconds until more may be written; 0: now. */
int64_t pacer_wait_ms(struct pacer *pacer, int64_t now_us);

#endif
