/* The first reason to refuse counts: syntax, method, framing, then header by header.
 *
 * Next: front.c
 */
#include "head_scan.h"

#define CONTENT_LENGTH_DIGITS_MAX 10

/* The headers that the gateway uses; no other gets past here. */
enum used {
    USED_HOST,
    USED_ORIGIN,
    USED_AUTHORIZATION,
    USED_CONTENT_LENGTH,
    USED_CONTENT_TYPE,
    USED_EXPECT,
    USED_IF_NONE_MATCH,
    USED_CONNECTION,
    USED_UPGRADE,
    USED_WS_VERSION,
    USED_WS_KEY,
    USED_WS_PROTOCOL,
    USED_TRANSFER_ENCODING,
    USED_COUNT
};
static const struct {
    const char *name;
    bool is_list; /* may stand more than once */
} used[USED_COUNT] = {[USED_HOST] = {"Host", false},
                      [USED_ORIGIN] = {"Origin", false},
                      [USED_AUTHORIZATION] = {"Authorization", false},
                      [USED_CONTENT_LENGTH] = {"Content-Length", false},
                      [USED_CONTENT_TYPE] = {"Content-Type", false},
                      [USED_EXPECT] = {"Expect", true},
                      [USED_IF_NONE_MATCH] = {"If-None-Match", true},
                      [USED_CONNECTION] = {"Connection", true},
                      [USED_UPGRADE] = {"Upgrade", false},
                      [USED_WS_VERSION] = {"Sec-WebSocket-Version", false},
                      [USED_WS_KEY] = {"Sec-WebSocket-Key", false},
                      [USED_WS_PROTOCOL] = {"Sec-WebSocket-Protocol", true},
                      [USED_TRANSFER_ENCODING] = {"Transfer-Encoding", false}};

static const struct {
    const char *name;
    bool has_body;
} methods[] = {{"GET", false},  {"HEAD", false},   {"POST", true},    {"PUT", true},
               {"PATCH", true}, {"DELETE", false}, {"OPTIONS", false}};

/* What is being judged. */
struct request {
    struct head_parts parts;
    struct bytes first[USED_COUNT]; /* value of the first; NULL data: there is none */
    unsigned count[USED_COUNT];
};

static struct refusal refuse(enum status status, enum counter counter, const char *detail)
{
    return (struct refusal){.status = status, .counter = counter, .detail = detail};
}

static struct refusal refuse_as(int http_status, enum counter counter, const char *detail)
{
    return (struct refusal){.status = http_status >= 500 ? STATUS_UNIMPLEMENTED : STATUS_TOO_LARGE,
                            .http_status = http_status,
                            .counter = counter,
                            .detail = detail};
}

static enum used find_used(struct bytes name)
{
    enum used at = 0;
    while (at < USED_COUNT && !head_is_word(name, used[at].name))
        at++;
    return at;
}

static void sort_fields(struct request *request)
{
    for (size_t i = 0; i < request->parts.field_count; i++) {
        const struct head_field *field = &request->parts.fields[i];
        enum used at = find_used(field->name);
        if (at < USED_COUNT && request->count[at]++ == 0)
            request->first[at] = field->value;
    }
}

/* Where a walk over the elements of a list stands; zero-initialised before the first. */
struct cursor {
    size_t field;
    struct bytes rest;
};

/* The next element of a header that is a list, over all of its lines; false: that was the last. */
static bool next_element(const struct request *request, enum used at, struct cursor *cursor,
                         struct bytes *ret)
{
    while (!head_next_element(&cursor->rest, ret)) {
        if (request->count[at] == 0 || cursor->field == request->parts.field_count)
            return false;
        const struct head_field *field = &request->parts.fields[cursor->field++];
        if (find_used(field->name) == at)
            cursor->rest = field->value;
    }
    return true;
}

static bool has_element(const struct request *request, enum used at, const char *word)
{
    struct cursor cursor = {0};
    struct bytes element;
    while (next_element(request, at, &cursor, &element)) {
        if (head_is_word(element, word))
            return true;
    }
    return false;
}

