/* The grammar of RFC 8259 over a stack of open containers. Next: node.h */
#include "schema/read.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include "core/limits.h"

struct reader {
    const uint8_t *begin, *at, *end;
    json_t *open[SCHEMA_VALUE_DEPTH_MAX]; /* borrowed: the first is the root, the rest is in it */
    unsigned depth;
    struct bytes key; /* of the next member; in the text or in key_room */
    struct buf key_room, text_room;
    const char *fault;
    enum status status;
};

static bool fail(struct reader *reader, enum status status, const char *fault)
{
    if (!reader->fault) {
        reader->fault = fault;
        reader->status = status;
    }
    return false;
}

static bool invalid(struct reader *reader, const char *fault)
{
    return fail(reader, STATUS_INVALID, fault);
}

static int next(struct reader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\n' ||
                                        *reader->at == '\t' || *reader->at == '\r'))
        reader->at++;
    return reader->at < reader->end ? *reader->at : -1;
}

/* --- strings --- */

static bool read_hex(struct reader *reader, uint32_t *ret)
{
    uint32_t value = 0;
    if (reader->end - reader->at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        int c = *reader->at++;
        if (!isxdigit(c))
            return false;
        value = value * 16 + (uint32_t)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
    }
    *ret = value;
    return true;
}

static void put_code_point(struct buf *out, uint32_t point)
{
    if (point < 0x80) {
        buf_u8(out, (uint8_t)point);
    } else if (point < 0x800) {
        buf_u8(out, (uint8_t)(0xC0 | point >> 6));
    } else if (point < 0x10000) {
        buf_u8(out, (uint8_t)(0xE0 | point >> 12));
        buf_u8(out, (uint8_t)(0x80 | (point >> 6 & 0x3F)));
    } else {
        buf_u8(out, (uint8_t)(0xF0 | point >> 18));
        buf_u8(out, (uint8_t)(0x80 | (point >> 12 & 0x3F)));
        buf_u8(out, (uint8_t)(0x80 | (point >> 6 & 0x3F)));
    }
    if (point >= 0x80)
        buf_u8(out, (uint8_t)(0x80 | (point & 0x3F)));
}

/* After `\u`. */
static bool read_unicode_escape(struct reader *reader, struct buf *out)
{
    uint32_t point, low;
    if (!read_hex(reader, &point))
        return invalid(reader, "\\u needs four hexadecimal digits");
    if (point >= 0xD800 && point <= 0xDFFF) {
        if (point > 0xDBFF || reader->end - reader->at < 6 || reader->at[0] != '\\' ||
            reader->at[1] != 'u')
            return invalid(reader, "half of a surrogate pair");
        reader->at += 2;
        if (!read_hex(reader, &low) || low < 0xDC00 || low > 0xDFFF)
            return invalid(reader, "half of a surrogate pair");
        point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    }
    put_code_point(out, point);
    return true;
}

/* After the backslash. */
static bool read_escape(struct reader *reader, struct buf *out)
{
    static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    int c = reader->at < reader->end ? *reader->at++ : 0;
    const char *letter = c > 0 ? strchr(letters, c) : NULL;
    if (c == 'u')
        return read_unicode_escape(reader, out);
    if (!letter)
        return invalid(reader, "an escape that JSON does not know");
    buf_u8(out, (uint8_t)values[letter - letters]);
    return true;
}

/* Up to what cannot stand for itself: a quote, a backslash, a control character. */
static struct bytes read_plain(struct reader *reader)
{
    const uint8_t *begin = reader->at, *at = begin;
    uint8_t any = 0;
    while (at < reader->end && *at != '"' && *at != '\\' && *at >= 0x20)
        any |= *at++;
    struct bytes plain = bytes_of(begin, (size_t)(at - begin));
    reader->at = at;
    if (any >= 0x80 && !bytes_is_text(plain))
        invalid(reader, "bytes that are not UTF-8");
    return plain;
}

