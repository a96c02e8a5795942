/* The grammar of one HTTP/1.1 request head, RFC 9112: bytes in, parts out.
 *
 * Pure: no I/O, no memory, no libwebsockets. As strict as the RFC allows: every line ends in CRLF,
 * no line is folded, no space stands before a colon. Next: head_scan.h
 */
#ifndef WARDROOM_GATEWAY_HEAD_SYNTAX_H
#define WARDROOM_GATEWAY_HEAD_SYNTAX_H

#include "core/bytes.h"
#include "core/limits.h"

/* How far a head has been looked at; zero-initialised before its first byte. */
struct head_walk {
    size_t at;       /* the next byte to look at */
    size_t line_len; /* of the line it stands in, without CR */
    bool is_past_first, has_method, has_cr;
};

enum head_end {
    HEAD_OPEN,      /* more bytes are needed */
    HEAD_WHOLE,     /* walk->at is the first byte behind its blank line */
    HEAD_BROKEN,    /* a byte that may not stand there: this is no head */
    HEAD_LONG_LINE, /* the request line is over HEAD_LINE_BYTES_MAX */
    HEAD_LONG       /* over HEAD_BYTES_MAX */
};

/* Look at the bytes from walk->at on. `bytes`: all of this head so far, and whatever follows it.
 * How they were split over the calls makes no difference. */
enum head_end head_walk(struct head_walk *walk, struct bytes bytes);

struct head_field {
    struct bytes name, value; /* without the spaces around it */
};
struct head_parts {
    struct bytes method, target;
    char major, minor; /* digits of the version */
    struct head_field fields[HEAD_FIELDS_MAX];
    size_t field_count;
    bool has_many_fields; /* more than that */
};

/* Take a whole head apart; the parts are borrowed from it. False: it breaks the grammar. */
bool head_parse(struct bytes head, struct head_parts *ret);

/* The next element of a comma-separated list, taken off it; false: none is left. */
bool head_next_element(struct bytes *list, struct bytes *ret);
/* Equal but for the case of letters. */
bool head_is_word(struct bytes bytes, const char *word);

#endif
