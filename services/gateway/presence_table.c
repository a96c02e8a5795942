/* Users, gateways, and one word for each pair of them. Next: circle.c */
#include "presence_table.h"

#include <stdlib.h>
#include "core/limits.h"

/* What one gateway says of one user. */
struct word {
    struct word *next_of_user;
    struct word *next_of_gateway, *previous_of_gateway;
    struct presence_user *user;
    struct presence_gateway *gateway;
    enum presence_state presence;
    uint32_t round; /* of the gateway, when it was last said */
};
struct presence_gateway {
    struct presence_gateway *next;
    struct uuid id;
    bool is_own;
    int64_t heard_ms;
    uint64_t number;       /* the newest */
    uint32_t round;        /* counts its rounds of everything */
    uint32_t pieces_heard; /* of this round, in their order */
    struct word *words;
};
struct presence_user {
    struct index_node node; /* key: id */
    struct user_id id;
    struct word *words;
    enum presence_state told; /* what the others know, or learn with the next change */
    int64_t offline_at_ms;    /* 0: it has a word, or is told offline */
    bool is_changed;
    struct presence_user *next_changed;
};

const char *presence_text(enum presence_state presence)
{
    static const char *const texts[] = {"offline", "away", "online"};
    return texts[presence];
}

void presence_table_init(struct presence_table *table)
{
    *table = (struct presence_table){0};
    table->changed_end = &table->changed;
}

static struct presence_user *user_find(const struct presence_table *table, const struct user_id *id)
{
    struct index_node *node = index_find(&table->users, uuid_bytes(&id->u));
    return node ? INDEX_OWNER(node, struct presence_user, node) : NULL;
}

static struct presence_user *user_get(struct presence_table *table, const struct user_id *id)
{
    struct presence_user *user = user_find(table, id);
    if (user || table->users.count >= PRESENCE_USERS_MAX)
        return user;
    user = calloc(1, sizeof *user);
    if (!user)
        return NULL;
    user->id = *id;
    user->node.key = uuid_bytes(&user->id.u);
    if (index_add(&table->users, &user->node) == OK)
        return user;
    free(user);
    return NULL;
}

/* Nothing is known of it and nothing is left to be told. */
static void user_end_if_idle(struct presence_table *table, struct presence_user *user)
{
    if (user->words || user->is_changed || user->offline_at_ms > 0)
        return;
    index_remove(&table->users, &user->node);
    free(user);
}

static void change(struct presence_table *table, struct presence_user *user,
                   enum presence_state presence)
{
    user->told = presence;
    if (user->is_changed)
        return;
    user->is_changed = true;
    user->next_changed = NULL;
    *table->changed_end = user;
    table->changed_end = &user->next_changed;
}

/* The words about a user have changed. May free it. */
static void settle(struct presence_table *table, struct presence_user *user, int64_t now_ms)
{
    enum presence_state best = PRESENCE_OFFLINE;
    for (const struct word *word = user->words; word; word = word->next_of_user)
        best = word->presence > best ? word->presence : best;
    if (best != PRESENCE_OFFLINE) {
        table->leaving_count -= user->offline_at_ms > 0;
        user->offline_at_ms = 0;
        if (best != user->told)
            change(table, user, best);
    } else if (user->told != PRESENCE_OFFLINE && user->offline_at_ms == 0) {
        user->offline_at_ms = now_ms + PRESENCE_OFFLINE_LATE_MS;
        table->leaving_count++;
    }
    user_end_if_idle(table, user);
}

static struct word *word_find(const struct presence_user *user,
                              const struct presence_gateway *gateway)
{
    struct word *word = user->words;
    while (word && word->gateway != gateway)
        word = word->next_of_user;
    return word;
}

static struct word *word_new(struct presence_user *user, struct presence_gateway *gateway)
{
    struct word *word = calloc(1, sizeof *word);
    if (!word)
        return NULL;
    word->user = user;
    word->gateway = gateway;
    word->next_of_user = user->words;
    user->words = word;
    word->next_of_gateway = gateway->words;
    if (word->next_of_gateway)
        word->next_of_gateway->previous_of_gateway = word;
    gateway->words = word;
    return word;
}

/* The user is left for the caller to settle. */
static void word_end(struct word *word)
{
    struct word **link = &word->user->words;
    while (*link != word)
        link = &(*link)->next_of_user;
    *link = word->next_of_user;
    if (word->previous_of_gateway)
        word->previous_of_gateway->next_of_gateway = word->next_of_gateway;
    else
        word->gateway->words = word->next_of_gateway;
    if (word->next_of_gateway)
        word->next_of_gateway->previous_of_gateway = word->previous_of_gateway;
    free(word);
}

struct presence_gateway *presence_table_gateway(struct presence_table *table, const struct uuid *id,
                                                bool is_own, int64_t now_ms)
{
    struct presence_gateway *gateway = table->gateways;
    while (gateway && !uuid_equal(&gateway->id, id))
        gateway = gateway->next;
    if (!gateway && table->gateway_count < PRESENCE_GATEWAYS_MAX) {
        gateway = calloc(1, sizeof *gateway);
        if (!gateway)
            return NULL;
        gateway->id = *id;
        gateway->is_own = is_own;
        gateway->heard_ms = now_ms;
        gateway->next = table->gateways;
        table->gateways = gateway;
        table->gateway_count++;
    }
    return gateway;
}

