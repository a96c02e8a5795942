/* Splitting and resolving (RFC 3986 section 5 and appendix B). Next: compile.c */
#include "schema/uri.h"

#include <ctype.h>

static struct bytes slice(struct bytes text, size_t begin, size_t end)
{
    return bytes_of(text.data + begin, end - begin);
}

/* Where the first of `stops` stands from `at` on, or the end. */
static size_t find_any(struct bytes text, size_t at, const char *stops)
{
    while (at < text.len && (text.data[at] == 0 || !strchr(stops, text.data[at])))
        at++;
    return at;
}

struct uri uri_split(struct bytes text)
{
    struct uri uri = {0};
    size_t at = 0, end = find_any(text, 0, ":/?#");
    if (end < text.len && text.data[end] == ':') {
        uri.has_scheme = true;
        uri.scheme = slice(text, 0, end);
        at = end + 1;
    }
    if (text.len - at >= 2 && text.data[at] == '/' && text.data[at + 1] == '/') {
        end = find_any(text, at + 2, "/?#");
        uri.has_authority = true;
        uri.authority = slice(text, at + 2, end);
        at = end;
    }
    end = find_any(text, at, "?#");
    uri.path = slice(text, at, end);
    if (end < text.len && text.data[end] == '?') {
        at = end + 1;
        end = find_any(text, at, "#");
        uri.has_query = true;
        uri.query = slice(text, at, end);
    }
    if (end < text.len) {
        uri.has_fragment = true;
        uri.fragment = slice(text, end + 1, text.len);
    }
    return uri;
}

/* Section 5.2.4, in one pass: each segment is kept, dropped, or drops the one before it. */
static void append_path(struct buf *out, struct bytes path)
{
    size_t begin = out->len;
    bool is_absolute = path.len > 0 && path.data[0] == '/';
    for (size_t at = 0; at < path.len;) {
        size_t end = find_any(path, at, "/");
        struct bytes segment = slice(path, at, end);
        bool is_last = end == path.len;
        if (bytes_equal(segment, bytes_text(".."))) {
            size_t floor = begin + is_absolute;
            if (out->len > floor)
                out->len--;
            while (out->len > floor && out->data[out->len - 1] != '/')
                out->len--;
        } else if (!bytes_equal(segment, bytes_text("."))) {
            buf_append(out, segment.data, segment.len);
            if (!is_last)
                buf_text(out, "/");
        }
        at = end + 1;
    }
}

/* Section 5.2.3. */
static void merge_paths(struct buf *out, const struct uri *base, struct bytes path)
{
    size_t keep = base->path.len;
    while (keep > 0 && base->path.data[keep - 1] != '/')
        keep--;
    if (base->has_authority && base->path.len == 0)
        buf_text(out, "/");
    buf_append(out, base->path.data, keep);
    buf_append(out, path.data, path.len);
}

char *uri_resolve(struct arena *arena, const char *base_text, struct bytes reference)
{
    struct uri base = uri_split(bytes_text(base_text)), uri = uri_split(reference);
    struct buf path = {0}, out = {0};
    bool is_same_document = !uri.has_scheme && !uri.has_authority && uri.path.len == 0;
    bool is_relative =
        !uri.has_scheme && !uri.has_authority && uri.path.len > 0 && uri.path.data[0] != '/';
    struct bytes scheme = uri.has_scheme ? uri.scheme : base.scheme;
    const struct uri *authority = uri.has_scheme || uri.has_authority ? &uri : &base;
    const struct uri *query = is_same_document && !uri.has_query ? &base : &uri;
    if (is_relative)
        merge_paths(&path, &base, uri.path);
    else if (is_same_document)
        buf_append(&path, base.path.data, base.path.len);
    else
        buf_append(&path, uri.path.data, uri.path.len);
    buf_append(&out, scheme.data, scheme.len);
    buf_text(&out, ":");
    if (authority->has_authority) {
        buf_text(&out, "//");
        buf_append(&out, authority->authority.data, authority->authority.len);
    }
    append_path(&out, buf_bytes(&path));
    if (query->has_query) {
        buf_text(&out, "?");
        buf_append(&out, query->query.data, query->query.len);
    }
    char *text = path.failed || out.failed ? NULL : arena_text(arena, buf_bytes(&out));
    buf_fini(&path);
    buf_fini(&out);
    return text;
}

static int hex_value(uint8_t c)
{
    return isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
}

char *uri_decode(struct arena *arena, struct bytes text)
{
    char *out = arena_text(arena, text);
    if (!out)
        return NULL;
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '%' && text.len - i > 2 && isxdigit(text.data[i + 1]) &&
            isxdigit(text.data[i + 2])) {
            out[len++] = (char)(hex_value(text.data[i + 1]) * 16 + hex_value(text.data[i + 2]));
            i += 2;
        } else {
            out[len++] = (char)text.data[i];
        }
    }
    out[len] = '\0';
    return out;
}
