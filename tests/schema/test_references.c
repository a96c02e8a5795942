/* Where references lead, what vocabularies switch on, and what is refused with which pointer. */
#include "fixture.h"

static void test_references_follow_pointers_anchors_and_ids(void **state)
{
    static const struct check_case cases[] = {
        {"{'$ref':'#/$defs/a~1b~0c%25','$defs':{'a/b~c%':{'type':'integer'}}}", "'x'", false},
        {"{'$ref':'#/$defs//x','$defs':{'':{'x':{'type':'integer'}}}}", "'x'", false},
        {"{'$ref':'#a-1.b_','$defs':{'x':{'$anchor':'a-1.b_','type':'integer'}}}", "'x'", false},
        {"{'$id':'http://a.example/b/c','$ref':'../d#x','$defs':{'x':{'$id':'/d','$defs':"
         "{'y':{'$anchor':'x','type':'integer'}}}}}",
         "'x'", false},
        {"{'$ref':'urn:x:y','$defs':{'x':{'$id':'urn:x:y','type':'integer'}}}", "'x'", false},
        {"{'$ref':'#/unknown/0','unknown':[{'type':'integer'}]}", "'x'", false},
        {"{'$ref':'#/allOf/0','allOf':[{'type':'integer'}]}", "1", true},
        {"{'properties':{'next':{'$ref':'#'}},'additionalProperties':false}",
         "{'next':{'next':{'other':1}}}", false},
        {"{'$ref':'#/$defs/a','type':'integer','$defs':{'a':true}}", "'x'", false},
        /* An $id in a const or in an unknown keyword names nothing. */
        {"{'$ref':'http://a.example/x','const':{'$id':'http://a.example/x','type':'null'},"
         "'$defs':{'x':{'$id':'http://a.example/x','type':'object'}}}",
         "{'$id':'http://a.example/x','type':'null'}", true},
    };
    (void)state;
    assert_cases(cases, COUNT_OF(cases));
}

static void test_a_dynamic_reference_takes_the_outermost_anchor(void **state)
{
    static const char *const list = "{'$id':'http://a.example/strict','$ref':'list','$defs':{"
                                    "'item':{'$dynamicAnchor':'item','type':'integer'},"
                                    "'list':{'$id':'list','items':{'$dynamicRef':'#item'},"
                                    "'$defs':{'any':{'$dynamicAnchor':'item'}}}}}";
    static const char *const without = "{'$id':'http://a.example/strict','$ref':'list','$defs':{"
                                       "'item':{'$dynamicAnchor':'item','type':'integer'},"
                                       "'list':{'$id':'list','items':{'$dynamicRef':'#item'},"
                                       "'$defs':{'any':{'$anchor':'item'}}}}}";
    const struct check_case cases[] = {
        {list, "[1]", true},
        {list, "['x']", false},
        {without, "['x']", true}, /* it leads to no dynamic anchor at first: like $ref */
    };
    (void)state;
    assert_cases(cases, COUNT_OF(cases));
}

static void test_the_schema_of_schemas_may_be_referred_to(void **state)
{
    static const char *const schema = "{'$ref':'https://json-schema.org/draft/2020-12/schema'}";
    (void)state;
    assert_int_equal(verdict(schema, "{'minLength':1}"), OK);
    assert_int_equal(verdict(schema, "{'properties':{'a':{'minLength':-1}}}"),
                     STATUS_VALIDATION_FAILED);
}