static int hex_digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Decode the escape at `at`; -1: it is none. */
static int escaped_byte(struct bytes target, size_t at)
{
    if (target.len - at < 3)
        return -1;
    int high = hex_digit(target.data[at + 1]), low = hex_digit(target.data[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* libwebsockets takes an escaped line end for the end of the line, and others for nothing. */
static struct refusal judge_target(struct bytes target)
{
    size_t params = 0, param_len = 0;
    if (target.data[0] != '/')
        return refuse(STATUS_INVALID, COUNT_REFUSED_HEAD, "the request line must name a path");
    for (size_t i = 0; i < target.len; i++) {
        int byte = target.data[i];
        bool is_escaped = byte == '%';
        if (is_escaped) {
            byte = escaped_byte(target, i);
            i += 2;
        }
        if (byte < ' ' || byte == 0x7f || (!is_escaped && (byte == ' ' || byte > '~')))
            return refuse(STATUS_INVALID, COUNT_REFUSED_PATH,
                          "a path holds no control characters, spaces or broken escapes");
        bool ends = !is_escaped && (params == 0 ? byte == '?' : byte == '&' || byte == ';');
        param_len = ends ? 0 : param_len + 1;
        params += ends;
        if (params > HEAD_PARAMS_MAX || (params > 0 && param_len > HEAD_PARAM_BYTES_MAX))
            return refuse(STATUS_INVALID, COUNT_REFUSED_HEADER, "too many or too long parameters");
    }
    return (struct refusal){0};
}

static bool method_is_known(struct bytes method, bool *ret_has_body)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (bytes_equal(method, bytes_text(methods[i].name))) {
            *ret_has_body = methods[i].has_body;
            return true;
        }
    }
    return false;
}

static struct refusal judge_line(const struct head_parts *parts, bool *ret_has_body)
{
    if (parts->major != '1')
        return refuse_as(505, COUNT_REFUSED_HEAD, "only HTTP/1.1 is served");
    if (bytes_equal(parts->method, bytes_text("CONNECT")))
        return refuse(STATUS_UNIMPLEMENTED, COUNT_REFUSED_CONNECT, "CONNECT is not served");
    if (!method_is_known(parts->method, ret_has_body))
        return refuse(STATUS_UNIMPLEMENTED, COUNT_REFUSED_METHOD, "no path has this method");
    return judge_target(parts->target);
}

static bool read_length(struct bytes text, uint64_t *ret)
{
    *ret = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        *ret = *ret * 10 + (uint64_t)(text.data[i] - '0');
        if (i == CONTENT_LENGTH_DIGITS_MAX)
            return false;
    }
    return text.len > 0;
}

static struct refusal judge_framing(const struct request *request, bool has_body,
                                    uint64_t *ret_body_len)
{
    unsigned lengths = request->count[USED_CONTENT_LENGTH];
    uint64_t len = 0;
    if (request->count[USED_TRANSFER_ENCODING] > 0)
        return refuse(STATUS_UNIMPLEMENTED, COUNT_REFUSED_TRANSFER_ENCODING,
                      "Transfer-Encoding is not served: send Content-Length");
    if (lengths > 1 || (lengths == 1 && !read_length(request->first[USED_CONTENT_LENGTH], &len)))
        return refuse(STATUS_INVALID, COUNT_REFUSED_LENGTH,
                      "Content-Length must stand once, as 1 to 10 digits");
    if (has_body && lengths == 0)
        return refuse(STATUS_LENGTH_REQUIRED, COUNT_REFUSED_LENGTH,
                      "a body needs a Content-Length");
    if (!has_body && len > 0)
        return refuse(STATUS_INVALID, COUNT_REFUSED_LENGTH, "this method takes no body");
    *ret_body_len = len;
    return (struct refusal){0};
}

/* Letters, digits and what stands in names, addresses and ports. */
static bool is_host(struct bytes host)
{
    for (size_t i = 0; i < host.len; i++) {
        uint8_t byte = host.data[i];
        if (hex_digit(byte) < 0 && !((byte | 0x20) >= 'g' && (byte | 0x20) <= 'z') &&
            (byte == '\0' || !strchr("-._~:[]%", byte)))
            return false;
    }
    return host.len > 0;
}

