/* What gateways say to one another about their users: changes at once, everything now and then.
 *
 * A word may be lost with Redis; the next snapshot mends it. Whoever comes, or comes back, asks;
 * the others answer after a short random wait. Next: circle_list.c
 */
#include <stdlib.h>
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/limits.h"
#include "counters.h"
#include "presence.h"

#define SNAPSHOT_JITTER_MS  1000
#define ANSWER_JITTER_MS    500
#define SNAPSHOT_BETWEEN_MS 2000 /* however many ask */

static uint64_t last_number; /* of everything that this process has said */

/* The id of this process among the gateways; drawn at its first use. */
static const struct uuid *own_id(void)
{
    static struct uuid id;
    if (uuid_is_zero(&id))
        id = uuid_new();
    return &id;
}

static int64_t jitter_ms(int64_t most)
{
    struct uuid random = uuid_new();
    return (int64_t)(random.b[14] << 8 | random.b[15]) % most;
}

struct presence_gateway *presence_own(struct tenant *tenant)
{
    return presence_table_gateway(&tenant->presence->table, own_id(), true,
                                  gateway_now_ms(tenant->gateway));
}

static bool publish(struct tenant *tenant, Events__GatewayPresence *words)
{
    CLEANUP(buf_fini) struct buf packed = {0};
    Events__Batch batch = EVENTS__BATCH__INIT;
    Events__Event event = EVENTS__EVENT__INIT, *events[] = {&event};
    struct uuid id = *own_id();
    words->gateway_id = (ProtobufCBinaryData){16, id.b};
    words->number = ++last_number;
    event.of_case = EVENTS__EVENT__OF_GATEWAY_PRESENCE;
    event.gateway_presence = words;
    batch.tenant_id = tenant->id.text;
    batch.published_at_us = clock_now_us();
    batch.events = events;
    batch.n_events = 1;
    uint8_t *room = buf_reserve(&packed, events__batch__get_packed_size(&batch));
    if (!room)
        return false;
    packed.len = events__batch__pack(&batch, room);
    return subscriber_publish(tenant->gateway->channel, &tenant->id, buf_bytes(&packed));
}

/* Room for one piece; false: without memory. */
static bool have_words(struct presence *presence)
{
    if (!presence->words)
        presence->words = calloc(PRESENCE_PIECE_USERS, sizeof *presence->words);
    if (!presence->word_users)
        presence->word_users = calloc(PRESENCE_PIECE_USERS, sizeof *presence->word_users);
    return presence->words && presence->word_users;
}

static void add_word(struct presence *presence, const struct user_id *user,
                     enum presence_state state)
{
    struct user_id *kept = &presence->word_users[presence->word_count];
    Events__PresenceEntry *word = &presence->words[presence->word_count++];
    *kept = *user;
    events__presence_entry__init(word);
    word->user_id = (ProtobufCBinaryData){16, kept->u.b};
    word->status = (Events__PresenceStatus)(state + 1);
}

/* The words collected, as changes (pieces 0) or as a piece of everything. */
static bool publish_words(struct tenant *tenant, uint32_t piece, uint32_t pieces, bool is_ask)
{
    struct presence *presence = tenant->presence;
    Events__PresenceEntry *list[PRESENCE_PIECE_USERS];
    Events__GatewayPresence words = EVENTS__GATEWAY_PRESENCE__INIT;
    for (size_t i = 0; i < presence->word_count; i++)
        list[i] = &presence->words[i];
    words.entries = list;
    words.n_entries = presence->word_count;
    words.piece = piece;
    words.pieces = pieces;
    words.is_ask = is_ask;
    presence->word_count = 0;
    return publish(tenant, &words);
}

void presence_channel_flush(struct tenant *tenant)
{
    struct presence *presence = tenant->presence;
    if (presence->word_count > 0 && !publish_words(tenant, 0, 0, false))
        presence->is_ask_due = true; /* lost: everything, as soon as it can be said */
}

void presence_channel_say(struct tenant *tenant, const struct user_id *user,
                          enum presence_state state)
{
    struct presence *presence = tenant->presence;
    if (!have_words(presence)) {
        count(COUNT_PRESENCE_DROPPED);
        return;
    }
    add_word(presence, user, state);
    if (presence->word_count == PRESENCE_PIECE_USERS)
        presence_channel_flush(tenant);
}

struct snapshot {
    struct tenant *tenant;
    uint32_t piece, pieces;
    size_t users;
    bool is_ask, has_failed;
};

static void count_person(void *data, struct index_node *node)
{
    struct snapshot *snapshot = data;
    snapshot->users += INDEX_OWNER(node, struct person, node)->said != PRESENCE_OFFLINE;
}

static void say_piece(struct snapshot *snapshot)
{
    bool is_ask = snapshot->is_ask && snapshot->piece == 0;
    snapshot->has_failed |=
        !publish_words(snapshot->tenant, ++snapshot->piece, snapshot->pieces, is_ask);
}

