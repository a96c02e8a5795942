/* The set-up half of a run: everything here is blocking HTTP and happens outside of what is
 * measured.
 *
 * Next: socket.c */
#include "accounts.h"

#include "clock.h"
#include "events.h"
#include "fault.h"
#include "http.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* argon2 runs two at once in the service; three askers keep both busy without filling its queue. */
#define SIGN_IN_WORKERS 3

/* With a second or so each, half a minute of being busy. */
#define REQUEST_TRIES_MAX 30

static bool line_parse(char *line, struct account *ret_account)
{
    struct account account = {0};
    if (sscanf(line, "%63[^\t]\t%127[^\t]\t%127[^\t\r\n]", account.tenant, account.username,
               account.password) != 3)
        return false;
    *ret_account = account;
    return true;
}

bool accounts_load(struct accounts *accounts, const char *path, const struct target *target)
{
    *accounts = (struct accounts){.target = *target};
    accounts->items = calloc(ACCOUNTS_MAX, sizeof(struct account));
    FILE *file = fopen(path, "r");
    if (!file || !accounts->items) {
        if (file)
            fclose(file);
        return fault_set("cannot read the accounts in %s", path);
    }
    char line[512];
    while (accounts->count < ACCOUNTS_MAX && fgets(line, sizeof(line), file)) {
        struct account *account = &accounts->items[accounts->count];
        if (!line_parse(line, account))
            continue;
        if (accounts->count == 0 || strcmp(account[-1].tenant, account->tenant) != 0)
            accounts->tenant_count++;
        accounts->count++;
    }
    fclose(file);
    return accounts->count > 0 || fault_set("%s has no accounts", path);
}

void accounts_free(struct accounts *accounts)
{
    for (unsigned i = 0; i < accounts->count; i++)
        free(accounts->items[i].token);
    free(accounts->items);
    *accounts = (struct accounts){0};
}

struct account *accounts_pick(struct accounts *accounts, unsigned tenant, unsigned nth)
{
    unsigned first = 0;
    for (unsigned seen = 0; first < accounts->count; first++) {
        if (first > 0 && strcmp(accounts->items[first - 1].tenant, accounts->items[first].tenant))
            seen++;
        if (seen == tenant)
            break;
    }
    if (first == accounts->count)
        return NULL;
    unsigned size = 1;
    while (first + size < accounts->count &&
           strcmp(accounts->items[first].tenant, accounts->items[first + size].tenant) == 0)
        size++;
    return &accounts->items[first + nth % size];
}

/* One request, again when the server says that it is busy. */
static bool request_patiently(const struct target *target, const char *path, const char *token,
                              const char *json, struct http_reply *reply)
{
    for (int tries = 0; tries < REQUEST_TRIES_MAX; tries++) {
        if (!http_request(target, "POST", path, token, json, reply))
            return false;
        if (reply->status != 429 && reply->status != 503)
            break;
        unsigned wait_s = reply->retry_after_s > 0 ? (unsigned)reply->retry_after_s : 1;
        clock_sleep_ns((wait_s < 10 ? wait_s : 10) * NS_PER_S);
    }
    if (reply->status / 100 != 2)
        return fault_set("POST %s: %d %.200s", path, reply->status, reply->body);
    return true;
}

static bool account_sign_in(const struct target *target, struct account *account,
                            struct http_reply *reply)
{
    char json[512];
    snprintf(json, sizeof(json), "{\"username\":\"%s\",\"password\":\"%s\"}", account->username,
             account->password);
    if (!request_patiently(target, "/api/chat/token/", NULL, json, reply))
        return false;
    struct text access = events_find_string(reply->body, reply->body_len, "access");
    uint64_t lives_s = events_find_number(reply->body, reply->body_len, "expires_in");
    if (!access.at)
        return fault_set("the reply to a sign-in has no access token");
    free(account->token);
    account->token = strndup(access.at, access.len);
    account->expires_ns = clock_now_ns() + (lives_s ? lives_s : 600) * NS_PER_S;
    return account->token != NULL;
}

struct sign_in_work {
    struct accounts *accounts;
    atomic_uint next;
    atomic_bool has_failed;
    pthread_mutex_t lock;
    char why[512];
};

static void *sign_in_worker(void *argument)
{
    struct sign_in_work *work = argument;
    struct http_reply *reply = malloc(sizeof(*reply));
    uint64_t needed_ns = clock_now_ns() + TOKEN_LEFT_MIN_S * NS_PER_S;
    while (reply && !work->has_failed) {
        unsigned i = atomic_fetch_add(&work->next, 1);
        if (i >= work->accounts->count)
            break;
        struct account *account = &work->accounts->items[i];
        if (account->token && account->expires_ns > needed_ns)
            continue;
        if (account_sign_in(&work->accounts->target, account, reply))
            continue;
        pthread_mutex_lock(&work->lock);
        snprintf(work->why, sizeof(work->why), "%s: %.300s", account->username, fault_text());
        work->has_failed = true;
        pthread_mutex_unlock(&work->lock);
    }
    free(reply);
    return NULL;
}

bool accounts_sign_in(struct accounts *accounts)
{
    struct sign_in_work work = {.accounts = accounts, .lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t workers[SIGN_IN_WORKERS];
    unsigned started = 0;
    while (started < SIGN_IN_WORKERS &&
           pthread_create(&workers[started], NULL, sign_in_worker, &work) == 0)
        started++;
    for (unsigned i = 0; i < started; i++)
        pthread_join(workers[i], NULL);
    if (started == 0)
        return fault_set("no thread could be started");
    return !work.has_failed || fault_set("sign-in of %s", work.why);
}

bool account_create_thread(const struct accounts *accounts, const struct account *account,
                           const char *title, struct thread_id *ret_id, uint64_t *ret_last_seq)
{
    char json[256];
    struct http_reply *reply = malloc(sizeof(*reply));
    snprintf(json, sizeof(json), "{\"title\":\"%s\"}", title);
    bool is_ok = reply && request_patiently(&accounts->target, "/api/chat/threads/", account->token,
                                            json, reply);
    if (is_ok) {
        struct text id = events_find_string(reply->body, reply->body_len, "id");
        is_ok = id.len == 36 || fault_set("the new thread has no id: %.200s", reply->body);
        if (is_ok)
            snprintf(ret_id->text, sizeof(ret_id->text), "%.36s", id.at);
        *ret_last_seq = events_find_number(reply->body, reply->body_len, "last_seq");
    }
    free(reply);
    return is_ok;
}
