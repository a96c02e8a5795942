/* wardroom-auth: accounts, tenants, sessions and tokens. A checklist. Next: rules.h */
#include "db/migrate.h"
#include "handlers.h"

static const struct option_row options[] = {
    {.name = "WARDROOM_SIGNING_DIR",
     .type = OPTION_TEXT,
     .fallback = "/etc/wardroom/trust/signing",
     .unit = "",
     .help = "folder of the keys that sign tokens, <kid>.pem; the last by name signs",
     .text = &auth_settings.signing_dir},
    {.name = "WARDROOM_ACCESS_TOKEN_S",
     .type = OPTION_NUMBER,
     .fallback = "900",
     .min = 60,
     .max = 3600,
     .unit = "s",
     .help = "how long an access token is good",
     .number = &auth_settings.access_s},
    {.name = "WARDROOM_REFRESH_TOKEN_S",
     .type = OPTION_NUMBER,
     .fallback = "2592000",
     .min = 3600,
     .max = 7776000,
     .unit = "s",
     .help = "how long a session lasts that is not used",
     .number = &auth_settings.refresh_s},
    {.name = "WARDROOM_REGIONS",
     .type = OPTION_TEXT,
     .fallback = "default",
     .unit = "",
     .help = "comma-separated regions that a tenant may be made in",
     .text = &auth_settings.regions},
    {0}};

static Auth__Api_Service vtable = AUTH__API__INIT(auth_);

static const struct service_spec spec = {
    .name = "auth",
    .summary = "accounts, tenants, sessions and tokens",
    .vtable = (ProtobufCService *)&vtable,
    .rules = auth_rules,
    .options = options,
    .schema = schema_files,
    .write_actors = 1,
    .read_actors = 2,
    .work_actors = 2, /* argon2 at 19 MiB each: no more at once */
    .actor_open = auth_actor_open,
    .actor_close = auth_actor_close,
};

int main(int argc, char **argv)
{
    auth_metrics_register();
    return service_run(&spec, argc, argv);
}
