/* Unpack, rules, store; top to bottom. Next: ../retention/README.md */
#include "handlers.h"

#include <errno.h>
#include <stdlib.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/log.h"
#include "rules.h"
#include "store.h"

#define WRITERS (ROLE_BIT(ROLE_MEMBER) | ROLE_BIT(ROLE_ANALYST) | ROLE_BIT(ROLE_ADMIN))
#define READERS (WRITERS | ROLE_BIT(ROLE_AUDITOR))
/* A whole file, and 1 KiB: 200 bytes of name, 127 of media type, the thread's id, tags. */
#define STORE_BYTES_MAX (FILE_ONE_CALL_BYTES_MAX + 1024)

struct files_settings files_settings;

const struct rpc_rule files_rules[] = {
    {"Store", WRITERS, CALLER_USER, STORE_BYTES_MAX, ACTOR_WRITE, SCOPE_TENANT, NULL},
    {"Get", READERS, CALLER_USER, 64, ACTOR_READ, SCOPE_TENANT, NULL},
    {"Content", READERS, CALLER_USER, 64, ACTOR_READ, SCOPE_TENANT, NULL},
    {0}};

/* Of one actor. */
struct state {
    struct tenant_keys *keys;
    struct keyring ring; /* of file contents */
    struct object_store *objects;
};

void files_actor_close(void *pointer)
{
    struct state *state = pointer;
    if (state != NULL) {
        tenant_keys_free(state->keys);
        object_store_close(state->objects);
        keyring_wipe(&state->ring);
        free(state);
    }
}

