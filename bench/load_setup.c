/* Before the loop: threads created, sockets opened, subscriptions answered, the frame of each
 * poster built once.
 *
 * Next: load.c */
#include "load_parts.h"

#include "clock.h"
#include "fault.h"
#include "frame.h"

#include <openssl/rand.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* For all subscriptions of a scenario to be answered. */
#define SUBSCRIBE_TIMEOUT_S 60

/* A ref is a UUIDv7 whose last 12 digits are 3 of the poster, 3 of the slot, 6 of the slot's
 * generation; those are written later. */
static void ref_begin(char ret_ref[37])
{
    unsigned char random[4];
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    uint64_t ms = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / NS_PER_MS;
    RAND_bytes(random, sizeof(random));
    snprintf(ret_ref, 37, "%08x-%04x-7%01x%02x-8%01x%02x-000000000000", (unsigned)(ms >> 16),
             (unsigned)(ms & 0xFFFF), random[0] & 15U, random[1], random[2] & 15U, random[3]);
}

static void post_frame_build(struct poster *poster)
{
    static const char filler[] = "the beacon on host 4711 talks to the same address every 60 s "
                                 "since the weekend and still does so";
    char ref[37];
    char json[480];
    char body[LOAD_BODY_BYTES + 1];
    const uint8_t zero_mask[4] = {0};
    ref_begin(ref);
    snprintf(body, sizeof(body), BODY_MARK "%016x %.68s", 0U, filler);
    int len = snprintf(json, sizeof(json),
                       "{\"op\":\"post\",\"ref\":\"%s\",\"thread_id\":\"%s\",\"body\":\"%s\"}", ref,
                       poster->thread_id.text, body);
    size_t head = frame_put_head(poster->frame, FRAME_TEXT, (size_t)len, zero_mask);
    memcpy(poster->frame + head, json, (size_t)len);
    poster->frame_len = head + (size_t)len;
    poster->ref_at = head + (size_t)(strstr(json, ref) - json) + 24;
    poster->time_at = head + (size_t)(strstr(json, BODY_MARK) - json) + BODY_MARK_LEN;
}

/* A share of the posts in flight, the first threads taking one more where it does not divide. */
static unsigned share_of(const struct load_plan *plan, unsigned thread)
{
    unsigned share = plan->in_flight / plan->threads;
    return share + (thread < plan->in_flight % plan->threads ? 1 : 0);
}

/* Slots bound what waits for an ack. With subscribers or a clock more may be unacked than the share
 * in flight says, so they get all there are. */
static bool slots_init(struct poster *poster, const struct load_plan *plan)
{
    bool is_by_acks = plan->subscribers_per_thread == 0 && plan->posts_per_s <= 0;
    poster->in_flight_max = share_of(plan, poster->thread);
    poster->slot_count = is_by_acks ? poster->in_flight_max : LOAD_SLOTS_MAX;
    if (poster->slot_count > LOAD_SLOTS_MAX)
        return fault_set("more than %d posts in flight in one thread", LOAD_SLOTS_MAX);
    poster->slots = calloc(poster->slot_count, sizeof(struct slot));
    poster->free_slots = calloc(poster->slot_count, sizeof(uint16_t));
    if (!poster->slots || !poster->free_slots)
        return fault_set("out of memory");
    for (unsigned i = 0; i < poster->slot_count; i++)
        poster->free_slots[poster->free_count++] = (uint16_t)i;
    return true;
}

/* `owner` is the number of the poster, or of the subscriber behind all posters. */
static bool watch(struct load *load, struct socket *socket, unsigned owner)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = owner};
    return epoll_ctl(load->epoll_fd, EPOLL_CTL_ADD, socket->link.fd, &event) == 0 ||
           fault_set("epoll_ctl refused a socket");
}

static unsigned tenant_of(const struct load_plan *plan, unsigned thread)
{
    return plan->first_tenant + thread % plan->tenants;
}

/* The thread a poster writes to, and the token to do it with. The bare server takes any. */
static bool thread_obtain(struct load *load, struct poster *poster, const char **ret_token)
{
    const struct load_plan *plan = load->plan;
    char title[96];
    *ret_token = "bare";
    if (plan->is_bare) {
        snprintf(poster->thread_id.text, sizeof(poster->thread_id.text),
                 "00000000-0000-7000-8000-%012x", poster->thread);
        return true;
    }
    struct account *account = accounts_pick(load->accounts, tenant_of(plan, poster->thread), 0);
    if (!account)
        return fault_set("there are not %u tenants", plan->tenants);
    snprintf(title, sizeof(title), "bench %s %u", plan->name, poster->thread);
    *ret_token = account->token;
    return account_create_thread(load->accounts, account, title, &poster->thread_id,
                                 &poster->first_seq);
}

