/* URIs (RFC 3986) and IRIs (RFC 3987), by their grammar. Next: format_pointer.c */
#include "schema/format.h"

#include <ctype.h>
#include "schema/uri.h"

#define UNRESERVED "-._~"
#define SUB_DELIMS "!$&'()*+,;="

static bool is_ucs_char(int32_t c)
{
    if (c < 0x10000)
        return (c >= 0xA0 && c <= 0xD7FF) || (c >= 0xF900 && c <= 0xFDCF) ||
               (c >= 0xFDF0 && c <= 0xFFEF);
    /* Planes 1 to 14 but for their last two; of plane 14 from E1000 on. */
    return c < 0xF0000 && (c & 0xFFFF) <= 0xFFFD && (c < 0xE0000 || c >= 0xE1000);
}

static bool is_private(int32_t c)
{
    return (c >= 0xE000 && c <= 0xF8FF) || (c >= 0xF0000 && (c & 0xFFFF) <= 0xFFFD);
}

enum part { PART_PATH, PART_QUERY, PART_FRAGMENT, PART_USER, PART_HOST };

static const char *const allowed[] = {
    [PART_PATH] = UNRESERVED SUB_DELIMS ":@/",
    [PART_QUERY] = UNRESERVED SUB_DELIMS ":@/?",
    [PART_FRAGMENT] = UNRESERVED SUB_DELIMS ":@/?",
    [PART_USER] = UNRESERVED SUB_DELIMS ":",
    [PART_HOST] = UNRESERVED SUB_DELIMS,
};

/* Only characters of that part, and percent signs with two digits. */
static bool is_part(struct bytes text, enum part part, bool is_iri)
{
    for (size_t at = 0; at < text.len;) {
        int32_t c = text_next(text, &at);
        if (c == '%') {
            if (text.len - at < 2 || !isxdigit(text.data[at]) || !isxdigit(text.data[at + 1]))
                return false;
            at += 2;
        } else if (c >= 0x80) {
            if (!is_iri || !(is_ucs_char(c) || (part == PART_QUERY && is_private(c))))
                return false;
        } else if (!isalnum(c) && (c == 0 || !strchr(allowed[part], c))) {
            return false;
        }
    }
    return true;
}

/* The inside of `[...]`: IPv6, or `v1.` and more. */
static bool is_ip_literal(struct bytes text)
{
    if (text.len == 0 || (text.data[0] | 32) != 'v')
        return format_is_ipv6(text);
    size_t at = 1;
    while (at < text.len && isxdigit(text.data[at]))
        at++;
    if (at == 1 || at + 1 >= text.len || text.data[at] != '.')
        return false;
    for (at++; at < text.len; at++)
        if (!isalnum(text.data[at]) &&
            (text.data[at] == 0 || !strchr(UNRESERVED SUB_DELIMS ":", text.data[at])))
            return false;
    return true;
}

static bool is_authority(struct bytes text, bool is_iri)
{
    const uint8_t *at_sign = memchr(text.data, '@', text.len);
    if (at_sign) {
        struct bytes user = bytes_of(text.data, (size_t)(at_sign - text.data));
        if (!is_part(user, PART_USER, is_iri))
            return false;
        text = bytes_of(at_sign + 1, text.len - user.len - 1);
    }
    size_t end = text.len;
    while (end > 0 && isdigit(text.data[end - 1]))
        end--;
    bool has_port = end > 0 && text.data[end - 1] == ':';
    struct bytes host = bytes_of(text.data, has_port ? end - 1 : text.len);
    if (host.len >= 2 && host.data[0] == '[' && host.data[host.len - 1] == ']')
        return is_ip_literal(bytes_of(host.data + 1, host.len - 2));
    return is_part(host, PART_HOST, is_iri);
}

static bool is_scheme(struct bytes text)
{
    if (text.len == 0 || !isalpha(text.data[0]))
        return false;
    for (size_t i = 1; i < text.len; i++)
        if (!isalnum(text.data[i]) && (text.data[i] == 0 || !strchr("+-.", text.data[i])))
            return false;
    return true;
}

static bool is_reference(struct bytes text, bool needs_scheme, bool is_iri)
{
    struct uri uri = uri_split(text);
    if (uri.has_scheme ? !is_scheme(uri.scheme) : needs_scheme)
        return false;
    if (uri.has_authority && !is_authority(uri.authority, is_iri))
        return false;
    return is_part(uri.path, PART_PATH, is_iri) &&
           (!uri.has_query || is_part(uri.query, PART_QUERY, is_iri)) &&
           (!uri.has_fragment || is_part(uri.fragment, PART_FRAGMENT, is_iri));
}

bool format_is_uri(struct bytes text)
{
    return is_reference(text, true, false);
}

bool format_is_uri_reference(struct bytes text)
{
    return is_reference(text, false, false);
}

bool format_is_iri(struct bytes text)
{
    return is_reference(text, true, true);
}

bool format_is_iri_reference(struct bytes text)
{
    return is_reference(text, false, true);
}
