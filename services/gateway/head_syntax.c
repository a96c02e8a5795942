/* Byte by byte up to the blank line, then line by line. Next: head_scan.c */
#include "head_syntax.h"

#include <strings.h>

/* tchar of RFC 9110: what methods and header names are made of. */
static bool is_token_byte(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z') || (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte));
}

static bool is_token(struct bytes bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (!is_token_byte(bytes.data[i]))
            return false;
    }
    return bytes.len > 0;
}

/* The end of a line; true: of the head, too. */
static bool end_line(struct head_walk *walk)
{
    bool is_blank = walk->line_len == 0;
    walk->line_len = 0;
    walk->has_cr = false;
    walk->is_past_first = true;
    return is_blank;
}

/* May this byte stand here, within a line? */
static bool take_byte(struct head_walk *walk, uint8_t byte)
{
    walk->line_len++;
    if ((byte < ' ' && byte != '\t') || byte == 0x7f)
        return false;
    if (walk->is_past_first || walk->has_method)
        return true;
    walk->has_method = byte == ' ' && walk->line_len > 1;
    return walk->has_method || is_token_byte(byte);
}

enum head_end head_walk(struct head_walk *walk, struct bytes bytes)
{
    for (; walk->at < bytes.len; walk->at++) {
        uint8_t byte = bytes.data[walk->at];
        if (walk->at >= HEAD_BYTES_MAX)
            return HEAD_LONG;
        if (walk->has_cr != (byte == '\n'))
            return HEAD_BROKEN;
        if (byte == '\n') {
            if (end_line(walk)) {
                walk->at++;
                return HEAD_WHOLE;
            }
        } else if (byte == '\r') {
            walk->has_cr = true;
            if (walk->line_len == 0 && !walk->is_past_first)
                return HEAD_BROKEN;
        } else if (!take_byte(walk, byte)) {
            return HEAD_BROKEN;
        } else if (!walk->is_past_first && walk->line_len > HEAD_LINE_BYTES_MAX) {
            return HEAD_LONG_LINE;
        }
    }
    return HEAD_OPEN;
}

/* Take the bytes before `end` off the front, and `end` with them; false: it is not there. */
static bool take_until(struct bytes *rest, char end, struct bytes *ret)
{
    const uint8_t *at = rest->len > 0 ? memchr(rest->data, end, rest->len) : NULL;
    if (!at)
        return false;
    *ret = bytes_of(rest->data, (size_t)(at - rest->data));
    *rest = bytes_of(at + 1, rest->len - ret->len - 1);
    return true;
}

/* A line without its CRLF; the walk has seen that each CR has its LF. */
static bool take_line(struct bytes *rest, struct bytes *ret)
{
    if (!take_until(rest, '\r', ret) || rest->len == 0)
        return false;
    *rest = bytes_of(rest->data + 1, rest->len - 1);
    return true;
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static struct bytes trim(struct bytes bytes)
{
    while (bytes.len > 0 && is_space(bytes.data[0]))
        bytes = bytes_of(bytes.data + 1, bytes.len - 1);
    while (bytes.len > 0 && is_space(bytes.data[bytes.len - 1]))
        bytes.len--;
    return bytes;
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* method SP target SP HTTP/digit.digit */
static bool parse_request_line(struct bytes line, struct head_parts *ret)
{
    if (!take_until(&line, ' ', &ret->method) || !is_token(ret->method) ||
        !take_until(&line, ' ', &ret->target) || ret->target.len == 0)
        return false;
    if (line.len != 8 || memcmp(line.data, "HTTP/", 5) != 0 || !is_digit(line.data[5]) ||
        line.data[6] != '.' || !is_digit(line.data[7]))
        return false;
    ret->major = (char)line.data[5];
    ret->minor = (char)line.data[7];
    return true;
}

bool head_parse(struct bytes head, struct head_parts *ret)
{
    struct bytes line;
    ret->field_count = 0;
    ret->has_many_fields = false;
    if (!take_line(&head, &line) || !parse_request_line(line, ret))
        return false;
    while (take_line(&head, &line) && line.len > 0) {
        struct head_field field;
        if (!take_until(&line, ':', &field.name) || !is_token(field.name))
            return false;
        field.value = trim(line);
        if (ret->field_count < HEAD_FIELDS_MAX)
            ret->fields[ret->field_count++] = field;
        else
            ret->has_many_fields = true;
    }
    return true;
}

bool head_next_element(struct bytes *list, struct bytes *ret)
{
    while (list->len > 0) {
        struct bytes element = *list;
        if (take_until(list, ',', &element))
            *ret = trim(element);
        else
            *ret = trim(*list), *list = (struct bytes){0};
        if (ret->len > 0)
            return true;
    }
    return false;
}

bool head_is_word(struct bytes bytes, const char *word)
{
    return bytes.len == strlen(word) && strncasecmp((const char *)bytes.data, word, bytes.len) == 0;
}
