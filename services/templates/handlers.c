/* Unpack, rules, store; top to bottom. Next: ../files/README.md */
#include "handlers.h"

#include <stdio.h>

#include "content.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/limits.h"
#include "rules.h"
#include "store.h"

#define READERS (ROLE_BIT(ROLE_ANALYST) | ROLE_BIT(ROLE_ADMIN) | ROLE_BIT(ROLE_AUDITOR))
/* 64 + 32 + 16 KiB of schemas and body, and what is left for the names. */
#define CREATE_BYTES_MAX CONTENT_BYTES_MAX

const struct rpc_rule templates_rules[] = {
    {"List", READERS, CALLER_USER, 1024, ACTOR_READ, SCOPE_TENANT, NULL},
    {"Get", READERS, CALLER_USER, 64, ACTOR_READ, SCOPE_TENANT, NULL},
    {"Create", ROLE_BIT(ROLE_ADMIN), CALLER_USER, CREATE_BYTES_MAX, ACTOR_WRITE, SCOPE_TENANT,
     NULL},
    {0}};

/* An actor's whole state is its cache of keys. */
enum status templates_actor_open(const struct actor_env *env, void **ret_state)
{
    struct tenant_keys *keys = tenant_keys_new(env->keys);
    if (keys == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    *ret_state = keys;
    return OK;
}

void templates_actor_close(void *state)
{
    tenant_keys_free(state);
}

static void fail(struct call *call, enum status status)
{
    call_fail(call, status, "%s", status_meaning(status));
}

/* A rule's verdict becomes a field error; NULL is none. */
static void check_field(struct call *call, const char *pointer, const char *problem)
{
    if (problem != NULL) {
        call_field_error(call, pointer, problem);
    }
}

/* The reply's members point into `version` and the arena. */
static enum status template_fill(struct call *call, const struct template_version *version,
                                 Templates__Template *ret)
{
    templates__template__init(ret);
    ret->id = (ProtobufCBinaryData){sizeof version->id.u.b, (uint8_t *)version->id.u.b};
    ret->tenant_id = call->tenant.text;
    ret->version = version->version;
    ret->retired = version->retired;
    ret->created_at_us = version->created_us;
    return content_read(version->content, call->arena, ret);
}

static void list_reply(struct call *call, const struct template_version *versions, size_t count,
                       bool more, Templates__ListReply_Closure reply)
{
    Templates__ListReply message = TEMPLATES__LIST_REPLY__INIT;
    Templates__Template *rows = arena_alloc(call->arena, (count + 1) * sizeof *rows);
    message.results = arena_alloc(call->arena, (count + 1) * sizeof *message.results);
    if (rows == NULL || message.results == NULL) {
        fail(call, STATUS_RESOURCE_EXHAUSTED);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        enum status status = template_fill(call, &versions[i], &rows[i]);
        if (status != OK) {
            fail(call, status);
            return;
        }
        message.results[i] = &rows[i];
    }
    char next[UUID_TEXT_SIZE] = "";
    if (more && count > 0) {
        uuid_format(&versions[count - 1].id.u, next);
    }
    message.n_results = count;
    message.next = next;
    reply(&message, call);
}

void templates_list(Templates__Api_Service *service, const Templates__ListRequest *input,
                    Templates__ListReply_Closure reply, void *data)
{
    (void)service;
    struct call *call = data;
    struct template_query query = {.tag = bytes_text(input->tag)};
    struct bytes cursor = bytes_text(input->cursor);
    if (!page_size(input->limit, &query.limit)) {
        call_field_error(call, "/limit", "must be between 1 and 200");
    }
    if (cursor.len > 0 && !uuid_parse(cursor, &query.after.u)) {
        call_field_error(call, "/cursor", "is not one that a list gave");
    }
    if (query.tag.len > 0) {
        check_field(call, "/tag", slug_problem(query.tag));
    }
    if (call_failed(call)) {
        return;
    }
    size_t count = 0;
    bool more = false;
    struct template_version *versions = arena_alloc(call->arena, query.limit * sizeof *versions);
    enum status status = versions == NULL ? STATUS_RESOURCE_EXHAUSTED
                                          : template_list(call->state, call->tx, &query,
                                                          call->arena, versions, &count, &more);
    if (status != OK) {
        fail(call, status);
        return;
    }
    list_reply(call, versions, count, more, reply);
}

void templates_get(Templates__Api_Service *service, const Templates__GetRequest *input,
                   Templates__Template_Closure reply, void *data)
{
    (void)service;
    struct call *call = data;
    struct template_id id;
    if (!uuid_from_bytes(bytes_of(input->template_id.data, input->template_id.len), &id.u)) {
        call_field_error(call, "/template_id", "is not an id");
        return;
    }
    Templates__Template message;
    struct template_version version;
    enum status status =
        template_find(call->state, call->tx, &id, input->version, call->arena, &version);
    if (status == OK) {
        status = template_fill(call, &version, &message);
    }
    if (status != OK) {
        fail(call, status);
        return;
    }
    reply(&message, data);
}

/* Each of a list of texts by its rule; none twice. */
static void check_texts(struct call *call, const char *pointer, char *const *texts, size_t count,
                        size_t max, const char *(*problem)(struct bytes))
{
    if (count > max) {
        call_field_error(call, pointer, "has too many items");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        char at[64];
        snprintf(at, sizeof at, "%s/%zu", pointer, i);
        check_field(call, at, problem(bytes_text(texts[i])));
        check_field(call, at, text_is_repeated(texts, i) ? "is there twice" : NULL);
    }
}

static void check_request(struct call *call, const Templates__CreateRequest *input)
{
    struct bytes schema = bytes_of(input->schema_json.data, input->schema_json.len);
    struct bytes ui_schema = bytes_of(input->ui_schema_json.data, input->ui_schema_json.len);
    check_field(call, "/name", slug_problem(bytes_text(input->name)));
    check_field(call, "/title", title_problem(bytes_text(input->title)));
    check_field(call, "/body", body_problem(bytes_text(input->body)));
    check_field(call, "/schema", json_object_problem(schema, SCHEMA_BYTES_MAX));
    if (ui_schema.len > 0) {
        check_field(call, "/ui_schema", json_object_problem(ui_schema, UI_SCHEMA_BYTES_MAX));
    }
    check_texts(call, "/tags", input->tags, input->n_tags, TAGS_MAX, slug_problem);
    check_texts(call, "/required_placeholders", input->required_placeholders,
                input->n_required_placeholders, PLACEHOLDERS_MAX, placeholder_problem);
}

static enum status create(struct call *call, const Templates__CreateRequest *input,
                          struct template_version *ret)
{
    CLEANUP(buf_fini) struct buf content = {0};
    enum status status = content_write(input, call->arena, &content);
    if (status != OK) {
        return status;
    }
    struct template_new template = {.id.u = uuid_new(),
                                    .created_us = clock_now_us(),
                                    .created_by = call->who->user,
                                    .name = bytes_text(input->name),
                                    .content = buf_bytes(&content),
                                    .tags = input->tags,
                                    .tag_count = input->n_tags};
    status = template_add(call->state, call->tx, &template);
    if (status != OK) {
        return status;
    }
    ret->content = bytes_of(arena_copy(call->arena, content.data, content.len), content.len);
    ret->id = template.id;
    ret->version = 1;
    ret->created_us = template.created_us;
    return ret->content.data != NULL ? OK : STATUS_RESOURCE_EXHAUSTED;
}

void templates_create(Templates__Api_Service *service, const Templates__CreateRequest *input,
                      Templates__Template_Closure reply, void *data)
{
    (void)service;
    struct call *call = data;
    check_request(call, input);
    if (call_failed(call)) {
        return;
    }
    Templates__Template message;
    struct template_version version = {0};
    enum status status = create(call, input, &version);
    if (status == OK) {
        status = template_fill(call, &version, &message);
    }
    if (status == STATUS_CONFLICT) {
        call_fail(call, status, "there is a template of that name");
    } else if (status == STATUS_TOO_LARGE) {
        call_fail(call, status, "the template is over %d bytes, %d levels or %d keys",
                  CONTENT_BYTES_MAX, JSON_DEPTH_MAX, TEMPLATE_KEYS_MAX);
    } else if (status != OK) {
        fail(call, status);
    } else {
        reply(&message, data);
    }
}
