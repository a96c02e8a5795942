/* `wardroomctl keys init`: every key of an installation, made where it is missing.
 *
 * Safe to run at every start and after an interruption: nothing that exists is replaced. Secrets
 * are files of mode 0600 in folders of mode 0700; only `<trust>/public` and `jwks.json` may be read
 * by others. Next: files.h
 */
#include <stdio.h>
#include <string.h>

#include "bus/curve.h"
#include "command.h"
#include "core/cleanup.h"
#include "files.h"
#include "masters.h"
#include "signing.h"

static const char *const programs[] = {"gateway", "auth",      "threads", "templates",
                                       "files",   "retention", "admin"};
static const char *const services[] = {"auth", "threads", "templates", "files", "retention"};

static const char *environment;
static struct master database_master = {.option = "DB_ENCRYPTION_KEY", .file = "db_encryption_key"};
static struct master files_master = {.option = "FILE_ENCRYPTION_KEY",
                                     .file = "file_encryption_key"};

const struct option_row keys_options[] = {
    {.name = "WARDROOM_ENV",
     .type = OPTION_TEXT,
     .fallback = "development",
     .unit = "",
     .help = "keys init: production refuses to generate the two keys below",
     .text = &environment},
    {.name = "DB_ENCRYPTION_KEY",
     .type = OPTION_SECRET,
     .fallback = "",
     .unit = "",
     .help = "keys init: 32 bytes, base64 or hex, or id:key,id:key; else one is generated",
     .text = &database_master.value},
    {.name = "FILE_ENCRYPTION_KEY",
     .type = OPTION_SECRET,
     .fallback = "",
     .unit = "",
     .help = "keys init: the same, for the bytes of files",
     .text = &files_master.value},
    {0}};

struct places {
    const char *trust, *secrets, *name;
};

static bool arguments_read(int argc, char **argv, struct places *ret)
{
    const struct {
        const char *flag;
        const char **value;
    } flags[] = {{"--trust", &ret->trust}, {"--secrets", &ret->secrets}, {"--name", &ret->name}};
    for (int i = 0; i < argc; i += 2) {
        size_t at = 0;
        while (at < 3 && strcmp(argv[i], flags[at].flag) != 0) {
            at++;
        }
        if (at == 3 || i + 1 == argc) {
            say(at == 3 ? "keys init does not know %s" : "%s needs a value", argv[i]);
            return false;
        }
        *flags[at].value = argv[i + 1];
    }
    if (ret->trust == NULL || ret->secrets == NULL) {
        say("keys init needs --trust DIR and --secrets DIR");
        return false;
    }
    return true;
}

static enum status folders_make(const struct places *places)
{
    char public_folder[PATH_SIZE];
    if (!path_join(public_folder, places->trust, "public")) {
        return STATUS_INVALID;
    }
    enum status status = folder_make(places->secrets, 0700);
    if (status == OK) {
        status = folder_make(places->trust, 0700);
    }
    return status == OK ? folder_make(public_folder, 0755) : status;
}

static enum status curve_pairs_make(const char *trust_dir)
{
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        enum status status = curve_make_pair(trust_dir, programs[i]);
        if (status != OK) {
            say("cannot make the CURVE keys of %s in %s", programs[i], trust_dir);
            return status;
        }
    }
    return OK;
}

static enum status service_keys_make(const char *secrets_dir)
{
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
        char file[64], purpose[64];
        snprintf(file, sizeof file, "%s.keys", services[i]);
        snprintf(purpose, sizeof purpose, "wardroom/service/%s", services[i]);
        enum status status = master_derive(&database_master, secrets_dir, file, purpose);
        if (status != OK) {
            return status;
        }
    }
    return master_derive(&files_master, secrets_dir, "files.content.keys",
                         "wardroom/service/files");
}

/* Seals what goes through Redis; nothing lasting, so it is never the operator's to choose. */
static enum status channel_key_make(const char *secrets_dir)
{
    char path[PATH_SIZE], text[45];
    CLEANUP(buf_wipe) struct buf line = {0};
    if (!path_join(path, secrets_dir, "channel.key")) {
        return STATUS_INVALID;
    }
    enum status status = file_get(path, &line);
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    uint8_t key[KEY_SIZE];
    random_bytes(key, sizeof key);
    base64_encode(bytes_of(key, sizeof key), false, text, sizeof text);
    buf_printf(&line, "1:%s\n", text);
    bytes_wipe(key, sizeof key);
    bytes_wipe(text, sizeof text);
    return line.failed ? STATUS_UNAVAILABLE : file_put(path, 0600, buf_bytes(&line));
}

static enum status keys_make(const struct places *places)
{
    bool production = strcmp(environment, "production") == 0;
    enum status status = folders_make(places);
    if (status == OK) {
        status = master_load(&database_master, places->secrets, production);
    }
    if (status == OK) {
        status = master_load(&files_master, places->secrets, production);
    }
    if (status == OK) {
        status = service_keys_make(places->secrets);
    }
    if (status == OK) {
        status = channel_key_make(places->secrets);
    }
    if (status == OK) {
        status = curve_pairs_make(places->trust);
    }
    return status == OK ? signing_init(places->trust) : status;
}

static void warn_of_generated(const struct master *master, const struct places *places)
{
    if (master->generated) {
        say("%s: %s is not set; a generated key in %s/%s is used. Back that file up: without it "
            "nothing that is stored can be read",
            places->name, master->option, places->secrets, master->file);
    }
}

int keys_init_run(int argc, char **argv)
{
    const struct option_row *const tables[] = {keys_options, NULL};
    struct places places = {.name = "this host"};
    bool printed;
    if (!arguments_read(argc, argv, &places) ||
        options_read("wardroomctl", "", tables, 0, NULL, &printed) != OK) {
        return EXIT_USAGE;
    }
    enum status status = keys_make(&places);
    if (status == OK) {
        warn_of_generated(&database_master, &places);
        warn_of_generated(&files_master, &places);
    }
    keyring_wipe(&database_master.ring);
    keyring_wipe(&files_master.ring);
    return status == OK ? EXIT_DONE : EXIT_REFUSED;
}
