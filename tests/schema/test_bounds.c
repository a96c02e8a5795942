/* Hostile schemas and values: each bound from both sides, each with its documented answer; and the
 * list of faults that a form is shown. */
#include <pthread.h>
#include <stdio.h>
#include "fixture.h"

static void repeat(struct buf *out, const char *text, unsigned times)
{
    while (times-- > 0)
        buf_text(out, text);
}

static enum status compile_buf(struct buf *text, struct schema_errors *errors)
{
    struct schema *schema = NULL;
    enum status status = schema_compile(buf_bytes(text), NULL, &schema, errors);
    schema_free(schema);
    buf_fini(text);
    *text = (struct buf){0};
    return status;
}

static void test_a_schema_may_have_64_kib_and_no_more(void **state)
{
    struct buf text = {0};
    (void)state;
    buf_text(&text, "{\"title\":\"");
    repeat(&text, "x", SCHEMA_BYTES_MAX - 12);
    buf_text(&text, "\"}");
    assert_int_equal(text.len, SCHEMA_BYTES_MAX);
    assert_int_equal(compile_buf(&text, NULL), OK);
    buf_text(&text, "{\"title\":\"");
    repeat(&text, "x", SCHEMA_BYTES_MAX - 11);
    buf_text(&text, "\"}");
    assert_int_equal(compile_buf(&text, NULL), STATUS_TOO_LARGE);
}

static void nest(struct buf *text, unsigned levels)
{
    repeat(text, "{\"items\":", levels - 1);
    buf_text(text, "{}");
    repeat(text, "}", levels - 1);
}

static void test_sub_schemas_nest_16_deep_and_no_deeper(void **state)
{
    struct buf text = {0};
    struct schema_errors errors;
    (void)state;
    nest(&text, SCHEMA_DEPTH_MAX);
    assert_int_equal(compile_buf(&text, NULL), OK);
    nest(&text, SCHEMA_DEPTH_MAX + 1);
    assert_int_equal(compile_buf(&text, &errors), STATUS_TOO_LARGE);
    assert_int_equal(errors.count, 1);
    nest(&text, 5000);
    assert_int_equal(compile_buf(&text, NULL), STATUS_TOO_LARGE);
}

static void test_there_are_500_sub_schemas_and_no_more(void **state)
{
    struct buf text = {0};
    (void)state;
    for (unsigned extra = 0; extra < 2; extra++) {
        buf_text(&text, "{\"allOf\":[{}");
        repeat(&text, ",{}", SCHEMA_SUBSCHEMAS_MAX - 2 + extra);
        buf_text(&text, "]}");
        assert_int_equal(compile_buf(&text, NULL), extra ? STATUS_TOO_LARGE : OK);
    }
}

static void test_text_that_is_not_json_is_invalid(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "{'a':1,}",
        "[1,]",
        "{'a':1,'a':2}",
        "01",
        "1.",
        "+1",
        "1e",
        "nul",
        "'\\ud800'",
        "'\\x'",
        "'a\nb'",
        "'a",
        "{'a' 1}",
        "{a:1}",
        "1 2",
        "[1 2]",
        "[1}",
        "-",
        "9223372036854775808",
        "1e999",
        "\xFF",
        "'\xC3\x28'",
        "{'a\\u0000b':1}",
        "'\\udc00'",
        "'\\ud800\\u0041'",
        "[",
        "'\xED\xA0\x80'",
    };
    struct schema *any = compiled("true", NULL);
    struct schema_errors errors;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        assert_int_equal(compile_status(texts[i], NULL, NULL), STATUS_INVALID);
        assert_int_equal(check_status(any, texts[i], &errors), STATUS_INVALID);
        assert_int_equal(errors.count, 1);
    }
    assert_int_equal(
        check_status(any, " [ -9223372036854775808 , 1.5E+2 , '\\ud83d\\ude00' ] ", &errors), OK);
    schema_free(any);
}

static void test_values_nest_16_deep_and_no_deeper(void **state)
{
    struct schema *schema = compiled("{'items':{'$ref':'#'}}", NULL);
    struct buf value = {0};
    (void)state;
    for (unsigned levels = SCHEMA_DEPTH_MAX; levels <= SCHEMA_DEPTH_MAX + 1; levels++) {
        repeat(&value, "[", levels);
        buf_text(&value, "1");
        repeat(&value, "]", levels);
        assert_int_equal(schema_check_text(schema, buf_bytes(&value), NULL),
                         levels > SCHEMA_DEPTH_MAX ? STATUS_TOO_LARGE : OK);
        buf_clear(&value);
    }
    repeat(&value, "[", 100000);
    assert_int_equal(schema_check_text(schema, buf_bytes(&value), NULL), STATUS_TOO_LARGE);
    buf_fini(&value);
    schema_free(schema);
}

