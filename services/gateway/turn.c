/* The way down: no new connections; then 1001 to a part of the sessions in each tick, so that the
 * other gateways are not stormed. One whose turn has come posts no more and goes when its posts are
 * acked. Up to STOP_MS for what is under way, then everything closes its handles and the loop runs
 * out by itself. Next: listener.h
 */
#include "turn.h"

#include <signal.h>
#include <unistd.h>
#include "core/clock.h"
#include "core/log.h"
#include "fanout.h"
#include "health.h"
#include "http.h"
#include "listener.h"
#include "presence.h"
#include "quota.h"
#include "read_marks.h"
#include "resync.h"
#include "revocation.h"
#include "session.h"
#include "thread_list.h"
#include "typing.h"

#define TICK_MS          100
#define TICKS_PER_SECOND 10
#define STOP_MS          5000
#define LAST_WORDS_MS    1000       /* of them, for close frames when posts are still not acked */
#define AGAIN_MS         1000       /* a COMMIT that a killed service had sent is through by then */
#define LATELY_US        10000000LL /* what a publisher may hold back: two time-outs of 1 s, and more */
#define CHANNEL_DOUBT_US 4000000LL /* a dead Redis is noticed after 3 s without a heartbeat */
#define SPREAD_MS        3000      /* over which many sessions are sent away */
#define LEAVE_TICK_MIN   40 /* in a tick all the same: 400/s are 0.4 s of handshakes elsewhere */

/* Only wakes the loop: the turn's end does the rest. */
static void on_pace(uv_timer_t *timer)
{
    (void)timer;
}

static void on_turn_end(uv_prepare_t *handle)
{
    struct gateway *gateway = handle->data;
    int64_t next_ms = fanout_end_turn(), presence_ms = presence_end_turn(gateway);
    next_ms = presence_ms < next_ms ? presence_ms : next_ms;
    sessions_end_turn(gateway);
    if (http_write_answers(gateway))
        next_ms = 0;
    if (next_ms != FANOUT_NOTHING_WAITS && !uv_is_closing((uv_handle_t *)&gateway->pace))
        uv_timer_start(&gateway->pace, on_pace, (uint64_t)next_ms, 0);
}

void turn_on_batch(void *gateway, const struct tenant_id *tenant, struct bytes batch)
{
    fanout_on_batch(gateway, tenant, batch);
}

static void start_over_presence(void *data, struct index_node *node)
{
    (void)data;
    presence_start_over(INDEX_OWNER(node, struct tenant, node));
}

void turn_on_channel_state(void *data, bool is_connected)
{
    struct gateway *gateway = data;
    log_event(is_connected ? LOG_INFO : LOG_WARN, is_connected ? "redis.up" : "redis.down");
    health_look(gateway);
    if (!is_connected)
        return;
    resync_check(gateway, NULL, gateway->channel_good_us - CLOCKS_APART_US);
    index_each(&gateway->tenants, start_over_presence, NULL);
}

void turn_on_channel_added(void *data, const struct tenant_id *id)
{
    struct tenant *tenant = fanout_tenant(data, id);
    if (!tenant)
        return;
    resync_check(data, tenant, clock_now_us() - LATELY_US - CLOCKS_APART_US);
    presence_start_over(tenant);
}

static void look_at_tenant(void *data, struct index_node *node)
{
    const struct gateway *gateway = data;
    struct tenant *tenant = INDEX_OWNER(node, struct tenant, node);
    int64_t now_ms = gateway_now_ms(gateway), now_s = clock_now_us() / 1000000;
    for (struct session *session = tenant->sessions; session; session = session->next)
        session_look(session, now_ms, now_s);
}

/* In this tick, or once it is time for the last. */
static void send_away(struct session *session)
{
    struct gateway *gateway = session->gateway;
    bool has_time = gateway_now_ms(gateway) + LAST_WORDS_MS < gateway->stop_by_ms;
    if (!session->is_leaving && gateway->leave_left == 0 && has_time)
        return;
    gateway->leave_left -= !session->is_leaving && gateway->leave_left > 0;
    session->is_leaving = true;
    if (session->posts_in_flight == 0 || !has_time)
        session_close(session, CLOSE_GOING_AWAY, "going away");
}

static void send_tenant_away(void *data, struct index_node *node)
{
    struct tenant *tenant = INDEX_OWNER(node, struct tenant, node);
    (void)data;
    for (struct session *session = tenant->sessions; session; session = session->next)
        send_away(session);
}

/* A replica that went may not have published what it had committed, and PostgreSQL may even be at
 * its COMMIT still: compare as soon as any is there to be asked, and once more. */
