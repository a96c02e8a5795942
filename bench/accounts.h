/* Who the generator signs in as: a file of accounts, their tokens, and the threads they create.
 *
 * Next: socket.h */
#pragma once

#include "link.h"

#define ACCOUNTS_MAX 4096

/* Enough of a token's life left for one scenario with its warm-up and drain. */
#define TOKEN_LEFT_MIN_S 120

struct account {
    char tenant[64];
    char username[128];
    char password[128];
    char *token;         /* NULL: not signed in */
    uint64_t expires_ns; /* of CLOCK_MONOTONIC */
};

struct accounts {
    struct target target;
    unsigned count;
    unsigned tenant_count;
    struct account *items; /* grouped by tenant, in the order of the file */
};

/* A thread id as text. */
struct thread_id {
    char text[37];
};

/* Read `tenant<TAB>username<TAB>password` lines; accounts of one tenant stand together. The caller
 * frees with accounts_free. */
bool accounts_load(struct accounts *accounts, const char *path, const struct target *target);
void accounts_free(struct accounts *accounts);

/* Sign in every account whose token is missing or about to expire, a few at once; 429 and 503 are
 * waited out and tried again. */
bool accounts_sign_in(struct accounts *accounts);

/* Account number `nth` (modulo how many it has) of the tenant number `tenant`; NULL when there are
 * fewer tenants. */
struct account *accounts_pick(struct accounts *accounts, unsigned tenant, unsigned nth);

/* Create a thread as this account; ret_last_seq is what it holds from the start. */
bool account_create_thread(const struct accounts *accounts, const struct account *account,
                           const char *title, struct thread_id *ret_id, uint64_t *ret_last_seq);
