/* Back-off after failed sign-ins: who has failed too often waits, longer each time.
 *
 * In memory, one table per process, bounded: a restart forgives, and N replicas allow N times as
 * many tries. It counts names, not accounts, so it says nothing about which of them exist.
 * Next: mint.h
 */
#ifndef WARDROOM_AUTH_BACKOFF_H
#define WARDROOM_AUTH_BACKOFF_H

#include <pthread.h>
#include "core/bytes.h"

/* 4096 slots of 32 bytes; an attacker who wants to push others out must spend a sign-in each. */
#define BACKOFF_BUCKETS     1024
#define BACKOFF_WAYS        4
#define BACKOFF_WAIT_MS_MAX 60000
#define BACKOFF_FORGET_MS   (15 * 60 * 1000)
/* Failures that cost nothing: a person mistypes a few times; behind one address sits a whole SOC,
 * and one name is tried from many addresses only by somebody who guesses. */
#define BACKOFF_FREE_PAIR    5
#define BACKOFF_FREE_NAME    30
#define BACKOFF_FREE_ADDRESS 30

struct backoff_slot {
    uint64_t key; /* 0: free */
    uint32_t failures;
    int64_t until_ms, last_ms;
};
struct backoff {
    pthread_mutex_t lock;
    bool seeded;
    uint8_t seed[32];
    struct backoff_slot slots[BACKOFF_BUCKETS][BACKOFF_WAYS];
};
#define BACKOFF_INIT                                                                               \
    {                                                                                              \
        .lock = PTHREAD_MUTEX_INITIALIZER                                                          \
    }

/* Times are clock_monotonic_ms. Both texts are borrowed; an empty address counts as one. */
/* Milliseconds that this name from this address has still to wait; 0: go on. */
uint32_t backoff_wait_ms(struct backoff *backoff, struct bytes name, struct bytes address,
                         int64_t now_ms);
void backoff_note_failure(struct backoff *backoff, struct bytes name, struct bytes address,
                          int64_t now_ms);
/* The person is in: their own slips from there are forgotten. */
void backoff_note_success(struct backoff *backoff, struct bytes name, struct bytes address);

#endif