static void watch_threads(struct gateway *gateway)
{
    uint64_t changes = bus_client_changes(gateway->bus, "threads");
    int64_t now_ms = gateway_now_ms(gateway);
    bool has_changed =
        changes != gateway->threads_changes && bus_client_alive(gateway->bus, "threads") > 0;
    bool is_due = gateway->check_again_ms != 0 && now_ms >= gateway->check_again_ms;
    if (!has_changed && !is_due)
        return;
    gateway->threads_changes = changes;
    gateway->check_again_ms = has_changed ? now_ms + AGAIN_MS : 0;
    resync_check(gateway, NULL, clock_now_us() - LATELY_US - CLOCKS_APART_US);
}

static void close_everything(struct gateway *gateway)
{
    listener_close(gateway->listener);
    bus_client_close(gateway->bus);
    subscriber_close(gateway->channel);
    gateway->bus = NULL;
    gateway->channel = NULL;
    uv_close((uv_handle_t *)&gateway->turn_end, NULL);
    uv_close((uv_handle_t *)&gateway->tick, NULL);
    uv_close((uv_handle_t *)&gateway->pace, NULL);
    uv_close((uv_handle_t *)&gateway->sigterm, NULL);
    uv_close((uv_handle_t *)&gateway->sigint, NULL);
}

static void go_down(struct gateway *gateway)
{
    gateway->leave_left = gateway->leave_per_tick;
    index_each(&gateway->tenants, send_tenant_away, gateway);
    bool is_idle = gateway->tenants.count == 0 && !gateway->exchanges && read_marks_waiting() == 0;
    read_marks_tick(gateway);
    if (gateway_now_ms(gateway) >= gateway->stop_by_ms - TICK_MS)
        presence_channel_goodbye_all(gateway); /* a tick early, so that it is still written */
    if (is_idle || gateway_now_ms(gateway) >= gateway->stop_by_ms)
        close_everything(gateway);
}

static void on_second(struct gateway *gateway)
{
    health_look(gateway);
    if (subscriber_complete(gateway->channel))
        gateway->channel_good_us = clock_now_us() - CHANNEL_DOUBT_US;
    http_sweep(gateway);
    resync_sweep(gateway);
    quota_sweep(gateway);
    index_each(&gateway->tenants, look_at_tenant, gateway);
    if (gateway->ticks / TICKS_PER_SECOND % REVOCATION_POLL_S == 0)
        revocation_poll(gateway);
}

static void on_tick(uv_timer_t *timer)
{
    struct gateway *gateway = timer->data;
    if (gateway->is_stopping) {
        go_down(gateway);
        return;
    }
    watch_threads(gateway);
    resync_tick(gateway);
    resync_check_tick(gateway);
    if (!revocation_is_current())
        revocation_poll(gateway);
    thread_list_tick(gateway);
    presence_tick(gateway);
    typing_tick(gateway);
    read_marks_tick(gateway);
    if (++gateway->ticks % TICKS_PER_SECOND == 0)
        on_second(gateway);
}

static void count_tenant(void *data, struct index_node *node)
{
    unsigned *sessions = data;
    *sessions += INDEX_OWNER(node, struct tenant, node)->session_count;
}

static unsigned leave_per_tick(struct gateway *gateway)
{
    unsigned sessions = 0;
    index_each(&gateway->tenants, count_tenant, &sessions);
    unsigned part = sessions / (SPREAD_MS / TICK_MS) + 1;
    return part > LEAVE_TICK_MIN ? part : LEAVE_TICK_MIN;
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct gateway *gateway = handle->data;
    if (gateway->is_stopping)
        _exit(1); /* asked twice: at once */
    log_event(LOG_INFO, "stopping", {"signal", LOG_I(number)});
    gateway->is_stopping = true;
    gateway->stop_by_ms = gateway_now_ms(gateway) + STOP_MS;
    gateway->leave_per_tick = leave_per_tick(gateway);
    listener_stop(gateway->listener);
}

static void open_signal(struct gateway *gateway, uv_signal_t *handle, int number)
{
    uv_signal_init(gateway->loop, handle);
    handle->data = gateway;
    uv_signal_start(handle, on_signal, number);
}

enum status turn_open(struct gateway *gateway)
{
    open_signal(gateway, &gateway->sigterm, SIGTERM);
    open_signal(gateway, &gateway->sigint, SIGINT);
    uv_prepare_init(gateway->loop, &gateway->turn_end);
    gateway->turn_end.data = gateway;
    uv_prepare_start(&gateway->turn_end, on_turn_end);
    gateway->channel_good_us = clock_now_us();
    uv_timer_init(gateway->loop, &gateway->pace);
    uv_timer_init(gateway->loop, &gateway->tick);
    gateway->tick.data = gateway;
    uv_timer_start(&gateway->tick, on_tick, TICK_MS, TICK_MS);
    return listener_open(gateway, &gateway->listener);
}

void turn_fini(struct gateway *gateway)
{
    revocation_fini();
    quota_fini(gateway);
    gateway->listener = NULL;
}
