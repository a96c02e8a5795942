/* One thread a client, since each waits and blocks for itself as a browser does.
 *
 * Next: insert.h */
#include "storm.h"

#include "clock.h"
#include "fault.h"
#include "frame.h"
#include "http.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* As in clients/typescript/src/connection.ts and backoff.ts. */
#define BACKOFF_BASE_S 1.0
#define BACKOFF_CAP_S  15.0
#define BACKOFF_FLOOR  0.1

#define THREADS        40
#define STACK_BYTES    (256 * 1024)
#define OPEN_SPREAD_S  4.0 /* the first time they come one after the other */
#define OPEN_TIMEOUT_S 120
#define BACK_TIMEOUT_S 60
#define SETTLE_S       2
#define LOOK_NS        (10 * NS_PER_MS)

struct storm {
    const struct target *target;
    struct thread_id threads[THREADS];
    uint64_t last_seqs[THREADS];
    atomic_uint first_time, back; /* clients that are subscribed, and again */
    atomic_ullong attempts;       /* since the kill */
    atomic_ullong killed_ns;      /* 0: not yet */
    atomic_bool is_over;
};

struct client {
    pthread_t thread;
    struct storm *storm;
    const char *token;
    unsigned number;
    unsigned seed;
    bool is_started;
    atomic_int fd;    /* -1: not connected */
    uint64_t back_ns; /* after the kill */
};

static double random_of(struct client *client)
{
    return (double)rand_r(&client->seed) / (double)RAND_MAX;
}

static void wait_s(const struct client *client, double seconds)
{
    uint64_t until_ns = clock_now_ns() + (uint64_t)(seconds * (double)NS_PER_S);
    while (!client->storm->is_over && clock_now_ns() < until_ns) {
        uint64_t left_ns = until_ns - clock_now_ns();
        clock_sleep_ns(left_ns < 100 * NS_PER_MS ? left_ns : 100 * NS_PER_MS);
    }
}

static bool send_text(struct link *link, const char *text)
{
    static const uint8_t zero_mask[4];
    uint8_t frame[512];
    size_t len = strlen(text), head = frame_put_head(frame, FRAME_TEXT, len, zero_mask);
    memcpy(frame + head, text, len);
    return link_write_all(link, frame, head + len);
}

/* Read until the thread is subscribed to; what comes is small, for nothing was missed. */
static bool subscribe(const struct client *client, struct link *link, char *rest, size_t rest_len)
{
    const struct storm *storm = client->storm;
    unsigned thread = client->number % THREADS;
    char json[160], seen[4096];
    size_t len = rest_len;
    memcpy(seen, rest, rest_len);
    snprintf(json, sizeof(json), "{\"op\":\"subscribe\",\"thread_id\":\"%s\",\"after_seq\":%llu}",
             storm->threads[thread].text, (unsigned long long)storm->last_seqs[thread]);
    if (!send_text(link, json))
        return false;
    while (!memmem(seen, len, "\"subscribed\"", 12)) {
        ssize_t n = link_read(link, seen + len, sizeof(seen) - len);
        if (n <= 0)
            return false;
        len += (size_t)n;
        if (len > sizeof(seen) - 1024) {
            memmove(seen, seen + len - 64, 64);
            len = 64;
        }
    }
    return true;
}

/* Open and subscribe; the link is closed when it did not work. */
static bool come(const struct client *client, struct link *link)
{
    char rest[1024];
    size_t rest_len = 0;
    if (!http_upgrade(link, client->storm->target, "/ws/chat/", client->token, rest, sizeof(rest),
                      &rest_len))
        return false;
    if (subscribe(client, link, rest, rest_len))
        return true;
    link_close(link);
    return false;
}

/* Until the connection ends, with a ping when nothing was heard for the link's time-out. */
static void stay(struct client *client, struct link *link)
{
    char bytes[4096];
    ssize_t n = 1;
    client->fd = link->fd;
    while (n > 0 && !client->storm->is_over) {
        n = link_read(link, bytes, sizeof(bytes));
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) &&
            send_text(link, "{\"op\":\"ping\"}"))
            n = 1;
    }
    client->fd = -1;
    link_close(link);
}

static void note(struct client *client)
{
    struct storm *storm = client->storm;
    uint64_t killed_ns = storm->killed_ns;
    if (killed_ns == 0) {
        storm->first_time++;
    } else {
        client->back_ns = clock_now_ns() - killed_ns;
        storm->back++;
    }
}