/* After the quote. The string is in the text itself, or in `room` when it has escapes. */
static bool read_string(struct reader *reader, struct buf *room, struct bytes *ret)
{
    *ret = read_plain(reader);
    if (reader->at < reader->end && *reader->at == '\\') {
        buf_clear(room);
        buf_append(room, ret->data, ret->len);
        while (!reader->fault && reader->at < reader->end && *reader->at == '\\') {
            reader->at++;
            if (!read_escape(reader, room))
                return false;
            struct bytes plain = read_plain(reader);
            buf_append(room, plain.data, plain.len);
        }
        if (room->failed)
            return fail(reader, STATUS_TOO_LARGE, "a string that is too long");
        *ret = buf_bytes(room);
    }
    if (reader->at == reader->end || *reader->at != '"')
        return invalid(reader, "a string that does not end, or a bare control character");
    reader->at++;
    return !reader->fault;
}

static bool read_key(struct reader *reader)
{
    if (next(reader) != '"')
        return invalid(reader, "the name of a member is missing");
    reader->at++;
    if (!read_string(reader, &reader->key_room, &reader->key))
        return false;
    if (memchr(reader->key.data, 0, reader->key.len))
        return invalid(reader, "a NUL character in a name");
    if (next(reader) != ':')
        return invalid(reader, "a colon is missing");
    reader->at++;
    return true;
}

/* --- numbers --- */

static const uint8_t *skip_digits(const uint8_t *at, const uint8_t *end)
{
    while (at < end && isdigit(*at))
        at++;
    return at;
}

/* The end of the number at reader->at; NULL: it is none. */
static const uint8_t *number_end(const struct reader *reader, bool *ret_is_real)
{
    const uint8_t *at = reader->at + (*reader->at == '-'), *begin = at, *end = reader->end;
    at = skip_digits(at, end);
    *ret_is_real = false;
    if (at == begin || (*begin == '0' && at - begin > 1))
        return NULL;
    if (at < end && *at == '.') {
        begin = at + 1;
        at = skip_digits(begin, end);
        *ret_is_real = true;
        if (at == begin)
            return NULL;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '+' || *at == '-');
        begin = at;
        at = skip_digits(begin, end);
        *ret_is_real = true;
        if (at == begin)
            return NULL;
    }
    return at;
}

static json_t *read_real(struct reader *reader, struct bytes text)
{
    char copy[SCHEMA_NUMBER_BYTES_MAX + 1];
    if (text.len > SCHEMA_NUMBER_BYTES_MAX) {
        fail(reader, STATUS_TOO_LARGE, "a number with too many digits");
        return NULL;
    }
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    double value = strtod(copy, NULL);
    if (!isfinite(value)) {
        invalid(reader, "a number too large");
        return NULL;
    }
    return json_real(value);
}

static json_t *read_integer(struct reader *reader, struct bytes text)
{
    bool is_negative = text.data[0] == '-';
    uint64_t magnitude = 0;
    for (size_t i = is_negative; i < text.len; i++) {
        uint64_t digit = text.data[i] - '0';
        if (__builtin_mul_overflow(magnitude, 10, &magnitude) ||
            __builtin_add_overflow(magnitude, digit, &magnitude) ||
            magnitude > (uint64_t)INT64_MAX + is_negative) {
            invalid(reader, "a number beyond 64 bits");
            return NULL;
        }
    }
    return json_integer((json_int_t)(is_negative ? -magnitude : magnitude));
}

static json_t *read_number(struct reader *reader)
{
    bool is_real;
    const uint8_t *begin = reader->at, *end = number_end(reader, &is_real);
    if (!end) {
        invalid(reader, "a number that JSON does not know");
        return NULL;
    }
    reader->at = end;
    struct bytes text = bytes_of(begin, (size_t)(end - begin));
    return is_real ? read_real(reader, text) : read_integer(reader, text);
}

/* --- values --- */