static struct refusal judge_fields(const struct request *request)
{
    if (request->parts.has_many_fields)
        return refuse_as(431, COUNT_REFUSED_HEAD_SIZE, "too many headers");
    for (enum used at = 0; at < USED_COUNT; at++) {
        if (!used[at].is_list && request->count[at] > 1)
            return refuse(STATUS_INVALID, COUNT_REFUSED_HEADER,
                          "a header that may stand only once stands twice");
    }
    bool needs_host = request->parts.minor != '0';
    if (request->count[USED_HOST] > 0 ? !is_host(request->first[USED_HOST]) : needs_host)
        return refuse(STATUS_INVALID, COUNT_REFUSED_HEADER, "HTTP/1.1 needs one Host header");
    return (struct refusal){0};
}

/* Sub-protocols are compared by case, unlike other words. */
static bool offers_ours(const struct request *request)
{
    struct cursor cursor = {0};
    struct bytes element;
    while (next_element(request, USED_WS_PROTOCOL, &cursor, &element)) {
        if (bytes_equal(element, bytes_text(WS_PROTOCOL)))
            return true;
    }
    return false;
}

static struct refusal judge_upgrade(const struct request *request)
{
    if (!head_is_word(request->first[USED_UPGRADE], "websocket"))
        return refuse(STATUS_INVALID, COUNT_REFUSED_UPGRADE,
                      "only an upgrade to websocket is served");
    if (request->count[USED_WS_PROTOCOL] > 0 && !offers_ours(request))
        return refuse(STATUS_INVALID, COUNT_REFUSED_UPGRADE,
                      "of the sub-protocols only " WS_PROTOCOL " is served");
    return (struct refusal){0};
}

static void judge(struct request *request, struct bytes head, struct head_scan *scan)
{
    bool has_body = false;
    if (!head_parse(head, &request->parts)) {
        scan->refusal = refuse(STATUS_INVALID, COUNT_REFUSED_HEAD, "this is no head of HTTP/1.1");
        return;
    }
    sort_fields(request);
    scan->refusal = judge_line(&request->parts, &has_body);
    if (scan->refusal.status == OK)
        scan->refusal = judge_framing(request, has_body, &scan->body_len);
    if (scan->refusal.status == OK)
        scan->refusal = judge_fields(request);
    scan->is_upgrade = request->count[USED_UPGRADE] > 0;
    if (scan->refusal.status == OK && scan->is_upgrade)
        scan->refusal = judge_upgrade(request);
}

/* Where the canonical head grows; it has been given room for the longest. */
struct writer {
    uint8_t *at;
};

static void write_bytes(struct writer *writer, struct bytes bytes)
{
    if (bytes.len > 0)
        memcpy(writer->at, bytes.data, bytes.len);
    writer->at += bytes.len;
}

static void write_text(struct writer *writer, const char *text)
{
    write_bytes(writer, bytes_text(text));
}

static void write_field(struct writer *writer, enum used at, struct bytes value)
{
    write_text(writer, used[at].name);
    write_text(writer, ":");
    write_bytes(writer, value);
    write_text(writer, "\r\n");
}

/* libwebsockets copies the list of sub-protocols into 128 bytes, and the contract puts the token
 * there: it is shown the one name that it may choose, and the token becomes an Authorization,
 * unless there is one, which would count anyway. */
static void write_token(struct writer *writer, const struct request *request)
{
    static const char prefix[] = "bearer.";
    size_t prefix_len = sizeof prefix - 1;
    struct cursor cursor = {0};
    struct bytes element;
    while (next_element(request, USED_WS_PROTOCOL, &cursor, &element)) {
        if (element.len > prefix_len && memcmp(element.data, prefix, prefix_len) == 0) {
            write_text(writer, "Authorization:Bearer ");
            write_bytes(writer, bytes_of(element.data + prefix_len, element.len - prefix_len));
            write_text(writer, "\r\n");
            return;
        }
    }
}