static void test_a_vocabulary_that_is_left_out_is_not_used(void **state)
{
    static const char meta[] =
        "{\"$id\":\"http://a.example/meta\",\"$vocabulary\":{"
        "\"https://json-schema.org/draft/2020-12/vocab/core\":true,"
        "\"https://json-schema.org/draft/2020-12/vocab/applicator\":true,"
        "\"https://json-schema.org/draft/2020-12/vocab/format-assertion\":true,"
        "\"http://a.example/custom\":false}}";
    static const char demanding[] = "{\"$vocabulary\":{\"http://a.example/custom\":true}}";
    const struct schema_document documents[] = {
        {"http://a.example/meta", {(const uint8_t *)meta, sizeof meta - 1}},
        {"http://a.example/demanding", {(const uint8_t *)demanding, sizeof demanding - 1}}};
    struct schema_options options = open_options;
    struct schema_errors errors;
    (void)state;
    options.formats_asserted = false;
    options.documents = documents;
    options.documents_len = COUNT_OF(documents);
    struct schema *schema = compiled("{'$schema':'http://a.example/meta','minimum':5,'properties':"
                                     "{'a':false,'b':{'format':'ipv4'}}}",
                                     &options);
    assert_int_equal(check_status(schema, "1", NULL), OK);
    assert_int_equal(check_status(schema, "{'a':1}", NULL), STATUS_VALIDATION_FAILED);
    assert_int_equal(check_status(schema, "{'b':'x'}", NULL), STATUS_VALIDATION_FAILED);
    schema_free(schema);
    assert_int_equal(compile_status("{'$schema':'http://a.example/demanding'}", &options, &errors),
                     STATUS_VALIDATION_FAILED);
    assert_fault(&errors, "/$schema", "$schema");
    assert_int_equal(
        compile_status("{'$schema':'http://json-schema.org/draft-07/schema#'}", &options, &errors),
        STATUS_VALIDATION_FAILED);
    assert_fault(&errors, "/$schema", "$schema");
}

static void test_a_document_is_found_by_its_own_id_too(void **state)
{
    static const char text[] = "{\"$id\":\"http://a.example/own\",\"type\":\"integer\"}";
    const struct schema_document document = {"http://a.example/given",
                                             {(const uint8_t *)text, sizeof text - 1}};
    struct schema_options options = open_options;
    (void)state;
    options.documents = &document;
    options.documents_len = 1;
    struct schema *schema = compiled("{'items':{'$ref':'http://a.example/own'},'contains':"
                                     "{'$ref':'http://a.example/given'}}",
                                     &options);
    assert_int_equal(check_status(schema, "[1]", NULL), OK);
    assert_int_equal(check_status(schema, "['x']", NULL), STATUS_VALIDATION_FAILED);
    schema_free(schema);
}

static void test_templates_may_refer_only_to_themselves(void **state)
{
    struct schema_errors errors;
    (void)state;
    assert_int_equal(compile_status("{'$ref':'#/$defs/a','$defs':{'a':true}}", NULL, NULL), OK);
    assert_int_equal(compile_status("{'items':{'$ref':'http://a.example/x'}}", NULL, &errors),
                     STATUS_VALIDATION_FAILED);
    assert_fault(&errors, "/items/$ref", "$ref");
    assert_int_equal(compile_status("{'$dynamicRef':'other#x'}", NULL, &errors),
                     STATUS_VALIDATION_FAILED);
    assert_fault(&errors, "/$dynamicRef", "$dynamicRef");
}

static void test_references_that_lead_nowhere_are_refused(void **state)
{
    static const char *const schemas[] = {
        "{'$ref':'#/$defs/a'}",
        "{'$ref':'#missing'}",
        "{'$ref':'#/required/7'}",
        "{'$ref':'#/minimum','minimum':1}",
        "{'$ref':'#/enum/00','enum':[{}]}",
        "{'$ref':'#/enum/-1','enum':[{}]}",
        "{'$ref':'#/%'}",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(schemas); i++)
        assert_int_equal(compile_status(schemas[i], NULL, NULL), STATUS_VALIDATION_FAILED);
    assert_int_equal(compile_status("{'$ref':'http://a.example/x'}", &open_options, NULL),
                     STATUS_VALIDATION_FAILED);
}

static void test_a_schema_that_leads_back_to_itself_is_refused(void **state)
{
    static const char *const schemas[] = {
        "{'$ref':'#'}",
        "{'allOf':[{'$ref':'#'}]}",
        "{'$defs':{'a':{'anyOf':[{'$ref':'#/$defs/b'}]},'b':{'not':{'$ref':'#/$defs/a'}}}}",
        "{'if':{'oneOf':[true,{'$ref':'#'}]}}",
        "{'$dynamicRef':'#'}",
    };
    struct schema_errors errors;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(schemas); i++)
        assert_int_equal(compile_status(schemas[i], NULL, &errors), STATUS_VALIDATION_FAILED);
    assert_int_equal(compile_status("{'properties':{'a':{'$ref':'#'}}}", NULL, NULL), OK);
}

