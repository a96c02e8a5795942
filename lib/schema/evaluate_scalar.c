/* const and enum, numbers, texts. Next: keywords.h */
#include "schema/evaluate.h"

#include <stdio.h>

/* --- const, enum --- */

static bool is_chosen(struct run *run, const struct value_rules *rules, json_t *value)
{
    uint64_t hash = value_hash(&run->effort, value);
    for (size_t i = 0; i < json_array_size(rules->choices) && !run->effort.spent; i++)
        if (rules->hashes[i] == hash &&
            value_equal(&run->effort, json_array_get(rules->choices, i), value))
            return true;
    return false;
}

/* The choices for a person, when they are few and texts. */
static bool fail_choice(struct run *run, const struct value_rules *rules, const struct path *path)
{
    char words[140];
    size_t len = 0;
    for (size_t i = 0; i < json_array_size(rules->choices); i++) {
        const char *choice = json_string_value(json_array_get(rules->choices, i));
        len += choice ? (size_t)snprintf(words + len, sizeof words - len, "%s%s", i > 0 ? ", " : "",
                                         choice)
                      : sizeof words;
        if (len >= sizeof words)
            return run_fail(run, path, "enum", "must be one of the allowed values");
    }
    return run_fail(run, path, "enum", "must be one of: %s", len > 0 ? words : "nothing");
}

bool evaluate_value(struct run *run, const struct value_rules *rules, json_t *value,
                    const struct path *path)
{
    bool valid = true;
    if (rules->constant && !value_equal(&run->effort, rules->constant, value))
        valid = run_paid(run, path) &&
                run_fail(run, path, "const", "must be exactly what is asked for");
    if (rules->choices && (valid || run_wants_all(run)) && !is_chosen(run, rules, value))
        valid = run_paid(run, path) && fail_choice(run, rules, path);
    return valid;
}

/* --- numbers --- */

static bool fail_bound(struct run *run, const struct path *path, const char *keyword,
                       const char *words, struct number bound)
{
    if (bound.is_real)
        return run_fail(run, path, keyword, "must be %s %.15g", words, bound.real);
    return run_fail(run, path, keyword, "must be %s %lld", words, (long long)bound.integer);
}

static bool fail_step(struct run *run, const struct path *path, struct decimal step)
{
    return run_fail(run, path, "multipleOf", "must be a multiple of %llue%d",
                    (unsigned long long)step.digits, step.exponent);
}

bool evaluate_number(struct run *run, const struct number_rules *rules, json_t *value,
                     const struct path *path)
{
    struct number number = number_of(value);
    bool valid = true;
    if (rules->minimum.is_set && number_compare(number, rules->minimum.number) < 0)
        valid = fail_bound(run, path, "minimum", "at least", rules->minimum.number);
    if (rules->maximum.is_set && number_compare(number, rules->maximum.number) > 0)
        valid = fail_bound(run, path, "maximum", "at most", rules->maximum.number);
    if (rules->above.is_set && number_compare(number, rules->above.number) <= 0)
        valid = fail_bound(run, path, "exclusiveMinimum", "more than", rules->above.number);
    if (rules->below.is_set && number_compare(number, rules->below.number) >= 0)
        valid = fail_bound(run, path, "exclusiveMaximum", "less than", rules->below.number);
    if (rules->has_step && (valid || run_wants_all(run)) &&
        !decimal_is_multiple(decimal_of(number), rules->step))
        valid = fail_step(run, path, rules->step);
    return valid;
}

/* --- texts --- */

/* Code points: every byte but those that continue one. */
static uint64_t text_length(struct bytes text)
{
    uint64_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += (text.data[i] & 0xC0) != 0x80;
    return count;
}

bool evaluate_text(struct run *run, const struct text_rules *rules, json_t *value,
                   const struct path *path)
{
    struct bytes text = json_text(value);
    bool valid = run_pay(run, path, text.len / SCHEMA_BYTES_PER_STEP);
    /* A text has at most as many code points as bytes, and at least a quarter. */
    bool is_counted = text.len > rules->length_max || text.len / 4 < rules->length_min;
    uint64_t length = is_counted ? text_length(text) : 0;
    if (is_counted && length < rules->length_min)
        valid = run_fail(run, path, "minLength", "must have at least %llu characters",
                         (unsigned long long)rules->length_min);
    if (is_counted && length > rules->length_max)
        valid = run_fail(run, path, "maxLength", "must have at most %llu characters",
                         (unsigned long long)rules->length_max);
    if (rules->pattern && (valid || run_wants_all(run))) {
        bool matches = regex_matches(rules->pattern, text, &run->regex, &run->effort);
        if (!run_paid(run, path))
            return false;
        if (!matches)
            valid = run_fail(run, path, "pattern", "is not of the form that is asked for");
    }
    if (rules->format && (valid || run_wants_all(run)) && !rules->format->is_valid(text))
        valid = run_fail(run, path, "format", "%s", rules->format->words);
    return valid;
}
