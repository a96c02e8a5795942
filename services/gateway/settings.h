/* The options of the gateway, as read from the environment; one table in settings.c.
 *
 * Next: gateway.h
 */
#ifndef WARDROOM_GATEWAY_SETTINGS_H
#define WARDROOM_GATEWAY_SETTINGS_H

#include "core/bytes.h"
#include "core/options.h"

struct settings {
    const char *listen, *plain_listen; /* "127.0.0.1:8443,[::1]:8443" */
    const char *tls_cert_path, *tls_key_path;
    const char *static_dir;
    const char *public_origins; /* comma-separated */
    const char *trust_dir;
    const char *auth_endpoint, *threads_endpoint, *templates_endpoint, *files_endpoint,
        *retention_endpoint;
    const char *redis_url, *channel_key, *region;
    const char *ops_listen, *log_level;
    int64_t frames_per_s;      /* of one socket; 0: no limit */
    int64_t subscriptions_max; /* of one socket */
    int64_t user_writes_per_s, tenant_requests_per_s, sign_ins_per_s; /* quota.c; 0: no limit */
};

/* Fill `ret`; *ret_exit after --help and --version. INVALID: said why on stderr. */
MUST_CHECK enum status settings_read(int argc, char **argv, struct settings *ret, bool *ret_exit);

#endif
