/* The options table of the gateway. Next: gateway.h */
#include "settings.h"

#include "core/limits.h"

#define STRINGIFY(value) #value
#define TEXT_OF(value)   STRINGIFY(value)

static struct settings read;

static const struct option_row option_table[] = {
    {.name = "WARDROOM_GATEWAY_LISTEN", .type = OPTION_TEXT,
     .fallback = "127.0.0.1:8443,[::1]:8443", .help = "HTTPS and WSS addresses, comma-separated",
     .text = &read.listen},
    {.name = "WARDROOM_PLAIN_LISTEN", .type = OPTION_TEXT, .fallback = "",
     .help = "the same without TLS, for measurements on loopback only", .text = &read.plain_listen},
    {.name = "WARDROOM_TLS_CERT_PATH", .type = OPTION_TEXT, .fallback = "",
     .help = "PEM file with the certificate chain", .text = &read.tls_cert_path},
    {.name = "WARDROOM_TLS_KEY_PATH", .type = OPTION_TEXT, .fallback = "",
     .help = "PEM file with the private key", .text = &read.tls_key_path},
    {.name = "WARDROOM_STATIC_DIR", .type = OPTION_TEXT, .fallback = "",
     .help = "folder of the built frontend; empty: none is served", .text = &read.static_dir},
    {.name = "WARDROOM_PUBLIC_ORIGINS", .type = OPTION_TEXT, .fallback = "",
     .help = "origins that browsers may come from beside the gateway's own, comma-separated",
     .text = &read.public_origins},
    {.name = "WARDROOM_TRUST_DIR", .type = OPTION_TEXT, .fallback = NULL,
     .help = "folder with gateway.secret, public/ and jwks.json", .text = &read.trust_dir},
    {.name = "WARDROOM_AUTH_ENDPOINT", .type = OPTION_TEXT, .fallback = "tcp://auth:5601",
     .help = "where auth listens: tcp://name:port or dir:PATH", .text = &read.auth_endpoint},
    {.name = "WARDROOM_TEMPLATES_ENDPOINT", .type = OPTION_TEXT,
     .fallback = "tcp://templates:5602", .help = "where templates listens",
     .text = &read.templates_endpoint},
    {.name = "WARDROOM_THREADS_ENDPOINT", .type = OPTION_TEXT, .fallback = "tcp://threads:5603",
     .help = "where threads listens", .text = &read.threads_endpoint},
    {.name = "WARDROOM_FILES_ENDPOINT", .type = OPTION_TEXT, .fallback = "tcp://files:5604",
     .help = "where files listens", .text = &read.files_endpoint},
    {.name = "WARDROOM_RETENTION_ENDPOINT", .type = OPTION_TEXT,
     .fallback = "tcp://retention:5605", .help = "where retention listens",
     .text = &read.retention_endpoint},
    {.name = "REDIS_URL", .type = OPTION_SECRET, .fallback = "redis://localhost:6379/0",
     .help = "Redis of this region", .text = &read.redis_url},
    {.name = "WARDROOM_CHANNEL_KEY", .type = OPTION_SECRET, .fallback = NULL,
     .help = "key of the channel layer of this region: id:key,id:key", .text = &read.channel_key},
    {.name = "WARDROOM_REGION", .type = OPTION_TEXT, .fallback = "default",
     .help = "region of this gateway", .text = &read.region},
    {.name = "WARDROOM_OPS_LISTEN", .type = OPTION_TEXT, .fallback = "",
     .help = "address of /metrics, /livez and /readyz; empty: none", .text = &read.ops_listen},
    {.name = "WARDROOM_LIMIT_FRAMES_PER_S", .type = OPTION_NUMBER,
     .fallback = TEXT_OF(FRAMES_PER_S_DEFAULT), .min = 0, .max = 1000000, .unit = "frames/s",
     .help = "what one socket may send; 0: no limit", .number = &read.frames_per_s},
    {.name = "WARDROOM_LIMIT_SUBSCRIPTIONS", .type = OPTION_NUMBER, .unit = "",
     .fallback = TEXT_OF(SUBSCRIPTIONS_MAX), .min = 1, .max = 10000,
     .help = "threads one socket may be subscribed to", .number = &read.subscriptions_max},
    {.name = "WARDROOM_LOG_LEVEL", .type = OPTION_TEXT, .fallback = "info",
     .help = "debug, info, warn or error", .text = &read.log_level},
    {0}};

enum status settings_read(int argc, char **argv, struct settings *ret, bool *ret_exit)
{
    const struct option_row *const tables[] = {option_table, NULL};
    enum status status = options_read(
        "wardroom-gateway", "HTTP, WebSocket and the frontend, in front of the services", tables,
        argc, argv, ret_exit);
    if (status == OK)
        *ret = read;
    return status;
}
