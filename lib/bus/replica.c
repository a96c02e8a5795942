/* One replica of a service: a DEALER of its own, a heartbeat, the calls sent to it.
 *
 * The DEALER takes messages only while its peer is connected (ZMQ_IMMEDIATE), so that POLLOUT says
 * whether the CURVE handshake is done and a lost connection is seen at once. ZMQ_FD is
 * edge-triggered and sending or receiving consumes the edge: whoever touches the socket marks the
 * replica dirty, and client.c looks at dirty ones before the loop sleeps. Next: discovery.c
 */
#include <stdio.h>
#include <stdlib.h>

#include "bus/client_private.h"

#define PING_METHOD "common.Ping"

static void replica_polled(uv_poll_t *handle, int status, int events)
{
    (void)status;
    (void)events;
    struct replica *replica = handle->data;
    replica->dirty = replica->peer->client->dirty = true;
}

static bool replica_connect(struct replica *replica)
{
    struct peer *peer = replica->peer;
    const struct curve_pair *keys = &peer->client->keys;
    char server_key[CURVE_TEXT_SIZE];
    void *socket = replica->socket;
    return curve_load_public(peer->client->trust_dir, peer->service, server_key) == OK &&
           bus_socket_defaults(socket) == OK && socket_set_int(socket, ZMQ_LINGER, 0) &&
           socket_set_int(socket, ZMQ_IMMEDIATE, 1) &&
           socket_set_int(socket, ZMQ_SNDHWM, 2 * CLIENT_PENDING_MAX) &&
           socket_set_int(socket, ZMQ_RCVHWM, 2 * CLIENT_PENDING_MAX) &&
           zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_key, CURVE_TEXT_SIZE) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, keys->public_key, CURVE_TEXT_SIZE) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys->secret_key, CURVE_TEXT_SIZE) == 0 &&
           zmq_connect(socket, replica->endpoint) == 0;
}

static bool replica_poll(struct replica *replica)
{
    int fd = -1;
    size_t size = sizeof fd;
    if (zmq_getsockopt(replica->socket, ZMQ_FD, &fd, &size) != 0 ||
        uv_poll_init(replica->peer->client->loop, &replica->poll, fd) != 0) {
        return false;
    }
    replica->poll.data = replica;
    replica->peer->client->handles++;
    uv_poll_start(&replica->poll, UV_READABLE, replica_polled);
    return true;
}

struct replica *replica_open(struct peer *peer, const char *endpoint)
{
    struct replica *replica = calloc(1, sizeof *replica);
    if (replica == NULL) {
        return NULL;
    }
    replica->peer = peer;
    snprintf(replica->endpoint, sizeof replica->endpoint, "%s", endpoint);
    replica->hash = hash_bytes(bytes_text(replica->endpoint), 0);
    TAILQ_INIT(&replica->sent);
    replica->socket = zmq_socket(peer->client->zmq, ZMQ_DEALER);
    if (replica->socket == NULL || !replica_connect(replica) || !replica_poll(replica)) {
        if (replica->socket != NULL) {
            zmq_close(replica->socket);
        }
        free(replica);
        return NULL;
    }
    LIST_INSERT_HEAD(&peer->replicas, replica, link);
    peer->replica_count++;
    replica->listed = true;
    replica->dirty = peer->client->dirty = true;
    client_stay_awake(peer->client);
    return replica;
}

static void replica_closed(uv_handle_t *handle)
{
    struct replica *replica = handle->data;
    struct bus_client *client = replica->peer->client;
    zmq_close(replica->socket); /* its fd only after libuv let go of it */
    free(replica);
    client_handle_closed(client);
}

void replica_close(struct replica *replica)
{
    struct peer *peer = replica->peer;
    pending_fail_all(peer->client, &replica->sent, STATUS_UNAVAILABLE);
    LIST_REMOVE(replica, link);
    peer->replica_count--;
    replica->closing = true;
    uv_poll_stop(&replica->poll);
    uv_close((uv_handle_t *)&replica->poll, replica_closed);
}

bool replica_alive(const struct replica *replica, int64_t now_ms)
{
    return replica->connected && replica->ready && replica->listed &&
           now_ms - replica->pong_ms < REPLICA_SILENT_MS;
}

static void replica_ping(struct replica *replica, int64_t now_ms)
{
    uint8_t id[16] = {0}; /* the second half is 0: no call's */
    memcpy(id, replica->peer->client->nonce, sizeof replica->peer->client->nonce);
    Wardroom__Envelope ping = WARDROOM__ENVELOPE__INIT;
    ping.version = ENVELOPE_VERSION;
    ping.request_id = (ProtobufCBinaryData){sizeof id, id};
    ping.method = (char *)PING_METHOD;
    ping.time_left_ms = REPLICA_SILENT_MS;
    uint8_t packed[64];
    size_t len = wardroom__envelope__pack(&ping, packed);
    replica->ping_ms = now_ms;
    replica->dirty = replica->peer->client->dirty = true;
    /* When it is not taken, the silence will say so. */
    (void)!zmq_send(replica->socket, packed, len, ZMQ_DONTWAIT);
}

bool replica_send(struct replica *replica, struct pending *pending)
{
    replica->dirty = replica->peer->client->dirty = true;
    if (zmq_msg_send(&pending->request, replica->socket, ZMQ_DONTWAIT) < 0) {
        return false;
    }
    pending_put(&replica->sent, pending, PENDING_SENT);
    return true;
}

