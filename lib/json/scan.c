/* One pass over JSON text: how deep, how many keys, and where a member's bytes stand.
 *
 * jansson allows 2,048 levels and any number of keys; our limits are smaller and must hold before
 * it allocates. It also forgets how a value was spelled, which `_json` members keep. Next: decode.c
 */
#include "json/scan.h"

#include <stdio.h>

/* The index after the string that starts at `at` (a quote); text.len when it does not end. */
static size_t string_end(struct bytes text, size_t at)
{
    for (size_t i = at + 1; i < text.len; i++) {
        if (text.data[i] == '\\')
            i++;
        else if (text.data[i] == '"')
            return i + 1;
    }
    return text.len;
}

static enum status over_limit(struct json_error *error, const char *what, unsigned most)
{
    error->pointer[0] = '\0';
    snprintf(error->detail, sizeof error->detail, "more than %u %s", most, what);
    return STATUS_INVALID;
}

enum status json_scan_limits(struct bytes text, const struct json_limits *limits,
                             struct json_error *ret_error)
{
    unsigned depth = 0, keys = 0;
    for (size_t i = 0; i < text.len; i++) {
        switch (text.data[i]) {
        case '"':
            i = string_end(text, i) - 1;
            break;
        case '{':
        case '[':
            if (++depth > limits->depth_max)
                return over_limit(ret_error, "levels of nesting", limits->depth_max);
            break;
        case '}':
        case ']':
            depth -= depth > 0;
            break;
        case ':':
            if (++keys > limits->keys_max)
                return over_limit(ret_error, "members", limits->keys_max);
            break;
        }
    }
    return OK;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_space(struct bytes text, size_t at)
{
    while (at < text.len && is_space(text.data[at]))
        at++;
    return at;
}

/* The index after the value that starts at `at`. */
static size_t value_end(struct bytes text, size_t at)
{
    size_t depth = 0, i = at;
    while (i < text.len) {
        uint8_t c = text.data[i];
        if (c == '"') {
            i = string_end(text, i);
            if (depth == 0)
                return i;
            continue;
        }
        if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (depth <= 1)
                return depth == 1 ? i + 1 : i;
            depth--;
        } else if (depth == 0 && (c == ',' || is_space(c))) {
            return i;
        }
        i++;
    }
    return i;
}

struct bytes json_scan_member(struct bytes text, struct bytes name)
{
    size_t i = skip_space(text, 0);
    if (i >= text.len || text.data[i] != '{')
        return (struct bytes){0};
    i = skip_space(text, i + 1);
    while (i < text.len && text.data[i] == '"') {
        size_t key_end = string_end(text, i);
        struct bytes key = bytes_of(text.data + i + 1, key_end - i - 2);
        i = skip_space(text, key_end);
        if (i >= text.len || text.data[i] != ':')
            break;
        i = skip_space(text, i + 1);
        size_t end = value_end(text, i);
        if (bytes_equal(key, name))
            return bytes_of(text.data + i, end - i);
        i = skip_space(text, end);
        if (i >= text.len || text.data[i] != ',')
            break;
        i = skip_space(text, i + 1);
    }
    return (struct bytes){0};
}
