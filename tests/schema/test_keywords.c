/* What each vocabulary means, by cases of our own: also where no suite lies beside the project. */
#include "fixture.h"

static void test_numbers_are_judged_by_value_not_by_spelling(void **state)
{
    static const struct check_case cases[] = {
        {"{'type':'integer'}", "1.0", true},
        {"{'type':'integer'}", "1e3", true},
        {"{'type':'integer'}", "1.5", false},
        {"{'type':'integer'}", "1e300", true},
        {"{'type':'number'}", "7", true},
        {"{'type':['integer','string']}", "1.0", true},
        {"{'const':1}", "1.0", true},
        {"{'const':1}", "true", false},
        {"{'enum':[[1.0]]}", "[1]", true},
        {"{'const':9007199254740992.0}", "9007199254740993", false},
        {"{'const':-0.0}", "0", true},
        {"{'minimum':9223372036854775807}", "9223372036854775806", false},
        {"{'maximum':9223372036854775807}", "1e19", false},
        {"{'minimum':-9223372036854775808}", "-1e19", false},
        {"{'maximum':0.5}", "0", true},
        {"{'maximum':-0.5}", "0", false},
        {"{'exclusiveMinimum':0}", "1e-320", true},
        {"{'exclusiveMinimum':3}", "3.0", false},
        {"{'exclusiveMaximum':3.0}", "3", false},
        {"{'uniqueItems':true}", "[1,1.0]", false},
        {"{'uniqueItems':true}", "[9007199254740992.0,9007199254740993]", true},
    };
    (void)state;
    assert_cases(cases, COUNT_OF(cases));
}

static void test_multiples_are_exact_in_decimal(void **state)
{
    static const struct check_case cases[] = {
        {"{'multipleOf':0.01}", "0.07", true},
        {"{'multipleOf':0.01}", "19.99", true},
        {"{'multipleOf':0.01}", "4.35", true},
        {"{'multipleOf':0.01}", "0.075", false},
        {"{'multipleOf':0.1}", "1e308", true},
        {"{'multipleOf':0.3}", "1e308", false},
        {"{'multipleOf':3}", "1e308", false},
        {"{'multipleOf':1e-8}", "12391239123", true},
        {"{'multipleOf':2.5}", "10", true},
        {"{'multipleOf':1e300}", "1e308", true},
        {"{'multipleOf':1e308}", "1e300", false},
        {"{'multipleOf':10}", "25", false},
        {"{'multipleOf':7}", "-9223372036854775808", false},
        {"{'multipleOf':2}", "-9223372036854775808", true},
        {"{'multipleOf':3}", "0", true},
        {"{'multipleOf':0.5}", "-0.0", true},
    };
    (void)state;
    assert_cases(cases, COUNT_OF(cases));
}

static void test_texts_are_measured_in_code_points(void **state)
{
    static const struct check_case cases[] = {
        {"{'maxLength':2}", "'\xF0\x9F\x92\xA9\xF0\x9F\x92\xA9'", true},
        {"{'maxLength':1}", "'\xF0\x9F\x92\xA9\xF0\x9F\x92\xA9'", false},
        {"{'minLength':2}", "'\xF0\x9F\x92\xA9'", false},
        {"{'minLength':2.0}", "'ab'", true},
        {"{'minLength':2}", "'a'", false},
        {"{'maxLength':2}", "'ab'", true},
        {"{'maxLength':2}", "12345", true},
        {"{'minLength':1}", "'\\u0000'", true},
    };
    (void)state;
    assert_cases(cases, COUNT_OF(cases));
}

static void test_members_meet_properties_patterns_and_the_rest(void **state)
{
    static const char *const mixed = "{'properties':{'a':{'type':'integer'}},"
                                     "'patternProperties':{'^a':{'minimum':3},'z$':false},"
                                     "'additionalProperties':{'type':'string'}}";
    const struct check_case cases[] = {
        {mixed, "{'a':3}", true},
        {mixed, "{'a':2}", false},
        {mixed, "{'a':'x'}", false},
        {mixed, "{'ab':3}", true},
        {mixed, "{'ab':1}", false},
        {mixed, "{'b':'x'}", true},
        {mixed, "{'b':1}", false},
        {mixed, "{'bz':'x'}", false},
        {"{'required':['a'],'additionalProperties':false}", "{'a':1}", false},
        {"{'required':['__proto__','']}", "{'__proto__':1,'':2}", true},
        {"{'required':['__proto__']}", "{}", false},
        {"{'required':['a','b']}", "{'a':1,'c':2,'d':3,'e':4}", false},
        {"{'propertyNames':{'maxLength':3}}", "{'abc':1}", true},
        {"{'propertyNames':{'maxLength':3}}", "{'abcd':1}", false},
        {"{'propertyNames':false}", "{}", true},
        {"{'minProperties':1,'maxProperties':1}", "{'a':1}", true},
        {"{'minProperties':1}", "{}", false},
        {"{'maxProperties':1}", "{'a':1,'b':1}", false},
        {"{'dependentRequired':{'a':['b','c']}}", "{'a':1,'b':2}", false},
        {"{'dependentRequired':{'a':['b','c']}}", "{'b':2}", true},
        {"{'dependentSchemas':{'a':{'maxProperties':1}}}", "{'a':1,'b':2}", false},
        {"{'dependentSchemas':{'a':false}}", "{'a':1}", false},
        {"{'dependentSchemas':{'a':false}}", "{'b':1}", true},
        {"{'properties':{'a':false}}", "{'b':1,'c':1,'d':1}", true},
        {"{'properties':{'a':false}}", "{'a':1,'c':1,'d':1}", false},
    };
    (void)state;
    assert_cases(cases, COUNT_OF(cases));
}