static void *client_live(void *argument)
{
    struct client *client = argument;
    struct storm *storm = client->storm;
    double ceiling_s = BACKOFF_BASE_S;
    wait_s(client, random_of(client) * OPEN_SPREAD_S);
    while (!storm->is_over && client->back_ns == 0) {
        struct link link;
        if (storm->killed_ns != 0)
            storm->attempts++;
        if (come(client, &link)) {
            note(client);
            if (client->back_ns == 0)
                ceiling_s = BACKOFF_BASE_S; /* it had lived long enough to count as good */
            stay(client, &link);
        }
        wait_s(client, ceiling_s * (BACKOFF_FLOOR + (1 - BACKOFF_FLOOR) * random_of(client)));
        ceiling_s = ceiling_s * 2 < BACKOFF_CAP_S ? ceiling_s * 2 : BACKOFF_CAP_S;
    }
    return NULL;
}

static bool threads_open(struct storm *storm, struct accounts *accounts)
{
    for (unsigned i = 0; i < THREADS; i++) {
        const struct account *account = accounts_pick(accounts, 0, i);
        if (!account || !account_create_thread(accounts, account, "storm", &storm->threads[i],
                                               &storm->last_seqs[i]))
            return false;
    }
    return true;
}

static bool clients_start(struct storm *storm, struct accounts *accounts, struct client *clients,
                          unsigned count)
{
    pthread_attr_t attributes;
    bool is_ok = pthread_attr_init(&attributes) == 0 &&
                 pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0;
    for (unsigned i = 0; i < count && is_ok; i++) {
        clients[i] = (struct client){.storm = storm,
                                     .fd = -1,
                                     .token = accounts_pick(accounts, 0, i)->token,
                                     .number = i,
                                     .seed = i + 1};
        is_ok = clients[i].is_started =
            pthread_create(&clients[i].thread, &attributes, client_live, &clients[i]) == 0;
    }
    return is_ok || fault_set("%u threads could not be started", count);
}

static bool count_wait(const atomic_uint *counter, unsigned wanted, int timeout_s, const char *what)
{
    uint64_t deadline_ns = clock_now_ns() + (uint64_t)timeout_s * NS_PER_S;
    while (*counter < wanted && clock_now_ns() < deadline_ns)
        clock_sleep_ns(LOOK_NS);
    return *counter >= wanted ||
           fault_set("%u of %u clients were %s after %d s", *counter, wanted, what, timeout_s);
}

static unsigned gateways_kill(const struct procs *procs)
{
    unsigned killed = 0;
    for (unsigned i = 0; i < procs->count; i++)
        if (strcmp(procs->groups[procs->items[i].group].name, "gateway") == 0)
            killed += kill(procs->items[i].pid, SIGKILL) == 0;
    return killed;
}

static int by_time(const void *left, const void *right)
{
    uint64_t a = ((const struct client *)left)->back_ns;
    uint64_t b = ((const struct client *)right)->back_ns;
    return a < b ? -1 : a > b;
}

static bool storm_measure(struct storm *storm, const struct procs *procs,
                          struct storm_result *result)
{
    uint64_t begin_ns = clock_now_ns();
    if (!count_wait(&storm->first_time, result->sockets, OPEN_TIMEOUT_S, "subscribed"))
        return false;
    result->open_s = (double)(clock_now_ns() - begin_ns) / (double)NS_PER_S;
    clock_sleep_ns(SETTLE_S * NS_PER_S);
    storm->killed_ns = clock_now_ns();
    result->gateways = gateways_kill(procs);
    if (result->gateways == 0)
        return fault_set("the status lists no gateway");
    bool is_ok = count_wait(&storm->back, result->sockets, BACK_TIMEOUT_S, "back");
    result->attempts = storm->attempts;
    storm->is_over = true;
    return is_ok;
}

/* A read that waits is ended by ending its socket. */
static void clients_stop(struct storm *storm, struct client *clients, unsigned count)
{
    storm->is_over = true;
    for (unsigned i = 0; clients && i < count; i++)
        if (clients[i].fd >= 0)
            shutdown(clients[i].fd, SHUT_RDWR);
    for (unsigned i = 0; clients && i < count; i++)
        if (clients[i].is_started)
            pthread_join(clients[i].thread, NULL);
}

void storm_run(const struct target *target, struct accounts *accounts, const struct procs *procs,
               unsigned sockets, struct storm_result *ret_result)
{
    struct storm storm = {.target = target};
    struct storm_result result = {.has_run = true, .sockets = sockets};
    struct client *clients = calloc(sockets, sizeof(*clients));
    result.is_valid = clients && accounts_sign_in(accounts) && threads_open(&storm, accounts) &&
                      clients_start(&storm, accounts, clients, sockets) &&
                      storm_measure(&storm, procs, &result);
    if (!result.is_valid)
        snprintf(result.why, sizeof(result.why), "%.500s", fault_text());
    clients_stop(&storm, clients, sockets);
    if (result.is_valid) {
        qsort(clients, sockets, sizeof(*clients), by_time);
        result.half_back_s = (double)clients[sockets / 2].back_ns / (double)NS_PER_S;
        result.all_back_s = (double)clients[sockets - 1].back_ns / (double)NS_PER_S;
    }
    free(clients);
    *ret_result = result;
}