/* Each level applies the next one twice: 2^14 times the last. */
static void test_a_schema_bomb_ends_at_the_budget(void **state)
{
    struct buf text = {0};
    struct schema *schema = NULL;
    struct schema_errors errors;
    (void)state;
    buf_text(&text, "{\"$ref\":\"#/$defs/0\",\"$defs\":{");
    for (int i = 0; i < 30; i++)
        buf_printf(&text,
                   "\"%d\":{\"allOf\":[{\"$ref\":\"#/$defs/%d\"},{\"$ref\":\"#/$defs/%d\"}]},", i,
                   i + 1, i + 1);
    buf_text(&text, "\"30\":true}}");
    assert_int_equal(schema_compile(buf_bytes(&text), NULL, &schema, NULL), OK);
    assert_int_equal(check_status(schema, "1", NULL), STATUS_TOO_LARGE);
    assert_int_equal(check_status(schema, "1", &errors), STATUS_TOO_LARGE);
    assert_int_equal(errors.count, 1);
    schema_free(schema);
    buf_fini(&text);
}

static void test_a_dynamic_circle_ends_at_the_depth(void **state)
{
    struct schema *schema =
        compiled("{'$id':'http://a.example/','$ref':'b','$dynamicAnchor':'x','$defs':{'b':"
                 "{'$id':'b','$dynamicRef':'#x','$defs':{'c':{'$dynamicAnchor':'x'}}}}}",
                 &open_options);
    (void)state;
    assert_int_equal(check_status(schema, "1", NULL), STATUS_TOO_LARGE);
    schema_free(schema);
}

static void test_a_pattern_that_backtracks_without_end_is_stopped(void **state)
{
    struct schema *schema = compiled("{'pattern':'^(a+)+$'}", NULL);
    struct schema *names = compiled("{'patternProperties':{'^(a+)+$':true}}", NULL);
    (void)state;
    assert_int_equal(check_status(schema, "'aaaaaaaaaaaaaaa'", NULL), OK);
    assert_int_equal(
        check_status(schema, "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'", NULL),
        STATUS_TOO_LARGE);
    assert_int_equal(check_status(names, "{'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab':1}", NULL),
                     STATUS_TOO_LARGE);
    schema_free(schema);
    schema_free(names);
}

static void test_an_expression_too_large_for_pcre2_is_refused(void **state)
{
    struct schema_errors errors;
    (void)state;
    assert_int_equal(compile_status("{'pattern':'(((a{1000}){1000}){1000})'}", NULL, &errors),
                     STATUS_VALIDATION_FAILED);
    assert_fault(&errors, "/pattern", "pattern");
}

static void test_a_huge_enum_is_searched_and_counted(void **state)
{
    struct buf text = {0};
    struct schema *schema = NULL;
    (void)state;
    buf_text(&text, "{\"enum\":[0");
    for (int i = 1; i < 10000; i++)
        buf_printf(&text, ",%d", i);
    buf_text(&text, "]}");
    assert_int_equal(schema_compile(buf_bytes(&text), NULL, &schema, NULL), OK);
    assert_int_equal(check_status(schema, "9999.0", NULL), OK);
    assert_int_equal(check_status(schema, "10000", NULL), STATUS_VALIDATION_FAILED);
    schema_free(schema);
    buf_fini(&text);
}

static void test_many_different_items_are_compared_within_the_budget(void **state)
{
    struct schema *schema = compiled("{'uniqueItems':true}", NULL);
    struct buf value = {0};
    (void)state;
    buf_text(&value, "[0");
    for (int i = 1; i < 20000; i++)
        buf_printf(&value, ",%d", i);
    size_t len = value.len;
    buf_text(&value, "]");
    assert_int_equal(schema_check_text(schema, buf_bytes(&value), NULL), OK);
    value.len = len;
    buf_text(&value, ",5.0]");
    assert_int_equal(schema_check_text(schema, buf_bytes(&value), NULL), STATUS_VALIDATION_FAILED);
    buf_fini(&value);
    schema_free(schema);
}

/* --- faults --- */

static void test_every_wrong_field_is_named_by_pointer_and_keyword(void **state)
{
    struct schema_errors errors;
    struct schema *schema = compiled(
        "{'required':['name','a/b'],'additionalProperties':false,'properties':{'name':"
        "{'type':'string'},'a/b':true,'n':{'minimum':3,'multipleOf':2},'l':{'items':"
        "{'enum':['x','y']}},'m':{'format':'email'},'k':{'const':1},'u':{'uniqueItems':true}},"
        "'dependentRequired':{'n':['o~']}}",
        NULL);
    (void)state;
    assert_int_equal(check_status(schema,
                                  "{'name':1,'n':1,'l':['x','z'],'m':'-','k':2,'u':[1,1],'w':0}",
                                  &errors),
                     STATUS_VALIDATION_FAILED);
    assert_fault(&errors, "/name", "type");
    assert_fault(&errors, "/a~1b", "required");
    assert_fault(&errors, "/n", "minimum");
    assert_fault(&errors, "/n", "multipleOf");
    assert_fault(&errors, "/l/1", "enum");
    assert_fault(&errors, "/m", "format");
    assert_fault(&errors, "/k", "const");
    assert_fault(&errors, "/u/1", "uniqueItems");
    assert_fault(&errors, "/w", "additionalProperties");
    assert_fault(&errors, "/o~0", "dependentRequired");
    assert_int_equal(errors.count, 10);
    assert_false(errors.more);
    for (size_t i = 0; i < errors.count; i++)
        assert_true(errors.list[i].detail[0] != '\0');
    schema_free(schema);
}

