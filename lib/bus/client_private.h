/* What the files of the client share: the client, its peers (services), their replicas, and the
 * calls that wait. Everything lives on the loop's thread.
 *
 * client.c     bus_call and the turns of the loop
 * pending.c    the table of calls in flight, their deadlines, how each ends
 * replica.c    one DEALER: connect, heartbeat, send, receive
 * discovery.c  which replicas there are
 */
#ifndef WARDROOM_BUS_CLIENT_PRIVATE_H
#define WARDROOM_BUS_CLIENT_PRIVATE_H

#include <sys/queue.h>
#include <zmq.h>

#include "bus/client.h"
#include "bus/curve.h"
#include "bus/envelope.h"
#include "bus/socket.h"
#include "core/limits.h"

#define PEERS_SERVICES_MAX  16
#define SERVICE_NAME_SIZE   32
#define TICK_MS             100  /* heartbeats, discovery of a service that has no replica */
#define REPLICA_SILENT_MS   3000 /* three heartbeats */
#define PING_INTERVAL_MS    1000
#define WAIT_REPLICA_MS     2000  /* how long a call waits for a first replica */
#define WAIT_AFTER_ALIVE_MS 10000 /* but only when one was there so lately */
#define RESOLVE_INTERVAL_MS 2000  /* and connecting: a new replica is found within 5 s */
#define WHEEL_SLOT_MS       32
#define WHEEL_SLOTS         512 /* 16 s: nearly every deadline comes around once */
#define SLOT_BLOCK          4096
#define SLOT_BLOCKS_MAX     256
#define RECEIVE_MAX         64 /* of one replica in one turn */

enum pending_state {
    PENDING_FREE,
    PENDING_WAITING, /* no replica alive yet: in peer->waiting, `request` held */
    PENDING_SENT,    /* in replica->sent */
    PENDING_FAILED   /* ended by ourselves, told on the next turn: in client->failed */
};

TAILQ_HEAD(pending_list, pending);
struct pending {
    enum pending_state state;
    uint64_t id; /* generation << 20 | slot; never 0 */
    void (*done)(void *data, const struct bus_reply *reply);
    void *data;
    int64_t deadline_ms;
    uint64_t key_hash; /* 0: no shard key */
    enum status verdict;
    zmq_msg_t request;
    struct peer *peer;
    int64_t wait_until_ms; /* for a replica */
    struct pending_list *in;
    TAILQ_ENTRY(pending) line;
    TAILQ_ENTRY(pending) slot;
};

struct replica {
    struct peer *peer;
    LIST_ENTRY(replica) link;
    char endpoint[ENDPOINT_SIZE];
    uint64_t hash;
    void *socket;
    uv_poll_t poll;
    bool connected; /* CURVE handshake done */
    bool ready;     /* said so in its last answer to Ping */
    bool listed;    /* discovery names it */
    bool dirty;     /* its socket's edge may have been consumed: look before sleeping */
    bool closing;
    int64_t pong_ms, ping_ms, close_ms;
    struct pending_list sent;
};
LIST_HEAD(replica_list, replica);

struct peer {
    struct bus_client *client;
    char service[SERVICE_NAME_SIZE];
    const char *endpoint; /* owned */
    struct replica_list replicas;
    unsigned replica_count;
    struct pending_list waiting;
    int64_t alive_ms; /* when a replica was last alive; the start counts as alive */
    int64_t scanned_ms;
    uint64_t changes; /* a replica came alive, or was lost */
    unsigned turn;    /* round robin of calls without a shard key */
    uv_getaddrinfo_t resolve;
    bool resolving;
    char resolve_port[8];
};

struct bus_client {
    uv_loop_t *loop;
    void *zmq;
    const char *trust_dir; /* owned */
    struct curve_pair keys;
    struct peer peers[PEERS_SERVICES_MAX];
    size_t peer_count;
    struct arena *arena; /* of the reply being read */
    uint8_t nonce[8];    /* first half of every request id of this client */

    struct pending *blocks[SLOT_BLOCKS_MAX]; /* of slots, made when first needed */
    uint32_t slot_top;                       /* slots ever used */
    uint32_t pending_count;
    struct pending_list free_slots, failed;
    struct pending_list wheel[WHEEL_SLOTS];
    int64_t wheel_ms; /* everything due before it has been told */

    int64_t ticked_ms;

    uv_timer_t tick, deadlines;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle;
    bool dirty; /* some replica is */
    bool busy;  /* inside a turn: no second one */
    bool closing;
    unsigned handles; /* not yet closed */
};

int64_t client_now_ms(const struct bus_client *client);
void client_handle_closed(struct bus_client *client);
/* Work left for the next turn: the loop must not sleep. */
void client_stay_awake(struct bus_client *client);

/* pending.c */
void pending_table_init(struct bus_client *client);
void pending_table_fini(struct bus_client *client);
/* In its slot of the wheel, in no line yet. NULL: none is free. */
struct pending *pending_new(struct bus_client *client, int64_t deadline_ms);
struct pending *pending_find(struct bus_client *client, uint64_t id);
void pending_put(struct pending_list *list, struct pending *pending, enum pending_state state);
/* Leave whatever list it is in, without a word to the caller. */
void pending_drop(struct bus_client *client, struct pending *pending);
/* End by ourselves: `done` is called on a later turn. */
void pending_fail(struct bus_client *client, struct pending *pending, enum status verdict);
void pending_fail_all(struct bus_client *client, struct pending_list *list, enum status verdict);
/* End now: frees the slot, then calls `done`. */
void pending_finish(struct bus_client *client, struct pending *pending,
                    const struct bus_reply *reply);
/* Call `done` of those failed so far. */
void pending_tell_failed(struct bus_client *client);
void pending_expire(struct bus_client *client, int64_t now_ms);

/* replica.c */
struct replica *replica_open(struct peer *peer, const char *endpoint);
void replica_close(struct replica *replica);
bool replica_alive(const struct replica *replica, int64_t now_ms);
/* Give it a call's request; false: its socket does not take it now. */
bool replica_send(struct replica *replica, struct pending *pending);
/* Receive what is there, see whether it is still connected. True: more is waiting. */
bool replica_turn(struct replica *replica);
void replica_tick(struct replica *replica, int64_t now_ms);
/* The replica for a key among those alive: highest hash of (key, replica). Key 0: round robin. */
struct replica *peer_choose(struct peer *peer, uint64_t key_hash);
/* A replica has come alive: send what waited. */
void peer_flush_waiting(struct peer *peer);

/* discovery.c */
/* Reads the form of an endpoint; INVALID. */
MUST_CHECK enum status discovery_check(const char *endpoint);
/* Look again when it is time. */
void discovery_tick(struct peer *peer, int64_t now_ms);
void discovery_stop(struct peer *peer);

#endif