static void add_person(void *data, struct index_node *node)
{
    struct snapshot *snapshot = data;
    struct presence *presence = snapshot->tenant->presence;
    const struct person *person = INDEX_OWNER(node, struct person, node);
    if (person->said == PRESENCE_OFFLINE)
        return;
    add_word(presence, &person->id, person->said);
    if (presence->word_count == PRESENCE_PIECE_USERS && snapshot->piece + 1 < snapshot->pieces)
        say_piece(snapshot);
}

/* Everything, in pieces, at once. False: not said, or not all of it. */
static bool say_everything(struct tenant *tenant, bool is_ask, int64_t now_ms)
{
    struct presence *presence = tenant->presence;
    struct snapshot snapshot = {.tenant = tenant, .is_ask = is_ask};
    presence->snapshot_ms = now_ms;
    presence->snapshot_at_ms = now_ms + PRESENCE_SNAPSHOT_MS - jitter_ms(SNAPSHOT_JITTER_MS);
    if (!have_words(presence))
        return false;
    presence_channel_flush(tenant); /* what changed before comes before */
    index_each(&presence->circle.people, count_person, &snapshot);
    snapshot.pieces =
        snapshot.users > 0
            ? (uint32_t)((snapshot.users + PRESENCE_PIECE_USERS - 1) / PRESENCE_PIECE_USERS)
            : 1;
    index_each(&presence->circle.people, add_person, &snapshot);
    say_piece(&snapshot);
    return !snapshot.has_failed;
}

void presence_channel_ask(struct tenant *tenant)
{
    tenant->presence->is_ask_due = true;
}

void presence_channel_tick(struct tenant *tenant, int64_t now_ms)
{
    struct presence *presence = tenant->presence;
    if (presence->is_ask_due && subscriber_reaches(tenant->gateway->channel, &tenant->id))
        presence->is_ask_due = !say_everything(tenant, true, now_ms);
    else if (now_ms >= presence->snapshot_at_ms)
        say_everything(tenant, false, now_ms);
}

void presence_channel_goodbye(struct tenant *tenant)
{
    Events__GatewayPresence words = EVENTS__GATEWAY_PRESENCE__INIT;
    words.is_goodbye = true;
    tenant->presence->word_count = 0;
    publish(tenant, &words); /* lost: they forget it after a while */
}

static void goodbye_node(void *data, struct index_node *node)
{
    (void)data;
    presence_channel_goodbye(INDEX_OWNER(node, struct tenant, node));
}

void presence_channel_goodbye_all(struct gateway *gateway)
{
    index_each(&gateway->tenants, goodbye_node, NULL);
}

/* Somebody asks: soon, but not all at once and not for each of them. */
static void plan_answer(struct tenant *tenant, int64_t now_ms)
{
    struct presence *presence = tenant->presence;
    int64_t at_ms = now_ms + jitter_ms(ANSWER_JITTER_MS);
    int64_t from_ms = presence->snapshot_ms + SNAPSHOT_BETWEEN_MS;
    if (presence->snapshot_ms > 0 && at_ms < from_ms)
        at_ms = from_ms;
    if (at_ms < presence->snapshot_at_ms)
        presence->snapshot_at_ms = at_ms;
}

static void take_words(struct tenant *tenant, struct presence_gateway *gateway,
                       const Events__GatewayPresence *words, int64_t now_ms)
{
    for (size_t i = 0; i < words->n_entries; i++) {
        const Events__PresenceEntry *word = words->entries[i];
        struct user_id user;
        if (!uuid_from_bytes(bytes_of(word->user_id.data, word->user_id.len), &user.u) ||
            word->status < EVENTS__PRESENCE_STATUS__PRESENCE_STATUS_OFFLINE ||
            word->status > EVENTS__PRESENCE_STATUS__PRESENCE_STATUS_ONLINE ||
            !presence_table_say(&tenant->presence->table, gateway, &user,
                                (enum presence_state)(word->status - 1), now_ms))
            count(COUNT_PRESENCE_DROPPED);
    }
}

void presence_on_words(struct tenant *tenant, const Events__GatewayPresence *words)
{
    struct presence_table *table = &tenant->presence->table;
    int64_t now_ms = gateway_now_ms(tenant->gateway);
    struct uuid id;
    if (!uuid_from_bytes(bytes_of(words->gateway_id.data, words->gateway_id.len), &id) ||
        words->n_entries > PRESENCE_PIECE_USERS || words->piece > words->pieces) {
        count(COUNT_BAD_BATCH);
        return;
    }
    if (uuid_equal(&id, own_id()))
        return;
    struct presence_gateway *gateway = presence_table_gateway(table, &id, false, now_ms);
    if (!gateway || !presence_gateway_hear(gateway, words->number, now_ms)) {
        count(COUNT_PRESENCE_DROPPED);
        return;
    }
    if (words->pieces > 0)
        presence_table_piece_begin(gateway, words->piece);
    take_words(tenant, gateway, words, now_ms);
    if (words->pieces > 0)
        presence_table_piece_end(table, gateway, words->piece, words->pieces, now_ms);
    if (words->is_goodbye)
        presence_table_forget(table, gateway, now_ms);
    if (words->is_ask)
        plan_answer(tenant, now_ms);
    presence_mark_dirty(tenant);
}
