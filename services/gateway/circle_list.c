/* Learning who a member may hear of: the list of the threads it takes part in, asked for with its
 * own token when its first socket opens, and again when events may have been lost. After that
 * thread events keep it. One call a page, never one an event. Next: typing.h
 */
#include <stdlib.h>
#include "core/arena.h"
#include "core/limits.h"
#include "presence.h"
#include "rpc.h"

#define CURSOR_SIZE 256 /* of the threads service: 64 and less */

static uint64_t last_serial;

/* What a list knows when a page of it comes back; the person may have gone. */
struct listing {
    struct session *session; /* kept: its token asks */
    struct tenant_id tenant;
    struct user_id user;
    uint64_t serial; /* person->asking while it is the one that counts */
    int64_t began_ms;
    unsigned pages;
    bool is_complete;
    char cursor[CURSOR_SIZE]; /* of the next page */
};

void circle_list_want(struct tenant *tenant, struct person *person)
{
    struct presence *presence = tenant->presence;
    person->is_outdated |= person->asking > 0; /* the answer may be older than what was lost */
    if (person->is_due || person->asking > 0)
        return;
    person->is_due = true;
    person->holds++;
    person->next_due = NULL;
    if (presence->due_last)
        presence->due_last->next_due = person;
    else
        presence->due_first = person;
    presence->due_last = person;
}

static struct person *take_due(struct presence *presence)
{
    struct person *person = presence->due_first;
    presence->due_first = person->next_due;
    if (!presence->due_first)
        presence->due_last = NULL;
    person->is_due = false;
    return person;
}

static void want_again(void *data, struct index_node *node)
{
    struct person *person = INDEX_OWNER(node, struct person, node);
    if (person->listeners > 0)
        circle_list_want(data, person);
}

void circle_list_again(struct tenant *tenant)
{
    index_each(&tenant->presence->circle.people, want_again, tenant);
}

/* A socket whose token may ask; NULL: nobody of them listens any more. */
static struct session *asker_of(const struct person *person)
{
    struct session *session = person->sessions;
    while (session && !session->is_listener)
        session = session->next_of_person;
    return session;
}

static void listing_free(struct listing *listing)
{
    session_drop(listing->session);
    free(listing);
}

static void on_page(void *data, const struct bus_reply *reply);

static bool ask_page(struct gateway *gateway, struct listing *listing)
{
    Threads__ListRequest list = THREADS__LIST_REQUEST__INIT;
    list.limit = LIST_ROWS_MAX;
    list.cursor = listing->cursor;
    const struct rpc_call call = {.rpc = rpc_of(RPC_THREADS_LIST),
                                  .request = &list.base,
                                  .token = session_token(listing->session),
                                  .shard_key = uuid_bytes(&listing->user.u)};
    return rpc_start(gateway, &call, on_page, listing, NULL);
}

static void begin(struct tenant *tenant, struct person *person)
{
    struct session *asker = asker_of(person);
    struct listing *listing = asker ? calloc(1, sizeof *listing) : NULL;
    if (!listing)
        return;
    listing->session = session_keep(asker);
    listing->tenant = tenant->id;
    listing->user = person->id;
    listing->began_ms = gateway_now_ms(tenant->gateway);
    listing->serial = ++last_serial;
    if (!ask_page(tenant->gateway, listing)) {
        listing_free(listing);
        return;
    }
    person->asking = listing->serial;
    person->holds++;
    tenant->presence->asking++;
}

static void go_on(struct tenant *tenant)
{
    struct presence *presence = tenant->presence;
    while (presence->due_first && presence->asking < CIRCLE_IN_FLIGHT_MAX) {
        struct person *person = take_due(presence);
        begin(tenant, person);
        circle_release(&presence->circle, person);
    }
}

void circle_list_tick(struct tenant *tenant)
{
    go_on(tenant);
}

/* Keep what the page says. True: there is another one. */
static bool take_page(struct tenant *tenant, struct listing *listing, struct bytes payload)
{
    struct arena *arena = arena_new(REQUEST_ARENA_BYTES_MAX);
    Threads__ListReply *page =
        arena ? threads__list_reply__unpack(arena_allocator(arena), payload.len, payload.data)
              : NULL;
    size_t len = page ? strlen(page->next) : 0;
    for (size_t i = 0; page && i < page->n_results; i++)
        presence_on_thread(tenant, page->results[i]);
    listing->is_complete = page && len == 0;
    bool is_more = len > 0 && len < CURSOR_SIZE && ++listing->pages < CIRCLE_PAGES_MAX;
    if (is_more)
        memcpy(listing->cursor, page->next, len + 1);
    arena_free(arena);
    return is_more;
}

/* The list has come to its end, or to nothing. */
static void finish(struct tenant *tenant, struct person *person, const struct listing *listing,
                   enum status status)
{
    bool is_again = (status != OK && status_retryable(status)) || person->is_outdated;
    person->asking = 0;
    person->is_outdated = false;
    tenant->presence->asking--;
    if (person->listeners == 0)
        return;
    if (is_again) {
        circle_list_want(tenant, person);
        return;
    }
    if (listing->is_complete) /* what it did not name is not the person's any more */
        circle_drop_stale(&tenant->presence->circle, person, listing->began_ms);
    presence_on_listed(tenant, person);
}

static void on_page(void *data, const struct bus_reply *reply)
{
    struct listing *listing = data;
    struct gateway *gateway = listing->session->gateway;
    struct tenant *tenant = fanout_tenant(gateway, &listing->tenant);
    struct person *person = tenant ? circle_find(&tenant->presence->circle, &listing->user) : NULL;
    if (!person || person->asking != listing->serial) { /* the tenant was gone in between */
        listing_free(listing);
        return;
    }
    if (reply->status == OK && take_page(tenant, listing, reply->payload) &&
        ask_page(gateway, listing))
        return;
    finish(tenant, person, listing, reply->status);
    circle_release(&tenant->presence->circle, person);
    listing_free(listing);
    if (reply->status == OK)
        go_on(tenant); /* else with the next tick */
}
