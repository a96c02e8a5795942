/* The child's loop: open loop while it is on, reading all the while.
 *
 * Next: noisy.c */
#include "noise.h"

#include "clock.h"
#include "events.h"
#include "fault.h"
#include "socket.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define READY_MAX      256
#define OPEN_TIMEOUT_S 120
#define END_TIMEOUT_S  20
#define BEHIND_NS_MAX  (100 * NS_PER_MS) /* it makes up for no more, when it was held up itself */
#define CONTROL        UINT64_MAX        /* the epoll name of the parent's pipe */

enum word { WORD_BEGIN = 'b', WORD_END = 'e', WORD_STOP = 's' };

/* What the child says: ready, or why not, or what it counted. */
struct answer {
    bool is_ok;
    char why[256];
    struct noise_count count;
};

struct talker {
    struct socket socket;
    struct thread_id thread;
    bool is_poster, is_closed;
};

struct work {
    const struct noise_plan *plan;
    const struct accounts *accounts;
    struct talker *talkers; /* posters, then subscribers */
    unsigned count;
    int epoll_fd, control_fd, answer_fd;
    bool is_on;
    unsigned next;
    uint64_t next_due_ns, begin_ns, serial;
    struct noise_count counted;
};

static bool open_talker(struct work *work, unsigned i)
{
    const struct noise_plan *plan = work->plan;
    struct talker *talker = &work->talkers[i];
    struct account *account =
        accounts_pick((struct accounts *)(uintptr_t)work->accounts, plan->tenant, i);
    char json[160];
    uint64_t last_seq = 0;
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = i};
    if (!account)
        return fault_set("there is no tenant number %u", plan->tenant);
    talker->is_poster = i < plan->posters;
    if (talker->is_poster &&
        !account_create_thread(work->accounts, account, "noise", &talker->thread, &last_seq))
        return false;
    if (!talker->is_poster)
        talker->thread = work->talkers[i % plan->posters].thread;
    if (!socket_open(&talker->socket, &plan->target, "/ws/chat/", account->token))
        return false;
    int len = snprintf(json, sizeof(json), "{\"op\":\"subscribe\",\"thread_id\":\"%s\"}",
                       talker->thread.text);
    bool is_asked = talker->is_poster || (socket_send_text(&talker->socket, json, (size_t)len) &&
                                          socket_flush(&talker->socket));
    return is_asked &&
           (epoll_ctl(work->epoll_fd, EPOLL_CTL_ADD, talker->socket.link.fd, &event) == 0 ||
            fault_set("epoll_ctl refused a socket"));
}

static void close_talker(struct work *work, struct talker *talker)
{
    talker->is_closed = true;
    work->counted.closed++;
    socket_close(&talker->socket);
}

static void post_one(struct work *work)
{
    struct talker *talker = &work->talkers[work->next];
    char json[400];
    work->next = (work->next + 1) % work->plan->posters;
    if (talker->is_closed)
        return;
    int len =
        snprintf(json, sizeof(json),
                 "{\"op\":\"post\",\"ref\":\"%08x-0000-7000-8000-%012llx\",\"thread_id\":"
                 "\"%s\",\"body\":\"%0100d\"}",
                 (unsigned)getpid(), (unsigned long long)++work->serial, talker->thread.text, 0);
    if (socket_send_text(&talker->socket, json, (size_t)len) && socket_flush(&talker->socket))
        work->counted.posted++;
    else
        close_talker(work, talker);
}

static void post_due(struct work *work)
{
    uint64_t now_ns = clock_now_ns();
    uint64_t interval_ns = (uint64_t)((double)NS_PER_S / work->plan->posts_per_s);
    if (now_ns > work->next_due_ns + BEHIND_NS_MAX)
        work->next_due_ns = now_ns - BEHIND_NS_MAX;
    for (; work->next_due_ns <= now_ns; work->next_due_ns += interval_ns)
        post_one(work);
}

static void take_event(void *context, const struct event *event)
{
    struct work *work = context;
    static const char limited[] = "rate_limited";
    if (event->type == EVENT_ACK)
        work->counted.acked++;
    else if (event->type == EVENT_ERROR && event->code.len == sizeof(limited) - 1 &&
             memcmp(event->code.at, limited, sizeof(limited) - 1) == 0)
        work->counted.refused++;
    else if (event->type == EVENT_ERROR)
        work->counted.errors++;
}

static void take_frame(void *context, struct socket *socket, char *payload, size_t len)
{
    struct work *work = context;
    if (((const struct talker *)(const void *)socket)->is_poster)
        events_scan(payload, len, take_event, work);
    else
        work->counted.frames++;
}

