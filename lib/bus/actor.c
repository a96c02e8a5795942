/* An actor's thread: opens its connection and its state, then takes what waits, over and over.
 *
 * A database that is away makes an actor not ready, never dead: it tries again each second.
 * Next: batch.c
 */
#include <string.h>
#include <time.h>

#include "bus/runtime.h"
#include "core/clock.h"
#include "db/db.h"
#include "db/migrate.h"

static const char *const kind_names[ACTOR_KINDS] = {"write", "read", "work"};

void actor_set_database(struct actor *actor, enum status status)
{
    bool answers = status != STATUS_UNAVAILABLE;
    if (atomic_exchange(&actor->ready, answers) != answers) {
        log_event(answers ? LOG_INFO : LOG_WARN, answers ? "actor.ready" : "actor.database_lost",
                  {"actor", LOG_S(kind_names[actor->env.kind])}, {"index", LOG_I(actor->env.index)},
                  {"why", LOG_S(answers ? "" : db_last_error(actor->env.db))});
    }
    actor->checked_ms = clock_monotonic_ms();
}

void actor_deliver(struct actor *actor, struct call_list *done)
{
    struct runtime *runtime = actor->runtime;
    if (STAILQ_EMPTY(done)) {
        return;
    }
    pthread_mutex_lock(&runtime->mailbox.lock);
    STAILQ_CONCAT(&runtime->mailbox.done, done);
    bool asleep = runtime->mailbox.asleep;
    runtime->mailbox.asleep = false;
    pthread_mutex_unlock(&runtime->mailbox.lock);
    if (asleep) {
        mailbox_wake(runtime);
    }
}

/* The service cannot run at all: a schema it does not know, a state that does not open. */
static enum status actor_give_up(struct actor *actor, const char *why)
{
    log_event(LOG_ERROR, "actor.cannot_open", {"why", LOG_S(why)},
              {"database", LOG_S(actor->env.db != NULL ? db_last_error(actor->env.db) : "")});
    atomic_store(&actor->runtime->fatal, true);
    mailbox_wake(actor->runtime);
    return STATUS_INTERNAL;
}

/* One try. UNAVAILABLE: try again later; other than OK: give up. */
static enum status actor_try_open(struct actor *actor)
{
    const struct service_spec *spec = actor->runtime->spec;
    if (spec->schema != NULL) {
        enum status status = db_ping(actor->env.db);
        status = status == OK ? db_check_version(actor->env.db, spec->schema) : STATUS_UNAVAILABLE;
        if (status == STATUS_CONFLICT) {
            return actor_give_up(actor, "the database has another schema version; run --migrate");
        }
        if (status != OK) {
            return STATUS_UNAVAILABLE;
        }
    }
    enum status status = OK;
    if (spec->actor_open != NULL) {
        status = spec->actor_open(&actor->env, &actor->state);
    }
    if (status != OK && status != STATUS_UNAVAILABLE) {
        return actor_give_up(actor, status_meaning(status));
    }
    return status;
}

static void actor_wait_to_retry(const struct actor *actor)
{
    const struct timespec step = {.tv_nsec = TICK_MS * 1000000L / 10};
    for (int i = 0; i < 10 && !atomic_load(&actor->runtime->stopping); i++) {
        nanosleep(&step, NULL);
    }
}

static bool actor_open(struct actor *actor)
{
    if (actor->runtime->spec->schema != NULL &&
        db_open(actor->runtime->settings.database_url, actor->runtime->spec->name,
                &actor->env.db) != OK &&
        actor->env.db == NULL) {
        return actor_give_up(actor, "the database address cannot be read") == OK;
    }
    enum status status = actor_try_open(actor);
    bool said = false;
    while (status == STATUS_UNAVAILABLE && !atomic_load(&actor->runtime->stopping)) {
        if (!said) {
            log_event(LOG_WARN, "actor.waits_for_database",
                      {"actor", LOG_S(kind_names[actor->env.kind])},
                      {"index", LOG_I(actor->env.index)},
                      {"why", LOG_S(actor->env.db != NULL ? db_last_error(actor->env.db) : "")});
            said = true;
        }
        actor_wait_to_retry(actor);
        status = actor_try_open(actor);
    }
    return status == OK;
}

/* Nothing waited for a second: is the connection still there? */
static void actor_idle(struct actor *actor)
{
    bool ready = atomic_load(&actor->ready);
    int64_t since_ms = clock_monotonic_ms() - actor->checked_ms;
    if (actor->env.db != NULL && (!ready || since_ms >= DB_CHECK_MS)) {
        actor_set_database(actor, db_ping(actor->env.db));
    }
}

static void actor_serve(struct actor *actor)
{
    struct call_list calls = STAILQ_HEAD_INITIALIZER(calls);
    while (queue_take(actor->queue, TICK_MS, &calls)) {
        if (STAILQ_EMPTY(&calls)) {
            actor_idle(actor);
            continue;
        }
        atomic_store(&actor->busy_since_ms, clock_monotonic_ms());
        batch_run(actor, &calls);
        atomic_store(&actor->busy_since_ms, 0);
        STAILQ_INIT(&calls);
    }
}

static void *actor_run(void *data)
{
    struct actor *actor = data;
    const struct service_spec *spec = actor->runtime->spec;
    if (actor_open(actor)) {
        actor_set_database(actor, OK);
        atomic_fetch_add(&actor->queue->serving, 1);
        actor_serve(actor);
        if (spec->actor_close != NULL) {
            spec->actor_close(actor->state);
        }
    }
    atomic_store(&actor->ready, false);
    db_close(actor->env.db);
    buf_fini(&actor->events);
    return NULL;
}

enum status actor_start(struct actor *actor)
{
    actor->started = pthread_create(&actor->thread, NULL, actor_run, actor) == 0;
    return actor->started ? OK : STATUS_INTERNAL;
}

void actor_join(struct actor *actor)
{
    if (actor->started) {
        pthread_join(actor->thread, NULL);
    }
}
