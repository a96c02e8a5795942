/* Next: content.c */
#include "rules.h"

#include "core/limits.h"

static bool is_lower(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

const char *slug_problem(struct bytes slug)
{
    if (slug.len == 0) {
        return "must not be empty";
    }
    if (slug.len > SLUG_BYTES_MAX) {
        return "must have at most 64 characters";
    }
    if (!is_lower(slug.data[0]) && !is_digit(slug.data[0])) {
        return "must begin with a small letter or a digit";
    }
    for (size_t i = 1; i < slug.len; i++) {
        uint8_t c = slug.data[i];
        if (!is_lower(c) && !is_digit(c) && c != '_' && c != '-') {
            return "may hold small letters, digits, '-' and '_' only";
        }
    }
    return NULL;
}

/* U+0000..1F, U+7F and U+80..9F, but for those in `allowed`. `text` is UTF-8. */
static bool has_control(struct bytes text, const char *allowed)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        bool c1 = c == 0xC2 && i + 1 < text.len && text.data[i + 1] < 0xA0;
        bool c0 = (c < ' ' || c == 0x7F) && (c == 0 || strchr(allowed, c) == NULL);
        if (c0 || c1) {
            return true;
        }
    }
    return false;
}

static bool is_blank(struct bytes text)
{
    size_t i = 0;
    while (i < text.len && text.data[i] == ' ') {
        i++;
    }
    return i == text.len;
}

const char *title_problem(struct bytes title)
{
    if (is_blank(title)) {
        return "must not be blank";
    }
    if (title.len > TITLE_BYTES_MAX) {
        return "must have at most 512 bytes";
    }
    return has_control(title, "") ? "must not hold control characters" : NULL;
}

const char *body_problem(struct bytes body)
{
    if (body.len > BODY_BYTES_MAX) {
        return "must have at most 16384 bytes";
    }
    return has_control(body, "\n\r\t") ? "must not hold control characters" : NULL;
}

const char *placeholder_problem(struct bytes name)
{
    if (name.len == 0 || name.len > PLACEHOLDER_BYTES_MAX) {
        return "must have 1 to 64 characters";
    }
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i], lower = c | 0x20;
        bool inside = is_digit(c) || c == '.' || c == '-';
        if (!is_lower(lower) && c != '_' && !(inside && i > 0)) {
            return "must be a letter or '_', then letters, digits, '_', '.' and '-'";
        }
    }
    return NULL;
}

bool text_is_repeated(char *const *texts, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (strcmp(texts[i], texts[at]) == 0) {
            return true;
        }
    }
    return false;
}

bool page_size(uint32_t limit, size_t *ret)
{
    if (limit > LIST_ROWS_MAX) {
        return false;
    }
    *ret = limit > 0 ? limit : LIST_ROWS_DEFAULT;
    return true;
}
