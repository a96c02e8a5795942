/* Reads headers out of libwebsockets, by fragments: each repetition of a header is one.
 *
 * Next: guard.h
 */
#include "head.h"

#include <libwebsockets.h>

#define PARAM_BYTES_MAX 4200 /* ?token= is the longest: TOKEN_BYTES_MAX and its name */

static const struct {
    enum lws_token_indexes token;
    enum http_method method;
} method_tokens[] = {{WSI_TOKEN_GET_URI, HTTP_GET},         {WSI_TOKEN_POST_URI, HTTP_POST},
                     {WSI_TOKEN_PUT_URI, HTTP_PUT},         {WSI_TOKEN_PATCH_URI, HTTP_PATCH},
                     {WSI_TOKEN_DELETE_URI, HTTP_DELETE},   {WSI_TOKEN_HEAD_URI, HTTP_HEAD},
                     {WSI_TOKEN_OPTIONS_URI, HTTP_OPTIONS}, {WSI_TOKEN_CONNECT, HTTP_CONNECT}};

static const struct {
    enum lws_token_indexes token;
    size_t offset;
} header_tokens[] = {{WSI_TOKEN_HOST, offsetof(struct head, host)},
                     {WSI_TOKEN_ORIGIN, offsetof(struct head, origin)},
                     {WSI_TOKEN_HTTP_AUTHORIZATION, offsetof(struct head, authorization)},
                     {WSI_TOKEN_HTTP_CONTENT_LENGTH, offsetof(struct head, content_length)},
                     {WSI_TOKEN_HTTP_TRANSFER_ENCODING, offsetof(struct head, transfer_encoding)},
                     {WSI_TOKEN_HTTP_CONTENT_TYPE, offsetof(struct head, content_type)},
                     {WSI_TOKEN_HTTP_IF_NONE_MATCH, offsetof(struct head, if_none_match)},
                     {WSI_TOKEN_UPGRADE, offsetof(struct head, upgrade)},
                     {WSI_TOKEN_CONNECTION, offsetof(struct head, connection)},
                     {WSI_TOKEN_VERSION, offsetof(struct head, ws_version)},
                     {WSI_TOKEN_KEY, offsetof(struct head, ws_key)},
                     {WSI_TOKEN_PROTOCOL, offsetof(struct head, ws_protocol)}};

const char *http_method_text(enum http_method method)
{
    switch (method) {
    case HTTP_GET:
        return "GET";
    case HTTP_HEAD:
        return "HEAD";
    case HTTP_POST:
        return "POST";
    case HTTP_PUT:
        return "PUT";
    case HTTP_PATCH:
        return "PATCH";
    case HTTP_DELETE:
        return "DELETE";
    case HTTP_OPTIONS:
        return "OPTIONS";
    case HTTP_CONNECT:
        return "CONNECT";
    }
    return "?";
}

/* All fragments of a header, joined with commas; NULL: absent, or over the arena's budget. */
static const char *copy_header(struct lws *wsi, enum lws_token_indexes token, struct arena *arena)
{
    int total = lws_hdr_total_length(wsi, token);
    char *text = total > 0 ? arena_alloc(arena, (size_t)total + 2) : NULL;
    size_t at = 0, cap = (size_t)total + 2;
    if (!text)
        return NULL;
    for (int i = 0;; i++) {
        size_t comma = i > 0;
        int len = at + comma < cap ? lws_hdr_copy_fragment(wsi, text + at + comma,
                                                           (int)(cap - at - comma), token, i)
                                   : -1;
        if (len < 0)
            break;
        if (comma)
            text[at] = ',';
        at += comma + (size_t)len;
    }
    text[at] = '\0';
    return text;
}

static void read_method(struct lws *wsi, struct arena *arena, struct head *head)
{
    for (size_t i = 0; i < LWS_ARRAY_SIZE(method_tokens); i++) {
        if (lws_hdr_total_length(wsi, method_tokens[i].token) > 0) {
            head->method = method_tokens[i].method;
            head->path = copy_header(wsi, method_tokens[i].token, arena);
            head->has_nul = head->path && strlen(head->path) != (size_t)lws_hdr_total_length(
                                                                    wsi, method_tokens[i].token);
            return;
        }
    }
}

static void add_param(struct head *head, const char *text, size_t len, struct arena *arena)
{
    const char *copy = arena_copy(arena, text, len);
    if (head->param_count == HEAD_PARAMS_MAX || !copy) {
        head->has_many_params = true;
        return;
    }
    const char *equals = memchr(copy, '=', len);
    size_t name_len = equals ? (size_t)(equals - copy) : len;
    size_t value_at = equals ? name_len + 1 : len;
    head->params[head->param_count++] = (struct head_param){
        .name = bytes_of(copy, name_len), .value = bytes_of(copy + value_at, len - value_at)};
}

static void read_params(struct lws *wsi, struct arena *arena, struct head *head)
{
    char text[PARAM_BYTES_MAX];
    for (int i = 0; i <= HEAD_PARAMS_MAX; i++) {
        int expected = lws_hdr_fragment_length(wsi, WSI_TOKEN_HTTP_URI_ARGS, i);
        int len = lws_hdr_copy_fragment(wsi, text, sizeof text, WSI_TOKEN_HTTP_URI_ARGS, i);
        if (expected > 0 && len < 0)
            head->has_many_params = true;
        if (len < 0)
            return;
        if (len > 0)
            add_param(head, text, (size_t)len, arena);
    }
}

/* Spellings of framing headers that libwebsockets takes for headers of their own. */
static bool has_odd_header(struct lws *wsi)
{
    static const char *const odd[] = {
        "content-length :", "transfer-encoding :", "content-length\t:", "transfer-encoding\t:"};
    for (size_t i = 0; i < LWS_ARRAY_SIZE(odd); i++) {
        if (lws_hdr_custom_length(wsi, odd[i], (int)strlen(odd[i])) >= 0)
            return true;
    }
    return false;
}

struct head *head_read(struct lws *wsi, struct arena *arena)
{
    struct head *head = arena_alloc(arena, sizeof *head);
    if (!head)
        return NULL;
    read_method(wsi, arena, head);
    for (size_t i = 0; i < LWS_ARRAY_SIZE(header_tokens); i++)
        *(const char **)((char *)head + header_tokens[i].offset) =
            copy_header(wsi, header_tokens[i].token, arena);
    read_params(wsi, arena, head);
    const char *version = copy_header(wsi, WSI_TOKEN_HTTP, arena);
    head->is_http_1_1 = version && strcmp(version, "HTTP/1.1") == 0;
    head->is_secure = lws_is_ssl(wsi);
    head->has_odd_header = has_odd_header(wsi);
    head->expects_continue = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_EXPECT) > 0;
    lws_get_peer_simple(wsi, head->address, sizeof head->address);
    return head;
}

struct bytes head_param(const struct head *head, const char *name)
{
    for (size_t i = 0; i < head->param_count; i++) {
        if (bytes_equal(head->params[i].name, bytes_text(name)))
            return head->params[i].value;
    }
    return (struct bytes){0};
}
