/* The main thread's loop: takes requests off the ROUTER in batches, hands them to the queues once a
 * turn, sends what the actors answered, and sleeps only when there is neither.
 *
 * The socket's edge-triggered descriptor is read together with the actors' eventfd and the signals
 * in one poll. Next: drain.c
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "bus/runtime.h"
#include "core/clock.h"

#define RECEIVE_MAX    256  /* in one turn, before answers are looked at again */
#define SPARE_MAX      2048 /* idle call objects kept: about 10 MiB */
#define DRAIN_POLL_MS  25
#define SEND_QUEUE_MAX CLIENT_PENDING_MAX /* replies to one peer that is slow to read */
/* ZMQ_ZAP_ENFORCE_DOMAIN: in every build, but zmq.h shows it only with the draft API. */
#define OPTION_ZAP_ENFORCE_DOMAIN 93

void mailbox_wake(struct runtime *runtime)
{
    uint64_t one = 1;
    (void)!write(runtime->mailbox.wake_fd, &one, sizeof one);
}

/* ---- call objects */

struct call_private *mailbox_take_call(struct runtime *runtime)
{
    struct mailbox *mailbox = &runtime->mailbox;
    struct call_private *call = STAILQ_FIRST(&mailbox->spare);
    if (call == NULL) {
        return call_new(runtime);
    }
    STAILQ_REMOVE_HEAD(&mailbox->spare, next);
    mailbox->spare_count--;
    return call;
}

void mailbox_put_back_call(struct runtime *runtime, struct call_private *call)
{
    struct mailbox *mailbox = &runtime->mailbox;
    if (mailbox->spare_count >= SPARE_MAX) {
        call_free(call);
        return;
    }
    call_reset(call);
    STAILQ_INSERT_HEAD(&mailbox->spare, call, next);
    mailbox->spare_count++;
}

/* ---- sending */

void mailbox_send_reply(struct runtime *runtime, zmq_msg_t *peer, zmq_msg_t *reply)
{
    void *router = runtime->mailbox.router;
    if (zmq_msg_send(peer, router, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0 ||
        zmq_msg_send(reply, router, ZMQ_DONTWAIT) < 0) {
        metric_add(&runtime->stats.undeliverable, 1); /* EHOSTUNREACH: gone; EAGAIN: not reading */
    }
}

static void finish(struct runtime *runtime, struct call_private *call, int64_t now_us)
{
    /* Counted first, so that who has an answer finds it in the counters. */
    stats_call_ended(runtime, call, now_us);
    mailbox_send_reply(runtime, &call->peer, call_packed_reply(call));
    mailbox_put_back_call(runtime, call);
}

static void take_done(struct mailbox *mailbox, struct call_list *ret)
{
    pthread_mutex_lock(&mailbox->lock);
    STAILQ_CONCAT(ret, &mailbox->done);
    pthread_mutex_unlock(&mailbox->lock);
}

static bool send_done(struct runtime *runtime)
{
    struct mailbox *mailbox = &runtime->mailbox;
    struct call_list done = STAILQ_HEAD_INITIALIZER(done);
    take_done(mailbox, &done);
    bool some = !STAILQ_EMPTY(&done);
    int64_t now_us = some ? clock_monotonic_us() : 0;
    struct call_private *call, *next;
    for (call = STAILQ_FIRST(&done); call != NULL; call = next) {
        next = STAILQ_NEXT(call, next);
        queue_release(call->queue, call);
        mailbox->pending--;
        mailbox->pending_bytes -= call->frame_bytes;
        finish(runtime, call, now_us);
    }
    return some;
}

/* ---- receiving */

/* The next frames of one message: false when they are not exactly a peer and a payload. */
static bool receive_payload(void *router, zmq_msg_t *peer, zmq_msg_t *payload)
{
    bool right = zmq_msg_more(peer) != 0 && zmq_msg_recv(payload, router, ZMQ_DONTWAIT) >= 0;
    bool more = right && zmq_msg_more(payload) != 0;
    right = right && !more;
    while (more) {
        zmq_msg_t spare;
        zmq_msg_init(&spare);
        more = zmq_msg_recv(&spare, router, ZMQ_DONTWAIT) >= 0 && zmq_msg_more(&spare) != 0;
        zmq_msg_close(&spare);
    }
    return right;
}

static const char *program_of(zmq_msg_t *payload)
{
    /* From the payload: frame 0 loses it once ZMQ_EVENTS was read (platform-notes). The name is
     * one of three that ZAP knows, so it may outlive the message. */
    static const char *const known[] = {"gateway", "retention", "admin"};
    const char *name = zmq_msg_gets(payload, "User-Id");
    for (size_t i = 0; name != NULL && i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(name, known[i]) == 0) {
            return known[i];
        }
    }
    return "";
}

