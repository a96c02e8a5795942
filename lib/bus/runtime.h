/* What the files of the runtime share. Only lib/bus includes it.
 *
 * settings.c  options, keys, --migrate's own table
 * service.c   service_run: a checklist
 * mailbox.c   the main thread's loop: receive, hand over, send
 * drain.c     stopping without losing a call
 * gate.c      may this request be served, and by which queue
 * queue.c     what waits for an actor
 * actor.c     an actor's thread
 * batch.c     transactions around handlers
 * call.c      struct call: reply, failure, events
 * events.c    events of committed calls, to the channel layer
 * stats.c     metrics and the log line of a request
 * announce.c  the file that discovery reads
 */
#ifndef WARDROOM_BUS_RUNTIME_H
#define WARDROOM_BUS_RUNTIME_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>
#include <zmq.h>

#include "bus/curve.h"
#include "bus/envelope.h"
#include "bus/service.h"
#include "bus/socket.h"
#include "channel/channel.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/metrics.h"

#define ACTORS_MAX     64
#define ACTOR_KINDS    3
#define METHODS_MAX    64
#define RETRY_AFTER_MS 250 /* hint beside RESOURCE_EXHAUSTED: some 40 batches later */
#define TICK_MS        1000
#define DB_CHECK_MS    5000  /* an idle actor's connection */
#define ACTOR_HUNG_MS  30000 /* three times the statement time-out and more */

/* ---- settings.c */
struct settings {
    const char *trust_dir, *listen, *announce_dir, *ops_listen, *database_url;
    const char *service_keys, *channel_key, *redis_url, *region, *log_level, *environment;
    int64_t actors[ACTOR_KINDS]; /* by enum rpc_actor */
    enum log_level least;
    bool production;
    struct keyring keys, channel_keys;
};
/* Reads and checks; prints a plain sentence on stderr when it cannot go on. */
MUST_CHECK enum status settings_read(const struct service_spec *spec, int argc, char **argv,
                                     struct settings *ret, bool *ret_exit);
MUST_CHECK enum status settings_read_migrate(const struct service_spec *spec, int argc, char **argv,
                                             const char **ret_url, bool *ret_exit);

/* ---- one method and what is counted of it */
enum ended_class { ENDED_OK, ENDED_REFUSED, ENDED_FAILED, ENDED_CLASSES };
#define METHOD_LABELS_SIZE 128
struct method {
    const ProtobufCMethodDescriptor *descriptor;
    const struct rpc_rule *rule;
    unsigned index;
    char labels[ENDED_CLASSES + 1][METHOD_LABELS_SIZE];
    struct metric ended[ENDED_CLASSES], latency;
};

/* ---- call.c */
struct packed_event {
    STAILQ_ENTRY(packed_event) next;
    struct bytes bytes;
};
struct field_error {
    STAILQ_ENTRY(field_error) next;
    const char *pointer, *detail;
};
enum call_answer { ANSWER_NONE, ANSWER_REPLY, ANSWER_FAIL };

struct call_private {
    struct call call;
    STAILQ_ENTRY(call_private) next;
    const struct runtime *runtime;
    struct arena *arena;
    zmq_msg_t peer;               /* routing id of the caller */
    zmq_msg_t reply;              /* packed Reply, when answer is ANSWER_REPLY */
    Wardroom__Envelope *envelope; /* in the arena; NULL: could not be read */
    uint8_t request_id[16];
    bool has_request_id;
    const char *program; /* the caller's, from ZAP */
    struct principal who;
    struct method *method;
    struct queue *queue;
    uint64_t key_hash;
    uint64_t tenant_hash;
    size_t order; /* in its batch */
    size_t frame_bytes;
    int64_t arrived_us;
    enum call_answer answer;
    enum status status;
    const char *detail;
    uint32_t retry_after_ms;
    STAILQ_HEAD(, field_error) errors;
    size_t error_count;
    STAILQ_HEAD(, packed_event) events;
    bool lost_event; /* there was no memory for one */
};
STAILQ_HEAD(call_list, call_private);

