/* Content back into a message for people. Our own bytes, authenticated by their seal; checked all
 * the same, for a later version may have written them. Next: hot.h */
#include "threads/content.h"

#include <jansson.h>
#include <stdlib.h>

#include "core/cleanup.h"
#include "crypto/aead.h"

static void drop(json_t **json)
{
    json_decref(*json);
}

static struct bytes text_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return bytes_of(json_string_value(value), json_string_length(value));
}

/* The member as a C string in the arena; "" when it is absent. */
static char *copy_text(const json_t *object, const char *name, struct arena *arena)
{
    return arena_text(arena, text_of(object, name));
}

static bool copy_uuid(const json_t *object, const char *name, struct arena *arena,
                      ProtobufCBinaryData *ret)
{
    struct uuid id;
    if (!uuid_parse(text_of(object, name), &id)) {
        return false;
    }
    ret->data = arena_copy(arena, id.b, sizeof id.b);
    ret->len = sizeof id.b;
    return ret->data != NULL;
}

static Threads__Attachment *read_attachment(const json_t *file, struct arena *arena,
                                            char *tenant_id)
{
    Threads__Attachment *out = arena_alloc(arena, sizeof *out);
    uint8_t *sha256 = arena_alloc(arena, SHA256_SIZE);
    size_t len;
    if (out == NULL || sha256 == NULL ||
        !hex_decode(text_of(file, "sha256"), sha256, SHA256_SIZE, &len)) {
        return NULL;
    }
    threads__attachment__init(out);
    out->tenant_id = tenant_id;
    out->name = copy_text(file, "name", arena);
    out->media_type = copy_text(file, "media_type", arena);
    out->size = json_integer_value(json_object_get(file, "size"));
    out->sha256 = (ProtobufCBinaryData){len, sha256};
    bool whole =
        copy_uuid(file, "id", arena, &out->id) && out->name != NULL && out->media_type != NULL;
    return whole ? out : NULL;
}

static enum status read_attachments(const json_t *content, struct arena *arena,
                                    Threads__Message *message)
{
    const json_t *files = json_object_get(content, "attachments");
    size_t count = json_array_size(files);
    if (count == 0) {
        return OK;
    }
    message->attachments = arena_alloc(arena, count * sizeof *message->attachments);
    if (message->attachments == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    for (size_t i = 0; i < count; i++) {
        message->attachments[i] =
            read_attachment(json_array_get(files, i), arena, message->tenant_id);
        if (message->attachments[i] == NULL) {
            return STATUS_CORRUPT;
        }
    }
    message->n_attachments = count;
    return OK;
}

static enum status read_author(const json_t *content, struct arena *arena,
                               Threads__Message *message)
{
    const json_t *author = json_object_get(content, "author");
    enum role role;
    message->author->name = copy_text(author, "name", arena);
    if (message->author->name == NULL || !role_parse(text_of(author, "role"), &role)) {
        return STATUS_CORRUPT;
    }
    message->author->role = (Auth__Role)role;
    return OK;
}

/* A member that is an object, as JSON text again. */
static bool copy_json(const json_t *content, const char *name, struct arena *arena,
                      ProtobufCBinaryData *ret)
{
    const json_t *value = json_object_get(content, name);
    if (value == NULL) {
        return true;
    }
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    if (text != NULL) {
        ret->len = strlen(text);
        ret->data = arena_copy(arena, text, ret->len);
        free(text);
    }
    return text != NULL && ret->data != NULL;
}

static enum status read_said(const json_t *content, struct arena *arena, Threads__Message *message)
{
    message->body = copy_text(content, "body", arena);
    message->reply_to = json_integer_value(json_object_get(content, "reply_to"));
    message->corrects = json_integer_value(json_object_get(content, "corrects"));
    if (message->body == NULL || !copy_json(content, "question", arena, &message->question_json) ||
        !copy_json(content, "answer", arena, &message->answer_json)) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    return read_attachments(content, arena, message);
}

/* "status to closed, severity to high" */
static void describe_fields(json_t *fields, struct buf *out)
{
    static const struct {
        const char *name, *words;
    } labels[] = {{"title", "the title"},
                  {"status", "status"},
                  {"severity", "severity"},
                  {"tlp", "the TLP label"},
                  {"waiting_on", "waiting on"}};
    const char *comma = "";
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        const json_t *value = json_object_get(fields, labels[i].name);
        if (value != NULL) {
            const char *text = json_string_value(value);
            buf_printf(out, "%s%s to %s", comma, labels[i].words, text != NULL ? text : "nobody");
            comma = ", ";
        }
    }
}

/* "Dana Reyes added Sam Okoro" */
static enum status read_system(json_t *content, struct arena *arena, Threads__Message *message)
{
    CLEANUP(buf_fini) struct buf body = {0};
    struct bytes change = text_of(content, "change");
    struct bytes person = text_of(json_object_get(content, "participant"), "name");
    buf_text(&body, message->author->name);
    if (json_object_get(content, "title") != NULL) {
        buf_text(&body, " opened this thread");
    } else if (bytes_equal(change, bytes_text("fields"))) {
        buf_text(&body, " changed ");
        describe_fields(json_object_get(content, "fields"), &body);
    } else if (bytes_equal(change, bytes_text("participant_added"))) {
        buf_text(&body, " added ");
        buf_append(&body, person.data, person.len);
    } else if (bytes_equal(change, bytes_text("participant_removed"))) {
        buf_text(&body, " removed ");
        buf_append(&body, person.data, person.len);
    } else {
        buf_text(&body, " changed this thread");
    }
    message->body = body.failed ? NULL : arena_text(arena, buf_bytes(&body));
    return message->body != NULL ? OK : STATUS_RESOURCE_EXHAUSTED;
}

enum status content_read(struct bytes content, struct arena *arena, Threads__Message *message)
{
    CLEANUP(drop)
    json_t *json =
        json_loadb((const char *)content.data, content.len, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(json)) {
        return STATUS_CORRUPT;
    }
    enum status status = read_author(json, arena, message);
    if (status != OK) {
        return status;
    }
    if (message->kind == THREADS__KIND__KIND_SYSTEM) {
        return read_system(json, arena, message);
    }
    if (message->kind == THREADS__KIND__KIND_ACKNOWLEDGEMENT) {
        message->reply_to = json_integer_value(json_object_get(json, "acknowledges"));
        return OK;
    }
    return read_said(json, arena, message);
}
