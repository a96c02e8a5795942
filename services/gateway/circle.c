/* People and rosters, linked both ways. Next: circle_list.c */
#include "circle.h"

#include <stdlib.h>
#include "core/limits.h"

#define ROSTERS_CAP_FIRST 8

struct person *circle_find(const struct circle *circle, const struct user_id *user)
{
    struct index_node *node = index_find(&circle->people, uuid_bytes(&user->u));
    return node ? INDEX_OWNER(node, struct person, node) : NULL;
}

struct person *circle_hold(struct circle *circle, const struct user_id *user)
{
    struct person *person = circle_find(circle, user);
    if (!person) {
        person = calloc(1, sizeof *person);
        if (!person)
            return NULL;
        person->id = *user;
        person->node.key = uuid_bytes(&person->id.u);
        if (index_add(&circle->people, &person->node) != OK) {
            free(person);
            return NULL;
        }
    }
    person->holds++;
    return person;
}

static void end_if_idle(struct circle *circle, struct person *person)
{
    if (person->holds > 0 || person->roster_count > 0)
        return;
    index_remove(&circle->people, &person->node);
    free(person->rosters);
    free(person);
}

void circle_release(struct circle *circle, struct person *person)
{
    person->holds--;
    end_if_idle(circle, person);
}

static bool enter(struct roster *roster, struct person *person)
{
    if (person->roster_count == person->roster_cap) {
        size_t cap = person->roster_cap > 0 ? 2 * person->roster_cap : ROSTERS_CAP_FIRST;
        struct roster **grown = realloc(person->rosters, cap * sizeof(struct roster *));
        if (!grown)
            return false;
        person->rosters = grown;
        person->roster_cap = cap;
    }
    person->rosters[person->roster_count++] = roster;
    roster->people[roster->count++] = person;
    return true;
}

/* The person forgets the roster, not the other way round. */
static void forget_roster(struct person *person, const struct roster *roster)
{
    size_t at = 0;
    while (person->rosters[at] != roster)
        at++;
    person->rosters[at] = person->rosters[--person->roster_count];
}

static void empty(struct circle *circle, struct roster *roster)
{
    while (roster->count > 0) {
        struct person *person = roster->people[--roster->count];
        forget_roster(person, roster);
        end_if_idle(circle, person);
    }
}

static void roster_end(struct circle *circle, struct roster *roster)
{
    empty(circle, roster);
    index_remove(&circle->rosters, &roster->node);
    free(roster->people);
    free(roster);
}

static bool is_heard(const struct roster *roster)
{
    for (size_t i = 0; i < roster->count; i++) {
        if (roster->people[i]->listeners > 0)
            return true;
    }
    return false;
}

void circle_listen(struct person *person)
{
    person->listeners++;
}

void circle_unlisten(struct circle *circle, struct person *person)
{
    if (--person->listeners > 0)
        return;
    person->is_listed = false;
    person->is_outdated = person->asking > 0; /* what came of that list so far goes now */
    for (size_t i = person->roster_count; i > 0; i--) {
        if (!is_heard(person->rosters[i - 1]))
            roster_end(circle, person->rosters[i - 1]);
    }
}

struct roster *circle_roster(const struct circle *circle, const struct thread_id *thread)
{
    struct index_node *node = index_find(&circle->rosters, uuid_bytes(&thread->u));
    return node ? INDEX_OWNER(node, struct roster, node) : NULL;
}

static bool has_listener(const struct circle *circle, const struct uuid *people, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct person *person = circle_find(circle, &(struct user_id){people[i]});
        if (person && person->listeners > 0)
            return true;
    }
    return false;
}

static bool is_in(const struct roster *roster, const struct uuid *user)
{
    for (size_t i = 0; i < roster->count; i++) {
        if (uuid_equal(&roster->people[i]->id.u, user))
            return true;
    }
    return false;
}

/* Each of them once, in any order? */
static bool is_same(const struct roster *roster, const struct uuid *people, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_in(roster, &people[i]))
            return false;
    }
    return roster->count == count;
}

