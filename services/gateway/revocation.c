/* One poll at a time. Next: openapi.h */
#include "revocation.h"

#include <stdlib.h>
#include "auth.pb-c.h"
#include "core/arena.h"
#include "core/limits.h"
#include "counters.h"
#include "fanout.h"
#include "rpc.h"
#include "session.h"

static bool is_polling;

static bool is_it(const Auth__RevokedSession *revoked, const struct principal *who)
{
    const ProtobufCBinaryData *session = &revoked->session_id, *user = &revoked->user_id;
    if (session->len > 0)
        return bytes_equal(bytes_of(session->data, session->len), uuid_bytes(&who->session.u));
    return bytes_equal(bytes_of(user->data, user->len), uuid_bytes(&who->user.u));
}

static void look_at_tenant(void *data, struct index_node *node)
{
    const Auth__RevokedSinceReply *reply = data;
    struct tenant *tenant = INDEX_OWNER(node, struct tenant, node);
    for (struct session *session = tenant->sessions; session; session = session->next) {
        for (size_t i = 0; i < reply->n_results; i++) {
            if (session_is_open(session) && is_it(reply->results[i], session_who(session))) {
                count(COUNT_REVOKED);
                session_close(session, CLOSE_TOKEN, "session ended");
            }
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
        if (revoked->n_results > 0)
            index_each(&gateway->tenants, look_at_tenant, revoked);
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
