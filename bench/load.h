/* The engine: posters and subscribers of some threads on one epoll loop, driven as hard as the plan
 * says, with everything that comes back checked.
 *
 * One poster per thread writes posts; it is not subscribed. In a closed loop a post is in flight
 * until it is acked or, with subscribers, until all of them have seen it; with `posts_per_s` posts
 * leave on a clock whatever comes back, and their time counts from when they were due.
 *
 * Files: load_setup.c opens the sockets, load.c turns the loop, load_check.c judges what comes in,
 * load_report.c sums up.
 *
 * Next: load.c */
#pragma once

#include "accounts.h"
#include "histogram.h"
#include "procs.h"
#include "socket.h"

/* A post's slot is 12 bits of its ref. */
#define LOAD_SLOTS_MAX 4096

/* Posters are 12 bits of a ref too. */
#define LOAD_THREADS_MAX 4096

/* What a post's text is long, as issue 2 sets it. */
#define LOAD_BODY_BYTES 100

struct load_plan {
    char name[32];
    struct target target;
    unsigned threads;
    unsigned subscribers_per_thread;
    unsigned in_flight;    /* posts, over all threads */
    unsigned first_tenant; /* number of the first of them */
    unsigned tenants;
    double posts_per_s; /* over all threads; 0: closed loop */
    double warm_s;
    double measured_s;
    bool is_bare; /* the bare sender is asked: no accounts, no HTTP, no CPU of a suite */
};

struct load_faults {
    uint64_t errors;     /* error events */
    uint64_t stray_acks; /* for a ref that was not waiting: unknown, or acked twice */
    uint64_t missing_acks;
    uint64_t seq_gaps;     /* an event out of order, twice or left out; acks with holes between */
    uint64_t stray_events; /* of a thread that this socket did not subscribe to */
    uint64_t unseen;       /* deliveries that never came */
    uint64_t resyncs;      /* the server said: you fell behind */
    uint64_t unreadable;   /* frames that are no array of events */
    char first[256];       /* words for the first of them */
};

struct load_result {
    struct load_plan plan;
    bool is_valid; /* false: it could not be run, `why` says it */
    char why[512];
    unsigned sockets;
    double seconds; /* of the measured window */
    uint64_t acked;
    uint64_t delivered;
    uint64_t frames;       /* frames that brought deliveries */
    uint64_t other_events; /* neither ack nor message */
    double acked_per_s;
    double delivered_per_s;
    double ack_p50_ms, ack_p99_ms, ack_max_ms;
    double seen_p50_ms, seen_p99_ms, seen_max_ms;
    bool has_cpu;
    struct cpu server_cpu;  /* used in the window */
    double client_cpu_us;   /* of this program, in the window */
    size_t event_frame_len; /* payload of a frame with one message event; 0: none was seen */
    struct load_faults faults;
};

/* Run one plan from opening its sockets to closing them.
 *
 * accounts: signed in here when needed; NULL with is_bare.
 * procs:    whose CPU time is taken; NULL: nobody's.
 * ret_result: large; its is_valid says whether there are figures. */
void load_run(const struct load_plan *plan, struct accounts *accounts, const struct procs *procs,
              struct load_result *ret_result);

/* True when nothing that came back was wrong. */
bool load_faults_none(const struct load_faults *faults);
