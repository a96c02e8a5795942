/* The table of HTTP paths: what each calls, who may, and what its answer is.
 *
 * A new endpoint is a row here, beside its .proto and handler. Next: dispatch.h
 */
#ifndef WARDROOM_GATEWAY_ROUTES_H
#define WARDROOM_GATEWAY_ROUTES_H

#include "exchange.h"
#include "head.h"
#include "rpc.h"

#define ROLES_ANY                                                                                  \
    (ROLE_BIT(ROLE_MEMBER) | ROLE_BIT(ROLE_ANALYST) | ROLE_BIT(ROLE_ADMIN) |                       \
     ROLE_BIT(ROLE_AUDITOR) | ROLE_BIT(ROLE_OPERATOR))
#define ROLES_TENANT                                                                               \
    (ROLE_BIT(ROLE_MEMBER) | ROLE_BIT(ROLE_ANALYST) | ROLE_BIT(ROLE_ADMIN) | ROLE_BIT(ROLE_AUDITOR))
#define ROLES_WRITER   (ROLE_BIT(ROLE_MEMBER) | ROLE_BIT(ROLE_ANALYST) | ROLE_BIT(ROLE_ADMIN))
#define ROLES_SOC      (ROLE_BIT(ROLE_ANALYST) | ROLE_BIT(ROLE_ADMIN))
#define ROLES_READER   (ROLES_SOC | ROLE_BIT(ROLE_AUDITOR))
#define ROLES_ADMIN    ROLE_BIT(ROLE_ADMIN)
#define ROLES_OPERATOR ROLE_BIT(ROLE_OPERATOR)

enum route_body {
    BODY_NONE,
    BODY_JSON,
    BODY_OPTIONAL, /* JSON, or nothing: the path says it all */
    BODY_RAW
};

struct route {
    enum http_method method;
    const char *path; /* canonical; {name} is a segment that fills the request's field `name` */
    const ProtobufCServiceDescriptor *service; /* NULL: answered here, by `run` */
    const char *rpc;
    unsigned roles; /* ROLE_BIT set; 0: without a token */
    enum route_body body;
    uint32_t body_max;
    uint16_t success;    /* HTTP status of an OK */
    const char *member;  /* the member of the reply that is the body; NULL: the whole */
    const char *shard;   /* field of the request whose bytes are the shard key; NULL: none */
    uint32_t timeout_ms; /* 0: the default */
    const char *summary;
    /* NULL: call the rpc and answer with its reply. Else does so in its own way; `request` is
     * filled from path, query and body, and lives in the exchange's arena. */
    void (*run)(struct exchange *exchange, ProtobufCMessage *request);
};

/* The rows, ended by one without a path. */
const struct route *routes_all(void);
/* The row for this request, and what stood for its {names}. NULL: *ret_allowed is the set of
 * methods that the path has, 0 when it is not one of ours. */
const struct route *route_find(enum http_method method, const char *path,
                               struct bytes captures[EXCHANGE_CAPTURES_MAX], unsigned *ret_allowed);
/* The name of the n-th {name} of a row's path; empty: it has fewer. */
struct bytes route_capture_name(const struct route *route, size_t n);
/* Does this path belong to the API, so that a miss is a 404 and not the frontend's page? */
bool route_is_api_path(const char *path);

#endif
