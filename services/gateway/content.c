/* One call each way. Next: static.h */
#include "content.h"

#include "dispatch.h"
#include "files.pb-c.h"

#define MEDIA_TYPE_BYTES_MAX 100
#define MEDIA_TYPE_UNKNOWN   "application/octet-stream"

static bool is_token_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("!#$&-^_.+", c));
}

bool content_type_is_plain(const char *type)
{
    size_t len = strlen(type), slashes = 0;
    for (size_t i = 0; i < len; i++) {
        if (type[i] == '/' && i > 0 && i + 1 < len)
            slashes++;
        else if (!is_token_char(type[i]))
            return false;
    }
    return slashes == 1 && len <= MEDIA_TYPE_BYTES_MAX;
}

void content_disposition(const char *name, struct buf *out)
{
    static const char attr_chars[] = "!#$&+-.^_`|~";
    buf_text(out, "attachment; filename=\"");
    for (const char *c = name; *c; c++) {
        char plain = *c >= 0x20 && *c < 0x7f && *c != '"' && *c != '\\' && *c != '%' ? *c : '_';
        buf_append(out, &plain, 1);
    }
    buf_text(out, "\"; filename*=UTF-8''");
    for (const char *c = name; *c; c++) {
        bool is_plain = (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
                        (*c >= 'A' && *c <= 'Z') || strchr(attr_chars, *c);
        if (is_plain)
            buf_append(out, c, 1);
        else
            buf_printf(out, "%%%02X", (unsigned)(unsigned char)*c);
    }
}

void content_store(struct exchange *exchange, ProtobufCMessage *request)
{
    Files__StoreRequest *store = (Files__StoreRequest *)(void *)request;
    const char *type = exchange->head->content_type;
    struct bytes plain = bytes_text(type ? type : MEDIA_TYPE_UNKNOWN);
    plain.len = strcspn((const char *)plain.data, "; \t"); /* parameters are not kept */
    store->media_type = arena_text(exchange->arena, plain);
    if (!store->media_type) {
        exchange_fail(exchange, STATUS_RESOURCE_EXHAUSTED, NULL);
        return;
    }
    if (!content_type_is_plain(store->media_type)) {
        exchange_fail(exchange, STATUS_UNSUPPORTED_MEDIA, "Content-Type is no media type");
        return;
    }
    store->content.data = exchange->body.data;
    store->content.len = exchange->body.len;
    dispatch_call(exchange, request, NULL);
}

static void add_file_headers(struct exchange *exchange, const Files__File *file)
{
    char digest[48], hex[65];
    struct bytes hash = bytes_of(file->sha256.data, file->sha256.len);
    buf_text(&exchange->answer_headers, "Content-Disposition: ");
    content_disposition(file->name, &exchange->answer_headers);
    buf_text(&exchange->answer_headers, "\r\n");
    if (hash.len == 32 && base64_encode(hash, false, digest, sizeof digest) > 0) {
        hex_encode(hash, hex);
        exchange_add_header(exchange, "Digest: sha-256=%s", digest);
        exchange_add_header(exchange, "ETag: \"%s\"", hex);
    }
    buf_append(&exchange->answer_headers, "", 1);
}

static bool is_known(const struct exchange *exchange, const Files__File *file)
{
    char tag[67] = "\"";
    if (!exchange->head->if_none_match || file->sha256.len != 32)
        return false;
    hex_encode(bytes_of(file->sha256.data, file->sha256.len), tag + 1);
    tag[65] = '"';
    return guard_list_has(exchange->head->if_none_match, tag);
}

static void on_content(void *data, const struct bus_reply *reply)
{
    struct exchange *exchange = data;
    exchange->call = 0;
    const ProtobufCMessage *message = dispatch_open_reply(exchange, reply);
    if (!message)
        return;
    const Files__ContentReply *content = (const Files__ContentReply *)(const void *)message;
    if (!content->file) {
        exchange_fail(exchange, STATUS_INTERNAL, NULL);
        return;
    }
    bool is_typed = content_type_is_plain(content->file->media_type);
    add_file_headers(exchange, content->file);
    struct answer answer = {.http_status = 200,
                            .content_type =
                                is_typed ? content->file->media_type : MEDIA_TYPE_UNKNOWN,
                            .body = bytes_of(content->content.data, content->content.len),
                            .cache = "private, no-cache",
                            .headers = (const char *)exchange->answer_headers.data,
                            .is_untrusted = true};
    if (is_known(exchange, content->file)) {
        answer.http_status = 304;
        answer.content_type = NULL;
        answer.body = (struct bytes){0};
    }
    exchange_answer(exchange, &answer);
}

void content_fetch(struct exchange *exchange, ProtobufCMessage *request)
{
    dispatch_call(exchange, request, on_content);
}
