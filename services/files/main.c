/* wardroom-files: files of threads and their sealed bytes. A checklist. Next: rules.h */
#include "db/migrate.h"
#include "handlers.h"

static const struct option_row options[] = {
    {.name = "WARDROOM_FILES_DIR",
     .type = OPTION_TEXT,
     .unit = "",
     .help = "folder of the object store, made when it is missing; replicas share it",
     .text = &files_settings.dir},
    {.name = "WARDROOM_FILE_KEYS",
     .type = OPTION_SECRET,
     .unit = "",
     .help = "keys of file contents, id:base64,id:base64; the first seals",
     .text = &files_settings.keys},
    {0}};

static Files__Api_Service vtable = FILES__API__INIT(files_);

static const struct service_spec spec = {
    .name = "files",
    .summary = "files of threads: metadata, and sealed bytes in an object store",
    .vtable = (ProtobufCService *)&vtable,
    .rules = files_rules,
    .options = options,
    .schema = schema_files,
    .write_actors = 2, /* one waits for the disk while the other works */
    .read_actors = 2,
    .actor_open = files_actor_open,
    .actor_close = files_actor_close,
};

int main(int argc, char **argv)
{
    return service_run(&spec, argc, argv);
}
