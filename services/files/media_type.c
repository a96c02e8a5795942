/* Next: object_store.c */
#include "media_type.h"

static bool is_token_char(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* Each skip_x moves past an x at the start of `rest`; false: there is none. */
static bool skip_token(struct bytes *rest)
{
    size_t len = 0;
    while (len < rest->len && is_token_char(rest->data[len])) {
        len++;
    }
    *rest = bytes_of(rest->data + len, rest->len - len);
    return len > 0;
}

static bool skip_char(struct bytes *rest, char c)
{
    if (rest->len == 0 || rest->data[0] != (uint8_t)c) {
        return false;
    }
    *rest = bytes_of(rest->data + 1, rest->len - 1);
    return true;
}

/* Without escapes: nobody needs a quote inside one. */
static bool skip_quoted(struct bytes *rest)
{
    size_t at = 1;
    if (rest->len == 0 || rest->data[0] != '"') {
        return false;
    }
    while (at < rest->len && rest->data[at] >= ' ' && rest->data[at] <= '~' &&
           rest->data[at] != '"' && rest->data[at] != '\\') {
        at++;
    }
    *rest = bytes_of(rest->data + at, rest->len - at);
    return skip_char(rest, '"');
}

static void skip_spaces(struct bytes *rest)
{
    while (skip_char(rest, ' ')) {
    }
}

bool media_type_is_valid(struct bytes text)
{
    struct bytes rest = text;
    bool right = text.len <= MEDIA_TYPE_BYTES_MAX && skip_token(&rest) && skip_char(&rest, '/') &&
                 skip_token(&rest);
    while (right && rest.len > 0) {
        skip_spaces(&rest);
        right = skip_char(&rest, ';');
        skip_spaces(&rest);
        right = right && skip_token(&rest) && skip_char(&rest, '=') &&
                (skip_token(&rest) || skip_quoted(&rest));
    }
    return right;
}
