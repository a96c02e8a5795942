/* The object store in a folder of its own, and the seal of a file's bytes. Next: test_store.c */
#include "object_store.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "seal.h"

#define BYTES_MAX 100

static char dir[64];
static struct object_store *store;

static int open_store(void **state)
{
    (void)state;
    char base[] = "/tmp/wardroom-objects-XXXXXX";
    assert_non_null(mkdtemp(base));
    snprintf(dir, sizeof dir, "%s/objects", base);
    return object_store_open(dir, &store) != OK;
}

static int close_store(void **state)
{
    (void)state;
    object_store_close(store);
    *strrchr(dir, '/') = '\0';
    pid_t child = fork();
    if (child == 0) {
        execlp("rm", "rm", "-rf", "--", dir, (char *)NULL);
        _exit(127);
    }
    return waitpid(child, NULL, 0) != child;
}

static void path_of(const struct object_id *id, char out[256])
{
    char hex[33];
    hex_encode(bytes_of(id->b, sizeof id->b), hex);
    snprintf(out, 256, "%s/%.2s/%.2s/%s", dir, hex, hex + 2, hex);
}

static size_t incoming_count(void)
{
    char path[128];
    size_t count = 0;
    snprintf(path, sizeof path, "%s/incoming", dir);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    closedir(folder);
    return count;
}

static void test_an_object_comes_back_and_only_its_owner_reads_it(void **state)
{
    (void)state;
    char path[256];
    struct stat about;
    struct buf got = {0};
    struct object_id id = object_id_new();
    assert_int_equal(object_store_put(store, &id, bytes_text("sealed")), OK);
    assert_int_equal(object_store_get(store, &id, BYTES_MAX, &got), OK);
    assert_true(bytes_equal(buf_bytes(&got), bytes_text("sealed")));
    path_of(&id, path);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(incoming_count(), 0);
    object_store_remove(store, &id);
    assert_int_equal(object_store_get(store, &id, BYTES_MAX, &got), STATUS_NOT_FOUND);
    buf_fini(&got);
}

static void test_an_object_over_its_bound_is_corrupt(void **state)
{
    (void)state;
    uint8_t bytes[BYTES_MAX + 1] = {0};
    struct buf got = {0};
    struct object_id right = object_id_new(), large = object_id_new();
    assert_int_equal(object_store_put(store, &right, bytes_of(bytes, BYTES_MAX)), OK);
    assert_int_equal(object_store_put(store, &large, bytes_of(bytes, BYTES_MAX + 1)), OK);
    assert_int_equal(object_store_get(store, &right, BYTES_MAX, &got), OK);
    assert_int_equal(object_store_get(store, &large, BYTES_MAX, &got), STATUS_CORRUPT);
    assert_int_equal(got.len, BYTES_MAX);
    buf_fini(&got);
}

