/* The context of libwebsockets, its two virtual hosts (TLS and plain) and its one callback.
 *
 * docs/protocol.md says which settings here close which hole of libwebsockets 4.1. Next: http.h
 */
#include "listener.h"

#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <sys/resource.h>
#include <unistd.h>
#include "accept.h"
#include "core/limits.h"
#include "core/log.h"
#include "counters.h"
#include "front.h"
#include "http.h"
#include "session.h"

#define FILES_RESERVED    200 /* of RLIMIT_NOFILE, for everything that is no client */
#define SERVICE_BYTES     (LWS_PRE + FRONT_OUT_BYTES) /* one read */
#define HANDSHAKE_LIMIT_S 10   /* TLS, and then the head of the first request */
#define KEEP_ALIVE_S      60   /* between two requests of one connection */
#define RECEIVE_BYTES     2048 /* of a WebSocket: one read, and memory it holds all its life */
#define TICKETS           1    /* of a TLS 1.3 handshake; the default 2 costs another record */

/* One of a process, and never freed: on a loop that is not its own, libwebsockets 4.1 frees the
 * last of a context only in a second lws_context_destroy, and then under handles that libuv still
 * knows. So that second call is left out and the rest ends with the process. */
static struct listener {
    struct gateway *gateway;
    struct lws_context *context;
    struct lws_vhost *tls, *plain;
    struct acceptor *tls_ports, *plain_ports;
    unsigned connections, connections_max;
    bool is_full, is_stopped, is_destroyed;
} the_listener;

static struct gateway *gateway_of(struct lws *wsi)
{
    return lws_context_user(lws_get_context(wsi));
}

/* libwebsockets keeps a pointer of ours with each connection and gives it to each callback: the
 * descriptor, which it does not know itself any more when the connection is gone. */
static void *user_of(int fd)
{
    return (void *)(intptr_t)(fd + 1);
}

static int fd_of(void *user)
{
    return (int)(intptr_t)user - 1;
}

static void connection_ended(struct lws *wsi)
{
    struct listener *listener = gateway_of(wsi)->listener;
    enum owner_kind *kind = lws_get_opaque_user_data(wsi);
    lws_set_opaque_user_data(wsi, NULL);
    if (kind && *kind == OWNER_EXCHANGE)
        http_on_gone((struct exchange *)(void *)kind);
    else if (kind)
        session_on_gone((struct session *)(void *)kind);
    if (!listener)
        return;
    listener->connections -= listener->connections > 0;
    metric_set(counter_metric(COUNT_CONNECTIONS), listener->connections);
    if (listener->is_full && !listener->is_stopped) {
        listener->is_full = false;
        acceptor_pause(listener->tls_ports, false);
        acceptor_pause(listener->plain_ports, false);
    }
}

static void set_up_tls(SSL_CTX *context)
{
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, TICKETS);
}

static int on_receive(struct lws *wsi, void *in, size_t len)
{
    struct session *session = lws_get_opaque_user_data(wsi);
    if (session)
        session_on_receive(
            session, &(struct received){.data = bytes_of(in, len),
                                        .is_binary = lws_frame_is_binary(wsi),
                                        .ends_fragment = lws_remaining_packet_payload(wsi) == 0,
                                        .ends_message = lws_is_final_fragment(wsi),
                                        .announced = lws_remaining_packet_payload(wsi)});
    return 0;
}

