/* The table of failures. Next: mint.c */
#include "backoff.h"

#include "crypto/aead.h"

enum subject { BY_PAIR, BY_NAME, BY_ADDRESS, SUBJECTS };

static const uint32_t free_failures[SUBJECTS] = {BACKOFF_FREE_PAIR, BACKOFF_FREE_NAME,
                                                 BACKOFF_FREE_ADDRESS};

/* Keyed, so that nobody can choose a name that lands in another's bucket. */
static uint64_t key_of(struct backoff *backoff, enum subject subject, struct bytes name,
                       struct bytes address)
{
    if (!backoff->seeded) {
        random_bytes(backoff->seed, sizeof backoff->seed);
        backoff->seeded = true;
    }
    struct buf text = {0};
    buf_u8(&text, (uint8_t)subject);
    buf_str(&text, subject != BY_ADDRESS ? name : (struct bytes){0});
    buf_str(&text, subject != BY_NAME ? address : (struct bytes){0});
    uint8_t hash[SHA256_SIZE];
    hmac_sha256(bytes_of(backoff->seed, sizeof backoff->seed), buf_bytes(&text), hash);
    buf_fini(&text);
    uint64_t key;
    memcpy(&key, hash, sizeof key);
    return key | 1;
}

static struct backoff_slot *find(struct backoff *backoff, uint64_t key)
{
    struct backoff_slot *bucket = backoff->slots[(key >> 32) % BACKOFF_BUCKETS];
    for (size_t i = 0; i < BACKOFF_WAYS; i++) {
        if (bucket[i].key == key) {
            return &bucket[i];
        }
    }
    return NULL;
}

/* Its slot, or the one in its bucket that was used least recently. */
static struct backoff_slot *find_or_take(struct backoff *backoff, uint64_t key)
{
    struct backoff_slot *slot = find(backoff, key);
    if (slot != NULL) {
        return slot;
    }
    struct backoff_slot *bucket = backoff->slots[(key >> 32) % BACKOFF_BUCKETS];
    slot = &bucket[0];
    for (size_t i = 1; i < BACKOFF_WAYS; i++) {
        if (bucket[i].last_ms < slot->last_ms) {
            slot = &bucket[i];
        }
    }
    *slot = (struct backoff_slot){.key = key};
    return slot;
}

/* One second after the first failure that counts, then doubling. */
static int64_t wait_after(uint32_t failures, uint32_t allowed)
{
    if (failures <= allowed) {
        return 0;
    }
    uint32_t doublings = failures - allowed - 1;
    int64_t wait_ms = doublings < 10 ? INT64_C(1000) << doublings : BACKOFF_WAIT_MS_MAX;
    return wait_ms < BACKOFF_WAIT_MS_MAX ? wait_ms : BACKOFF_WAIT_MS_MAX;
}

uint32_t backoff_wait_ms(struct backoff *backoff, struct bytes name, struct bytes address,
                         int64_t now_ms)
{
    int64_t wait_ms = 0;
    pthread_mutex_lock(&backoff->lock);
    for (enum subject subject = BY_PAIR; subject < SUBJECTS; subject++) {
        const struct backoff_slot *slot = find(backoff, key_of(backoff, subject, name, address));
        if (slot != NULL && slot->until_ms - now_ms > wait_ms) {
            wait_ms = slot->until_ms - now_ms;
        }
    }
    pthread_mutex_unlock(&backoff->lock);
    return (uint32_t)wait_ms;
}

void backoff_note_failure(struct backoff *backoff, struct bytes name, struct bytes address,
                          int64_t now_ms)
{
    pthread_mutex_lock(&backoff->lock);
    for (enum subject subject = BY_PAIR; subject < SUBJECTS; subject++) {
        struct backoff_slot *slot = find_or_take(backoff, key_of(backoff, subject, name, address));
        if (now_ms - slot->last_ms > BACKOFF_FORGET_MS) {
            slot->failures = 0;
        }
        slot->failures++;
        slot->last_ms = now_ms;
        slot->until_ms = now_ms + wait_after(slot->failures, free_failures[subject]);
    }
    pthread_mutex_unlock(&backoff->lock);
}

void backoff_note_success(struct backoff *backoff, struct bytes name, struct bytes address)
{
    pthread_mutex_lock(&backoff->lock);
    struct backoff_slot *slot = find(backoff, key_of(backoff, BY_PAIR, name, address));
    if (slot != NULL) {
        *slot = (struct backoff_slot){0};
    }
    pthread_mutex_unlock(&backoff->lock);
}
