/* `wardroomctl keys init`: what it makes, keeps and refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "crypto/keyring.h"
#include "crypto/token.h"
#include "run.h"

#define KEY_A "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
#define KEY_B "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="

static char dir[64], trust[80], secrets[80];
static const char *const own_keys[] = {"DB_ENCRYPTION_KEY=" KEY_A, "FILE_ENCRYPTION_KEY=" KEY_B,
                                       "WARDROOM_ENV=production", NULL};

static int make(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/wardroom-keys-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(trust, sizeof trust, "%s/trust", dir);
    snprintf(secrets, sizeof secrets, "%s/secrets", dir);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf -- %s", dir);
    return system(command);
}

static struct run init(const char *const *environment)
{
    return RUN(environment, "keys", "init", "--trust", trust, "--secrets", secrets);
}

static int mode_of(const char *name)
{
    char path[200];
    struct stat found;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return stat(path, &found) == 0 ? (int)(found.st_mode & 07777) : -1;
}

static void read_text(const char *name, char out[4096])
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    out[fread(out, 1, 4095, file)] = '\0';
    fclose(file);
}

static void read_ring(const char *name, struct keyring *ret)
{
    char text[4096];
    read_text(name, text);
    text[strcspn(text, "\n")] = '\0';
    assert_int_equal(keyring_parse(text, ret), OK);
}

static void test_everything_is_made_and_only_for_its_owner(void **state)
{
    (void)state;
    static const char *const secret[] = {
        "trust/gateway.secret",       "trust/auth.secret",   "trust/threads.secret",
        "trust/templates.secret",     "trust/files.secret",  "trust/retention.secret",
        "trust/admin.secret",         "secrets/auth.keys",   "secrets/threads.keys",
        "secrets/templates.keys",     "secrets/files.keys",  "secrets/files.content.keys",
        "secrets/retention.keys",     "secrets/channel.key", "secrets/db_encryption_key",
        "secrets/file_encryption_key"};
    assert_int_equal(init(NULL).code, 0);
    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++) {
        assert_int_equal(mode_of(secret[i]), 0600);
    }
    assert_int_equal(mode_of("trust"), 0700);
    assert_int_equal(mode_of("secrets"), 0700);
    assert_int_equal(mode_of("trust/signing"), 0700);
    assert_int_equal(mode_of("trust/public"), 0755);
    assert_int_equal(mode_of("trust/public/admin.pub"), 0644);
    assert_int_equal(mode_of("trust/jwks.json"), 0644);
}

static void test_the_published_key_set_is_one_that_verifiers_take(void **state)
{
    (void)state;
    assert_int_equal(init(NULL).code, 0);
    struct token_verifier *verifier = token_verifier_new(trust);
    assert_non_null(verifier);
    token_verifier_free(verifier);
}

static void test_a_second_time_changes_nothing(void **state)
{
    (void)state;
    static const char *const kept[] = {"trust/auth.secret", "trust/jwks.json", "secrets/auth.keys",
                                       "secrets/channel.key", "secrets/db_encryption_key"};
    char before[5][4096], after[4096];
    assert_int_equal(init(NULL).code, 0);
    for (size_t i = 0; i < 5; i++) {
        read_text(kept[i], before[i]);
    }
    assert_int_equal(init(NULL).code, 0);
    for (size_t i = 0; i < 5; i++) {
        read_text(kept[i], after);
        assert_string_equal(before[i], after);
    }
}

static void test_generated_keys_are_warned_about_and_set_ones_are_not(void **state)
{
    (void)state;
    assert_non_null(strstr(init(NULL).err, "DB_ENCRYPTION_KEY is not set"));
    drop(NULL);
    make(NULL);
    struct run run = init(own_keys);
    assert_int_equal(run.code, 0);
    assert_string_equal(run.err, "");
    assert_string_equal(run.out, "");
    assert_int_equal(mode_of("secrets/db_encryption_key"), -1);
}

static void test_each_service_has_a_key_of_its_own_from_the_master(void **state)
{
    (void)state;
    struct keyring auth, threads, files, contents;
    uint8_t master[KEY_SIZE], expected[KEY_SIZE];
    assert_int_equal(init(own_keys).code, 0);
    read_ring("secrets/auth.keys", &auth);
    read_ring("secrets/threads.keys", &threads);
    read_ring("secrets/files.keys", &files);
    read_ring("secrets/files.content.keys", &contents);
    memset(master, 1, sizeof master);
    hkdf_sha256(bytes_of(master, sizeof master), "wardroom/service/auth", expected, KEY_SIZE);
    assert_memory_equal(auth.keys[0].bytes, expected, KEY_SIZE);
    assert_int_equal(auth.keys[0].id, 1);
    assert_memory_not_equal(auth.keys[0].bytes, threads.keys[0].bytes, KEY_SIZE);
    assert_memory_not_equal(files.keys[0].bytes, contents.keys[0].bytes, KEY_SIZE);
    memset(master, 2, sizeof master);
    hkdf_sha256(bytes_of(master, sizeof master), "wardroom/service/files", expected, KEY_SIZE);
    assert_memory_equal(contents.keys[0].bytes, expected, KEY_SIZE);
}

static void test_a_rotation_adds_a_key_and_keeps_the_old_one(void **state)
{
    (void)state;
    static const char *const rotated[] = {"DB_ENCRYPTION_KEY=2:" KEY_B ",1:" KEY_A,
                                          "FILE_ENCRYPTION_KEY=" KEY_B, NULL};
    struct keyring before, after;
    assert_int_equal(init(own_keys).code, 0);
    read_ring("secrets/auth.keys", &before);
    assert_int_equal(init(rotated).code, 0);
    read_ring("secrets/auth.keys", &after);
    assert_int_equal(after.count, 2);
    assert_int_equal(after.keys[0].id, 2);
    assert_memory_equal(after.keys[1].bytes, before.keys[0].bytes, KEY_SIZE);
}

static void test_a_master_that_would_lock_data_away_is_refused(void **state)
{
    (void)state;
    static const char *const other[] = {"DB_ENCRYPTION_KEY=" KEY_B, "FILE_ENCRYPTION_KEY=" KEY_B,
                                        NULL};
    struct keyring before, after;
    assert_int_equal(init(own_keys).code, 0);
    read_ring("secrets/auth.keys", &before);
    struct run run = init(other);
    assert_int_equal(run.code, 1);
    assert_non_null(strstr(run.err, "DB_ENCRYPTION_KEY"));
    assert_null(strstr(run.err, KEY_B));
    read_ring("secrets/auth.keys", &after);
    assert_memory_equal(&before, &after, sizeof before);
}

static void test_production_does_not_make_up_a_master(void **state)
{
    (void)state;
    static const char *const half[] = {"WARDROOM_ENV=production", "DB_ENCRYPTION_KEY=" KEY_A, NULL};
    assert_int_equal(init(half).code, 1);
    assert_non_null(strstr(init(half).err, "FILE_ENCRYPTION_KEY is not set"));
    assert_int_equal(mode_of("secrets/file_encryption_key"), -1);
}

static void test_an_ill_formed_master_is_refused_and_not_repeated(void **state)
{
    (void)state;
    static const char *const wrong[] = {"DB_ENCRYPTION_KEY=hunter2hunter2", NULL};
    struct run run = init(wrong);
    assert_int_equal(run.code, 1);
    assert_null(strstr(run.err, "hunter2"));
}

static void test_a_folder_behind_a_link_is_refused(void **state)
{
    (void)state;
    assert_int_equal(symlink("/tmp", secrets), 0);
    assert_int_equal(init(NULL).code, 1);
}

static void test_what_is_no_command_is_a_usage_error(void **state)
{
    (void)state;
    assert_int_equal(RUN(NULL, "keys").code, 2);
    assert_int_equal(RUN(NULL, "keys", "init").code, 2);
    assert_int_equal(RUN(NULL, "keys", "init", "--trust").code, 2);
    assert_int_equal(RUN(NULL, "keys", "init", "--what", "x").code, 2);
    assert_int_equal(RUN(NULL, "nonsense").code, 2);
    assert_int_equal(run_ctl(NULL, NULL, NULL).code, 2);
    assert_int_equal(RUN(NULL, "--version").code, 0);
    assert_non_null(strstr(RUN(NULL, "--help").out, "keys init"));
}

#define KEYS_TEST(test) cmocka_unit_test_setup_teardown(test, make, drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        KEYS_TEST(test_everything_is_made_and_only_for_its_owner),
        KEYS_TEST(test_the_published_key_set_is_one_that_verifiers_take),
        KEYS_TEST(test_a_second_time_changes_nothing),
        KEYS_TEST(test_generated_keys_are_warned_about_and_set_ones_are_not),
        KEYS_TEST(test_each_service_has_a_key_of_its_own_from_the_master),
        KEYS_TEST(test_a_rotation_adds_a_key_and_keeps_the_old_one),
        KEYS_TEST(test_a_master_that_would_lock_data_away_is_refused),
        KEYS_TEST(test_production_does_not_make_up_a_master),
        KEYS_TEST(test_an_ill_formed_master_is_refused_and_not_repeated),
        KEYS_TEST(test_a_folder_behind_a_link_is_refused),
        KEYS_TEST(test_what_is_no_command_is_a_usage_error),
    };
    return cmocka_run_group_tests_name("wardroomctl keys", tests, NULL, NULL);
}
