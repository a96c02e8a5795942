/* The options every service has, and the keys they hold.
 *
 * Next: mailbox.c
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "bus/runtime.h"

#define KEY_BYTES      32
#define KEY_TEXT_SIZE  64
#define IPC_PREFIX     "ipc://"
#define IPC_PATH_BYTES 100 /* sun_path holds 108 */
#define ROWS_MAX       16

static void text_row(struct option_row *row, enum option_type type, const char *name,
                     const char *fallback, const char *help, const char **text)
{
    *row = (struct option_row){
        .name = name, .type = type, .fallback = fallback, .unit = "", .help = help, .text = text};
}

/* Written by functions because the defaults of the numbers are the service's own. */
static void text_rows(struct settings *settings, struct option_row *row)
{
    text_row(row++, OPTION_TEXT, "WARDROOM_TRUST_DIR", NULL,
             "Folder with CURVE keys and jwks.json.", &settings->trust_dir);
    text_row(row++, OPTION_TEXT, "WARDROOM_LISTEN", NULL,
             "Where the mailbox binds: ipc:///path or tcp://IP:PORT, port below 32768.",
             &settings->listen);
    text_row(row++, OPTION_TEXT, "WARDROOM_ANNOUNCE_DIR", "",
             "Folder in which this replica says where it listens; clients use dir:PATH.",
             &settings->announce_dir);
    text_row(row++, OPTION_TEXT, "WARDROOM_OPS_LISTEN", "",
             "IP:PORT of /metrics, /livez and /readyz.", &settings->ops_listen);
    text_row(row++, OPTION_SECRET, "WARDROOM_DATABASE_URL", "",
             "The service's database, as its runtime login (as its migrator with --migrate).",
             &settings->database_url);
    text_row(row++, OPTION_SECRET, "WARDROOM_SERVICE_KEYS", "",
             "The service's keys, id:base64,id:base64; the first seals. Needed in production.",
             &settings->service_keys);
    text_row(row++, OPTION_SECRET, "WARDROOM_CHANNEL_KEY", "",
             "Key of the channel layer, id:base64; the same as the gateways'.",
             &settings->channel_key);
    text_row(row++, OPTION_SECRET, "REDIS_URL", "redis://localhost:6379/0",
             "Redis of the channel layer; several with commas share the tenants.",
             &settings->redis_url);
    text_row(row++, OPTION_TEXT, "WARDROOM_REGION", "default",
             "The region whose tenants this service holds.", &settings->region);
    text_row(row++, OPTION_TEXT, "WARDROOM_LOG_LEVEL", "info", "debug, info, warn or error.",
             &settings->log_level);
    text_row(row++, OPTION_TEXT, "WARDROOM_ENV", "development",
             "development or production; production refuses to start without its keys.",
             &settings->environment);
    *row = (struct option_row){0};
}

static void number_rows(struct settings *settings, const struct service_spec *spec,
                        struct option_row *row)
{
    static char fallbacks[ACTOR_KINDS][12];
    static const struct {
        const char *name, *help;
    } kinds[ACTOR_KINDS] = {
        {"WARDROOM_WRITE_ACTORS", "Write shards, each with a connection to the database."},
        {"WARDROOM_READ_ACTORS", "Readers, each with a connection to the database."},
        {"WARDROOM_WORK_ACTORS", "Workers for slow computation."}};
    unsigned counts[ACTOR_KINDS] = {spec->write_actors, spec->read_actors, spec->work_actors};
    for (int i = 0; i < ACTOR_KINDS; i++) {
        snprintf(fallbacks[i], sizeof fallbacks[i], "%u", counts[i]);
        *row++ = (struct option_row){.name = kinds[i].name,
                                     .type = OPTION_NUMBER,
                                     .fallback = fallbacks[i],
                                     .min = counts[i] > 0,
                                     .max = 16,
                                     .unit = "threads",
                                     .help = kinds[i].help,
                                     .number = &settings->actors[i]};
    }
    *row = (struct option_row){0};
}

/* False, said why: neither a path that fits nor a port that clients may be told. */
static bool listen_is_valid(const char *program, const char *listen)
{
    const char *colon = strrchr(listen, ':');
    if (strncmp(listen, IPC_PREFIX, strlen(IPC_PREFIX)) == 0) {
        const char *path = listen + strlen(IPC_PREFIX);
        if (path[0] == '/' && strlen(path) < IPC_PATH_BYTES) {
            return true;
        }
    } else if (strncmp(listen, "tcp://", 6) == 0 && colon > listen + 6 &&
               strlen(listen) < ENDPOINT_SIZE) {
        char *end;
        long port = strtol(colon + 1, &end, 10);
        if (*end == '\0' && port > 0 && port < PORT_BELOW) {
            return true;
        }
    }
    fprintf(stderr,
            "%s: WARDROOM_LISTEN must be ipc:// and an absolute path under %d bytes, or "
            "tcp://IP:PORT with a port below %d, not \"%s\"\n",
            program, IPC_PATH_BYTES, PORT_BELOW, listen);
    return false;
}

