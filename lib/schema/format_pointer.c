/* JSON pointers (RFC 6901), relative ones (draft-bhutton-relative-json-pointer-00) and URI
 * templates (RFC 6570). Next: number.c */
#include "schema/format.h"

#include <ctype.h>

bool format_is_json_pointer(struct bytes text)
{
    if (text.len > 0 && text.data[0] != '/')
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == '~' &&
            (i + 1 == text.len || (text.data[i + 1] != '0' && text.data[i + 1] != '1')))
            return false;
    return true;
}

/* Digits without a needless zero in front; 0: none there. */
static size_t integer_len(struct bytes text, size_t at)
{
    size_t end = at;
    while (end < text.len && isdigit(text.data[end]))
        end++;
    return end - at > 1 && text.data[at] == '0' ? 0 : end - at;
}

bool format_is_relative_json_pointer(struct bytes text)
{
    size_t at = integer_len(text, 0);
    if (at == 0)
        return false;
    if (at < text.len && (text.data[at] == '+' || text.data[at] == '-')) {
        size_t len = integer_len(text, at + 1);
        if (len == 0)
            return false;
        at += 1 + len;
    }
    struct bytes rest = bytes_of(text.data + at, text.len - at);
    return bytes_equal(rest, bytes_text("#")) || format_is_json_pointer(rest);
}

static bool is_percent_triplet(struct bytes text, size_t at)
{
    return text.len - at >= 3 && text.data[at] == '%' && isxdigit(text.data[at + 1]) &&
           isxdigit(text.data[at + 2]);
}

/* A variable's name: letters, digits, `_` and triplets, with single dots between. */
static size_t variable_len(struct bytes text, size_t begin)
{
    size_t at = begin;
    bool after_dot = true;
    while (at < text.len) {
        uint8_t c = text.data[at];
        if (c == '.' && !after_dot) {
            after_dot = true;
            at++;
            continue;
        }
        if (isalnum(c) || c == '_')
            at++;
        else if (is_percent_triplet(text, at))
            at += 3;
        else
            break;
        after_dot = false;
    }
    return after_dot ? 0 : at - begin;
}

/* What follows a name: nothing, `*`, or `:` and 1 to 9999. */
static size_t modifier_len(struct bytes text, size_t at, bool *ret_bad)
{
    *ret_bad = false;
    if (at < text.len && text.data[at] == '*')
        return 1;
    if (at >= text.len || text.data[at] != ':')
        return 0;
    size_t len = integer_len(text, at + 1);
    *ret_bad = len == 0 || len > 4 || text.data[at + 1] == '0';
    return 1 + len;
}

/* An expression after its `{`; 0: not one. */
static size_t expression_len(struct bytes text, size_t begin)
{
    size_t at = begin;
    bool bad;
    if (at < text.len && text.data[at] != 0 && strchr("+#./;?&=,!@|", text.data[at]))
        at++;
    for (;;) {
        size_t len = variable_len(text, at);
        if (len == 0)
            return 0;
        at += len;
        at += modifier_len(text, at, &bad);
        if (bad || at >= text.len)
            return 0;
        if (text.data[at] == '}')
            return at + 1 - begin;
        if (text.data[at++] != ',')
            return 0;
    }
}

bool format_is_uri_template(struct bytes text)
{
    for (size_t at = 0; at < text.len;) {
        uint8_t c = text.data[at];
        if (c == '{') {
            size_t len = expression_len(text, at + 1);
            if (len == 0)
                return false;
            at += 1 + len;
        } else if (c == '%') {
            if (!is_percent_triplet(text, at))
                return false;
            at += 3;
        } else if (c <= 0x20 || c == 0x7F || strchr("\"'<>\\^`|}", c)) {
            return false;
        } else {
            at++;
        }
    }
    return true;
}
