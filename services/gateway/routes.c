/* The rows, and matching a path against them segment by segment. Next: dispatch.h */
#include "routes.h"

#include "auth.pb-c.h"
#include "content.h"
#include "core/limits.h"
#include "files.pb-c.h"
#include "flows.h"
#include "health.h"
#include "openapi.h"
#include "problem_page.h"
#include "retention.pb-c.h"
#include "templates.pb-c.h"
#include "threads.pb-c.h"

#define AUTH      &auth__api__descriptor
#define THREADS   &threads__api__descriptor
#define TEMPLATES &templates__api__descriptor
#define FILES     &files__api__descriptor
#define RETENTION &retention__api__descriptor
#define JSON      .body = BODY_JSON, .body_max = HTTP_JSON_BYTES_MAX

static const struct route rows[] = {
    {HTTP_POST, "/api/chat/token/", AUTH, "Token", 0, JSON, .success = 200, .summary = "Sign in",
     .run = flow_sign_in},
    {HTTP_POST, "/api/chat/token/refresh/", AUTH, "Refresh", 0, JSON, .success = 200,
     .summary = "A new pair for a refresh token"},
    {HTTP_POST, "/api/chat/token/revoke/", AUTH, "Revoke", 0, JSON, .success = 204,
     .summary = "Sign out"},
    {HTTP_GET, "/api/chat/me/", AUTH, "Me", ROLES_ANY, .success = 200, .summary = "Who I am"},
    {HTTP_GET, "/api/chat/users/directory/", AUTH, "Directory", ROLES_READER, .success = 200,
     .summary = "Whom one may invite"},
    {HTTP_POST, "/api/chat/users/", AUTH, "CreateUser", ROLES_ADMIN, JSON, .success = 201,
     .summary = "A new account"},
    {HTTP_GET, "/api/chat/tenants/", AUTH, "ListTenants", ROLES_OPERATOR, .success = 200,
     .summary = "Tenants"},
    {HTTP_POST, "/api/chat/tenants/", AUTH, "CreateTenant", ROLES_OPERATOR, JSON, .success = 201,
     .summary = "A new tenant"},

    {HTTP_GET, "/api/chat/threads/", THREADS, "List", ROLES_TENANT, .success = 200,
     .summary = "Threads that I may see"},
    {HTTP_POST, "/api/chat/threads/", THREADS, "Create", ROLES_WRITER, JSON, .success = 201,
     .summary = "Open a thread", .run = flow_create_thread},
    {HTTP_GET, "/api/chat/threads/{thread_id}/", THREADS, "Get", ROLES_TENANT, .success = 200,
     .shard = "thread_id", .summary = "One thread"},
    {HTTP_PATCH, "/api/chat/threads/{thread_id}/", THREADS, "Patch", ROLES_SOC, JSON,
     .success = 200, .shard = "thread_id", .summary = "Change title, status, severity, TLP"},
    {HTTP_GET, "/api/chat/threads/{thread_id}/participants/", THREADS, "Participants", ROLES_TENANT,
     .success = 200, .shard = "thread_id", .summary = "Who takes part"},
    {HTTP_POST, "/api/chat/threads/{thread_id}/participants/", THREADS, "AddParticipant", ROLES_SOC,
     JSON, .success = 201, .shard = "thread_id", .summary = "Invite", .run = flow_add_participant},
    {HTTP_DELETE, "/api/chat/threads/{thread_id}/participants/{user_id}/", THREADS,
     "RemoveParticipant", ROLES_SOC, .success = 204, .shard = "thread_id",
     .summary = "End a person's part, live view included"},
    {HTTP_GET, "/api/chat/threads/{thread_id}/messages/", THREADS, "History", ROLES_TENANT,
     .success = 200, .shard = "thread_id", .summary = "Messages after or before a place"},
    {HTTP_POST, "/api/chat/threads/{thread_id}/messages/", THREADS, "Post", ROLES_WRITER, JSON,
     .success = 201, .member = "message", .shard = "thread_id",
     .summary = "Post; a repeat answers 200 and the same message", .run = flow_post_message},
    {HTTP_POST, "/api/chat/threads/{thread_id}/messages/{seq}/acknowledge/", THREADS, "Acknowledge",
     ROLES_WRITER, .body = BODY_OPTIONAL, .body_max = HTTP_JSON_BYTES_MAX, .success = 201,
     .member = "message", .shard = "thread_id",
     .summary = "Record that I have seen a message; a repeat answers 200 and the same"},
    {HTTP_POST, "/api/chat/threads/{thread_id}/read/", THREADS, "Read", ROLES_WRITER, JSON,
     .success = 200, .shard = "thread_id", .summary = "My read mark, never backwards"},
    {HTTP_GET, "/api/chat/threads/{thread_id}/receipts/", THREADS, "Receipts", ROLES_TENANT,
     .success = 200, .shard = "thread_id", .summary = "Who has read how far"},
    {HTTP_GET, "/api/chat/threads/{thread_id}/verify/", THREADS, "Verify", ROLES_TENANT,
     .success = 200, .shard = "thread_id", .timeout_ms = DEADLINE_MS_MAX,
     .summary = "Recompute the tree"},

    {HTTP_GET, "/api/chat/templates/", TEMPLATES, "List", ROLES_READER, .success = 200,
     .summary = "Question templates"},
    {HTTP_POST, "/api/chat/templates/", TEMPLATES, "Create", ROLES_ADMIN, JSON, .success = 201,
     .summary = "A new template"},
    {HTTP_GET, "/api/chat/templates/{template_id}/", TEMPLATES, "Get", ROLES_READER, .success = 200,
     .summary = "One template"},

    {HTTP_POST, "/api/chat/files/", FILES, "Store", ROLES_WRITER, .body = BODY_RAW,
     .body_max = FILE_ONE_CALL_BYTES_MAX, .success = 201, .timeout_ms = 30000,
     .summary = "Store a file: the body is its content", .run = content_store},
    {HTTP_GET, "/api/chat/files/{file_id}/", FILES, "Get", ROLES_TENANT, .success = 200,
     .summary = "What a file is"},
    {HTTP_GET, "/api/chat/files/{file_id}/content/", FILES, "Content", ROLES_TENANT, .success = 200,
     .timeout_ms = 30000, .summary = "The bytes of a file", .run = content_fetch},

    {HTTP_GET, "/api/chat/retention/policy/", RETENTION, "GetPolicy", ROLES_ADMIN, .success = 200,
     .summary = "How long things are kept"},
    {HTTP_PUT, "/api/chat/retention/policy/", RETENTION, "SetPolicy", ROLES_ADMIN, JSON,
     .success = 200, .summary = "Change how long things are kept"},

    {HTTP_GET, "/api/schema/", .success = 200, .summary = "This document", .run = openapi_answer},
    {HTTP_GET, "/api/docs/", .success = 200, .summary = "What the codes of errors mean",
     .run = problem_page_answer},
    {HTTP_GET, "/.well-known/jwks.json", .success = 200, .summary = "Keys that sign tokens",
     .run = health_keys},
    {HTTP_GET, "/livez", .success = 200, .summary = "The process runs", .run = health_live},
    {HTTP_GET, "/readyz", .success = 200, .summary = "It can serve", .run = health_ready},
    {0}};