static json_t *read_word(struct reader *reader, const char *word, json_t *value)
{
    size_t len = strlen(word);
    if ((size_t)(reader->end - reader->at) < len || memcmp(reader->at, word, len) != 0) {
        invalid(reader, "a word that JSON does not know");
        return NULL;
    }
    reader->at += len;
    return value;
}

/* A scalar, or a container still empty. NULL: failed. */
static json_t *read_value(struct reader *reader)
{
    struct bytes text;
    switch (next(reader)) {
    case '{':
        reader->at++;
        return json_object();
    case '[':
        reader->at++;
        return json_array();
    case '"':
        reader->at++;
        return read_string(reader, &reader->text_room, &text)
                   ? json_stringn_nocheck((const char *)text.data, text.len)
                   : NULL;
    case 't':
        return read_word(reader, "true", json_true());
    case 'f':
        return read_word(reader, "false", json_false());
    case 'n':
        return read_word(reader, "null", json_null());
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return read_number(reader);
    default:
        invalid(reader, "a value is missing");
        return NULL;
    }
}

/* Into the innermost container; the value is taken in any case. */
static bool attach(struct reader *reader, json_t *value)
{
    json_t *container = reader->open[reader->depth - 1];
    if (json_is_array(container))
        return json_array_append_new(container, value) == 0 ||
               fail(reader, STATUS_RESOURCE_EXHAUSTED, "no memory");
    size_t size = json_object_size(container);
    if (json_object_setn_new_nocheck(container, (const char *)reader->key.data, reader->key.len,
                                     value) != 0)
        return fail(reader, STATUS_RESOURCE_EXHAUSTED, "no memory");
    return json_object_size(container) > size || invalid(reader, "a name that is there twice");
}

/* An opened container: is something in it? Then it is the innermost from now on. */
static bool enter(struct reader *reader, json_t *value, bool *ret_entered)
{
    bool is_object = json_is_object(value);
    *ret_entered = next(reader) != (is_object ? '}' : ']');
    if (!*ret_entered) {
        reader->at++;
        return true;
    }
    if (reader->depth == SCHEMA_VALUE_DEPTH_MAX)
        return fail(reader, STATUS_TOO_LARGE, "values nested too deeply");
    reader->open[reader->depth++] = value;
    return !is_object || read_key(reader);
}

/* After a whole value: a comma and the next one, or the end of its container, and of that one's.
 * ret_done: the root has ended. */
static bool leave(struct reader *reader, bool *ret_done)
{
    *ret_done = false;
    while (reader->depth > 0) {
        bool is_object = json_is_object(reader->open[reader->depth - 1]);
        int c = next(reader);
        reader->at += c >= 0;
        if (c == ',')
            return !is_object || read_key(reader);
        if (c != (is_object ? '}' : ']'))
            return invalid(reader, "a comma or the end of a list or object is missing");
        reader->depth--;
    }
    *ret_done = true;
    return next(reader) < 0 || invalid(reader, "something after the end");
}

static json_t *read_root(struct reader *reader)
{
    json_t *root = NULL;
    for (bool done = false; !done;) {
        bool entered = false;
        json_t *value = read_value(reader);
        if (!value) {
            fail(reader, STATUS_RESOURCE_EXHAUSTED, "no memory");
            break;
        }
        if (!root)
            root = value;
        else if (!attach(reader, value))
            break;
        if ((json_is_object(value) || json_is_array(value)) && !enter(reader, value, &entered))
            break;
        if (!entered && !leave(reader, &done))
            break;
    }
    return root;
}

enum status json_read(struct bytes text, json_t **ret, const char **ret_fault, size_t *ret_at)
{
    struct reader reader = {.begin = text.data, .at = text.data, .end = text.data + text.len};
    json_t *root = read_root(&reader);
    buf_fini(&reader.key_room);
    buf_fini(&reader.text_room);
    if (reader.fault) {
        json_decref(root);
        *ret_fault = reader.fault;
        *ret_at = (size_t)(reader.at - reader.begin);
        return reader.status;
    }
    *ret = root;
    return OK;
}
