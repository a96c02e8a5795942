/* What the load_*.c files share; nobody else includes this.
 *
 * Next: load_setup.c */
#pragma once

#include "events.h"
#include "load.h"

#include <sys/types.h>

/* A frame of 256 KiB with events of 500 bytes holds 524. */
#define MEMO_MESSAGES_MAX 1024

/* The same bytes go to every subscriber of a thread; so many different frames are remembered. */
#define MEMO_FRAMES 16

/* Where the changing parts of a post stand: its body begins with this and 16 hexadecimal digits of
 * the time it was due. */
#define BODY_MARK     "wardroom-bench "
#define BODY_MARK_LEN 15

struct slot {
    uint64_t due_ns;
    uint32_t generation; /* of the ref that may be acked; 24 bits */
    bool is_busy;
};

struct poster {
    struct socket socket;
    unsigned thread;
    struct thread_id thread_id;
    uint64_t first_seq; /* what the thread began with */
    uint8_t frame[512]; /* a whole post; the digits of ref and time are patched in */
    size_t frame_len;
    size_t ref_at;  /* the last 12 digits of the ref */
    size_t time_at; /* 16 digits */
    unsigned slot_count;
    struct slot *slots;
    uint16_t *free_slots; /* a stack */
    unsigned free_count;
    unsigned in_flight_max;
    uint64_t posted;
    uint64_t acked;
    uint64_t delivered; /* over all subscribers */
    uint64_t seq_min, seq_max, seq_sum;
    bool waits_for_writable;
};

struct subscriber {
    struct socket socket;
    unsigned thread;
    bool is_subscribed;
    uint64_t last_seq;
    uint64_t delivered;
};

/* What one frame said; the next socket that gets the same bytes need not read them again. */
struct memo {
    char *bytes;
    size_t len;
    size_t size;
    unsigned thread;
    bool is_sound;      /* seqs follow each other, all of that thread */
    uint64_t first_seq; /* 0: no message in it */
    uint64_t last_seq;
    unsigned marked; /* messages of ours */
    unsigned others; /* neither messages nor acks */
    uint64_t due_ns[MEMO_MESSAGES_MAX];
};

enum load_phase { PHASE_WARM, PHASE_MEASURED, PHASE_DRAIN };

struct load {
    const struct load_plan *plan;
    struct accounts *accounts;
    const struct procs *procs;
    struct load_result *result;
    enum load_phase phase;
    int epoll_fd;
    bool is_broken; /* a connection is lost; fault_text says why */
    uint64_t now_ns;
    uint64_t next_due_ns; /* paced: of the next post */
    unsigned next_thread; /* paced: whose turn it is */
    struct poster *posters;
    struct subscriber *subscribers;
    unsigned subscriber_count;
    struct memo memos[MEMO_FRAMES];
    unsigned next_memo;
    struct poster *reader; /* whose frame is being read */
    struct histogram ack;
    struct histogram seen;
    uint64_t begin_ns;
    double begin_client_us;
    struct cpu begin_cpu;
};

/* load_setup.c */
bool load_open(struct load *load);
void load_close(struct load *load);

/* load_check.c: frames of a poster and of a subscriber. */
frame_fn load_take_poster_frame;
frame_fn load_take_subscriber_frame;
void load_fault(struct load *load, uint64_t *counter, const char *words, size_t len);

/* load_report.c */
bool load_window_begin(struct load *load);
bool load_window_end(struct load *load);
void load_check_end(struct load *load);

static inline struct load *load_of(void *context)
{
    return context;
}