static void test_items_are_judged_by_place_by_kind_and_by_repetition(void **state)
{
    static const struct check_case cases[] = {
        {"{'prefixItems':[{'type':'string'}],'items':{'type':'integer'}}", "['a',1,2]", true},
        {"{'prefixItems':[{'type':'string'}],'items':{'type':'integer'}}", "['a','b']", false},
        {"{'prefixItems':[true,true],'items':false}", "[1,2]", true},
        {"{'prefixItems':[true,true],'items':false}", "[1,2,3]", false},
        {"{'contains':{'const':1}}", "[]", false},
        {"{'contains':{'const':1},'minContains':0}", "[]", true},
        {"{'contains':{'const':1},'maxContains':1}", "[1,1.0]", false},
        {"{'contains':{'const':1},'minContains':2}", "[1,2,1]", true},
        {"{'minContains':5}", "[1]", true},
        {"{'uniqueItems':true}", "[{'a':1,'b':2},{'b':2,'a':1}]", false},
        {"{'uniqueItems':true}", "[1,true,'1',[1],null,0,false,'',[],{}]", true},
        {"{'uniqueItems':true}",
         "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26]", true},
        {"{'uniqueItems':true}",
         "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,1.0]", false},
        {"{'minItems':1,'maxItems':2}", "[1,2]", true},
        {"{'minItems':1}", "[]", false},
        {"{'maxItems':2}", "[1,2,3]", false},
    };
    (void)state;
    assert_cases(cases, COUNT_OF(cases));
}

static void test_branches_combine_verdicts(void **state)
{
    static const struct check_case cases[] = {
        {"{'allOf':[{'minimum':1},{'maximum':3}]}", "2", true},
        {"{'allOf':[{'minimum':1},{'maximum':3}]}", "4", false},
        {"{'anyOf':[{'minimum':5},{'type':'string'}]}", "'x'", true},
        {"{'anyOf':[{'minimum':5},false]}", "4", false},
        {"{'oneOf':[{'minimum':1},{'minimum':3}]}", "2", true},
        {"{'oneOf':[{'minimum':1},{'minimum':3}]}", "3", false},
        {"{'oneOf':[{'minimum':1},{'minimum':3}]}", "0", false},
        {"{'not':{'type':'integer'}}", "1", false},
        {"{'not':{'type':'integer'}}", "'1'", true},
        {"{'not':{}}", "1", false},
        {"{'if':{'const':1},'then':false}", "1", false},
        {"{'if':{'const':1},'else':false}", "1", true},
        {"{'if':{'const':1},'else':false}", "2", false},
        {"{'then':false,'else':false}", "2", true},
    };
    (void)state;
    assert_cases(cases, COUNT_OF(cases));
}