const struct route *routes_all(void)
{
    return rows;
}

/* The next segment of a path; false at its end. A trailing slash is no segment. */
static bool next_segment(const char **path, struct bytes *ret)
{
    const char *start = *path;
    if (start[0] == '\0' || strcmp(start, "/") == 0)
        return false;
    start++;
    size_t len = strcspn(start, "/");
    *ret = bytes_of(start, len);
    *path = start + len;
    return true;
}

static bool is_name(struct bytes segment)
{
    return segment.len > 2 && segment.data[0] == '{';
}

static bool path_matches(const char *pattern, const char *path,
                         struct bytes captures[EXCHANGE_CAPTURES_MAX])
{
    struct bytes want, have;
    size_t captured = 0;
    while (next_segment(&pattern, &want)) {
        if (!next_segment(&path, &have) || have.len == 0)
            return false;
        if (is_name(want) && captured < EXCHANGE_CAPTURES_MAX)
            captures[captured++] = have;
        else if (!bytes_equal(want, have))
            return false;
    }
    return !next_segment(&path, &have);
}

const struct route *route_find(enum http_method method, const char *path,
                               struct bytes captures[EXCHANGE_CAPTURES_MAX], unsigned *ret_allowed)
{
    enum http_method wanted = method == HTTP_HEAD ? HTTP_GET : method;
    *ret_allowed = 0;
    for (const struct route *route = rows; route->path; route++) {
        if (!path_matches(route->path, path, captures))
            continue;
        if (route->method == wanted)
            return route;
        *ret_allowed |= route->method | (route->method == HTTP_GET ? HTTP_HEAD : 0);
    }
    return NULL;
}

struct bytes route_capture_name(const struct route *route, size_t n)
{
    const char *path = route->path;
    struct bytes segment;
    while (next_segment(&path, &segment)) {
        if (is_name(segment) && n-- == 0)
            return bytes_of(segment.data + 1, segment.len - 2);
    }
    return (struct bytes){0};
}

bool route_is_api_path(const char *path)
{
    static const char *const roots[] = {"/api", "/ws", "/.well-known"};
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        size_t len = strlen(roots[i]);
        if (strncmp(path, roots[i], len) == 0 && (path[len] == '\0' || path[len] == '/'))
            return true;
    }
    return false;
}
