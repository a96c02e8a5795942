/* From ECMA-262 to PCRE2: one pass over the pattern, no recursion.
 *
 * A first look counts the groups, because a reference may come before its group. Named groups
 * become numbered ones. Next: regex_property.c
 */
#include "schema/regex_translate.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "core/limits.h"

/* Everything \s is: WhiteSpace and LineTerminator of ECMA-262, and all the rest. */
#define SPACE_RANGES                                                                               \
    "\\x{9}-\\x{D}\\x{20}\\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}"  \
    "\\x{3000}\\x{FEFF}"
#define NO_SPACE_RANGES                                                                            \
    "\\x{0}-\\x{8}\\x{E}-\\x{1F}\\x{21}-\\x{9F}\\x{A1}-\\x{167F}\\x{1681}-\\x{1FFF}"               \
    "\\x{200B}-\\x{2027}\\x{202A}-\\x{202E}\\x{2030}-\\x{205E}\\x{2060}-\\x{2FFF}"                 \
    "\\x{3001}-\\x{FEFE}\\x{FF00}-\\x{10FFFF}"
#define LINE_ENDS "\\n\\r\\x{2028}\\x{2029}"

static int peek(const struct reader *reader, size_t ahead)
{
    return reader->at + ahead < reader->in.len ? reader->in.data[reader->at + ahead] : -1;
}

static bool take(struct reader *reader, const char *text)
{
    size_t len = strlen(text);
    if (reader->in.len - reader->at < len || memcmp(reader->in.data + reader->at, text, len) != 0)
        return false;
    reader->at += len;
    return true;
}

void translate_fail(struct reader *reader, const char *fault)
{
    if (!reader->fault)
        reader->fault = fault;
}

static void emit(struct reader *reader, const char *text)
{
    buf_text(&reader->out, text);
}

static void emit_code_point(struct reader *reader, uint32_t code_point)
{
    if (code_point > 0x10FFFF)
        translate_fail(reader, "escapes a character beyond U+10FFFF");
    else if (code_point >= 0xD800 && code_point <= 0xDFFF)
        translate_fail(reader, "escapes half of a surrogate pair");
    else
        buf_printf(&reader->out, "\\x{%X}", code_point);
}

/* `digits` hexadecimal digits at reader->at + `ahead`. */
static bool peek_hex(const struct reader *reader, size_t ahead, unsigned digits, uint32_t *ret)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < digits; i++) {
        int c = peek(reader, ahead + i);
        if (c < 0 || !isxdigit(c))
            return false;
        value = value * 16 + (uint32_t)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
    }
    *ret = value;
    return true;
}

/* After `\u`: {H...}, HHHH, or two of those that are a surrogate pair. */
static void escape_unicode(struct reader *reader)
{
    uint32_t value = 0, low;
    if (take(reader, "{")) {
        size_t begin = reader->at;
        uint32_t digit;
        while (value <= 0x10FFFF && peek_hex(reader, 0, 1, &digit)) {
            value = value * 16 + digit;
            reader->at++;
        }
        if (reader->at == begin || !take(reader, "}"))
            return translate_fail(reader, "has a \\u{...} that is no code point");
        return emit_code_point(reader, value);
    }
    if (!peek_hex(reader, 0, 4, &value))
        return translate_fail(reader, "has a \\u without four hexadecimal digits");
    reader->at += 4;
    if (value >= 0xD800 && value <= 0xDBFF && peek(reader, 0) == '\\' && peek(reader, 1) == 'u' &&
        peek_hex(reader, 2, 4, &low) && low >= 0xDC00 && low <= 0xDFFF) {
        reader->at += 6;
        value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
    }
    emit_code_point(reader, value);
}

/* The control characters with a letter of their own. */
static int control_of(int letter)
{
    static const char letters[] = "tnvfr", values[] = "\t\n\v\f\r";
    const char *at = letter > 0 ? strchr(letters, letter) : NULL;
    return at ? values[at - letters] : -1;
}

/* An escape that means one character, within a class or without; the letter is taken already. */
static void escape_character(struct reader *reader, int letter)
{
    uint32_t value;
    if (control_of(letter) >= 0)
        return emit_code_point(reader, (uint32_t)control_of(letter));
    if (letter == 'u')
        return escape_unicode(reader);
    if (letter == 'c' && isalpha(peek(reader, 0)))
        return emit_code_point(reader, reader->in.data[reader->at++] & 31);
    if (letter == 'x' && peek_hex(reader, 0, 2, &value)) {
        reader->at += 2;
        return emit_code_point(reader, value);
    }
    if (letter == '0' && !isdigit(peek(reader, 0)))
        return emit_code_point(reader, 0);
    if (letter < 0)
        return translate_fail(reader, "ends with a backslash");
    if (isalnum(letter) || letter == '_')
        return translate_fail(reader, "has an escape that ECMA-262 does not know");
    if (letter < 0x80)
        return emit_code_point(reader, (uint32_t)letter);
    reader->at--; /* the first byte of a character that stands for itself */
}

