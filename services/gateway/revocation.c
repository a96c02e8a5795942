/* One poll at a time; what it brought is kept in a ring, found by an index. Next: openapi.h */
#include "revocation.h"

#include <stdlib.h>
#include "auth.pb-c.h"
#include "core/arena.h"
#include "core/limits.h"
#include "counters.h"
#include "fanout.h"
#include "rpc.h"
#include "session.h"

struct ended {
    struct index_node node; /* key: session */
    struct session_id session;
};

static bool is_polling, is_current;
static struct index known;
static struct ended *ring; /* REVOCATIONS_KEPT of them */
static size_t ring_at;

bool revocation_has(const struct session_id *session)
{
    return index_find(&known, uuid_bytes(&session->u)) != NULL;
}

bool revocation_is_current(void)
{
    return is_current;
}

void revocation_fini(void)
{
    index_fini(&known);
    free(ring);
    ring = NULL;
}

/* Keep it in place of the oldest. */
static void remember(const Auth__RevokedSession *revoked)
{
    struct session_id session;
    if (!uuid_from_bytes(bytes_of(revoked->session_id.data, revoked->session_id.len), &session.u) ||
        revocation_has(&session))
        return;
    if (!ring && !(ring = calloc(REVOCATIONS_KEPT, sizeof *ring)))
        return;
    struct ended *place = &ring[ring_at++ % REVOCATIONS_KEPT];
    if (place->node.key.len > 0)
        index_remove(&known, &place->node);
    place->session = session;
    place->node.key = uuid_bytes(&place->session.u);
    if (index_add(&known, &place->node) != OK)
        place->node.key = (struct bytes){0};
}

static void look_at_tenant(void *data, struct index_node *node)
{
    struct tenant *tenant = INDEX_OWNER(node, struct tenant, node);
    (void)data;
    for (struct session *session = tenant->sessions; session; session = session->next) {
        if (session_is_open(session) && revocation_has(&session_who(session)->session)) {
            count(COUNT_REVOKED);
            session_close(session, CLOSE_TOKEN, "session ended");
        }
    }
}

static void on_reply(void *data, const struct bus_reply *reply)
{
    struct gateway *gateway = data;
    struct arena *arena = arena_new(REQUEST_ARENA_BYTES_MAX);
    is_polling = false;
    Auth__RevokedSinceReply *revoked =
        arena && reply->status == OK
            ? auth__revoked_since_reply__unpack(arena_allocator(arena), reply->payload.len,
                                                reply->payload.data)
            : NULL;
    if (revoked) {
        gateway->revoked_after = revoked->next;
        is_current = revoked->n_results < REVOCATION_PAGE_FULL;
        for (size_t i = 0; i < revoked->n_results; i++)
            remember(revoked->results[i]);
        if (revoked->n_results > 0)
            index_each(&gateway->tenants, look_at_tenant, NULL);
    }
    arena_free(arena);
}

void revocation_poll(struct gateway *gateway)
{
    if (is_polling)
        return;
    Auth__RevokedSinceRequest request = AUTH__REVOKED_SINCE_REQUEST__INIT;
    request.after = gateway->revoked_after;
    const struct rpc_call call = {.rpc = rpc_of(RPC_AUTH_REVOKED_SINCE), .request = &request.base};
    is_polling = rpc_start(gateway, &call, on_reply, gateway, NULL);
}