/* WebSocket events; the session may be missing when it was closed in this turn. */
static int on_session_event(struct lws *wsi, enum lws_callback_reasons reason)
{
    struct session *session = lws_get_opaque_user_data(wsi);
    if (!session)
        return 0;
    if (reason == LWS_CALLBACK_ESTABLISHED)
        session_on_open(session);
    else if (reason == LWS_CALLBACK_SERVER_WRITEABLE)
        session_on_writable(session);
    else if (reason == LWS_CALLBACK_RECEIVE_PONG)
        session_on_pong(session);
    else
        session_on_closed(session);
    return 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    switch ((int)reason) {
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
        set_up_tls(user);
        return 0;
    case LWS_CALLBACK_HTTP:
        return http_on_request(gateway_of(wsi), wsi, front_io_refusal(fd_of(user)));
    case LWS_CALLBACK_HTTP_BODY:
        return http_on_body(wsi, in, len);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return http_on_body_complete(wsi);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return http_on_upgrade(gateway_of(wsi), wsi);
    case LWS_CALLBACK_RECEIVE:
        return on_receive(wsi, in, len);
    case LWS_CALLBACK_ESTABLISHED:
    case LWS_CALLBACK_SERVER_WRITEABLE:
    case LWS_CALLBACK_RECEIVE_PONG:
    case LWS_CALLBACK_CLOSED:
        return on_session_event(wsi, reason);
    case LWS_CALLBACK_WSI_DESTROY:
        front_io_close(fd_of(user));
        connection_ended(wsi);
        return 0;
    default: /* an enum of another's: most reasons are none of ours */
        return 0;
    }
}

static const struct lws_protocols protocols[] = {{.name = WS_PROTOCOL,
                                                  .callback = on_event,
                                                  .rx_buffer_size = RECEIVE_BYTES,
                                                  .tx_packet_size = FRAME_OUT_BYTES_MAX + LWS_PRE},
                                                 {0}};

/* On the few answers that libwebsockets gives in its own words. */
static const struct lws_protocol_vhost_options frame_header = {NULL, NULL,
                                                               "X-Frame-Options:", "DENY"};
static const struct lws_protocol_vhost_options sniff_header = {
    &frame_header, NULL, "X-Content-Type-Options:", "nosniff"};

static void on_lws_log(int level, const char *line)
{
    (void)level; /* peers can cause nearly all of them */
    log_event(LOG_DEBUG, "libwebsockets", {"text", LOG_S(line)});
}

/* The files this process may open; main.c has set the limit. */
static unsigned most_files(void)
{
    struct rlimit limit = {.rlim_cur = 1024};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        limit.rlim_cur = 1024;
    return (unsigned)limit.rlim_cur;
}

/* As many as that leaves for clients. */
static unsigned most_connections(void)
{
    unsigned files = most_files();
    unsigned most = files > 2 * FILES_RESERVED ? files - FILES_RESERVED : files / 2;
    return most < SESSIONS_MAX ? most : SESSIONS_MAX;
}

static enum status open_context(struct listener *listener)
{
    void *loops[] = {listener->gateway->loop};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                   LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_VALIDATE_UTF8,
        .foreign_loops = loops,
        .user = listener->gateway,
        .gid = -1,
        .uid = -1,
        /* Less than RLIMIT_NOFILE makes it search its table of connections at every event. */
        .fd_limit_per_thread = most_files(),
        .max_http_header_data = HEAD_BYTES_MAX,
        .pt_serv_buf_size = SERVICE_BYTES,
        .timeout_secs = HANDSHAKE_LIMIT_S};
    lws_set_log_level(LLL_ERR | LLL_WARN, on_lws_log);
    enum status status = front_io_init(most_files());
    if (status != OK) {
        log_event(LOG_ERROR, "libwebsockets.failed",
                  {"reason", LOG_S("SSL_read and recv of this program are not those it calls")});
        return status;
    }
    listener->context = lws_create_context(&info);
    if (!listener->context) {
        log_event(
            LOG_ERROR, "libwebsockets.failed",
            {"reason", LOG_S("no context: is the package libwebsockets-evlib-uv installed?")});
        return STATUS_INVALID;
    }
    return OK;
}

