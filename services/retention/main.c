/* wardroom-retention: how long a tenant keeps what it has. A checklist. Next: rules.h */
#include "db/migrate.h"
#include "handlers.h"

static Retention__Api_Service vtable = RETENTION__API__INIT(retention_);

static const struct service_spec spec = {
    .name = "retention",
    .summary = "retention policies of tenants",
    .vtable = (ProtobufCService *)&vtable,
    .rules = retention_rules,
    .schema = schema_files,
    .write_actors = 1,
    .read_actors = 1,
};

int main(int argc, char **argv)
{
    return service_run(&spec, argc, argv);
}
