/* The formats of draft 2020-12: what a string that calls itself a date, an address, a URI is.
 *
 * Pure decisions about text that is valid UTF-8. Next: format.c
 */
#ifndef WARDROOM_SCHEMA_FORMAT_H
#define WARDROOM_SCHEMA_FORMAT_H

#include "core/bytes.h"

struct format {
    const char *name;
    bool (*is_valid)(struct bytes text);
    const char *words; /* "must be ..." */
};

/* NULL: unknown, which is never asserted. */
const struct format *format_find(struct bytes name);

/* format_time.c */
bool format_is_date(struct bytes text);
bool format_is_time(struct bytes text);
bool format_is_date_time(struct bytes text);
bool format_is_duration(struct bytes text);
/* format_host.c */
bool format_is_ipv4(struct bytes text);
bool format_is_ipv6(struct bytes text);
bool format_is_hostname(struct bytes text);
bool format_is_email(struct bytes text);
bool format_is_idn_email(struct bytes text);
/* format_idn.c: `dot_only`: labels are parted by `.` alone, not by the other dots of RFC 3490. */
bool format_is_idn_name(struct bytes text, bool dot_only);
bool format_is_idn_hostname(struct bytes text);
bool format_is_a_label(struct bytes label); /* "xn--..." that decodes to a valid label */
/* format_uri.c */
bool format_is_uri(struct bytes text);
bool format_is_uri_reference(struct bytes text);
bool format_is_iri(struct bytes text);
bool format_is_iri_reference(struct bytes text);
/* format_pointer.c */
bool format_is_uri_template(struct bytes text);
bool format_is_json_pointer(struct bytes text);
bool format_is_relative_json_pointer(struct bytes text);

/* The code point at `*at`, which moves past it; -1 at the end. */
int32_t text_next(struct bytes text, size_t *at);

#endif