/* Ping's answer: whether it is ready. Also sent unasked by a service that is about to stop. */
static void replica_heard(struct replica *replica, const Wardroom__Reply *reply)
{
    struct bus_client *client = replica->peer->client;
    Wardroom__InfoReply *info = wardroom__info_reply__unpack(
        arena_allocator(client->arena), reply->payload.len, reply->payload.data);
    int64_t now_ms = client_now_ms(client);
    bool was_alive = replica_alive(replica, now_ms);
    replica->ready = reply->status == OK && info != NULL && info->ready;
    replica->pong_ms = now_ms;
    if (replica_alive(replica, now_ms)) {
        replica->peer->alive_ms = now_ms;
        if (!was_alive) {
            replica->peer->changes++;
            peer_flush_waiting(replica->peer);
        }
    }
}

static void replica_finish(struct replica *replica, struct pending *pending,
                           const Wardroom__Reply *reply)
{
    struct bus_client *client = replica->peer->client;
    struct bus_field_error *errors =
        arena_alloc(client->arena, reply->n_errors * sizeof *errors + 1);
    size_t count = errors != NULL ? reply->n_errors : 0;
    for (size_t i = 0; i < count; i++) {
        errors[i] = (struct bus_field_error){reply->errors[i]->pointer, reply->errors[i]->detail};
    }
    enum status status = status_from_wire(reply->status);
    struct bus_reply out = {
        .status = status,
        .detail = reply->detail[0] != '\0' ? reply->detail : status_meaning(status),
        .error_count = count,
        .errors = errors,
        .retry_after_ms = reply->retry_after_ms,
        .payload = bytes_of(reply->payload.data, status == OK ? reply->payload.len : 0)};
    pending_finish(client, pending, &out);
}

static uint64_t id_of_call(const uint8_t request_id[16])
{
    uint64_t id;
    memcpy(&id, request_id + 8, sizeof id);
    return id;
}

static void replica_received(struct replica *replica, struct bytes frame)
{
    struct bus_client *client = replica->peer->client;
    Wardroom__Reply *reply;
    arena_reset(client->arena);
    if (reply_unpack(frame, client->arena, &reply) != OK ||
        memcmp(reply->request_id.data, client->nonce, sizeof client->nonce) != 0) {
        return; /* not ours: the caller's deadline answers */
    }
    uint64_t id = id_of_call(reply->request_id.data);
    if (id == 0) {
        replica_heard(replica, reply);
        return;
    }
    struct pending *pending = pending_find(client, id);
    if (pending != NULL && pending->in == &replica->sent) {
        replica_finish(replica, pending, reply);
    }
}

/* The peer is gone or came back: what was sent on the old connection has no way back. */
static void replica_set_connected(struct replica *replica, bool connected)
{
    if (replica->connected == connected) {
        return;
    }
    replica->connected = connected;
    replica->ready = false;
    replica->peer->changes += !connected;
    if (connected) {
        replica_ping(replica, client_now_ms(replica->peer->client));
    } else {
        pending_fail_all(replica->peer->client, &replica->sent, STATUS_UNAVAILABLE);
    }
}

bool replica_turn(struct replica *replica)
{
    replica->dirty = false;
    bool more = true;
    for (int i = 0; i < RECEIVE_MAX && more && !replica->closing; i++) {
        zmq_msg_t frame;
        zmq_msg_init(&frame);
        more = zmq_msg_recv(&frame, replica->socket, ZMQ_DONTWAIT) >= 0;
        if (more && !zmq_msg_more(&frame)) {
            replica_received(replica, bytes_of(zmq_msg_data(&frame), zmq_msg_size(&frame)));
        }
        zmq_msg_close(&frame);
    }
    int events = 0;
    size_t size = sizeof events;
    if (replica->closing || zmq_getsockopt(replica->socket, ZMQ_EVENTS, &events, &size) != 0) {
        return false;
    }
    replica_set_connected(replica, (events & ZMQ_POLLOUT) != 0);
    replica->dirty = replica->dirty || (events & ZMQ_POLLIN) != 0;
    return replica->dirty;
}

void replica_tick(struct replica *replica, int64_t now_ms)
{
    bool silent = replica->connected && now_ms - replica->pong_ms >= REPLICA_SILENT_MS;
    if (silent) {
        pending_fail_all(replica->peer->client, &replica->sent, STATUS_UNAVAILABLE);
    }
    if (!replica->listed && (!replica->connected || silent || TAILQ_EMPTY(&replica->sent))) {
        replica_close(replica);
        return;
    }
    /* One that is starting says "not ready" first: ask again soon. */
    int64_t interval_ms = replica->ready ? PING_INTERVAL_MS : TICK_MS;
    if (replica->connected && now_ms - replica->ping_ms >= interval_ms) {
        replica_ping(replica, now_ms);
    }
}

struct replica *peer_choose(struct peer *peer, uint64_t key_hash)
{
    int64_t now_ms = client_now_ms(peer->client);
    uint64_t key = key_hash != 0 ? key_hash : hash_bytes(bytes_of(NULL, 0), ++peer->turn);
    struct replica *best = NULL, *replica;
    uint64_t best_score = 0;
    LIST_FOREACH(replica, &peer->replicas, link)
    {
        uint64_t score = hash_bytes(bytes_of(&key, sizeof key), replica->hash);
        if (replica_alive(replica, now_ms) && (best == NULL || score > best_score)) {
            best = replica;
            best_score = score;
        }
    }
    return best;
}

void peer_flush_waiting(struct peer *peer)
{
    struct pending *pending, *next;
    for (pending = TAILQ_FIRST(&peer->waiting); pending != NULL; pending = next) {
        next = TAILQ_NEXT(pending, line);
        struct replica *replica = peer_choose(peer, pending->key_hash);
        if (replica == NULL || !replica_send(replica, pending)) {
            return;
        }
    }
}
