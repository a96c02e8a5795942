/* A set-associative table: SETS x WAYS entries, no chains, no growth. Next: token.c */
#include "crypto/token_cache.h"

#include <stdlib.h>

#include "crypto/aead.h"

/* With 16 ways a cache 60 % full turns away about one token in forty, for 135 us each. */
#define WAYS 16
#define SETS (TOKEN_CACHE_MAX / WAYS)

_Static_assert((SETS & (SETS - 1)) == 0, "a set is chosen by masking the hash");

struct entry {
    uint8_t *token; /* owned; NULL: free */
    size_t len;
    uint64_t used_at; /* tick of the cache */
    enum token_use use;
    struct principal principal;
};

struct set {
    uint64_t hashes[WAYS]; /* apart from the entries: 16 of them are two cache lines */
    struct entry *entries[WAYS];
};

struct token_cache {
    uint64_t seed, factor, tick;
    struct set sets[SETS];
};

struct token_cache *token_cache_new(void)
{
    struct token_cache *cache = calloc(1, sizeof *cache);
    if (cache != NULL) {
        random_bytes(&cache->seed, sizeof cache->seed);
        random_bytes(&cache->factor, sizeof cache->factor);
        cache->factor |= 1; /* odd: multiplication stays a bijection */
    }
    return cache;
}

static void entry_free(struct entry *entry)
{
    if (entry != NULL) {
        /* A live token is a credential. */
        bytes_wipe(entry->token, entry->len);
        free(entry->token);
        free(entry);
    }
}

static void way_clear(struct set *set, int way)
{
    entry_free(set->entries[way]);
    set->entries[way] = NULL;
    set->hashes[way] = 0;
}

void token_cache_clear(struct token_cache *cache)
{
    for (size_t i = 0; i < SETS; i++) {
        for (int way = 0; way < WAYS; way++) {
            way_clear(&cache->sets[i], way);
        }
    }
}

void token_cache_free(struct token_cache *cache)
{
    if (cache != NULL) {
        token_cache_clear(cache);
        free(cache);
    }
}

static uint64_t hash_of(const struct token_cache *cache, struct bytes token)
{
    uint64_t hash = cache->seed ^ token.len;
    for (size_t i = 0; i < token.len; i += 8) {
        uint64_t word = 0;
        memcpy(&word, token.data + i, token.len - i < 8 ? token.len - i : 8);
        hash = (hash ^ word) * cache->factor;
        hash ^= hash >> 29;
    }
    return hash;
}

static int way_find(const struct set *set, uint64_t hash, struct bytes token)
{
    for (int way = 0; way < WAYS; way++) {
        const struct entry *entry = set->entries[way];
        if (set->hashes[way] == hash && entry != NULL &&
            bytes_equal(bytes_of(entry->token, entry->len), token)) {
            return way;
        }
    }
    return -1;
}

const struct principal *token_cache_find(struct token_cache *cache, struct bytes token,
                                         enum token_use use, int64_t now_s)
{
    uint64_t hash = hash_of(cache, token);
    struct set *set = &cache->sets[hash & (SETS - 1)];
    int way = way_find(set, hash, token);
    if (way < 0 || set->entries[way]->use != use) {
        return NULL;
    }
    if (set->entries[way]->principal.expires_at_s <= now_s) {
        way_clear(set, way);
        return NULL;
    }
    set->entries[way]->used_at = ++cache->tick;
    return &set->entries[way]->principal;
}

/* A free way, or the one used longest ago, emptied. */
static int way_take(struct set *set)
{
    int oldest = 0;
    for (int way = 0; way < WAYS; way++) {
        if (set->entries[way] == NULL) {
            return way;
        }
        if (set->entries[way]->used_at < set->entries[oldest]->used_at) {
            oldest = way;
        }
    }
    way_clear(set, oldest);
    return oldest;
}

void token_cache_put(struct token_cache *cache, struct bytes token, enum token_use use,
                     const struct principal *principal)
{
    uint64_t hash = hash_of(cache, token);
    struct set *set = &cache->sets[hash & (SETS - 1)];
    if (way_find(set, hash, token) >= 0) {
        return;
    }
    struct entry *entry = malloc(sizeof *entry);
    uint8_t *copy = malloc(token.len);
    if (entry == NULL || copy == NULL) {
        free(entry);
        free(copy);
        return;
    }
    memcpy(copy, token.data, token.len);
    *entry = (struct entry){.token = copy,
                            .len = token.len,
                            .used_at = ++cache->tick,
                            .use = use,
                            .principal = *principal};
    int way = way_take(set);
    set->hashes[way] = hash;
    set->entries[way] = entry;
}