static enum status state_fill(const struct actor_env *env, struct state *state)
{
    state->keys = tenant_keys_new(env->keys);
    if (state->keys == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    if (keyring_parse(files_settings.keys, &state->ring) != OK || state->ring.count == 0) {
        log_event(LOG_ERROR, "files.keys",
                  {"why", LOG_S("WARDROOM_FILE_KEYS is not a list of id:key with keys of 32 bytes "
                                "in base64 or hex")});
        return STATUS_INVALID;
    }
    if (object_store_open(files_settings.dir, &state->objects) != OK) {
        log_event(LOG_ERROR, "files.dir", {"WARDROOM_FILES_DIR", LOG_S(files_settings.dir)},
                  {"why", LOG_S(strerror(errno))});
        return STATUS_INVALID;
    }
    return OK;
}

enum status files_actor_open(const struct actor_env *env, void **ret_state)
{
    struct state *state = calloc(1, sizeof *state);
    if (state == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    enum status status = state_fill(env, state);
    if (status != OK) {
        files_actor_close(state);
        return status;
    }
    *ret_state = state;
    return OK;
}

static void fail(struct call *call, enum status status)
{
    call_fail(call, status, "%s", status_meaning(status));
}

static struct bytes bytes_in(const ProtobufCBinaryData *data)
{
    return bytes_of(data->data, data->len);
}

/* The message's members point into `file` and `call`. */
static Files__File message_of(struct call *call, struct file *file)
{
    Files__File message = FILES__FILE__INIT;
    message.id = (ProtobufCBinaryData){sizeof file->id.u.b, file->id.u.b};
    message.tenant_id = call->tenant.text;
    message.thread_id = (ProtobufCBinaryData){sizeof file->thread.u.b, file->thread.u.b};
    message.name = file->name;
    message.size = file->size;
    message.media_type = file->media_type;
    message.sha256 = (ProtobufCBinaryData){SHA256_SIZE, file->sha256};
    message.created_at_us = file->created_us;
    return message;
}

/* Fill what the request says of the file, or fail the call. */
static void take_request(struct call *call, const Files__StoreRequest *input, struct file *file)
{
    struct bytes name = bytes_text(input->name);
    struct bytes media_type =
        bytes_text(input->media_type[0] != '\0' ? input->media_type : MEDIA_TYPE_UNKNOWN);
    const char *problem = file_name_problem(name);
    if (input->content.len > FILE_ONE_CALL_BYTES_MAX) {
        call_fail(call, STATUS_TOO_LARGE, "a file has at most %d bytes", FILE_ONE_CALL_BYTES_MAX);
        return;
    }
    if (!uuid_from_bytes(bytes_in(&input->thread_id), &file->thread.u)) {
        call_field_error(call, "/thread_id", "is not an id");
    }
    if (problem != NULL) {
        call_field_error(call, "/name", problem);
    } else {
        memcpy(file->name, name.data, name.len);
    }
    if (!media_type_is_valid(media_type)) {
        call_field_error(call, "/media_type", "is not a media type");
    } else {
        memcpy(file->media_type, media_type.data, media_type.len);
    }
}

/* The object first and for good, then the row: a row never names bytes that a crash took away. */
static enum status file_store(struct call *call, struct file *file, struct bytes content)
{
    CLEANUP(buf_fini) struct buf wrapped = {0}, sealed = {0};
    struct state *state = call->state;
    const struct file_seal seal = {&state->ring, &call->tenant, &file->id};
    file->size = (int64_t)content.len;
    sha256(content, file->sha256);
    enum status status = file_seal_bytes(&seal, content, &wrapped, &sealed);
    if (status == OK) {
        status = object_store_put(state->objects, &file->object, buf_bytes(&sealed));
    }
    if (status != OK) {
        return status;
    }
    status = file_add(state->keys, call->tx, file, buf_bytes(&wrapped));
    if (status != OK) {
        object_store_remove(state->objects, &file->object);
    }
    return status;
}

void files_store(Files__Api_Service *service, const Files__StoreRequest *input,
                 Files__File_Closure reply, void *data)
{
    (void)service;
    struct call *call = data;
    struct file file = {.id.u = uuid_new(),
                        .uploader = call->who->user,
                        .object = object_id_new(),
                        .created_us = clock_now_us()};
    take_request(call, input, &file);
    if (call_failed(call)) {
        return;
    }
    enum status status = file_store(call, &file, bytes_in(&input->content));
    if (status != OK) {
        fail(call, status);
        return;
    }
    Files__File message = message_of(call, &file);
    reply(&message, data);
}

/* The file that a request names, if this user may see it; what they may not see is not there. */
static enum status find(struct call *call, const Files__GetRequest *input, struct file *ret)
{
    struct state *state = call->state;
    struct file_id id;
    if (!uuid_from_bytes(bytes_in(&input->file_id), &id.u)) {
        return STATUS_NOT_FOUND;
    }
    enum status status = file_find(state->keys, call->tx, &id, ret);
    if (status == OK && !file_is_readable(call->who, &ret->uploader)) {
        return STATUS_NOT_FOUND;
    }
    return status;
}

void files_get(Files__Api_Service *service, const Files__GetRequest *input,
               Files__File_Closure reply, void *data)
{
    (void)service;
    struct call *call = data;
    struct file file;
    enum status status = find(call, input, &file);
    if (status != OK) {
        fail(call, status);
        return;
    }
    Files__File message = message_of(call, &file);
    reply(&message, data);
}

/* Append the file's bytes. CORRUPT: they are not, or not all, what was stored. */
static enum status content_read(struct call *call, const struct file *file, struct buf *out)
{
    CLEANUP(buf_fini) struct buf wrapped = {0}, sealed = {0};
    struct state *state = call->state;
    const struct file_seal seal = {&state->ring, &call->tenant, &file->id};
    enum status status = file_key_find(state->keys, call->tx, &file->id, &wrapped);
    if (status != OK) {
        return status;
    }
    status = object_store_get(state->objects, &file->object,
                              FILE_ONE_CALL_BYTES_MAX + SEALED_OVERHEAD, &sealed);
    if (status == STATUS_NOT_FOUND) {
        return STATUS_CORRUPT; /* its row says that it was stored */
    }
    if (status == OK) {
        status = file_open_bytes(&seal, buf_bytes(&wrapped), buf_bytes(&sealed), out);
    }
    if (status != OK) {
        return status;
    }
    return content_is_recorded(buf_bytes(out), file->size, file->sha256) ? OK : STATUS_CORRUPT;
}

void files_content(Files__Api_Service *service, const Files__GetRequest *input,
                   Files__ContentReply_Closure reply, void *data)
{
    (void)service;
    CLEANUP(buf_fini) struct buf content = {0};
    struct call *call = data;
    struct file file;
    enum status status = find(call, input, &file);
    if (status == OK) {
        status = content_read(call, &file, &content);
    }
    if (status != OK) {
        fail(call, status);
        return;
    }
    Files__File about = message_of(call, &file);
    Files__ContentReply message = FILES__CONTENT_REPLY__INIT;
    message.file = &about;
    message.content = (ProtobufCBinaryData){content.len, content.data};
    reply(&message, data);
}
