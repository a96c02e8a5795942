/* bus_call, and the turns of the loop in which replies are told.
 *
 * A call is packed once, goes to the replica its key chooses, and ends by a reply, its deadline or
 * the loss of the replica. Sending happens at once; every look at a socket happens in a turn,
 * before the loop sleeps or after it was woken. Next: service.h
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "bus/client_private.h"
#include "core/clock.h"

#define REPLY_ARENA_BYTES_MAX (4 * 1024 * 1024)
#define LATE_TICK_MS          500

int64_t client_now_ms(const struct bus_client *client)
{
    (void)client;
    return clock_monotonic_ms();
}

static void idle_nothing(uv_idle_t *handle)
{
    (void)handle; /* its being active keeps the loop from sleeping */
}

void client_stay_awake(struct bus_client *client)
{
    client->dirty = true;
    if (!client->closing) {
        uv_idle_start(&client->idle, idle_nothing);
    }
}

static void peer_turn(struct peer *peer)
{
    struct replica *replica = LIST_FIRST(&peer->replicas);
    while (replica != NULL && !peer->client->closing) {
        struct replica *next = LIST_NEXT(replica, link);
        if (replica->dirty && replica_turn(replica)) {
            peer->client->dirty = true;
        }
        replica = next;
    }
}

/* Look at every dirty socket once; what is left keeps the loop awake. */
static void client_turn(struct bus_client *client)
{
    if (!client->dirty || client->closing || client->busy) {
        return;
    }
    client->busy = true;
    client->dirty = false;
    for (size_t i = 0; i < client->peer_count; i++) {
        peer_turn(&client->peers[i]);
    }
    if (!client->closing) {
        pending_tell_failed(client);
    }
    client->busy = false;
    if (client->closing) {
        return;
    }
    if (client->dirty) {
        client_stay_awake(client);
    } else {
        uv_idle_stop(&client->idle);
    }
}

static void before_sleep(uv_prepare_t *handle)
{
    client_turn(handle->data);
}

static void after_sleep(uv_check_t *handle)
{
    client_turn(handle->data);
}

static void peer_tick(struct peer *peer, int64_t now_ms, int64_t late_ms)
{
    struct replica *replica = LIST_FIRST(&peer->replicas);
    while (replica != NULL) {
        struct replica *next = LIST_NEXT(replica, link);
        replica->pong_ms += late_ms;
        replica_tick(replica, now_ms);
        replica = next;
    }
    discovery_tick(peer, now_ms);
    struct pending *pending = TAILQ_FIRST(&peer->waiting);
    while (pending != NULL && pending->wait_until_ms <= now_ms) {
        pending_fail(peer->client, pending, STATUS_UNAVAILABLE);
        pending = TAILQ_FIRST(&peer->waiting);
    }
}

static void tick(uv_timer_t *handle)
{
    struct bus_client *client = handle->data;
    int64_t now_ms = client_now_ms(client);
    /* If it was our loop that stood still, the silence is not the replicas'. */
    int64_t late_ms = now_ms - client->ticked_ms - TICK_MS;
    client->ticked_ms = now_ms;
    for (size_t i = 0; i < client->peer_count; i++) {
        peer_tick(&client->peers[i], now_ms, late_ms > LATE_TICK_MS ? late_ms : 0);
    }
}

static void expire(uv_timer_t *handle)
{
    struct bus_client *client = handle->data;
    pending_expire(client, client_now_ms(client));
    if (client->pending_count == 0) {
        uv_timer_stop(&client->deadlines);
    }
}

static bool envelope_pack(const struct bus_request *request, const uint8_t id[16],
                          uint32_t timeout_ms, zmq_msg_t *ret)
{
    char method[SERVICE_NAME_SIZE + 64], token[TOKEN_BYTES_MAX + 1];
    snprintf(method, sizeof method, "%s.%s", request->service->package, request->method->name);
    if (request->token.len > TOKEN_BYTES_MAX) {
        return false;
    }
    if (request->token.len > 0) {
        memcpy(token, request->token.data, request->token.len);
    }
    token[request->token.len] = '\0';
    Wardroom__Envelope envelope = WARDROOM__ENVELOPE__INIT;
    envelope.version = ENVELOPE_VERSION;
    envelope.request_id = (ProtobufCBinaryData){16, (uint8_t *)id};
    envelope.method = method;
    envelope.time_left_ms = timeout_ms;
    envelope.token = token;
    envelope.traceparent = (char *)(request->traceparent != NULL ? request->traceparent : "");
    envelope.tenant_id = (char *)(request->tenant != NULL ? request->tenant : "");
    envelope.shard_key =
        (ProtobufCBinaryData){request->shard_key.len, (uint8_t *)request->shard_key.data};
    envelope.payload =
        (ProtobufCBinaryData){request->payload.len, (uint8_t *)request->payload.data};
    size_t len = wardroom__envelope__get_packed_size(&envelope);
    if (len > ENVELOPE_BYTES_MAX || zmq_msg_init_size(ret, len) != 0) {
        return false;
    }
    wardroom__envelope__pack(&envelope, zmq_msg_data(ret));
    return true;
}