/* An escape that means a set of characters: \d \w \s \p and their opposites. */
static bool escape_set(struct reader *reader, int letter, bool in_class)
{
    const char *ranges = letter == 's' ? SPACE_RANGES : NO_SPACE_RANGES;
    switch (letter) {
    case 'd':
    case 'D':
    case 'w':
    case 'W':
        buf_printf(&reader->out, "\\%c", letter);
        return true;
    case 's':
    case 'S':
        buf_printf(&reader->out, in_class ? "%s" : "[%s]", ranges);
        return true;
    case 'p':
    case 'P':
        translate_property(reader, letter);
        return true;
    default:
        return false;
    }
}

/* \1 and \k<name>. */
static void escape_reference(struct reader *reader, unsigned number)
{
    if (number == 0 || number > reader->groups)
        return translate_fail(reader, "refers to a group that is not there");
    buf_printf(&reader->out, "\\g{%u}", number);
}

static void escape_named_reference(struct reader *reader)
{
    if (!take(reader, "<"))
        return translate_fail(reader, "has a \\k without <name>");
    size_t begin = reader->at;
    while (peek(reader, 0) >= 0 && peek(reader, 0) != '>')
        reader->at++;
    struct bytes name = bytes_of(reader->in.data + begin, reader->at - begin);
    if (!take(reader, ">"))
        return translate_fail(reader, "has a \\k without <name>");
    for (unsigned i = 0; i < reader->names_len; i++)
        if (bytes_equal(reader->names[i].text, name))
            return escape_reference(reader, reader->names[i].group);
    translate_fail(reader, "refers to a group that is not there");
}

static void read_escape(struct reader *reader)
{
    reader->at++;
    int letter = peek(reader, 0);
    reader->at += letter >= 0;
    reader->can_repeat = true;
    if (letter == 'b' || letter == 'B') {
        buf_printf(&reader->out, "\\%c", letter);
        reader->can_repeat = false;
    } else if (letter == 'k') {
        escape_named_reference(reader);
    } else if (letter >= '1' && letter <= '9') {
        unsigned number = (unsigned)(letter - '0');
        for (; isdigit(peek(reader, 0)) && number <= reader->groups; reader->at++)
            number = number * 10 + (unsigned)(peek(reader, 0) - '0');
        escape_reference(reader, number);
    } else if (!escape_set(reader, letter, false)) {
        escape_character(reader, letter);
    }
}

static bool is_set_escape(const struct reader *reader)
{
    int letter = peek(reader, 1);
    return peek(reader, 0) == '\\' && letter > 0 && strchr("dDwWsSpP", letter) != NULL;
}

/* One item of a class; `after_set`: the one before it was a set, after which `-` is a hyphen. */
static bool read_class_item(struct reader *reader, bool after_set)
{
    int c = peek(reader, 0);
    reader->at++;
    if (c == '\\') {
        int letter = peek(reader, 0);
        reader->at += letter >= 0;
        if (letter == 'b')
            emit(reader, "\\x{8}");
        else if (escape_set(reader, letter, true))
            return true;
        else
            escape_character(reader, letter);
    } else if (c == '[' || (c == '-' && (after_set || is_set_escape(reader)))) {
        buf_printf(&reader->out, "\\%c", c);
    } else {
        buf_append(&reader->out, &(uint8_t){(uint8_t)c}, 1);
    }
    return false;
}

static void read_class(struct reader *reader)
{
    reader->at++;
    emit(reader, take(reader, "^") ? "[^" : "[");
    bool after_set = false;
    while (peek(reader, 0) >= 0 && peek(reader, 0) != ']' && !reader->fault)
        after_set = read_class_item(reader, after_set);
    if (!take(reader, "]"))
        translate_fail(reader, "has a [ that is not closed");
    emit(reader, "]");
    reader->can_repeat = true;
}

static bool take_name(struct reader *reader)
{
    size_t begin = reader->at;
    while (peek(reader, 0) == '$' || peek(reader, 0) == '_' || isalnum(peek(reader, 0)) ||
           peek(reader, 0) >= 0x80)
        reader->at++;
    return reader->at > begin && !isdigit(reader->in.data[begin]) && take(reader, ">");
}