static void admit(struct runtime *runtime, struct call_private *call, zmq_msg_t *payload,
                  bool well_framed)
{
    struct mailbox *mailbox = &runtime->mailbox;
    call->arrived_us = clock_monotonic_us();
    call->program = program_of(payload);
    /* More frames than two are judged as an empty envelope: refused and counted like one. */
    struct bytes frame =
        well_framed ? bytes_of(zmq_msg_data(payload), zmq_msg_size(payload)) : bytes_of(NULL, 0);
    if (gate_admit(runtime, call, frame)) {
        mailbox->pending++;
        mailbox->pending_bytes += call->frame_bytes;
    } else {
        finish(runtime, call, call->arrived_us);
    }
}

static bool receive_one(struct runtime *runtime)
{
    void *router = runtime->mailbox.router;
    struct call_private *call = mailbox_take_call(runtime);
    if (call == NULL) {
        return false; /* no memory: the request waits in its socket */
    }
    if (zmq_msg_recv(&call->peer, router, ZMQ_DONTWAIT) < 0) {
        mailbox_put_back_call(runtime, call);
        return false;
    }
    zmq_msg_t payload;
    zmq_msg_init(&payload);
    bool well_framed = receive_payload(router, &call->peer, &payload);
    admit(runtime, call, &payload, well_framed);
    zmq_msg_close(&payload);
    return true;
}

static bool receive(struct runtime *runtime)
{
    int count = 0;
    while (count < RECEIVE_MAX && receive_one(runtime)) {
        count++;
    }
    for (unsigned i = 0; i < runtime->queues_made && count > 0; i++) {
        queue_hand_over(&runtime->queues[i]);
    }
    if (count > 0) {
        runtime->mailbox.quiet_since_ms = clock_monotonic_ms();
    }
    return count > 0;
}

/* ---- the loop */

static void take_signals(struct runtime *runtime)
{
    struct signalfd_siginfo signal;
    while (read(runtime->mailbox.signal_fd, &signal, sizeof signal) == sizeof signal) {
        if (atomic_load(&runtime->stopping)) {
            _exit(1); /* the second one: at once */
        }
        drain_begin(runtime);
    }
}

/* Sleep until a request, an answer, a signal or the next tick. */
static void mailbox_sleep(struct runtime *runtime)
{
    struct mailbox *mailbox = &runtime->mailbox;
    int events = 0;
    size_t size = sizeof events;
    if (zmq_getsockopt(mailbox->router, ZMQ_EVENTS, &events, &size) == 0 &&
        (events & ZMQ_POLLIN) != 0) {
        return;
    }
    pthread_mutex_lock(&mailbox->lock);
    bool idle = STAILQ_EMPTY(&mailbox->done);
    mailbox->asleep = idle;
    pthread_mutex_unlock(&mailbox->lock);
    if (!idle) {
        return;
    }
    struct pollfd fds[] = {{.fd = mailbox->zmq_fd, .events = POLLIN},
                           {.fd = mailbox->wake_fd, .events = POLLIN},
                           {.fd = mailbox->signal_fd, .events = POLLIN}};
    (void)poll(fds, 3, atomic_load(&runtime->stopping) ? DRAIN_POLL_MS : TICK_MS);
    pthread_mutex_lock(&mailbox->lock);
    mailbox->asleep = false;
    pthread_mutex_unlock(&mailbox->lock);
    uint64_t count;
    if (fds[1].revents != 0) {
        (void)!read(mailbox->wake_fd, &count, sizeof count);
    }
    if (fds[2].revents != 0) {
        take_signals(runtime);
    }
}

