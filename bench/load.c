/* The loop: wait, read who is ready, post what the plan allows, write once per socket. Warm-up,
 * measured window, drain.
 *
 * Next: load_check.c */
#include "load_parts.h"

#include "clock.h"
#include "fault.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define READY_MAX 512

/* For what is in flight at the end of the window to come back. */
#define DRAIN_TIMEOUT_S 15

/* A turn never waits longer, so that phases end in time. */
#define TURN_NS_MAX (50 * NS_PER_MS)

static void put_hex(uint8_t *ret_digits, unsigned digits, uint64_t value)
{
    static const char hex[] = "0123456789abcdef";
    while (digits > 0) {
        ret_digits[--digits] = (uint8_t)hex[value & 15];
        value >>= 4;
    }
}

static void post_one(struct load *load, struct poster *poster, uint64_t due_ns)
{
    uint8_t *room = socket_reserve(&poster->socket, poster->frame_len);
    if (!room) {
        load->is_broken = !fault_set("out of memory");
        return;
    }
    unsigned number = poster->free_slots[--poster->free_count];
    struct slot *slot = &poster->slots[number];
    slot->generation = (slot->generation + 1) & 0xFFFFFF;
    slot->due_ns = due_ns;
    slot->is_busy = true;
    memcpy(room, poster->frame, poster->frame_len);
    put_hex(room + poster->ref_at, 3, poster->thread);
    put_hex(room + poster->ref_at + 3, 3, number);
    put_hex(room + poster->ref_at + 6, 6, slot->generation);
    put_hex(room + poster->time_at, 16, due_ns);
    poster->posted++;
}

static bool may_post(const struct load *load, const struct poster *poster)
{
    uint64_t subscribers = load->plan->subscribers_per_thread;
    if (poster->free_count == 0)
        return false;
    if (subscribers == 0)
        return poster->posted - poster->acked < poster->in_flight_max;
    return poster->posted * subscribers - poster->delivered < poster->in_flight_max * subscribers;
}

/* Open loop: whatever is due, in turn over the threads. A post that finds no slot stays due. */
static void post_due(struct load *load)
{
    const struct load_plan *plan = load->plan;
    uint64_t interval_ns = (uint64_t)((double)NS_PER_S / plan->posts_per_s);
    while (load->next_due_ns <= load->now_ns) {
        struct poster *poster = &load->posters[load->next_thread];
        if (poster->free_count == 0)
            break;
        post_one(load, poster, load->next_due_ns);
        load->next_due_ns += interval_ns;
        load->next_thread = (load->next_thread + 1) % plan->threads;
    }
}

static void poster_flush(struct load *load, struct poster *poster)
{
    if (!socket_has_output(&poster->socket))
        return;
    if (!socket_flush(&poster->socket)) {
        load->is_broken = true;
        return;
    }
    bool waits = socket_has_output(&poster->socket);
    if (waits == poster->waits_for_writable)
        return;
    poster->waits_for_writable = waits;
    struct epoll_event event = {.events = waits ? EPOLLIN | EPOLLOUT : EPOLLIN,
                                .data.u64 = poster->thread};
    epoll_ctl(load->epoll_fd, EPOLL_CTL_MOD, poster->socket.link.fd, &event);
}

static void post_all(struct load *load)
{
    bool is_paced = load->plan->posts_per_s > 0;
    if (load->phase != PHASE_DRAIN && is_paced)
        post_due(load);
    for (unsigned i = 0; i < load->plan->threads && !load->is_broken; i++) {
        struct poster *poster = &load->posters[i];
        while (load->phase != PHASE_DRAIN && !is_paced && may_post(load, poster) &&
               !load->is_broken)
            post_one(load, poster, load->now_ns);
        poster_flush(load, poster);
    }
}

static void read_ready(struct load *load, uint64_t owner)
{
    unsigned threads = load->plan->threads;
    bool is_open;
    load->now_ns = clock_now_ns();
    if (owner < threads) {
        load->reader = &load->posters[owner];
        is_open = socket_read(&load->reader->socket, load_take_poster_frame, load);
    } else {
        struct subscriber *subscriber = &load->subscribers[owner - threads];
        is_open = socket_read(&subscriber->socket, load_take_subscriber_frame, load);
    }
    if (!is_open)
        load->is_broken = true;
}

static void turn(struct load *load)
{
    struct epoll_event ready[READY_MAX];
    uint64_t wait_ns = TURN_NS_MAX;
    if (load->plan->posts_per_s > 0 && load->phase != PHASE_DRAIN)
        wait_ns = load->next_due_ns > load->now_ns ? load->next_due_ns - load->now_ns : 0;
    if (wait_ns > TURN_NS_MAX)
        wait_ns = TURN_NS_MAX;
    struct timespec timeout = {.tv_nsec = (long)wait_ns};
    int count = epoll_pwait2(load->epoll_fd, ready, READY_MAX, &timeout, NULL);
    if (count < 0 && errno != EINTR)
        load->is_broken = !fault_set("epoll_pwait2: %s", strerror(errno));
    for (int i = 0; i < count && !load->is_broken; i++)
        if (ready[i].events & ~(uint32_t)EPOLLOUT)
            read_ready(load, ready[i].data.u64);
    load->now_ns = clock_now_ns();
    post_all(load);
}

static bool turn_until(struct load *load, double seconds)
{
    load->now_ns = clock_now_ns();
    uint64_t until_ns = load->now_ns + (uint64_t)(seconds * (double)NS_PER_S);
    while (!load->is_broken && load->now_ns < until_ns)
        turn(load);
    return !load->is_broken;
}

static bool is_drained(const struct load *load)
{
    for (unsigned i = 0; i < load->plan->threads; i++) {
        const struct poster *poster = &load->posters[i];
        if (poster->acked != poster->posted ||
            poster->delivered != poster->posted * load->plan->subscribers_per_thread)
            return false;
    }
    return true;
}

static bool drain(struct load *load)
{
    load->phase = PHASE_DRAIN;
    uint64_t until_ns = load->now_ns + DRAIN_TIMEOUT_S * NS_PER_S;
    while (!load->is_broken && load->now_ns < until_ns && !is_drained(load))
        turn(load);
    return !load->is_broken;
}

static bool run_phases(struct load *load)
{
    load->phase = PHASE_WARM;
    load->now_ns = load->next_due_ns = clock_now_ns();
    post_all(load);
    return turn_until(load, load->plan->warm_s) && load_window_begin(load) &&
           turn_until(load, load->plan->measured_s) && load_window_end(load) && drain(load);
}

void load_run(const struct load_plan *plan, struct accounts *accounts, const struct procs *procs,
              struct load_result *ret_result)
{
    struct load *load = calloc(1, sizeof(*load));
    *ret_result = (struct load_result){.plan = *plan};
    if (!load)
        return;
    load->plan = plan;
    load->accounts = accounts;
    load->procs = plan->is_bare ? NULL : procs;
    load->result = ret_result;
    load->epoll_fd = -1;
    ret_result->is_valid = load_open(load) && run_phases(load);
    if (ret_result->is_valid)
        load_check_end(load);
    else
        strncpy(ret_result->why, fault_text(), sizeof(ret_result->why) - 1);
    load_close(load);
    free(load);
}