/* A key for development, made once and kept beside the trust files with mode 0600. */
static bool keep_development_key(const char *trust_dir, const char *service,
                                 char ret[KEY_TEXT_SIZE])
{
    char path[512];
    uint8_t key[KEY_BYTES];
    snprintf(path, sizeof path, "%s/%s.development_key", trust_dir, service);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && getrandom(key, sizeof key, 0) == sizeof key) {
        size_t len = base64_encode(bytes_of(key, sizeof key), false, ret, KEY_TEXT_SIZE);
        bytes_wipe(key, sizeof key);
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        bool wrote = fd >= 0 && write(fd, ret, len) == (ssize_t)len && fsync(fd) == 0;
        if (fd >= 0) {
            close(fd);
        }
        return wrote;
    }
    ssize_t len = fd >= 0 ? read(fd, ret, KEY_TEXT_SIZE - 1) : -1;
    if (fd >= 0) {
        close(fd);
    }
    ret[len > 0 ? len : 0] = '\0';
    return len > 0;
}

static enum status read_service_keys(const struct service_spec *spec, struct settings *settings)
{
    static char made[KEY_TEXT_SIZE];
    const char *text = settings->service_keys;
    if (text[0] == '\0' && settings->production) {
        fprintf(stderr,
                "%s: WARDROOM_SERVICE_KEYS is not set, and WARDROOM_ENV=production does "
                "not start without it\n",
                spec->name);
        return STATUS_INVALID;
    }
    if (text[0] == '\0') {
        if (!keep_development_key(settings->trust_dir, spec->name, made)) {
            fprintf(stderr, "%s: WARDROOM_SERVICE_KEYS is not set and no key can be kept in %s\n",
                    spec->name, settings->trust_dir);
            return STATUS_INVALID;
        }
        log_event(LOG_WARN, "keys.development",
                  {"why", LOG_S("WARDROOM_SERVICE_KEYS is not set; using a key kept in the trust "
                                "folder, which no production may do")});
        text = made;
    }
    enum status status = keyring_parse(text, &settings->keys);
    bytes_wipe(made, sizeof made);
    if (status != OK) {
        fprintf(stderr,
                "%s: WARDROOM_SERVICE_KEYS is not a list of id:key with keys of 32 bytes "
                "in base64 or hex\n",
                spec->name);
    }
    return status;
}

static enum status read_channel_key(const struct service_spec *spec, struct settings *settings)
{
    if (settings->channel_key[0] == '\0' && !spec->publishes) {
        return OK;
    }
    if (keyring_parse(settings->channel_key, &settings->channel_keys) != OK) {
        fprintf(stderr,
                "%s: WARDROOM_CHANNEL_KEY must be id:key with 32 bytes in base64 or hex, "
                "the same as the gateways'\n",
                spec->name);
        return STATUS_INVALID;
    }
    return OK;
}

static enum status settings_check(const struct service_spec *spec, struct settings *settings)
{
    settings->production = strcmp(settings->environment, "production") == 0;
    if (!settings->production && strcmp(settings->environment, "development") != 0) {
        fprintf(stderr, "%s: WARDROOM_ENV must be development or production\n", spec->name);
        return STATUS_INVALID;
    }
    if (!log_level_parse(settings->log_level, &settings->least)) {
        fprintf(stderr, "%s: WARDROOM_LOG_LEVEL must be debug, info, warn or error\n", spec->name);
        return STATUS_INVALID;
    }
    if (spec->schema != NULL && settings->database_url[0] == '\0') {
        fprintf(stderr, "%s: WARDROOM_DATABASE_URL is not set\n", spec->name);
        return STATUS_INVALID;
    }
    if (strlen(settings->region) >= REGION_NAME_SIZE) {
        fprintf(stderr, "%s: WARDROOM_REGION is over %d characters\n", spec->name,
                REGION_NAME_SIZE - 1);
        return STATUS_INVALID;
    }
    return listen_is_valid(spec->name, settings->listen) ? OK : STATUS_INVALID;
}

enum status settings_read(const struct service_spec *spec, int argc, char **argv,
                          struct settings *ret, bool *ret_exit)
{
    struct option_row texts[ROWS_MAX], numbers[ROWS_MAX];
    static const struct option_row none[] = {{0}};
    text_rows(ret, texts);
    number_rows(ret, spec, numbers);
    const struct option_row *tables[] = {texts, numbers,
                                         spec->options != NULL ? spec->options : none, NULL};
    enum status status = options_read(spec->name, spec->summary, tables, argc, argv, ret_exit);
    if (status != OK || *ret_exit) {
        return status;
    }
    status = settings_check(spec, ret);
    if (status != OK) {
        return status;
    }
    log_open(spec->name, ret->least);
    status = read_service_keys(spec, ret);
    return status == OK ? read_channel_key(spec, ret) : status;
}

enum status settings_read_migrate(const struct service_spec *spec, int argc, char **argv,
                                  const char **ret_url, bool *ret_exit)
{
    const struct option_row rows[] = {{.name = "WARDROOM_DATABASE_URL",
                                       .type = OPTION_SECRET,
                                       .unit = "",
                                       .help = "The service's database, as its migrator login.",
                                       .text = ret_url},
                                      {0}};
    const struct option_row *tables[] = {rows, NULL};
    return options_read(spec->name, spec->summary, tables, argc, argv, ret_exit);
}