static void test_each_malformed_keyword_is_refused_at_its_pointer(void **state)
{
    static const struct {
        const char *schema, *pointer, *keyword;
    } cases[] = {
        {"{'type':'text'}", "/type", "type"},
        {"{'type':['string','string']}", "/type", "type"},
        {"{'type':[]}", "/type", "type"},
        {"{'minLength':-1}", "/minLength", "minLength"},
        {"{'maxItems':1.5}", "/maxItems", "maxItems"},
        {"{'multipleOf':0}", "/multipleOf", "multipleOf"},
        {"{'minimum':'1'}", "/minimum", "minimum"},
        {"{'enum':1}", "/enum", "enum"},
        {"{'required':['a','a']}", "/required", "required"},
        {"{'required':[1]}", "/required", "required"},
        {"{'properties':{'a/b':7}}", "/properties/a~1b", "type"},
        {"{'properties':[]}", "/properties", "properties"},
        {"{'allOf':[]}", "/allOf", "allOf"},
        {"{'anyOf':[true,1]}", "/anyOf/1", "type"},
        {"{'items':[]}", "/items", "type"},
        {"{'pattern':'('}", "/pattern", "pattern"},
        {"{'patternProperties':{'[':true}}", "/patternProperties", "patternProperties"},
        {"{'uniqueItems':1}", "/uniqueItems", "uniqueItems"},
        {"{'dependentRequired':{'a':'b'}}", "/dependentRequired", "dependentRequired"},
        {"{'$id':'#a'}", "/$id", "$id"},
        {"{'$anchor':'1a'}", "/$anchor", "$anchor"},
        {"{'$anchor':'a','not':{'$anchor':'a'}}", "/not/$anchor", "$anchor"},
        {"{'$defs':{'a':{'$id':'x'},'b':{'$id':'x'}}}", "/$defs/b/$id", "$id"},
        {"{'format':1}", "/format", "format"},
        {"{'title':1}", "/title", "title"},
        {"7", "", "type"},
    };
    struct schema_errors errors;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(compile_status(cases[i].schema, NULL, &errors), STATUS_VALIDATION_FAILED);
        assert_fault(&errors, cases[i].pointer, cases[i].keyword);
    }
}

static void test_all_faults_of_a_schema_are_told_at_once(void **state)
{
    struct schema_errors errors;
    (void)state;
    assert_int_equal(compile_status("{'type':'x','properties':{'a':{'minLength':-1},"
                                    "'b':{'pattern':'*'}}}",
                                    NULL, &errors),
                     STATUS_VALIDATION_FAILED);
    assert_int_equal(errors.count, 3);
    assert_fault(&errors, "/type", "type");
    assert_fault(&errors, "/properties/a/minLength", "minLength");
    assert_fault(&errors, "/properties/b/pattern", "pattern");
}

static void test_a_document_is_checked_against_the_schema_of_schemas(void **state)
{
    struct schema_errors errors;
    json_t *good =
        json_pack("{s:s, s:{s:{s:s}}}", "type", "object", "properties", "a", "pattern", "^a");
    json_t *bad = json_pack("{s:{s:{s:s}, s:{s:i}, s:{s:s}}}", "properties", "a", "type", "text",
                            "b", "minLength", -1, "c", "pattern", "(");
    (void)state;
    assert_int_equal(schema_check_document(good, &errors), OK);
    assert_int_equal(schema_check_document(bad, &errors), STATUS_VALIDATION_FAILED);
    assert_fault(&errors, "/properties/a/type", "anyOf");
    assert_fault(&errors, "/properties/b/minLength", "minimum");
    assert_fault(&errors, "/properties/c/pattern", "format");
    json_decref(good);
    json_decref(bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_references_follow_pointers_anchors_and_ids),
        cmocka_unit_test(test_a_dynamic_reference_takes_the_outermost_anchor),
        cmocka_unit_test(test_the_schema_of_schemas_may_be_referred_to),
        cmocka_unit_test(test_a_vocabulary_that_is_left_out_is_not_used),
        cmocka_unit_test(test_a_document_is_found_by_its_own_id_too),
        cmocka_unit_test(test_templates_may_refer_only_to_themselves),
        cmocka_unit_test(test_references_that_lead_nowhere_are_refused),
        cmocka_unit_test(test_a_schema_that_leads_back_to_itself_is_refused),
        cmocka_unit_test(test_each_malformed_keyword_is_refused_at_its_pointer),
        cmocka_unit_test(test_all_faults_of_a_schema_are_told_at_once),
        cmocka_unit_test(test_a_document_is_checked_against_the_schema_of_schemas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
