/* Addresses, host names (RFC 1123) and mailboxes (RFC 5321, 6531). Next: format_idn.c */
#include "schema/format.h"

#include <ctype.h>
#include <strings.h>

#define NAME_LEN_MAX       253 /* RFC 1035: 255 octets on the wire */
#define LABEL_LEN_MAX      63
#define LOCAL_PART_LEN_MAX 64  /* RFC 5321 4.5.3.1 */
#define MAILBOX_LEN_MAX    254 /* RFC 5321: a path has 256 with its brackets */

bool format_is_ipv4(struct bytes text)
{
    size_t at = 0;
    for (unsigned part = 0; part < 4; part++) {
        unsigned value = 0;
        size_t begin = at;
        if (part > 0 && (at >= text.len || text.data[at++] != '.'))
            return false;
        begin = at;
        while (at < text.len && isdigit(text.data[at]) && at - begin < 3)
            value = value * 10 + (unsigned)(text.data[at++] - '0');
        if (at == begin || value > 255 || (text.data[begin] == '0' && at - begin > 1))
            return false;
    }
    return at == text.len;
}

/* RFC 4291 2.2: eight groups, `::` once for one or more of zeros, the last two may be IPv4. */
bool format_is_ipv6(struct bytes text)
{
    unsigned groups = 0;
    bool is_shortened = false;
    size_t at = 0;
    if (text.len >= 2 && text.data[0] == ':' && text.data[1] == ':') {
        is_shortened = true;
        at = 2;
    }
    while (at < text.len) {
        size_t begin = at;
        while (at < text.len && isxdigit(text.data[at]))
            at++;
        if (at < text.len && text.data[at] == '.') {
            groups += 2;
            return format_is_ipv4(bytes_of(text.data + begin, text.len - begin)) &&
                   (is_shortened ? groups <= 7 : groups == 8);
        }
        if (at == begin || at - begin > 4 || ++groups > 8)
            return false;
        if (at == text.len)
            break;
        if (text.data[at++] != ':' || at == text.len)
            return false;
        if (text.data[at] == ':') {
            if (is_shortened)
                return false;
            is_shortened = true;
            at++;
        }
    }
    return is_shortened ? groups <= 7 : groups == 8;
}

static bool is_ldh_label(struct bytes label)
{
    if (label.len == 0 || label.len > LABEL_LEN_MAX || label.data[0] == '-' ||
        label.data[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++)
        if (!isalnum(label.data[i]) && label.data[i] != '-')
            return false;
    return true;
}

bool format_is_hostname(struct bytes text)
{
    if (text.len > NAME_LEN_MAX)
        return false;
    for (size_t at = 0; at <= text.len; at++) {
        size_t begin = at;
        while (at < text.len && text.data[at] != '.')
            at++;
        struct bytes label = bytes_of(text.data + begin, at - begin);
        if (!is_ldh_label(label))
            return false;
        bool is_encoded = label.len >= 4 && strncasecmp((const char *)label.data, "xn--", 4) == 0;
        if (is_encoded && !format_is_a_label(label))
            return false;
    }
    return true;
}

static bool is_atom_char(uint8_t c, bool is_international)
{
    if (c >= 0x80)
        return is_international;
    return isalnum(c) || (c != 0 && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Atoms parted by single dots. */
static bool is_dot_string(struct bytes text, bool is_international)
{
    bool after_dot = true;
    for (size_t i = 0; i < text.len; i++) {
        bool is_dot = text.data[i] == '.';
        if (is_dot ? after_dot : !is_atom_char(text.data[i], is_international))
            return false;
        after_dot = is_dot;
    }
    return !after_dot;
}

/* The inside of a quoted string and its closing quote. */
static bool is_quoted_string(struct bytes text, bool is_international)
{
    if (text.len < 2 || text.data[0] != '"' || text.data[text.len - 1] != '"')
        return false;
    for (size_t i = 1; i < text.len - 1; i++) {
        uint8_t c = text.data[i];
        if (c == '"' || c < 32 || c == 127 || (c >= 0x80 && !is_international))
            return false;
        if (c == '\\' && (++i == text.len - 1 || text.data[i] < 32 || text.data[i] > 126))
            return false;
    }
    return true;
}

/* `[127.0.0.1]`, `[IPv6:::1]`, `[tag:anything]`. */
static bool is_address_literal(struct bytes text)
{
    struct bytes inner = bytes_of(text.data + 1, text.len - 2);
    if (format_is_ipv4(inner))
        return true;
    if (inner.len > 5 && strncasecmp((const char *)inner.data, "IPv6:", 5) == 0)
        return format_is_ipv6(bytes_of(inner.data + 5, inner.len - 5));
    const uint8_t *colon = memchr(inner.data, ':', inner.len);
    if (!colon || colon + 1 == inner.data + inner.len ||
        !is_ldh_label(bytes_of(inner.data, (size_t)(colon - inner.data))))
        return false;
    for (const uint8_t *c = colon + 1; c < inner.data + inner.len; c++)
        if (*c < 33 || *c > 126 || (*c >= '[' && *c <= ']'))
            return false;
    return true;
}

static bool is_mailbox(struct bytes text, bool is_international)
{
    size_t at = text.len;
    while (at > 0 && text.data[at - 1] != '@')
        at--;
    if (at < 2 || at == text.len || at - 1 > LOCAL_PART_LEN_MAX || text.len > MAILBOX_LEN_MAX)
        return false;
    struct bytes local = bytes_of(text.data, at - 1);
    struct bytes domain = bytes_of(text.data + at, text.len - at);
    if (!is_dot_string(local, is_international) && !is_quoted_string(local, is_international))
        return false;
    if (domain.len > 2 && domain.data[0] == '[' && domain.data[domain.len - 1] == ']')
        return is_address_literal(domain);
    return is_international ? format_is_idn_name(domain, true) : format_is_hostname(domain);
}

bool format_is_email(struct bytes text)
{
    return is_mailbox(text, false);
}

bool format_is_idn_email(struct bytes text)
{
    return is_mailbox(text, true);
}