struct call_private *call_new(const struct runtime *runtime);
void call_free(struct call_private *call);
/* Ready for the next request. */
void call_reset(struct call_private *call);
/* Forget what a handler said, for a replay. */
void call_rewind(struct call_private *call);
/* Unpack the payload into call.input; fails the call when it cannot be. */
bool call_unpack(struct call_private *call);
/* The packed Reply of a call that has ended; the call keeps it. */
zmq_msg_t *call_packed_reply(struct call_private *call);
void call_closure(const ProtobufCMessage *reply, void *call);

/* ---- queue.c: one write actor's, or that of all read actors, or of all work actors */
#define SHARE_COUNTERS 4096
#define QUEUE_LANES    1024 /* two tenants of 200 that share one share its turn: 20 pairs do */
struct queue_lane {
    TAILQ_ENTRY(queue_lane) next; /* while it holds calls */
    struct call_list calls;
    size_t taken; /* in this take */
};
struct queue {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct queue_lane lanes[QUEUE_LANES]; /* by the tenant's hash */
    TAILQ_HEAD(, queue_lane) turns;       /* lanes that hold calls, whose turn is next first */
    size_t depth;
    bool closed;
    size_t take_max; /* calls an actor takes at once */
    unsigned actors;
    _Atomic unsigned serving; /* actors that are open */
    struct metric depth_metric;
    char labels[64];
    /* Only the mailbox's thread: */
    struct call_list turn;              /* admitted in this turn, handed over at its end */
    uint32_t held;                      /* admitted and not yet answered */
    uint32_t shares[2][SHARE_COUNTERS]; /* of `held`, by two hashes of the tenant */
};
MUST_CHECK enum status queue_init(struct queue *queue, enum rpc_actor kind, unsigned actors,
                                  unsigned index);
void queue_fini(struct queue *queue);
/* Take up to take_max calls, in turn from every tenant that waits; waits at most wait_ms for the
 * first. While several wait, one gives at most BATCH_SHARE_MAX. False: closed and empty. */
bool queue_take(struct queue *queue, int64_t wait_ms, struct call_list *ret);
/* Drops what still waits. */
void queue_close(struct queue *queue);
/* Mailbox side. How many of `held` are the tenant's, at least (two may share a counter). */
uint32_t queue_share(const struct queue *queue, uint64_t tenant_hash);
void queue_admit(struct queue *queue, struct call_private *call);
void queue_release(struct queue *queue, const struct call_private *call);
void queue_hand_over(struct queue *queue);

/* ---- actor.c */
struct actor {
    struct runtime *runtime;
    struct queue *queue;
    struct actor_env env;
    void *state;
    pthread_t thread;
    bool started;
    _Atomic bool ready;            /* open, and its database answered last time */
    _Atomic int64_t busy_since_ms; /* 0: waits */
    int64_t checked_ms;
    struct buf events;
};
MUST_CHECK enum status actor_start(struct actor *actor);
void actor_join(struct actor *actor);
/* What the last contact with the database said. */
void actor_set_database(struct actor *actor, enum status status);
/* Hand answered calls back to the mailbox. */
void actor_deliver(struct actor *actor, struct call_list *done);

/* ---- batch.c */
/* Handle these calls, in order per shard key, and deliver each. */
void batch_run(struct actor *actor, struct call_list *calls);

/* ---- events.c */
void events_publish(struct actor *actor, struct call_private *const *calls, size_t count);
/* A packed events.Batch that says only that events since then may be lost. */
void events_write_lost(const struct tenant_id *tenant, int64_t since_us, struct buf *out);