static bool answer(const struct work *work, const struct answer *words)
{
    return write(work->answer_fd, words, sizeof(*words)) == (ssize_t)sizeof(*words);
}

/* False: it is time to go. */
static bool take_word(struct work *work)
{
    char word = WORD_STOP;
    if (read(work->control_fd, &word, 1) != 1 || word == WORD_STOP)
        return false;
    work->is_on = word == WORD_BEGIN;
    if (work->is_on) {
        work->counted = (struct noise_count){.closed = work->counted.closed};
        work->begin_ns = work->next_due_ns = clock_now_ns();
        return true;
    }
    work->counted.seconds = (double)(clock_now_ns() - work->begin_ns) / (double)NS_PER_S;
    return answer(work, &(struct answer){.is_ok = true, .count = work->counted});
}

static void run(struct work *work)
{
    struct epoll_event ready[READY_MAX];
    bool goes_on = true;
    while (goes_on) {
        if (work->is_on)
            post_due(work);
        int count = epoll_wait(work->epoll_fd, ready, READY_MAX, work->is_on ? 1 : 1000);
        for (int i = 0; i < count && goes_on; i++) {
            if (ready[i].data.u64 == CONTROL) {
                goes_on = take_word(work);
                continue;
            }
            struct talker *talker = &work->talkers[ready[i].data.u64];
            if (!talker->is_closed && !socket_read(&talker->socket, take_frame, work))
                close_talker(work, talker);
        }
        goes_on = goes_on && (count >= 0 || errno == EINTR);
    }
}

static void child(struct work *work)
{
    const struct noise_plan *plan = work->plan;
    struct answer first = {.is_ok = true};
    struct epoll_event control = {.events = EPOLLIN, .data.u64 = CONTROL};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    work->count = plan->posters * (1 + plan->subscribers_per_thread);
    work->talkers = calloc(work->count, sizeof(struct talker));
    work->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (!work->talkers || work->epoll_fd < 0 ||
        epoll_ctl(work->epoll_fd, EPOLL_CTL_ADD, work->control_fd, &control) != 0)
        first.is_ok = fault_set("out of memory or of descriptors");
    for (unsigned i = 0; first.is_ok && i < work->count; i++)
        first.is_ok = open_talker(work, i);
    if (!first.is_ok)
        snprintf(first.why, sizeof(first.why), "%.250s", fault_text());
    if (answer(work, &first) && first.is_ok)
        run(work);
    _exit(0);
}

static bool hear(const struct noise *noise, int timeout_s, struct answer *ret)
{
    struct pollfd ready = {.fd = noise->from_child, .events = POLLIN};
    if (poll(&ready, 1, timeout_s * 1000) != 1 ||
        read(noise->from_child, ret, sizeof(*ret)) != (ssize_t)sizeof(*ret))
        return fault_set("the noisy process does not answer");
    return ret->is_ok || fault_set("the noisy process: %s", ret->why);
}

static bool say(const struct noise *noise, enum word word)
{
    char byte = (char)word;
    return write(noise->to_child, &byte, 1) == 1 || fault_set("the noisy process is gone");
}

bool noise_start(struct noise *noise, const struct noise_plan *plan,
                 const struct accounts *accounts)
{
    int control[2], back[2];
    struct answer first;
    *noise = (struct noise){.pid = -1, .to_child = -1, .from_child = -1};
    if (pipe(control) != 0)
        return fault_set("no pipe");
    if (pipe(back) != 0) {
        close(control[0]);
        close(control[1]);
        return fault_set("no pipe");
    }
    noise->pid = fork();
    if (noise->pid == 0) {
        close(control[1]);
        close(back[0]);
        child(&(struct work){
            .plan = plan, .accounts = accounts, .control_fd = control[0], .answer_fd = back[1]});
    }
    close(control[0]);
    close(back[1]);
    noise->to_child = control[1];
    noise->from_child = back[0];
    if (noise->pid > 0 && hear(noise, OPEN_TIMEOUT_S, &first))
        return true;
    noise_stop(noise);
    return false;
}

bool noise_begin(struct noise *noise)
{
    return say(noise, WORD_BEGIN);
}

bool noise_end(struct noise *noise, struct noise_count *ret_count)
{
    struct answer words;
    if (!say(noise, WORD_END) || !hear(noise, END_TIMEOUT_S, &words))
        return false;
    *ret_count = words.count;
    return true;
}

void noise_stop(struct noise *noise)
{
    close(noise->to_child); /* the end of its pipe is its end */
    close(noise->from_child);
    if (noise->pid > 0) {
        kill(noise->pid, SIGKILL);
        waitpid(noise->pid, NULL, 0);
    }
    noise->pid = -1;
}