static bool poster_open(struct load *load, unsigned thread)
{
    struct poster *poster = &load->posters[thread];
    const char *token = NULL;
    poster->thread = thread;
    if (!slots_init(poster, load->plan) || !thread_obtain(load, poster, &token))
        return false;
    post_frame_build(poster);
    return socket_open(&poster->socket, &load->plan->target, "/ws/chat/", token) &&
           watch(load, &poster->socket, thread);
}

/* What the thread holds already is not asked for: after_seq is its last. */
static bool subscriber_open(struct load *load, unsigned i)
{
    struct subscriber *subscriber = &load->subscribers[i];
    const struct load_plan *plan = load->plan;
    const char *token = "bare";
    char json[160];
    subscriber->thread = i % plan->threads;
    const struct poster *poster = &load->posters[subscriber->thread];
    subscriber->last_seq = poster->first_seq;
    if (!plan->is_bare)
        token = accounts_pick(load->accounts, tenant_of(plan, poster->thread), i / plan->threads)
                    ->token;
    int len = snprintf(json, sizeof(json),
                       "{\"op\":\"subscribe\",\"thread_id\":\"%s\",\"after_seq\":%llu}",
                       poster->thread_id.text, (unsigned long long)poster->first_seq);
    return socket_open(&subscriber->socket, &plan->target, "/ws/chat/", token) &&
           watch(load, &subscriber->socket, plan->threads + i) &&
           socket_send_text(&subscriber->socket, json, (size_t)len) &&
           socket_flush(&subscriber->socket);
}

static bool subscriptions_wait(struct load *load)
{
    uint64_t deadline_ns = clock_now_ns() + SUBSCRIBE_TIMEOUT_S * NS_PER_S;
    for (unsigned i = 0; i < load->subscriber_count; i++) {
        struct subscriber *subscriber = &load->subscribers[i];
        while (!subscriber->is_subscribed) {
            struct pollfd ready = {.fd = subscriber->socket.link.fd, .events = POLLIN};
            if (!socket_read(&subscriber->socket, load_take_subscriber_frame, load))
                return false;
            if (clock_now_ns() > deadline_ns)
                return fault_set("subscription %u of %u is not answered: %.200s", i + 1,
                                 load->subscriber_count, load->result->faults.first);
            if (!subscriber->is_subscribed)
                poll(&ready, 1, 100);
        }
    }
    return true;
}

bool load_open(struct load *load)
{
    const struct load_plan *plan = load->plan;
    load->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    load->subscriber_count = plan->threads * plan->subscribers_per_thread;
    load->posters = calloc(plan->threads, sizeof(struct poster));
    load->subscribers = calloc(load->subscriber_count + 1, sizeof(struct subscriber));
    if (load->epoll_fd < 0 || !load->posters || !load->subscribers)
        return fault_set("out of memory or of descriptors");
    for (unsigned i = 0; i < plan->threads; i++)
        load->posters[i].socket.link.fd = -1;
    for (unsigned i = 0; i < load->subscriber_count; i++)
        load->subscribers[i].socket.link.fd = -1;
    if (load->accounts && !plan->is_bare && !accounts_sign_in(load->accounts))
        return false;
    for (unsigned i = 0; i < plan->threads; i++)
        if (!poster_open(load, i))
            return false;
    for (unsigned i = 0; i < load->subscriber_count; i++)
        if (!subscriber_open(load, i))
            return false;
    load->result->sockets = plan->threads + load->subscriber_count;
    return subscriptions_wait(load);
}

void load_close(struct load *load)
{
    for (unsigned i = 0; load->posters && i < load->plan->threads; i++) {
        socket_close(&load->posters[i].socket);
        free(load->posters[i].slots);
        free(load->posters[i].free_slots);
    }
    for (unsigned i = 0; load->subscribers && i < load->subscriber_count; i++)
        socket_close(&load->subscribers[i].socket);
    for (unsigned i = 0; i < MEMO_FRAMES; i++)
        free(load->memos[i].bytes);
    free(load->posters);
    free(load->subscribers);
    if (load->epoll_fd >= 0)
        close(load->epoll_fd);
}