/* ---- gate.c */
enum refusal {
    REFUSED_SIZE,
    REFUSED_MALFORMED,
    REFUSED_METHOD,
    REFUSED_CALLER,
    REFUSED_EXPIRED,
    REFUSED_TOKEN,
    REFUSED_ROLE,
    REFUSED_BODY,
    REFUSED_TENANT,
    REFUSED_FULL,
    REFUSED_SHARE,
    REFUSED_STOPPING,
    REFUSED_COUNT
};
/* True: admitted to call->queue. False: it has its answer (a refusal, or Ping's). */
bool gate_admit(struct runtime *runtime, struct call_private *call, struct bytes frame);
/* NULL-ended names of the programs that some rule admits. */
const char *const *gate_programs(const struct service_spec *spec);
void gate_answer_info(struct runtime *runtime, struct call_private *call);

/* ---- stats.c */
struct stats {
    struct metric refused[REFUSED_COUNT], curve_refused, undeliverable, unanswered, replayed,
        retried;
    struct metric batches, batched_calls, pending, expired, publish_dropped;
    char refused_labels[REFUSED_COUNT][48];
    int64_t log_second, log_lines, log_cut;
};
void stats_register(struct runtime *runtime);
void stats_call_ended(struct runtime *runtime, const struct call_private *call, int64_t now_us);
void stats_tick(struct runtime *runtime);

/* ---- announce.c */
#define ANNOUNCE_PATH_SIZE 512
/* Write `endpoint` into a new file of `dir`, dropping files that name the same; ret is its path. */
MUST_CHECK enum status announce_put(const char *dir, const char *endpoint,
                                    char ret[ANNOUNCE_PATH_SIZE]);
void announce_remove(const char *path);

/* ---- mailbox.c */
#define ROUTING_ID_MAX 16 /* libzmq's own have 5 */
struct listener {         /* a program that sends Ping; hears when this service stops */
    uint8_t routing_id[ROUTING_ID_MAX], request_id[16];
    size_t routing_len;
    int64_t heard_ms;
};
struct mailbox {
    void *router;
    int zmq_fd, wake_fd, signal_fd;
    pthread_mutex_t lock;
    struct call_list done; /* under the lock, as is asleep */
    bool asleep;
    struct call_list spare;
    size_t spare_count, pending, pending_bytes;
    struct listener listeners[PEERS_MAX];
    int64_t ticked_ms, quiet_since_ms, stop_at_ms;
};
MUST_CHECK enum status mailbox_open(struct runtime *runtime);
/* Until a signal and the drain after it, or runtime->fatal. */
void mailbox_run(struct runtime *runtime);
void mailbox_close(struct runtime *runtime);
void mailbox_wake(struct runtime *runtime);
/* A call object, empty; NULL: no memory. */
struct call_private *mailbox_take_call(struct runtime *runtime);
void mailbox_put_back_call(struct runtime *runtime, struct call_private *call);
void mailbox_send_reply(struct runtime *runtime, zmq_msg_t *peer, zmq_msg_t *reply);

/* ---- drain.c */
void drain_begin(struct runtime *runtime);
bool drain_is_over(const struct runtime *runtime);
/* This caller pings us: it hears when we stop. */
void drain_remember(struct runtime *runtime, const struct call_private *call);

/* ---- service.c */
struct runtime {
    const struct service_spec *spec;
    struct settings settings;
    void *zmq;
    struct zap *zap;
    struct token_verifier *verifier;
    struct publisher *publisher;
    struct method methods[METHODS_MAX];
    size_t method_count;
    struct queue queues[ACTORS_MAX];
    unsigned queue_first[ACTOR_KINDS], queue_count[ACTOR_KINDS], queues_made;
    struct actor actors[ACTORS_MAX];
    unsigned actor_count;
    struct mailbox mailbox;
    struct stats stats;
    int64_t started_at_us;
    char announced[ANNOUNCE_PATH_SIZE];
    unsigned turn; /* round robin of calls without a shard key */
    _Atomic bool stopping, fatal;
};
/* Ready to take calls? `why` is a literal. Thread-safe. */
bool runtime_ready(void *runtime, const char **why);

#endif
