/* Header by header. Next: http.h */
#include "guard.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#define WS_KEY_BYTES 16

static struct refusal refuse(enum status status, enum counter counter, const char *detail)
{
    return (struct refusal){.status = status, .counter = counter, .detail = detail};
}

uint64_t guard_body_len(const struct head *head)
{
    return head->content_length ? strtoull(head->content_length, NULL, 10) : 0;
}

/* The next element of a comma-separated list without the spaces around it; false at the end. */
static bool next_element(const char **list, struct bytes *ret)
{
    const char *start = *list + strspn(*list, " \t,");
    if (*start == '\0')
        return false;
    size_t len = strcspn(start, ",");
    *list = start + len;
    while (len > 0 && (start[len - 1] == ' ' || start[len - 1] == '\t'))
        len--;
    *ret = bytes_of(start, len);
    return true;
}

bool guard_list_has(const char *list, const char *token)
{
    struct bytes element;
    while (list && next_element(&list, &element)) {
        if (bytes_equal(element, bytes_text(token)))
            return true;
    }
    return false;
}

static bool list_has_any_case(const char *list, const char *token)
{
    struct bytes element;
    while (list && next_element(&list, &element)) {
        if (element.len == strlen(token) &&
            strncasecmp((const char *)element.data, token, element.len) == 0)
            return true;
    }
    return false;
}

bool guard_origin_is_allowed(const struct head *head, const char *origins)
{
    if (!head->origin)
        return true;
    const char *scheme = head->is_secure ? "https://" : "http://";
    size_t scheme_len = strlen(scheme);
    if (head->host && strncasecmp(head->origin, scheme, scheme_len) == 0 &&
        strcasecmp(head->origin + scheme_len, head->host) == 0)
        return true;
    return list_has_any_case(origins, head->origin);
}

bool guard_ws_path(const char *path, struct uuid *ret_thread)
{
    static const char root[] = "/ws/chat";
    size_t root_len = sizeof root - 1;
    *ret_thread = (struct uuid){0};
    if (strncmp(path, root, root_len) != 0)
        return false;
    const char *rest = path + root_len;
    if (strcmp(rest, "") == 0 || strcmp(rest, "/") == 0)
        return true;
    if (rest[0] != '/' || strlen(rest) < UUID_TEXT_SIZE)
        return false;
    const char *after = rest + UUID_TEXT_SIZE; /* a slash and 36 characters */
    return (after[0] == '\0' || strcmp(after, "/") == 0) &&
           uuid_parse(bytes_of(rest + 1, UUID_TEXT_SIZE - 1), ret_thread);
}

static bool is_ws_key(const char *text)
{
    uint8_t raw[WS_KEY_BYTES + 2];
    size_t len;
    return text && strlen(text) == 24 &&
           base64_decode(bytes_text(text), false, raw, sizeof raw, &len) && len == WS_KEY_BYTES;
}

struct refusal guard_upgrade(const struct head *head, const char *origins)
{
    struct uuid thread;
    if (head->method != HTTP_GET || !head->is_http_1_1 || !head->connection ||
        !list_has_any_case(head->connection, "upgrade"))
        return refuse(STATUS_INVALID, COUNT_REFUSED_UPGRADE,
                      "a WebSocket starts with GET over HTTP/1.1 and Connection: Upgrade");
    if (!guard_ws_path(head->path, &thread))
        return refuse(STATUS_NOT_FOUND, COUNT_REFUSED_PATH, "no WebSocket is served here");
    if (!head->ws_version || strcmp(head->ws_version, "13") != 0) {
        struct refusal refusal =
            refuse(STATUS_INVALID, COUNT_REFUSED_UPGRADE, "Sec-WebSocket-Version must be 13");
        refusal.http_status = 426;
        return refusal;
    }
    if (!is_ws_key(head->ws_key))
        return refuse(STATUS_INVALID, COUNT_REFUSED_UPGRADE,
                      "Sec-WebSocket-Key must be 16 bytes in base64");
    if (!guard_origin_is_allowed(head, origins))
        return refuse(STATUS_FORBIDDEN, COUNT_REFUSED_ORIGIN,
                      "pages of this origin may not connect");
    return (struct refusal){0};
}

struct bytes guard_bearer(const struct head *head)
{
    static const char scheme[] = "Bearer ";
    const char *text = head->authorization;
    if (!text || strncasecmp(text, scheme, sizeof scheme - 1) != 0)
        return (struct bytes){0};
    text += sizeof scheme - 1;
    return bytes_text(text + strspn(text, " "));
}

struct bytes guard_ws_token(const struct head *head)
{
    return head->authorization ? guard_bearer(head) : head_param(head, "token");
}