static struct peer *find_peer(struct bus_client *client, const char *service)
{
    for (size_t i = 0; i < client->peer_count; i++) {
        if (strcmp(client->peers[i].service, service) == 0) {
            return &client->peers[i];
        }
    }
    return NULL;
}

static uint64_t hash_of_key(struct bytes key)
{
    uint64_t hash = hash_bytes(key, 0);
    return key.len == 0 ? 0 : hash != 0 ? hash : 1;
}

/* Pack the request and send it, or let it wait for a replica. Returns why not. */
static enum status call_start(struct bus_client *client, const struct bus_request *request,
                              struct pending *pending, uint32_t timeout_ms)
{
    struct peer *peer = find_peer(client, request->service->package);
    uint8_t id[16];
    memcpy(id, client->nonce, sizeof client->nonce);
    memcpy(id + sizeof client->nonce, &pending->id, sizeof pending->id);
    if (client->closing || peer == NULL) {
        return STATUS_UNAVAILABLE;
    }
    if (!envelope_pack(request, id, timeout_ms, &pending->request)) {
        return STATUS_TOO_LARGE;
    }
    int64_t now_ms = client_now_ms(client);
    pending->peer = peer;
    pending->key_hash = hash_of_key(request->shard_key);
    pending->wait_until_ms = now_ms + WAIT_REPLICA_MS;
    struct replica *replica = peer_choose(peer, pending->key_hash);
    if (replica != NULL && replica_send(replica, pending)) {
        peer->alive_ms = now_ms;
        return OK;
    }
    if (replica != NULL || now_ms - peer->alive_ms > WAIT_AFTER_ALIVE_MS) {
        return STATUS_UNAVAILABLE;
    }
    pending_put(&peer->waiting, pending, PENDING_WAITING);
    return OK;
}

