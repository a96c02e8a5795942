/* wardroom-templates: question templates and their versions. A checklist. Next: rules.h */
#include "db/migrate.h"
#include "handlers.h"

static Templates__Api_Service vtable = TEMPLATES__API__INIT(templates_);

static const struct service_spec spec = {
    .name = "templates",
    .summary = "question templates and their immutable versions",
    .vtable = (ProtobufCService *)&vtable,
    .rules = templates_rules,
    .schema = schema_files,
    .write_actors = 1,
    .read_actors = 2,
    .actor_open = templates_actor_open,
    .actor_close = templates_actor_close,
};

int main(int argc, char **argv)
{
    return service_run(&spec, argc, argv);
}
