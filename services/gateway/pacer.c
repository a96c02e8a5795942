/* Each microsecond of writing has to be followed by REST of them for everything else, but for a
 * burst. Next: rooms.c */
#include "pacer.h"

#define REST     2     /* writing takes at most a third of the loop */
#define BURST_US 4000  /* of rest that may be owed: 2 ms of writing at once, 250 sockets or so */
#define MOST_US  50000 /* a pause of the machine is not paid for longer than this */

static void let_pass(struct pacer *pacer, int64_t now_us)
{
    pacer->debt_us -= now_us - pacer->at_us;
    if (pacer->debt_us < 0)
        pacer->debt_us = 0;
    pacer->at_us = now_us;
}

void pacer_spend(struct pacer *pacer, int64_t spent_us, int64_t now_us)
{
    let_pass(pacer, now_us);
    pacer->debt_us += REST * spent_us;
    if (pacer->debt_us > MOST_US)
        pacer->debt_us = MOST_US;
}

int64_t pacer_wait_ms(struct pacer *pacer, int64_t now_us)
{
    let_pass(pacer, now_us);
    return pacer->debt_us <= BURST_US ? 0 : (pacer->debt_us - BURST_US + 999) / 1000;
}