enum status bus_call(struct bus_client *client, const struct bus_request *request,
                     void (*done)(void *data, const struct bus_reply *reply), void *data,
                     uint64_t *ret_id)
{
    uint32_t timeout_ms = request->timeout_ms != 0 ? request->timeout_ms : DEADLINE_MS_DEFAULT;
    timeout_ms = timeout_ms < DEADLINE_MS_MAX ? timeout_ms : DEADLINE_MS_MAX;
    bool full = client->pending_count >= CLIENT_PENDING_MAX;
    struct pending *pending = pending_new(client, client_now_ms(client) + timeout_ms);
    if (pending == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    pending->done = done;
    pending->data = data;
    if (ret_id != NULL) {
        *ret_id = pending->id;
    }
    enum status status =
        full ? STATUS_RESOURCE_EXHAUSTED : call_start(client, request, pending, timeout_ms);
    if (status != OK) {
        pending_fail(client, pending, status);
    }
    if (!uv_is_active((uv_handle_t *)&client->deadlines) && !client->closing) {
        uv_timer_start(&client->deadlines, expire, WHEEL_SLOT_MS, WHEEL_SLOT_MS);
    }
    return OK;
}

void bus_cancel(struct bus_client *client, uint64_t id)
{
    struct pending *pending = pending_find(client, id);
    if (pending != NULL) {
        pending_drop(client, pending);
    }
}

unsigned bus_client_alive(const struct bus_client *client, const char *service)
{
    unsigned alive = 0;
    for (size_t i = 0; i < client->peer_count; i++) {
        const struct replica *replica;
        LIST_FOREACH(replica, &client->peers[i].replicas, link)
        {
            alive += strcmp(client->peers[i].service, service) == 0 &&
                     replica_alive(replica, client_now_ms(client));
        }
    }
    return alive;
}

uint64_t bus_client_changes(const struct bus_client *client, const char *service)
{
    for (size_t i = 0; i < client->peer_count; i++) {
        if (strcmp(client->peers[i].service, service) == 0) {
            return client->peers[i].changes;
        }
    }
    return 0;
}

static enum status peers_init(struct bus_client *client, const struct bus_client_spec *spec)
{
    if (spec->peer_count > PEERS_SERVICES_MAX) {
        return STATUS_INVALID;
    }
    for (size_t i = 0; i < spec->peer_count; i++) {
        struct peer *peer = &client->peers[i];
        char key[CURVE_TEXT_SIZE];
        int len = snprintf(peer->service, sizeof peer->service, "%s", spec->peers[i].service);
        if (len >= (int)sizeof peer->service || discovery_check(spec->peers[i].endpoint) != OK ||
            curve_load_public(spec->trust_dir, peer->service, key) != OK) {
            return STATUS_INVALID;
        }
        peer->client = client;
        peer->alive_ms = client_now_ms(client);
        LIST_INIT(&peer->replicas);
        TAILQ_INIT(&peer->waiting);
        peer->endpoint = strdup(spec->peers[i].endpoint);
        client->peer_count++;
        if (peer->endpoint == NULL) {
            return STATUS_RESOURCE_EXHAUSTED;
        }
    }
    return OK;
}

static void client_free(struct bus_client *client)
{
    for (size_t i = 0; i < client->peer_count; i++) {
        free((char *)client->peers[i].endpoint);
    }
    if (client->zmq != NULL) {
        zmq_ctx_term(client->zmq); /* every socket is closed and lingers not */
    }
    pending_table_fini(client);
    arena_free(client->arena);
    free((char *)client->trust_dir);
    bytes_wipe(&client->keys, sizeof client->keys);
    free(client);
}

static void handles_init(struct bus_client *client)
{
    uv_timer_init(client->loop, &client->tick);
    uv_timer_init(client->loop, &client->deadlines);
    uv_prepare_init(client->loop, &client->prepare);
    uv_check_init(client->loop, &client->check);
    uv_idle_init(client->loop, &client->idle);
    client->tick.data = client->deadlines.data = client->prepare.data = client->check.data =
        client->idle.data = client;
    client->handles = 5;
    uv_prepare_start(&client->prepare, before_sleep);
    uv_check_start(&client->check, after_sleep);
    uv_timer_start(&client->tick, tick, TICK_MS, TICK_MS);
}

enum status bus_client_new(const struct bus_client_spec *spec, struct bus_client **ret)
{
    struct bus_client *client = calloc(1, sizeof *client);
    if (client == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    client->loop = spec->loop;
    client->ticked_ms = client_now_ms(client);
    client->trust_dir = strdup(spec->trust_dir);
    client->arena = arena_new(REPLY_ARENA_BYTES_MAX);
    client->zmq = zmq_ctx_new();
    pending_table_init(client);
    bool right = client->trust_dir != NULL && client->arena != NULL && client->zmq != NULL &&
                 getrandom(client->nonce, sizeof client->nonce, 0) == sizeof client->nonce;
    enum status status = right ? peers_init(client, spec) : STATUS_RESOURCE_EXHAUSTED;
    if (status == OK) {
        status = curve_load_pair(spec->trust_dir, spec->program, &client->keys);
    }
    if (status != OK) {
        client_free(client);
        return status;
    }
    handles_init(client);
    for (size_t i = 0; i < client->peer_count; i++) {
        discovery_tick(&client->peers[i], client->ticked_ms);
    }
    *ret = client;
    return OK;
}

void client_handle_closed(struct bus_client *client)
{
    if (--client->handles == 0) {
        client_free(client);
    }
}

static void own_handle_closed(uv_handle_t *handle)
{
    client_handle_closed(handle->data);
}

void bus_client_close(struct bus_client *client)
{
    for (size_t i = 0; i < client->peer_count; i++) {
        struct peer *peer = &client->peers[i];
        pending_fail_all(client, &peer->waiting, STATUS_UNAVAILABLE);
        discovery_stop(peer);
        while (!LIST_EMPTY(&peer->replicas)) {
            replica_close(LIST_FIRST(&peer->replicas));
        }
    }
    client->closing = true;
    while (!TAILQ_EMPTY(&client->failed)) {
        pending_tell_failed(client);
    }
    uv_handle_t *handles[] = {(uv_handle_t *)&client->tick, (uv_handle_t *)&client->deadlines,
                              (uv_handle_t *)&client->prepare, (uv_handle_t *)&client->check,
                              (uv_handle_t *)&client->idle};
    for (size_t i = 0; i < sizeof handles / sizeof handles[0]; i++) {
        uv_close(handles[i], own_handle_closed);
    }
}
