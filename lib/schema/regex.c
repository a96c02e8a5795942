/* Compiling and matching with PCRE2. Next: regex_translate.c
 *
 * A match is tried with a small backtracking limit first and again with one ten times as large,
 * each time for ten times the steps: so an honest pattern is cheap, and the work of a hostile one
 * stays in proportion to the budget it uses up.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include "core/limits.h"
#include "schema/regex.h"

struct regex {
    pcre2_code *code;
    struct regex *next;
};

static pcre2_code *compile_translated(struct bytes text, char *detail, size_t detail_cap)
{
    const uint32_t flags = PCRE2_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C |
                           PCRE2_DOLLAR_ENDONLY | PCRE2_MATCH_UNSET_BACKREF |
                           PCRE2_ALLOW_EMPTY_CLASS;
    int error;
    PCRE2_SIZE offset;
    pcre2_code *code = pcre2_compile(text.data ? text.data : (PCRE2_SPTR) "", text.len, flags,
                                     &error, &offset, NULL);
    if (code)
        return code;
    char words[120];
    pcre2_get_error_message(error, (PCRE2_UCHAR *)words, sizeof words);
    snprintf(detail, detail_cap, "is no regular expression that can be matched: %s", words);
    return NULL;
}

enum status regex_compile(struct arena *arena, struct bytes pattern, struct regex **list,
                          const struct regex **ret, char *detail, size_t detail_cap)
{
    struct buf translated = {.max = REGEX_TRANSLATED_BYTES_MAX};
    const char *fault = regex_translate(pattern, &translated);
    if (fault) {
        snprintf(detail, detail_cap, "is no regular expression: it %s", fault);
        buf_fini(&translated);
        return STATUS_VALIDATION_FAILED;
    }
    pcre2_code *code = compile_translated(buf_bytes(&translated), detail, detail_cap);
    buf_fini(&translated);
    if (!code)
        return STATUS_VALIDATION_FAILED;
    struct regex *regex = arena_alloc(arena, sizeof *regex);
    if (!regex) {
        pcre2_code_free(code);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    *regex = (struct regex){.code = code, .next = *list};
    *list = regex;
    *ret = regex;
    return OK;
}

void regex_free_list(struct regex *list)
{
    for (; list; list = list->next)
        pcre2_code_free(list->code);
}

void regex_scratch_fini(struct regex_scratch *scratch)
{
    pcre2_match_data_free(scratch->data);
    pcre2_match_context_free(scratch->context);
}

static bool scratch_ready(struct regex_scratch *scratch)
{
    if (!scratch->data)
        scratch->data = pcre2_match_data_create(1, NULL);
    if (!scratch->context)
        scratch->context = pcre2_match_context_create(NULL);
    if (scratch->context)
        pcre2_set_heap_limit(scratch->context, REGEX_HEAP_KIB_MAX);
    return scratch->data && scratch->context;
}

static bool is_match_limit(int result)
{
    return result == PCRE2_ERROR_MATCHLIMIT || result == PCRE2_ERROR_DEPTHLIMIT;
}

bool regex_matches(const struct regex *regex, struct bytes text, struct regex_scratch *scratch,
                   struct effort *effort)
{
    uint32_t limit = REGEX_MATCH_LIMIT_FIRST;
    uint64_t price = REGEX_STEPS_FIRST + text.len / SCHEMA_BYTES_PER_STEP;
    int result = PCRE2_ERROR_MATCHLIMIT;
    if (!scratch_ready(scratch)) {
        effort->spent = true;
        return false;
    }
    for (; is_match_limit(result) && limit <= REGEX_MATCH_LIMIT_MAX; limit *= 10, price *= 10) {
        if (effort->steps < price)
            break;
        effort->steps -= price;
        pcre2_set_match_limit(scratch->context, limit);
        pcre2_set_depth_limit(scratch->context, limit);
        result = pcre2_match(regex->code, text.data, text.len, 0, PCRE2_NO_UTF_CHECK, scratch->data,
                             scratch->context);
    }
    if (result < 0 && result != PCRE2_ERROR_NOMATCH)
        effort->spent = true;
    return result >= 0;
}
