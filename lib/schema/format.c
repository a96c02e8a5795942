/* The table of formats, and the two that need no file of their own. Next: format_time.c */
#include "schema/format.h"

#include <ctype.h>
#include "schema/regex.h"

static bool is_uuid(struct bytes text)
{
    bool valid = text.len == 36;
    for (size_t i = 0; valid && i < 36; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        valid = is_dash ? text.data[i] == '-' : isxdigit(text.data[i]) != 0;
    }
    return valid;
}

static bool is_regex(struct bytes text)
{
    return regex_translate(text, NULL) == NULL;
}

static const struct format formats[] = {
    {"date-time", format_is_date_time, "must be a date and time such as 2026-03-01T08:30:00Z"},
    {"date", format_is_date, "must be a date such as 2026-03-01"},
    {"time", format_is_time, "must be a time with its zone such as 08:30:00Z"},
    {"duration", format_is_duration, "must be a duration such as P1DT12H"},
    {"email", format_is_email, "must be an e-mail address"},
    {"idn-email", format_is_idn_email, "must be an e-mail address"},
    {"hostname", format_is_hostname, "must be a host name"},
    {"idn-hostname", format_is_idn_hostname, "must be a host name"},
    {"ipv4", format_is_ipv4, "must be an IPv4 address"},
    {"ipv6", format_is_ipv6, "must be an IPv6 address"},
    {"uri", format_is_uri, "must be a URI such as https://example.com/"},
    {"uri-reference", format_is_uri_reference, "must be a URI or a relative reference"},
    {"iri", format_is_iri, "must be an IRI such as https://example.com/"},
    {"iri-reference", format_is_iri_reference, "must be an IRI or a relative reference"},
    {"uuid", is_uuid, "must be a UUID"},
    {"uri-template", format_is_uri_template, "must be a URI template"},
    {"json-pointer", format_is_json_pointer, "must be a JSON pointer"},
    {"relative-json-pointer", format_is_relative_json_pointer, "must be a relative JSON pointer"},
    {"regex", is_regex, "must be a regular expression"},
};

const struct format *format_find(struct bytes name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (bytes_equal(bytes_text(formats[i].name), name))
            return &formats[i];
    return NULL;
}

int32_t text_next(struct bytes text, size_t *at)
{
    if (*at >= text.len)
        return -1;
    uint8_t first = text.data[(*at)++];
    if (first < 0x80)
        return first;
    int32_t value = first < 0xE0 ? first & 0x1F : first < 0xF0 ? first & 0x0F : first & 0x07;
    while (*at < text.len && (text.data[*at] & 0xC0) == 0x80)
        value = (value << 6 | (text.data[(*at)++] & 0x3F)) & 0x1FFFFF;
    return value;
}