static void test_branches_that_are_tried_report_no_faults(void **state)
{
    struct schema_errors errors;
    struct schema *schema = compiled("{'anyOf':[{'type':'string'},{'minimum':5}],"
                                     "'if':{'minimum':9},'not':{'type':'string'}}",
                                     NULL);
    (void)state;
    assert_int_equal(check_status(schema, "3", &errors), STATUS_VALIDATION_FAILED);
    assert_int_equal(errors.count, 1);
    assert_fault(&errors, "", "anyOf");
    schema_free(schema);
}

static void test_a_list_of_faults_ends_at_50(void **state)
{
    struct schema_errors errors;
    struct schema *schema = compiled("{'items':false}", NULL);
    struct buf value = {0};
    (void)state;
    for (unsigned count = SCHEMA_ERRORS_MAX; count <= SCHEMA_ERRORS_MAX + 1; count++) {
        buf_text(&value, "[0");
        repeat(&value, ",0", count - 1);
        buf_text(&value, "]");
        assert_int_equal(schema_check_text(schema, buf_bytes(&value), &errors),
                         STATUS_VALIDATION_FAILED);
        assert_int_equal(errors.count, SCHEMA_ERRORS_MAX);
        assert_int_equal(errors.more, count > SCHEMA_ERRORS_MAX);
        buf_clear(&value);
    }
    buf_fini(&value);
    schema_free(schema);
}

static void test_a_pointer_too_long_ends_at_its_parent(void **state)
{
    struct schema_errors errors;
    struct schema *schema =
        compiled("{'properties':{'a':{'additionalProperties':{'type':'string'}}}}", NULL);
    struct buf value = {0};
    (void)state;
    buf_text(&value, "{\"a\":{\"");
    repeat(&value, "x", 300);
    buf_text(&value, "\":1}}");
    assert_int_equal(schema_check_text(schema, buf_bytes(&value), &errors),
                     STATUS_VALIDATION_FAILED);
    assert_fault(&errors, "/a", "type");
    buf_fini(&value);
    schema_free(schema);
}

/* --- threads --- */

static void *check_many(void *schema)
{
    for (int i = 0; i < 500; i++) {
        struct schema_errors errors;
        if (check_status(schema, "{'a':'abc','b':[1,2],'c':'x@example.com'}", &errors) != OK ||
            check_status(schema, "{'a':'ABC','b':[1,1],'c':'x'}", &errors) !=
                STATUS_VALIDATION_FAILED ||
            errors.count != 3)
            return schema;
    }
    return NULL;
}

static void test_one_schema_serves_several_threads(void **state)
{
    pthread_t threads[4];
    struct schema *schema =
        compiled("{'properties':{'a':{'pattern':'^[a-z]+$'},'b':{'uniqueItems':true,"
                 "'enum':[[1,2],[1,1]]},'c':{'format':'idn-email'}},'unevaluatedProperties':false}",
                 NULL);
    (void)state;
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, check_many, schema), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_schema_may_have_64_kib_and_no_more),
        cmocka_unit_test(test_sub_schemas_nest_16_deep_and_no_deeper),
        cmocka_unit_test(test_there_are_500_sub_schemas_and_no_more),
        cmocka_unit_test(test_text_that_is_not_json_is_invalid),
        cmocka_unit_test(test_values_nest_16_deep_and_no_deeper),
        cmocka_unit_test(test_a_schema_bomb_ends_at_the_budget),
        cmocka_unit_test(test_a_dynamic_circle_ends_at_the_depth),
        cmocka_unit_test(test_a_pattern_that_backtracks_without_end_is_stopped),
        cmocka_unit_test(test_an_expression_too_large_for_pcre2_is_refused),
        cmocka_unit_test(test_a_huge_enum_is_searched_and_counted),
        cmocka_unit_test(test_many_different_items_are_compared_within_the_budget),
        cmocka_unit_test(test_every_wrong_field_is_named_by_pointer_and_keyword),
        cmocka_unit_test(test_branches_that_are_tried_report_no_faults),
        cmocka_unit_test(test_a_list_of_faults_ends_at_50),
        cmocka_unit_test(test_a_pointer_too_long_ends_at_its_parent),
        cmocka_unit_test(test_one_schema_serves_several_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
