/* The cases of the JSON Schema Test Suite that lie beside the project, every required one and
 * `optional/format` with formats asserted; passes are counted and printed per file. Without the
 * folder it says so and is skipped: the other tests here have cases of their own.
 */
#include <dirent.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "schema/schema.h"

#define SUITE         SOURCE_DIR "/../shared/json-schema-test-suite"
#define DOCUMENTS_MAX 256
#define FILES_MAX     128

static struct schema_document documents[DOCUMENTS_MAX];
static size_t documents_len;

static struct bytes read_file(const char *path)
{
    struct buf content = {0};
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    for (;;) {
        uint8_t *room = buf_reserve(&content, 65536);
        assert_non_null(room);
        size_t len = fread(room, 1, 65536, file);
        content.len += len;
        if (len == 0)
            break;
    }
    fclose(file);
    return buf_bytes(&content);
}

static bool ends_with_json(const char *name)
{
    size_t len = strlen(name);
    return len > 5 && strcmp(name + len - 5, ".json") == 0;
}

/* Every document below remotes/, as http://localhost:1234/draft2020-12/... */
static void read_remotes(const char *folder, const char *inside)
{
    char path[4096];
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        char name[512];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        snprintf(name, sizeof name, "%s%s%s", inside, *inside ? "/" : "", entry->d_name);
        if (!ends_with_json(name)) {
            read_remotes(path, name);
            continue;
        }
        char *uri = malloc(1024);
        assert_true(documents_len < DOCUMENTS_MAX);
        /* The whole suite has a folder per draft, the part beside us has not. */
        const char *draft = strncmp(name, "draft", 5) == 0 ? "" : "draft2020-12/";
        snprintf(uri, 1024, "http://localhost:1234/%s%s", draft, name);
        documents[documents_len++] = (struct schema_document){uri, read_file(path)};
    }
    closedir(dir);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t list_files(const char *folder, char **names)
{
    size_t count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (!ends_with_json(entry->d_name))
            continue;
        assert_true(count < FILES_MAX);
        names[count++] = strdup(entry->d_name);
    }
    closedir(dir);
    qsort(names, count, sizeof *names, by_name);
    return count;
}

struct tally {
    unsigned passed, failed;
};

static void say(const char *group, const char *test, const char *words)
{
    print_message("    %s / %s: %s\n", group, test, words);
}

static void run_group(json_t *group, const struct schema_options *options, struct tally *tally)
{
    const char *name = json_string_value(json_object_get(group, "description"));
    json_t *tests = json_object_get(group, "tests"), *test;
    char *text = json_dumps(json_object_get(group, "schema"), JSON_ENCODE_ANY);
    struct schema *schema = NULL;
    struct schema_errors errors;
    size_t i;
    enum status status = schema_compile(bytes_text(text), options, &schema, &errors);
    json_array_foreach(tests, i, test)
    {
        const char *description = json_string_value(json_object_get(test, "description"));
        json_t *data = json_object_get(test, "data");
        enum status expected =
            json_is_true(json_object_get(test, "valid")) ? OK : STATUS_VALIDATION_FAILED;
        if (status != OK) {
            say(name, description, errors.count ? errors.list[0].detail : "does not compile");
            tally->failed++;
            continue;
        }
        /* The verdict alone and the list of faults are two ways through the code. */
        enum status quick = schema_check(schema, data, NULL);
        enum status thorough = schema_check(schema, data, &errors);
        bool passed =
            quick == expected && thorough == expected && (errors.count > 0) == (expected != OK);
        if (!passed)
            say(name, description, expected == OK ? "must be valid" : "must not be valid");
        tally->passed += passed;
        tally->failed += !passed;
    }
    schema_free(schema);
    free(text);
}

static struct tally run_folder(const char *folder, bool formats_asserted)
{
    char *names[FILES_MAX], path[4096];
    size_t count = list_files(folder, names);
    struct tally sum = {0};
    struct schema_options options = {.bytes_max = 1024 * 1024,
                                     .depth_max = 64,
                                     .subschemas_max = 5000,
                                     .steps_max = 1000000,
                                     .formats_asserted = formats_asserted,
                                     .documents = documents,
                                     .documents_len = documents_len};
    for (size_t i = 0; i < count; i++) {
        struct tally tally = {0};
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        json_t *groups = json_load_file(path, JSON_ALLOW_NUL, NULL), *group;
        size_t at;
        assert_non_null(groups);
        json_array_foreach(groups, at, group) run_group(group, &options, &tally);
        print_message("  %-32s %4u of %4u\n", names[i], tally.passed, tally.passed + tally.failed);
        sum.passed += tally.passed;
        sum.failed += tally.failed;
        json_decref(groups);
        free(names[i]);
    }
    print_message("  %-32s %4u of %4u\n", "all", sum.passed, sum.passed + sum.failed);
    return sum;
}

static void skip_without_suite(void)
{
    DIR *dir = opendir(SUITE "/draft2020-12");
    if (!dir) {
        print_message("There is no %s: skipped.\n", SUITE);
        skip();
    }
    closedir(dir);
    if (documents_len == 0)
        read_remotes(SUITE "/remotes", "");
}

static void test_every_required_case_passes(void **state)
{
    (void)state;
    skip_without_suite();
    struct tally tally = run_folder(SUITE "/draft2020-12", false);
    assert_int_equal(tally.failed, 0);
    assert_true(tally.passed > 0);
}

static void test_every_case_of_optional_format_passes(void **state)
{
    (void)state;
    skip_without_suite();
    struct tally tally = run_folder(SUITE "/draft2020-12/optional/format", true);
    assert_int_equal(tally.failed, 0);
    assert_true(tally.passed > 0);
}

static int free_documents(void **state)
{
    (void)state;
    for (size_t i = 0; i < documents_len; i++) {
        free((char *)documents[i].uri);
        free((uint8_t *)documents[i].text.data);
    }
    documents_len = 0;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_required_case_passes),
        cmocka_unit_test(test_every_case_of_optional_format_passes),
    };
    return cmocka_run_group_tests(tests, NULL, free_documents);
}
