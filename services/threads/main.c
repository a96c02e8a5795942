/* wardroom-threads: threads, their messages and who takes part. A checklist; next: handlers.h */
#include "db/migrate.h"
#include "threads/actor.h"
#include "threads/handlers.h"

int main(int argc, char **argv)
{
    const struct service_spec spec = {
        .name = "threads",
        .summary = "threads, messages, participants and read marks",
        .vtable = &threads_vtable.base,
        .rules = threads_rules,
        .options = (const struct option_row[]){{0}},
        .schema = schema_files,
        .write_actors = 2,
        .read_actors = 2,
        .publishes = true,
        .actor_open = threads_actor_open,
        .actor_forget = threads_actor_forget,
        .actor_close = threads_actor_close,
    };
    return service_run(&spec, argc, argv);
}
