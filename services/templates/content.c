/* Next: store.c
 *
 * lib/json does both ways by the descriptor of CreateRequest, so a member that is added there is
 * stored and read without a line here.
 */
#include "content.h"

#include <jansson.h>

#include "core/limits.h"
#include "crypto/aead.h"
#include "json/json.h"

static const struct json_limits limits = {
    .bytes_max = CONTENT_BYTES_MAX, .depth_max = JSON_DEPTH_MAX, .keys_max = TEMPLATE_KEYS_MAX};

const char *json_object_problem(struct bytes json, size_t bytes_max)
{
    if (json.len > bytes_max) {
        return "has too many bytes";
    }
    json_error_t error;
    json_t *value = json_loadb((const char *)json.data, json.len,
                               JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    const char *problem = value == NULL            ? "is not valid JSON"
                          : !json_is_object(value) ? "must be a JSON object"
                                                   : NULL;
    json_decref(value);
    return problem;
}

/* Depth and number of keys are limits of the whole text, which is judged by reading it back. */
enum status content_write(const Templates__CreateRequest *request, struct arena *arena,
                          struct buf *out)
{
    ProtobufCMessage *again;
    struct json_error error;
    size_t start = out->len;
    json_from_message(&request->base, out);
    if (out->failed) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    struct bytes content = bytes_of(out->data + start, out->len - start);
    if (content.len > CONTENT_BYTES_MAX) {
        return STATUS_TOO_LARGE;
    }
    enum status status =
        json_to_message(content, &limits, request->base.descriptor, arena, &again, &error);
    return status == STATUS_INVALID ? STATUS_TOO_LARGE : status;
}

enum status content_read(struct bytes content, struct arena *arena, Templates__Template *ret)
{
    ProtobufCMessage *message;
    struct json_error error;
    enum status status = json_to_message(content, &limits, &templates__create_request__descriptor,
                                         arena, &message, &error);
    uint8_t *hash = arena_alloc(arena, SHA256_SIZE);
    if (status == STATUS_RESOURCE_EXHAUSTED || hash == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    if (status != OK) {
        return STATUS_CORRUPT;
    }
    const Templates__CreateRequest *in = (const Templates__CreateRequest *)message;
    sha256(content, hash);
    ret->name = in->name;
    ret->title = in->title;
    ret->body = in->body;
    ret->schema_json = in->schema_json;
    ret->ui_schema_json = in->ui_schema_json;
    ret->n_tags = in->n_tags;
    ret->tags = in->tags;
    ret->n_required_placeholders = in->n_required_placeholders;
    ret->required_placeholders = in->required_placeholders;
    ret->content_hash = (ProtobufCBinaryData){SHA256_SIZE, hash};
    return OK;
}