static void tick(struct runtime *runtime)
{
    int64_t now_ms = clock_monotonic_ms();
    if (now_ms - runtime->mailbox.ticked_ms >= TICK_MS) {
        runtime->mailbox.ticked_ms = now_ms;
        stats_tick(runtime);
        take_signals(runtime); /* a mailbox that never sleeps still hears them */
    }
}

void mailbox_run(struct runtime *runtime)
{
    while (!drain_is_over(runtime)) {
        bool sent = send_done(runtime);
        bool received = receive(runtime);
        if (!sent && !received) {
            mailbox_sleep(runtime);
        }
        tick(runtime);
    }
}

/* ---- opening and closing */

static bool set_server_options(void *router, const struct curve_pair *keys)
{
    return bus_socket_defaults(router) == OK && socket_set_int(router, ZMQ_ROUTER_MANDATORY, 1) &&
           socket_set_int(router, ZMQ_CURVE_SERVER, 1) &&
           socket_set_int(router, OPTION_ZAP_ENFORCE_DOMAIN, 1) &&
           socket_set_int(router, ZMQ_SNDHWM, SEND_QUEUE_MAX) &&
           zmq_setsockopt(router, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, strlen(ZAP_DOMAIN)) == 0 &&
           zmq_setsockopt(router, ZMQ_CURVE_SECRETKEY, keys->secret_key, CURVE_TEXT_SIZE) == 0;
}

static enum status open_router(struct runtime *runtime)
{
    const struct settings *settings = &runtime->settings;
    struct curve_pair keys;
    if (curve_load_pair(settings->trust_dir, runtime->spec->name, &keys) != OK) {
        fprintf(stderr, "%s: no CURVE key %s.secret in %s\n", runtime->spec->name,
                runtime->spec->name, settings->trust_dir);
        return STATUS_INVALID;
    }
    void *router = runtime->mailbox.router = zmq_socket(runtime->zmq, ZMQ_ROUTER);
    bool set = router != NULL && set_server_options(router, &keys);
    bytes_wipe(&keys, sizeof keys);
    if (!set || zmq_bind(router, settings->listen) != 0) {
        fprintf(stderr, "%s: cannot listen on %s: %s\n", runtime->spec->name, settings->listen,
                zmq_strerror(zmq_errno()));
        return STATUS_UNAVAILABLE;
    }
    size_t size = sizeof runtime->mailbox.zmq_fd;
    return zmq_getsockopt(router, ZMQ_FD, &runtime->mailbox.zmq_fd, &size) == 0 ? OK
                                                                                : STATUS_INTERNAL;
}

enum status mailbox_open(struct runtime *runtime)
{
    struct mailbox *mailbox = &runtime->mailbox;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    STAILQ_INIT(&mailbox->done);
    STAILQ_INIT(&mailbox->spare);
    pthread_mutex_init(&mailbox->lock, NULL);
    mailbox->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    mailbox->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (mailbox->wake_fd < 0 || mailbox->signal_fd < 0) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    return open_router(runtime);
}

void mailbox_close(struct runtime *runtime)
{
    struct mailbox *mailbox = &runtime->mailbox;
    if (mailbox->router != NULL) {
        (void)send_done(runtime);
        zmq_close(mailbox->router);
    }
    while (!STAILQ_EMPTY(&mailbox->spare)) {
        struct call_private *call = STAILQ_FIRST(&mailbox->spare);
        STAILQ_REMOVE_HEAD(&mailbox->spare, next);
        call_free(call);
    }
    if (mailbox->wake_fd >= 0) {
        close(mailbox->wake_fd);
    }
    if (mailbox->signal_fd >= 0) {
        close(mailbox->signal_fd);
    }
    pthread_mutex_destroy(&mailbox->lock);
}
