/* What was acknowledged stays, and what was changed behind our back is not given out. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/aead.h"

#define SECRET "the plaintext that must stand nowhere"

/* The objects there are, to find the one a call makes. */
struct listing {
    char paths[64][192];
    size_t count;
};

static void take_path(const char *path, void *data)
{
    struct listing *listing = data;
    assert_true(listing->count < 64);
    snprintf(listing->paths[listing->count++], sizeof listing->paths[0], "%s", path);
}

static bool listing_has(const struct listing *listing, const char *path)
{
    for (size_t i = 0; i < listing->count; i++) {
        if (strcmp(listing->paths[i], path) == 0) {
            return true;
        }
    }
    return false;
}

/* Store a file and find its object. */
static void store_and_find(const char *name, const char *text, uint8_t ret_id[16],
                           char ret_path[192])
{
    struct listing *before = calloc(1, sizeof *before), *after = calloc(1, sizeof *after);
    assert_true(before != NULL && after != NULL);
    each_object(take_path, before);
    store_file(name, bytes_text(text), ret_id);
    each_object(take_path, after);
    assert_int_equal(after->count, before->count + 1);
    for (size_t i = 0; i < after->count; i++) {
        if (!listing_has(before, after->paths[i])) {
            snprintf(ret_path, 192, "%s", after->paths[i]);
        }
    }
    free(before);
    free(after);
}

/* A whole small file; `ret_len` of at most 4096 bytes. */
static void slurp(const char *path, uint8_t bytes[4096], size_t *ret_len)
{
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    *ret_len = fread(bytes, 1, 4096, file);
    fclose(file);
}

static void spit(const char *path, const uint8_t *bytes, size_t len)
{
    FILE *file = fopen(path, "we");
    assert_true(file != NULL && fwrite(bytes, 1, len, file) == len && fclose(file) == 0);
}

static void assert_corrupt(uint8_t id[16])
{
    struct test_reply reply = content_of(id);
    assert_int_equal(reply.status, STATUS_CORRUPT);
    test_reply_free(&reply);
}

static void assert_whole(uint8_t id[16], const char *text)
{
    struct test_reply reply = content_of(id);
    assert_int_equal(reply.status, OK);
    const Files__ContentReply *got = (const Files__ContentReply *)reply.message;
    assert_true(bytes_equal(bytes_of(got->content.data, got->content.len), bytes_text(text)));
    test_reply_free(&reply);
}

static void test_acknowledged_files_survive_kill_9(void **state)
{
    (void)state;
    uint8_t ids[8][16];
    char text[8][32];
    for (int i = 0; i < 8; i++) {
        snprintf(text[i], sizeof text[i], "content %d", i);
        store_file("kept", bytes_text(text[i]), ids[i]);
    }
    kill_and_start();
    for (int i = 0; i < 8; i++) {
        assert_whole(ids[i], text[i]);
    }
}

static void test_an_object_says_nothing_of_what_it_holds(void **state)
{
    (void)state;
    uint8_t id[16], bytes[4096];
    char path[192];
    size_t len;
    store_and_find("secret-name.txt", SECRET, id, path);
    slurp(path, bytes, &len);
    assert_int_equal(len, strlen(SECRET) + SEALED_OVERHEAD);
    assert_null(memmem(bytes, len, SECRET, 8));
    assert_null(strstr(path, "secret-name"));
}

static void test_a_changed_object_is_corrupt(void **state)
{
    (void)state;
    uint8_t id[16], bytes[4096];
    char path[192];
    size_t len;
    store_and_find("tampered", SECRET, id, path);
    slurp(path, bytes, &len);
    const size_t places[] = {0, 1, 5, 17, len / 2, len - 1};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        bytes[places[i]] ^= 1;
        spit(path, bytes, len);
        assert_corrupt(id);
        bytes[places[i]] ^= 1;
    }
    spit(path, bytes, len - 1);
    assert_corrupt(id);
    spit(path, bytes, 0);
    assert_corrupt(id);
    bytes[len] = 0;
    spit(path, bytes, len + 1);
    assert_corrupt(id);
    spit(path, bytes, len);
    assert_whole(id, SECRET);
}

static void test_a_swapped_or_missing_object_is_corrupt(void **state)
{
    (void)state;
    uint8_t first[16], second[16], bytes[4096];
    char first_path[192], second_path[192];
    size_t len;
    store_and_find("first", "of the same length", first, first_path);
    store_and_find("second", "OF THE SAME LENGTH", second, second_path);
    slurp(first_path, bytes, &len);
    spit(second_path, bytes, len);
    assert_corrupt(second);
    assert_whole(first, "of the same length");
    assert_int_equal(unlink(second_path), 0);
    assert_corrupt(second);
    struct test_reply reply = ask(&acme, ROLE_ANALYST, &somebody, "Get", second);
    assert_int_equal(reply.status, OK);
    test_reply_free(&reply);
}

const struct CMUnitTest durable_tests[] = {
    cmocka_unit_test(test_acknowledged_files_survive_kill_9),
    cmocka_unit_test(test_an_object_says_nothing_of_what_it_holds),
    cmocka_unit_test(test_a_changed_object_is_corrupt),
    cmocka_unit_test(test_a_swapped_or_missing_object_is_corrupt),
};
const size_t durable_test_count = sizeof durable_tests / sizeof durable_tests[0];