bool presence_gateway_hear(struct presence_gateway *gateway, uint64_t number, int64_t now_ms)
{
    if (number <= gateway->number)
        return false;
    gateway->number = number;
    gateway->heard_ms = now_ms;
    return true;
}

bool presence_table_say(struct presence_table *table, struct presence_gateway *gateway,
                        const struct user_id *id, enum presence_state presence, int64_t now_ms)
{
    bool is_offline = presence == PRESENCE_OFFLINE;
    struct presence_user *user = is_offline ? user_find(table, id) : user_get(table, id);
    struct word *word = user ? word_find(user, gateway) : NULL;
    if (is_offline && word)
        word_end(word);
    else if (!is_offline && user && !word)
        word = word_new(user, gateway);
    if (!is_offline && word) {
        word->presence = presence;
        word->round = gateway->round;
    }
    if (user)
        settle(table, user, now_ms);
    return is_offline || word;
}

void presence_table_piece_begin(struct presence_gateway *gateway, uint32_t piece)
{
    if (piece == 1) {
        gateway->round++;
        gateway->pieces_heard = 0;
    }
    gateway->pieces_heard += piece == gateway->pieces_heard + 1;
}

/* Take back the words of a gateway: all, or those of earlier rounds. */
static void take_back(struct presence_table *table, struct presence_gateway *gateway, bool all,
                      int64_t now_ms)
{
    struct word *word = gateway->words;
    while (word) {
        struct word *next = word->next_of_gateway;
        struct presence_user *user = word->user;
        if (all || word->round != gateway->round) {
            word_end(word);
            settle(table, user, now_ms);
        }
        word = next;
    }
}

void presence_table_piece_end(struct presence_table *table, struct presence_gateway *gateway,
                              uint32_t piece, uint32_t pieces, int64_t now_ms)
{
    if (piece == pieces && gateway->pieces_heard == pieces)
        take_back(table, gateway, false, now_ms);
}

void presence_table_forget(struct presence_table *table, struct presence_gateway *gateway,
                           int64_t now_ms)
{
    struct presence_gateway **link = &table->gateways;
    while (*link != gateway)
        link = &(*link)->next;
    *link = gateway->next;
    table->gateway_count--;
    take_back(table, gateway, true, now_ms);
    free(gateway);
}

struct looking {
    struct presence_table *table;
    int64_t now_ms;
};

static void look_at_user(void *data, struct index_node *node)
{
    const struct looking *looking = data;
    struct presence_user *user = INDEX_OWNER(node, struct presence_user, node);
    if (user->offline_at_ms == 0 || user->offline_at_ms > looking->now_ms)
        return;
    user->offline_at_ms = 0;
    looking->table->leaving_count--;
    change(looking->table, user, PRESENCE_OFFLINE);
}

void presence_table_look(struct presence_table *table, int64_t now_ms)
{
    struct looking looking = {table, now_ms};
    struct presence_gateway *gateway = table->gateways;
    while (gateway) {
        struct presence_gateway *next = gateway->next;
        /* Its users had 25 s to come back: no need to wait for them once more. */
        if (!gateway->is_own && now_ms - gateway->heard_ms >= PRESENCE_FORGET_MS)
            presence_table_forget(table, gateway, now_ms - PRESENCE_OFFLINE_LATE_MS);
        gateway = next;
    }
    if (table->leaving_count > 0)
        index_each(&table->users, look_at_user, &looking);
}

bool presence_table_next_change(struct presence_table *table, struct user_id *ret_user,
                                enum presence_state *ret_presence)
{
    struct presence_user *user = table->changed;
    if (!user)
        return false;
    table->changed = user->next_changed;
    if (!table->changed)
        table->changed_end = &table->changed;
    user->is_changed = false;
    *ret_user = user->id;
    *ret_presence = user->told;
    user_end_if_idle(table, user);
    return true;
}

enum presence_state presence_table_of(const struct presence_table *table, const struct user_id *id)
{
    const struct presence_user *user = user_find(table, id);
    return user ? user->told : PRESENCE_OFFLINE;
}

struct visiting {
    void (*visit)(void *data, const struct user_id *user, enum presence_state presence);
    void *data;
};

static void visit_node(void *data, struct index_node *node)
{
    const struct visiting *visiting = data;
    const struct presence_user *user = INDEX_OWNER(node, struct presence_user, node);
    if (user->told != PRESENCE_OFFLINE)
        visiting->visit(visiting->data, &user->id, user->told);
}

void presence_table_each(struct presence_table *table,
                         void (*visit)(void *data, const struct user_id *user,
                                       enum presence_state presence),
                         void *data)
{
    struct visiting visiting = {visit, data};
    index_each(&table->users, visit_node, &visiting);
}

static void end_node(void *data, struct index_node *node)
{
    struct presence_user *user = INDEX_OWNER(node, struct presence_user, node);
    (void)data;
    while (user->words)
        word_end(user->words);
    free(user);
}

void presence_table_fini(struct presence_table *table)
{
    index_each(&table->users, end_node, NULL);
    index_fini(&table->users);
    while (table->gateways) {
        struct presence_gateway *next = table->gateways->next;
        free(table->gateways);
        table->gateways = next;
    }
    presence_table_init(table);
}