static void write_upgrade(struct writer *writer, const struct request *request)
{
    write_field(writer, USED_UPGRADE, bytes_text("websocket"));
    if (has_element(request, USED_CONNECTION, "upgrade"))
        write_field(writer, USED_CONNECTION, bytes_text("upgrade"));
    if (request->count[USED_WS_VERSION] > 0)
        write_field(writer, USED_WS_VERSION, request->first[USED_WS_VERSION]);
    if (request->count[USED_WS_KEY] > 0)
        write_field(writer, USED_WS_KEY, request->first[USED_WS_KEY]);
    if (request->count[USED_WS_PROTOCOL] > 0)
        write_field(writer, USED_WS_PROTOCOL, bytes_text(WS_PROTOCOL));
}

static void write_head(struct writer *writer, const struct request *request, bool is_upgrade)
{
    static const enum used copied[] = {USED_HOST,         USED_ORIGIN,        USED_CONTENT_LENGTH,
                                       USED_CONTENT_TYPE, USED_IF_NONE_MATCH, USED_AUTHORIZATION};
    write_bytes(writer, request->parts.method);
    write_text(writer, " ");
    write_bytes(writer, request->parts.target);
    write_text(writer, request->parts.minor == '0' ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
    for (size_t i = 0; i < sizeof copied / sizeof copied[0]; i++) {
        if (request->first[copied[i]].len > 0)
            write_field(writer, copied[i], request->first[copied[i]]);
    }
    if (is_upgrade && request->count[USED_AUTHORIZATION] == 0)
        write_token(writer, request);
    if (has_element(request, USED_EXPECT, "100-continue"))
        write_field(writer, USED_EXPECT, bytes_text("100-continue"));
    if (is_upgrade)
        write_upgrade(writer, request);
    else if (has_element(request, USED_CONNECTION, "close"))
        write_field(writer, USED_CONNECTION, bytes_text("close"));
    write_text(writer, "\r\n");
}

/* What stands for a head that is refused. A body of one byte that never comes keeps libwebsockets
 * reading, which front.c drops, so that a peer that still sends gets to read its answer. */
static void write_refused(struct writer *writer, const struct request *request, bool is_sending)
{
    bool is_head = bytes_equal(request->parts.method, bytes_text("HEAD"));
    write_text(writer, is_head ? "HEAD" : "GET");
    write_text(writer, " / HTTP/1.1\r\nHost:-\r\n");
    write_text(writer, is_sending ? "Content-Length:1\r\n\r\n" : "\r\n");
}

static struct refusal refuse_early(enum head_end end)
{
    if (end == HEAD_LONG)
        return refuse_as(431, COUNT_REFUSED_HEAD_SIZE, "a head has at most 16 KiB");
    if (end == HEAD_LONG_LINE)
        return refuse_as(414, COUNT_REFUSED_HEAD_SIZE, "a request line has at most 8 KiB");
    return refuse(STATUS_INVALID, COUNT_REFUSED_HEAD, "this is no head of HTTP/1.1");
}

bool head_scan(struct head_scan *scan, struct bytes bytes, uint8_t *out, size_t *ret_len)
{
    struct writer writer = {out};
    struct request request;
    enum head_end end = head_walk(&scan->walk, bytes);
    if (end == HEAD_OPEN)
        return false;
    memset(request.first, 0, sizeof request.first);
    memset(request.count, 0, sizeof request.count);
    request.parts.method = (struct bytes){0};
    scan->len = scan->walk.at;
    if (end == HEAD_WHOLE)
        judge(&request, bytes_of(bytes.data, scan->len), scan);
    else
        scan->refusal = refuse_early(end);
    if (scan->refusal.status == OK)
        write_head(&writer, &request, scan->is_upgrade);
    else
        write_refused(&writer, &request,
                      end != HEAD_WHOLE || request.count[USED_TRANSFER_ENCODING] > 0 ||
                          request.count[USED_CONTENT_LENGTH] > 0);
    *ret_len = (size_t)(writer.at - out);
    return true;
}
