/* Reads headers out of libwebsockets.
 *
 * Next: guard.h
 */
#include "head.h"

#include <libwebsockets.h>

static const struct {
    enum lws_token_indexes token;
    enum http_method method;
} method_tokens[] = {{WSI_TOKEN_GET_URI, HTTP_GET},        {WSI_TOKEN_POST_URI, HTTP_POST},
                     {WSI_TOKEN_PUT_URI, HTTP_PUT},        {WSI_TOKEN_PATCH_URI, HTTP_PATCH},
                     {WSI_TOKEN_DELETE_URI, HTTP_DELETE},  {WSI_TOKEN_HEAD_URI, HTTP_HEAD},
                     {WSI_TOKEN_OPTIONS_URI, HTTP_OPTIONS}};

static const struct {
    enum lws_token_indexes token;
    size_t offset;
} header_tokens[] = {{WSI_TOKEN_HOST, offsetof(struct head, host)},
                     {WSI_TOKEN_ORIGIN, offsetof(struct head, origin)},
                     {WSI_TOKEN_HTTP_AUTHORIZATION, offsetof(struct head, authorization)},
                     {WSI_TOKEN_HTTP_CONTENT_LENGTH, offsetof(struct head, content_length)},
                     {WSI_TOKEN_HTTP_CONTENT_TYPE, offsetof(struct head, content_type)},
                     {WSI_TOKEN_HTTP_IF_NONE_MATCH, offsetof(struct head, if_none_match)},
                     {WSI_TOKEN_CONNECTION, offsetof(struct head, connection)},
                     {WSI_TOKEN_VERSION, offsetof(struct head, ws_version)},
                     {WSI_TOKEN_KEY, offsetof(struct head, ws_key)}};

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
    }
    return "?";
}

/* NULL: absent, or over the arena's budget. */
static const char *copy_header(struct lws *wsi, enum lws_token_indexes token, struct arena *arena)
{
    int len = lws_hdr_total_length(wsi, token);
    char *text = len > 0 ? arena_alloc(arena, (size_t)len + 1) : NULL;
    return text && lws_hdr_copy(wsi, text, len + 1, token) >= 0 ? text : NULL;
}

static void read_method(struct lws *wsi, struct arena *arena, struct head *head)
{
    for (size_t i = 0; i < LWS_ARRAY_SIZE(method_tokens); i++) {
        if (lws_hdr_total_length(wsi, method_tokens[i].token) > 0) {
            head->method = method_tokens[i].method;
            head->path = copy_header(wsi, method_tokens[i].token, arena);
            return;
        }
    }
}

static void add_param(struct head *head, const char *text, size_t len, struct arena *arena)
{
    const char *copy = arena_copy(arena, text, len);
    if (!copy)
        return;
    const char *equals = memchr(copy, '=', len);
    size_t name_len = equals ? (size_t)(equals - copy) : len;
    size_t value_at = equals ? name_len + 1 : len;
    head->params[head->param_count++] = (struct head_param){
        .name = bytes_of(copy, name_len), .value = bytes_of(copy + value_at, len - value_at)};
}

static void read_params(struct lws *wsi, struct arena *arena, struct head *head)
{
    char text[HEAD_PARAM_BYTES_MAX + 1];
    for (int i = 0; i < HEAD_PARAMS_MAX; i++) {
        int len = lws_hdr_copy_fragment(wsi, text, sizeof text, WSI_TOKEN_HTTP_URI_ARGS, i);
        if (len < 0)
            return;
        if (len > 0)
            add_param(head, text, (size_t)len, arena);
    }
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