static void test_a_link_or_folder_in_the_place_of_an_object_is_not_followed(void **state)
{
    (void)state;
    char path[256];
    struct buf got = {0};
    struct object_id link_id = object_id_new(), folder_id = object_id_new();
    assert_int_equal(object_store_put(store, &link_id, bytes_text("x")), OK);
    path_of(&link_id, path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/etc/hostname", path), 0);
    assert_int_equal(object_store_get(store, &link_id, BYTES_MAX, &got), STATUS_UNAVAILABLE);
    assert_int_equal(object_store_put(store, &folder_id, bytes_text("x")), OK);
    path_of(&folder_id, path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(object_store_get(store, &folder_id, BYTES_MAX, &got), STATUS_CORRUPT);
    assert_int_equal(got.len, 0);
    buf_fini(&got);
}

static void test_what_a_crash_left_is_dropped_once_it_is_old(void **state)
{
    (void)state;
    char old[128], young[128];
    struct object_store *again;
    const struct timespec long_ago[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    snprintf(old, sizeof old, "%s/incoming/old", dir);
    snprintf(young, sizeof young, "%s/incoming/young", dir);
    close(open(old, O_CREAT | O_WRONLY, 0600));
    close(open(young, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(utimensat(AT_FDCWD, old, long_ago, 0), 0);
    assert_int_equal(object_store_open(dir, &again), OK);
    object_store_close(again);
    assert_int_not_equal(access(old, F_OK), 0);
    assert_int_equal(access(young, F_OK), 0);
    unlink(young);
}

static void test_a_folder_that_cannot_be_is_said_at_once(void **state)
{
    (void)state;
    struct object_store *none = NULL;
    assert_int_equal(object_store_open("/proc/nowhere/objects", &none), STATUS_UNAVAILABLE);
    assert_int_equal(object_store_open("/etc/hostname", &none), STATUS_UNAVAILABLE);
    assert_null(none);
}

static void test_a_put_into_a_folder_that_went_away_is_unavailable(void **state)
{
    (void)state;
    char gone[96];
    struct object_store *lost;
    struct object_id id = object_id_new();
    snprintf(gone, sizeof gone, "%s-gone", dir);
    assert_int_equal(object_store_open(gone, &lost), OK);
    char incoming[128];
    snprintf(incoming, sizeof incoming, "%s/incoming", gone);
    assert_int_equal(rmdir(incoming), 0);
    assert_int_equal(rmdir(gone), 0);
    assert_int_equal(object_store_put(lost, &id, bytes_text("x")), STATUS_UNAVAILABLE);
    object_store_close(lost);
}

static void test_sealed_bytes_open_for_their_file_tenant_and_key_only(void **state)
{
    (void)state;
    const struct keyring ring = {.count = 1, .keys = {{.id = 1, .bytes = {1}}}};
    const struct keyring other_ring = {.count = 1, .keys = {{.id = 1, .bytes = {2}}}};
    const struct tenant_id acme = {"acme"}, globex = {"globex"};
    const struct file_id file = {uuid_new()}, other_file = {uuid_new()};
    const struct file_seal right = {&ring, &acme, &file};
    const struct file_seal wrong[] = {
        {&other_ring, &acme, &file}, {&ring, &globex, &file}, {&ring, &acme, &other_file}};
    struct buf wrapped = {0}, sealed = {0}, plain = {0};
    assert_int_equal(file_seal_bytes(&right, bytes_text("evidence"), &wrapped, &sealed), OK);
    assert_null(memmem(sealed.data, sealed.len, "evidence", 8));
    assert_int_equal(file_open_bytes(&right, buf_bytes(&wrapped), buf_bytes(&sealed), &plain), OK);
    assert_true(bytes_equal(buf_bytes(&plain), bytes_text("evidence")));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        buf_clear(&plain);
        assert_int_equal(
            file_open_bytes(&wrong[i], buf_bytes(&wrapped), buf_bytes(&sealed), &plain),
            STATUS_CORRUPT);
        assert_int_equal(plain.len, 0);
    }
    buf_fini(&wrapped);
    buf_fini(&sealed);
    buf_fini(&plain);
}

static void test_a_rotated_ring_opens_what_the_old_key_sealed(void **state)
{
    (void)state;
    const struct keyring before = {.count = 1, .keys = {{.id = 1, .bytes = {1}}}};
    const struct keyring after = {.count = 2,
                                  .keys = {{.id = 2, .bytes = {2}}, {.id = 1, .bytes = {1}}}};
    const struct tenant_id acme = {"acme"};
    const struct file_id file = {uuid_new()};
    const struct file_seal old_seal = {&before, &acme, &file}, new_seal = {&after, &acme, &file};
    struct buf wrapped = {0}, sealed = {0}, plain = {0};
    assert_int_equal(file_seal_bytes(&old_seal, bytes_text(""), &wrapped, &sealed), OK);
    assert_int_equal(file_open_bytes(&new_seal, buf_bytes(&wrapped), buf_bytes(&sealed), &plain),
                     OK);
    assert_int_equal(plain.len, 0);
    buf_fini(&wrapped);
    buf_fini(&sealed);
    buf_fini(&plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_object_comes_back_and_only_its_owner_reads_it),
        cmocka_unit_test(test_an_object_over_its_bound_is_corrupt),
        cmocka_unit_test(test_a_link_or_folder_in_the_place_of_an_object_is_not_followed),
        cmocka_unit_test(test_what_a_crash_left_is_dropped_once_it_is_old),
        cmocka_unit_test(test_a_folder_that_cannot_be_is_said_at_once),
        cmocka_unit_test(test_a_put_into_a_folder_that_went_away_is_unavailable),
        cmocka_unit_test(test_sealed_bytes_open_for_their_file_tenant_and_key_only),
        cmocka_unit_test(test_a_rotated_ring_opens_what_the_old_key_sealed),
    };
    return cmocka_run_group_tests_name("files objects", tests, open_store, close_store);
}