static void test_unevaluated_sees_what_succeeded_here_and_below(void **state)
{
    static const char *const either =
        "{'anyOf':[{'properties':{'a':{'type':'integer'}},'required':['a']},"
        "{'properties':{'b':true},'required':['b']}],'unevaluatedProperties':false}";
    static const char *const nested =
        "{'allOf':[{'allOf':[{'properties':{'a':true}}]}],'$ref':'#/$defs/b','if':"
        "{'properties':{'c':{'const':1}},'required':['c']},'unevaluatedProperties':false,"
        "'$defs':{'b':{'patternProperties':{'^b':true}}}}";
    const struct check_case cases[] = {
        {either, "{'a':1}", true},
        {either, "{'a':1,'b':2}", true},
        {either, "{'a':'x','b':2}", false}, /* the branch that failed evaluates nothing */
        {either, "{'b':2,'c':3}", false},
        {nested, "{'a':1,'bb':2,'c':1}", true},
        {nested, "{'a':1,'c':2}", false},
        {"{'allOf':[{'properties':{'a':true}},{'unevaluatedProperties':false}]}", "{'a':1}", false},
        {"{'not':{'not':{'properties':{'a':true}}},'unevaluatedProperties':false}", "{'a':1}",
         false},
        {"{'oneOf':[{'required':['a'],'properties':{'a':true}},{'required':['b'],"
         "'properties':{'b':true}}],'unevaluatedProperties':false}",
         "{'a':1}", true},
        {"{'dependentSchemas':{'a':{'properties':{'a':true,'b':true}}},"
         "'unevaluatedProperties':false}",
         "{'a':1,'b':1}", true},
        {"{'propertyNames':{'maxLength':3},'unevaluatedProperties':false}", "{'a':1}", false},
        {"{'required':['a'],'unevaluatedProperties':false}", "{'a':1}", false},
        {"{'$ref':'#/$defs/x','unevaluatedProperties':false,'$defs':{'x':"
         "{'unevaluatedProperties':true}}}",
         "{'a':1}", true},
        {"{'prefixItems':[true],'contains':{'type':'string'},'unevaluatedItems':false}",
         "[1,'a','b']", true},
        {"{'prefixItems':[true],'contains':{'type':'string'},'unevaluatedItems':false}",
         "[1,'a',2]", false},
        {"{'allOf':[{'items':true}],'unevaluatedItems':false}", "[1,2]", true},
        {"{'unevaluatedItems':{'type':'integer'}}", "[1,'x']", false},
        {"{'unevaluatedItems':false,'unevaluatedProperties':false}", "'text'", true},
        {"{'properties':{'a':{'properties':{'b':true}}},'unevaluatedProperties':false}", "{'b':1}",
         false},
    };
    (void)state;
    assert_cases(cases, COUNT_OF(cases));
}

/* More members than a machine word has bits. */
static void test_unevaluated_counts_beyond_64_members(void **state)
{
    struct buf value = {0};
    struct schema *schema = compiled("{'allOf':[{'patternProperties':{'^k':true}}],"
                                     "'unevaluatedProperties':false}",
                                     NULL);
    (void)state;
    buf_text(&value, "{\"k0\":0");
    for (int i = 1; i < 200; i++)
        buf_printf(&value, ",\"k%d\":%d", i, i);
    size_t len = value.len;
    buf_text(&value, "}");
    assert_int_equal(schema_check_text(schema, buf_bytes(&value), NULL), OK);
    value.len = len;
    buf_text(&value, ",\"other\":1}");
    assert_int_equal(schema_check_text(schema, buf_bytes(&value), NULL), STATUS_VALIDATION_FAILED);
    buf_fini(&value);
    schema_free(schema);
}

static void test_content_and_meta_data_judge_nothing(void **state)
{
    static const struct check_case cases[] = {
        {"{'contentMediaType':'application/json','contentEncoding':'base64',"
         "'contentSchema':{'type':'integer'}}",
         "'{'", true},
        {"{'title':'t','default':7,'examples':[1],'deprecated':true,'readOnly':true,"
         "'writeOnly':true,'$comment':'c'}",
         "'x'", true},
        {"{'unknown':{'type':'integer'},'dependencies':{'a':['b']},'definitions':7}", "{'a':1}",
         true},
    };
    (void)state;
    assert_cases(cases, COUNT_OF(cases));
}

static void test_a_format_judges_only_when_asserted(void **state)
{
    struct schema_options annotating = open_options;
    (void)state;
    annotating.formats_asserted = false;
    struct schema *schema = compiled("{'format':'ipv4'}", &annotating);
    assert_int_equal(check_status(schema, "'nonsense'", NULL), OK);
    schema_free(schema);
    assert_int_equal(verdict("{'format':'ipv4'}", "'nonsense'"), STATUS_VALIDATION_FAILED);
    assert_int_equal(verdict("{'format':'ipv4'}", "17"), OK);
    assert_int_equal(verdict("{'format':'never-heard-of'}", "'nonsense'"), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_judged_by_value_not_by_spelling),
        cmocka_unit_test(test_multiples_are_exact_in_decimal),
        cmocka_unit_test(test_texts_are_measured_in_code_points),
        cmocka_unit_test(test_members_meet_properties_patterns_and_the_rest),
        cmocka_unit_test(test_items_are_judged_by_place_by_kind_and_by_repetition),
        cmocka_unit_test(test_branches_combine_verdicts),
        cmocka_unit_test(test_unevaluated_sees_what_succeeded_here_and_below),
        cmocka_unit_test(test_unevaluated_counts_beyond_64_members),
        cmocka_unit_test(test_content_and_meta_data_judge_nothing),
        cmocka_unit_test(test_a_format_judges_only_when_asserted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