static void read_group(struct reader *reader)
{
    static const char *const openings[] = {"(?:", "(?=", "(?!", "(?<=", "(?<!"};
    if (reader->depth == REGEX_DEPTH_MAX)
        return translate_fail(reader, "has groups nested too deeply");
    reader->can_repeat = false;
    reader->is_assertion[reader->depth++] = false;
    for (unsigned i = 0; i < sizeof openings / sizeof *openings; i++) {
        if (take(reader, openings[i])) {
            reader->is_assertion[reader->depth - 1] = i >= 3;
            return emit(reader, openings[i]);
        }
    }
    if (take(reader, "(?<")) {
        if (!take_name(reader))
            return translate_fail(reader, "has a group with a bad name");
    } else if (take(reader, "(?")) {
        return translate_fail(reader, "has a kind of group that ECMA-262 does not know");
    } else {
        reader->at++;
    }
    emit(reader, "(");
}

static void read_group_end(struct reader *reader)
{
    reader->at++;
    if (reader->depth == 0)
        return translate_fail(reader, "has a ) without its (");
    reader->can_repeat = !reader->is_assertion[--reader->depth];
    emit(reader, ")");
}

/* `{2}`, `{2,}`, `{2,5}` at the reader: their length; 0: the brace is a character. */
static size_t repeat_len(const struct reader *reader)
{
    size_t at = 1;
    if (!isdigit(peek(reader, at)))
        return 0;
    while (isdigit(peek(reader, at)))
        at++;
    if (peek(reader, at) == ',')
        at++;
    while (isdigit(peek(reader, at)))
        at++;
    return peek(reader, at) == '}' ? at + 1 : 0;
}

static void read_repeat(struct reader *reader, size_t len)
{
    if (!reader->can_repeat)
        return translate_fail(reader, "repeats nothing");
    buf_append(&reader->out, reader->in.data + reader->at, len);
    reader->at += len;
    if (take(reader, "?"))
        emit(reader, "?");
    reader->can_repeat = false;
}

static void read_character(struct reader *reader, int c)
{
    reader->at++;
    reader->can_repeat = true;
    if (c == '.')
        return emit(reader, "[^" LINE_ENDS "]");
    if (c == '{' || c == '}' || c == ']')
        emit(reader, "\\");
    buf_append(&reader->out, &(uint8_t){(uint8_t)c}, 1);
    /* The rest of a UTF-8 character goes with its first byte. */
    while (c >= 0x80 && (peek(reader, 0) & 0xC0) == 0x80 && peek(reader, 0) >= 0)
        buf_append(&reader->out, &reader->in.data[reader->at++], 1);
}

static void read_term(struct reader *reader)
{
    int c = peek(reader, 0);
    if (c == '\\')
        return read_escape(reader);
    if (c == '[')
        return read_class(reader);
    if (c == '(')
        return read_group(reader);
    if (c == ')')
        return read_group_end(reader);
    if (c == '*' || c == '+' || c == '?')
        return read_repeat(reader, 1);
    if (c == '{' && repeat_len(reader) > 0)
        return read_repeat(reader, repeat_len(reader));
    if (c == '^' || c == '$' || c == '|') {
        reader->can_repeat = false;
        buf_append(&reader->out, &reader->in.data[reader->at++], 1);
        return;
    }
    read_character(reader, c);
}

/* Groups and their names, so that a reference may come first. */
static void count_groups(struct reader *reader)
{
    bool in_class = false;
    for (reader->at = 0; reader->at < reader->in.len; reader->at++) {
        int c = peek(reader, 0);
        if (c == '\\')
            reader->at++;
        else if (c == '[' || c == ']')
            in_class = c == '[';
        if (c != '(' || in_class)
            continue;
        bool is_named = peek(reader, 1) == '?' && peek(reader, 2) == '<' &&
                        peek(reader, 3) != '=' && peek(reader, 3) != '!';
        reader->groups += peek(reader, 1) != '?' || is_named;
        if (!is_named)
            continue;
        if (reader->names_len == REGEX_NAMES_MAX)
            return translate_fail(reader, "has too many named groups");
        const uint8_t *name = reader->in.data + reader->at + 3;
        const uint8_t *end = memchr(name, '>', reader->in.len - reader->at - 3);
        struct bytes text = bytes_of(name, end ? (size_t)(end - name) : 0);
        for (unsigned i = 0; i < reader->names_len; i++)
            if (bytes_equal(reader->names[i].text, text))
                return translate_fail(reader, "names two groups alike");
        reader->names[reader->names_len].text = text;
        reader->names[reader->names_len++].group = reader->groups;
    }
}

const char *regex_translate(struct bytes pattern, struct buf *out)
{
    struct reader reader = {.in = pattern, .out = {.max = REGEX_TRANSLATED_BYTES_MAX}};
    count_groups(&reader);
    reader.at = 0;
    while (reader.at < pattern.len && !reader.fault)
        read_term(&reader);
    if (reader.depth > 0)
        translate_fail(&reader, "has a ( that is not closed");
    if (reader.out.failed)
        translate_fail(&reader, "is too long");
    if (out && !reader.fault)
        buf_append(out, reader.out.data, reader.out.len);
    buf_fini(&reader.out);
    return reader.fault;
}