static struct roster *roster_new(struct circle *circle, const struct thread_id *thread)
{
    struct roster *roster =
        circle->rosters.count < CIRCLE_THREADS_MAX ? calloc(1, sizeof *roster) : NULL;
    if (!roster)
        return NULL;
    roster->thread = *thread;
    roster->node.key = uuid_bytes(&roster->thread.u);
    if (index_add(&circle->rosters, &roster->node) == OK)
        return roster;
    free(roster);
    return NULL;
}

/* Put these people in place of those before; false: without memory, and the roster is empty. */
static bool refill(struct circle *circle, struct roster *roster, const struct uuid *people,
                   size_t count)
{
    struct person **room = calloc(count, sizeof(struct person *));
    bool is_fine = room != NULL;
    /* Held meanwhile, so that nobody ends between the old list and the new one. */
    for (size_t i = 0; is_fine && i < count; i++) {
        room[i] = circle_hold(circle, &(struct user_id){people[i]});
        is_fine = room[i] != NULL;
    }
    empty(circle, roster);
    free(roster->people);
    roster->people = calloc(count, sizeof(struct person *));
    is_fine = is_fine && roster->people;
    for (size_t i = 0; room && i < count && room[i]; i++) {
        is_fine = is_fine && (is_in(roster, &people[i]) || enter(roster, room[i]));
        circle_release(circle, room[i]);
    }
    free(room);
    if (!is_fine)
        empty(circle, roster);
    return is_fine;
}

enum circle_put circle_put(struct circle *circle, const struct thread_id *thread,
                           const struct uuid *people, size_t count, int64_t last_seq,
                           int64_t now_ms)
{
    struct roster *roster = circle_roster(circle, thread);
    if (roster)
        roster->put_ms = now_ms;
    if (roster && last_seq < roster->last_seq)
        return CIRCLE_SAME;
    if (roster)
        roster->last_seq = last_seq;
    if (roster && is_same(roster, people, count))
        return CIRCLE_SAME;
    if (!has_listener(circle, people, count)) {
        if (roster)
            roster_end(circle, roster);
        return CIRCLE_UNHEARD;
    }
    if (!roster && !(roster = roster_new(circle, thread)))
        return CIRCLE_FULL;
    roster->last_seq = last_seq;
    roster->put_ms = now_ms;
    if (refill(circle, roster, people, count))
        return CIRCLE_CHANGED;
    roster_end(circle, roster);
    return CIRCLE_FULL;
}

bool circle_takes_part(const struct circle *circle, const struct thread_id *thread,
                       const struct person *person)
{
    const struct roster *roster = circle_roster(circle, thread);
    return roster && is_in(roster, &person->id.u);
}

static void leave(struct circle *circle, struct roster *roster, struct person *person)
{
    size_t at = 0;
    while (roster->people[at] != person)
        at++;
    roster->people[at] = roster->people[--roster->count];
    forget_roster(person, roster);
    if (!is_heard(roster))
        roster_end(circle, roster);
}

void circle_drop_stale(struct circle *circle, struct person *person, int64_t began_ms)
{
    person->holds++;
    for (size_t i = person->roster_count; i > 0; i--) {
        if (person->rosters[i - 1]->put_ms < began_ms)
            leave(circle, person->rosters[i - 1], person);
    }
    circle_release(circle, person);
}

void circle_pass(struct circle *circle)
{
    circle->mark++;
}

bool circle_mark(struct circle *circle, struct person *person)
{
    bool is_first = person->mark != circle->mark;
    person->mark = circle->mark;
    return is_first;
}

static void end_roster(void *data, struct index_node *node)
{
    roster_end(data, INDEX_OWNER(node, struct roster, node));
}

static void end_person(void *data, struct index_node *node)
{
    struct person *person = INDEX_OWNER(node, struct person, node);
    (void)data;
    free(person->rosters);
    free(person);
}

void circle_fini(struct circle *circle)
{
    index_each(&circle->rosters, end_roster, circle);
    index_each(&circle->people, end_person, NULL);
    index_fini(&circle->rosters);
    index_fini(&circle->people);
    *circle = (struct circle){0};
}