static struct lws_vhost *open_vhost(struct listener *listener, bool is_tls)
{
    const struct settings *settings = listener->gateway->settings;
    struct lws_context_creation_info info = {.port = CONTEXT_PORT_NO_LISTEN_SERVER,
                                             .vhost_name = is_tls ? "tls" : "plain",
                                             .protocols = protocols,
                                             .alpn = "http/1.1",
                                             .headers = &sniff_header,
                                             .extensions = NULL,
                                             .keepalive_timeout = KEEP_ALIVE_S,
                                             .timeout_secs_ah_idle = HANDSHAKE_LIMIT_S};
    if (is_tls) {
        info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        info.ssl_cert_filepath = settings->tls_cert_path;
        info.ssl_private_key_filepath = settings->tls_key_path;
        info.ssl_options_set = SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_TLSv1_2 |
                               SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION;
    }
    struct lws_vhost *vhost = lws_create_vhost(listener->context, &info);
    if (!vhost)
        log_event(LOG_ERROR, "libwebsockets.failed",
                  {"reason", LOG_S(is_tls ? "TLS: certificate or key cannot be used" : "plain")});
    return vhost;
}

static void adopt(struct listener *listener, struct lws_vhost *vhost, int fd)
{
    count(COUNT_ACCEPTED);
    if (front_io_open(fd) != OK) {
        log_event(LOG_DEBUG, "front.failed", {"fd", LOG_I(fd)});
        close(fd);
        return;
    }
    /* Failing, libwebsockets closes the fd; the connection was counted by then or never is. */
    listener->connections++;
    struct lws *wsi = lws_adopt_socket_vhost(vhost, fd);
    if (wsi) {
        lws_set_wsi_user(wsi, user_of(fd));
    } else {
        front_io_close(fd);
        log_event(LOG_DEBUG, "adopt.failed", {"fd", LOG_I(fd)});
    }
    metric_set(counter_metric(COUNT_CONNECTIONS), listener->connections);
    if (listener->connections >= listener->connections_max && !listener->is_full) {
        listener->is_full = true;
        count(COUNT_REFUSED_BUSY);
        acceptor_pause(listener->tls_ports, true);
        acceptor_pause(listener->plain_ports, true);
    }
}

static void on_tls_fd(void *data, int fd)
{
    struct listener *listener = data;
    adopt(listener, listener->tls, fd);
}

static void on_plain_fd(void *data, int fd)
{
    struct listener *listener = data;
    adopt(listener, listener->plain, fd);
}

static enum status open_ports(struct listener *listener)
{
    const struct settings *settings = listener->gateway->settings;
    uv_loop_t *loop = listener->gateway->loop;
    enum status status = OK;
    if (settings->listen[0] != '\0') {
        listener->tls = open_vhost(listener, true);
        if (!listener->tls)
            return STATUS_INVALID;
        status = acceptor_open(loop, settings->listen, on_tls_fd, listener, &listener->tls_ports);
    }
    if (status == OK && settings->plain_listen[0] != '\0') {
        listener->plain = open_vhost(listener, false);
        if (!listener->plain)
            return STATUS_INVALID;
        status = acceptor_open(loop, settings->plain_listen, on_plain_fd, listener,
                               &listener->plain_ports);
    }
    return status;
}

enum status listener_open(struct gateway *gateway, struct listener **ret)
{
    struct listener *listener = &the_listener;
    listener->gateway = gateway;
    listener->connections_max = most_connections();
    gateway->listener = *ret = listener;
    enum status status = open_context(listener);
    return status == OK ? open_ports(listener) : status;
}

void listener_stop(struct listener *listener)
{
    if (!listener || listener->is_stopped)
        return;
    listener->is_stopped = true;
    acceptor_close(listener->tls_ports);
    acceptor_close(listener->plain_ports);
    listener->tls_ports = listener->plain_ports = NULL;
}

void listener_close(struct listener *listener)
{
    if (!listener || listener->is_destroyed)
        return;
    listener_stop(listener);
    listener->is_destroyed = true;
    lws_context_destroy(listener->context);
}
