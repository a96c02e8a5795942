/* Writing content by hand, for it is on the path of every post; see content_read.c for the way
 * back. Next: content_read.c */
#include "threads/content.h"

#include <ctype.h>

#include "crypto/aead.h"
#include "json/json.h"
#include "threads/rules.h"

struct enum_text enum_text(const ProtobufCEnumDescriptor *descriptor, int value)
{
    struct enum_text out = {""};
    const ProtobufCEnumValue *zero = protobuf_c_enum_descriptor_get_value(descriptor, 0);
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(descriptor, value);
    if (zero == NULL || found == NULL) {
        return out;
    }
    /* Every enum of ours has <PREFIX>_UNSPECIFIED for 0. */
    size_t prefix = strlen(zero->name) - strlen("UNSPECIFIED");
    for (size_t i = 0; found->name[prefix + i] != '\0' && i + 1 < sizeof out.text; i++) {
        out.text[i] = (char)tolower((unsigned char)found->name[prefix + i]);
    }
    return out;
}

static void put_text(struct buf *out, const char *name, const char *text)
{
    buf_text(out, name);
    json_write_string(bytes_text(text), out);
}

static void put_uuid(struct buf *out, const char *name, const ProtobufCBinaryData *id)
{
    struct uuid uuid;
    char text[UUID_TEXT_SIZE] = "";
    if (uuid_from_bytes(bytes_of(id->data, id->len), &uuid)) {
        uuid_format(&uuid, text);
    }
    buf_text(out, name);
    buf_u8(out, '"');
    buf_text(out, text);
    buf_u8(out, '"');
}

static void put_number(struct buf *out, const char *name, int64_t number)
{
    buf_printf(out, "%s%lld", name, (long long)number);
}

/* ,"name":"value", or null for 0. */
static void put_enum(struct buf *out, const char *name, const ProtobufCEnumDescriptor *descriptor,
                     int value)
{
    buf_text(out, name);
    if (value == 0) {
        buf_text(out, "null");
    } else {
        struct enum_text text = enum_text(descriptor, value);
        json_write_string(bytes_text(text.text), out);
    }
}

static void put_author(struct buf *out, const char *name, enum role role)
{
    put_text(out, ",\"author\":{\"name\":", name);
    put_text(out, ",\"role\":", role_text(role));
    buf_u8(out, '}');
}

static void put_attachment(struct buf *out, const Threads__Attachment *file)
{
    char sha256[2 * SHA256_SIZE + 1] = "";
    if (file->sha256.len == SHA256_SIZE) {
        hex_encode(bytes_of(file->sha256.data, file->sha256.len), sha256);
    }
    put_uuid(out, "{\"id\":", &file->id);
    put_text(out, ",\"name\":", file->name);
    put_number(out, ",\"size\":", file->size);
    put_text(out, ",\"media_type\":", file->media_type);
    put_text(out, ",\"sha256\":", sha256);
    buf_u8(out, '}');
}

void content_write_post(const Threads__PostRequest *in, const struct principal *who,
                        struct buf *out)
{
    put_uuid(out,
             in->corrects != 0 ? "{\"v\":1,\"kind\":\"correction\",\"client_id\":"
                               : "{\"v\":1,\"kind\":\"text\",\"client_id\":",
             &in->client_id);
    put_author(out, who->name, who->role);
    put_text(out, ",\"body\":", in->body);
    for (size_t i = 0; i < in->n_attachments_filled; i++) {
        buf_text(out, i == 0 ? ",\"attachments\":[" : ",");
        put_attachment(out, in->attachments_filled[i]);
    }
    buf_text(out, in->n_attachments_filled > 0 ? "]" : "");
    if (in->reply_to != 0) {
        put_number(out, ",\"reply_to\":", in->reply_to);
    }
    if (in->corrects != 0) {
        put_number(out, ",\"corrects\":", in->corrects);
    }
    buf_u8(out, '}');
}

void content_write_acknowledgement(int64_t seq, const ProtobufCBinaryData *client_id,
                                   const struct principal *who, struct buf *out)
{
    put_number(out, "{\"v\":1,\"acknowledges\":", seq);
    put_uuid(out, ",\"client_id\":", client_id);
    put_author(out, who->name, who->role);
    buf_u8(out, '}');
}

static void put_incident(struct buf *out, const Threads__Incident *incident)
{
    put_text(out, ",\"incident\":{\"id\":", incident->id);
    buf_text(out, ",\"alert_ids\":[");
    for (size_t i = 0; i < incident->n_alert_ids; i++) {
        put_text(out, i == 0 ? "" : ",", incident->alert_ids[i]);
    }
    put_text(out, "],\"source\":", incident->source);
    buf_text(out, ",\"metadata\":");
    if (incident->metadata_json.len > 0) {
        buf_append(out, incident->metadata_json.data, incident->metadata_json.len);
    } else {
        buf_text(out, "{}");
    }
    buf_u8(out, '}');
}

static void put_person(struct buf *out, const char *before, const Threads__Participant *person)
{
    buf_text(out, before);
    put_uuid(out, "{\"user_id\":", &person->user_id);
    put_text(out, ",\"name\":", person->name);
    put_text(out, ",\"role\":", role_text((enum role)person->role));
    buf_u8(out, '}');
}

static void put_fields(struct buf *out, const Threads__Thread *thread, unsigned fields)
{
    if (fields & PATCH_TITLE) {
        put_text(out, ",\"title\":", thread->title);
    }
    if (fields & PATCH_SEVERITY) {
        put_enum(out, ",\"severity\":", &threads__severity__descriptor, (int)thread->severity);
    }
    if (fields & PATCH_TLP) {
        put_enum(out, ",\"tlp\":", &threads__tlp__descriptor, (int)thread->tlp);
    }
    if (fields & PATCH_STATUS) {
        put_enum(out, ",\"status\":", &threads__thread_status__descriptor, (int)thread->status);
    }
    if (fields & PATCH_WAITING_ON) {
        put_enum(out, ",\"waiting_on\":", &threads__waiting_on__descriptor,
                 (int)thread->waiting_on);
    }
}

void content_write_created(const Threads__Thread *thread, struct buf *out)
{
    buf_text(out, "{\"v\":1");
    put_fields(out, thread,
               PATCH_TITLE | PATCH_SEVERITY | PATCH_TLP | PATCH_STATUS | PATCH_WAITING_ON);
    if (thread->incident != NULL) {
        put_incident(out, thread->incident);
    }
    buf_text(out, ",\"participants\":[");
    for (size_t i = 0; i < thread->n_participants; i++) {
        put_person(out, i == 0 ? "" : ",", thread->participants[i]);
    }
    buf_u8(out, ']');
    put_author(out, thread->created_by->name, (enum role)thread->created_by->role);
    buf_u8(out, '}');
}

void content_write_fields(const Threads__Thread *thread, unsigned fields,
                          const struct principal *who, struct buf *out)
{
    buf_text(out, "{\"v\":1,\"change\":\"fields\",\"fields\":");
    size_t start = out->len;
    put_fields(out, thread, fields);
    /* The comma in front of the first member becomes the brace. */
    if (out->len > start) {
        out->data[start] = '{';
    } else {
        buf_u8(out, '{');
    }
    buf_u8(out, '}');
    put_author(out, who->name, who->role);
    buf_u8(out, '}');
}

void content_write_participant(const Threads__Participant *person, bool added,
                               const struct principal *who, struct buf *out)
{
    buf_text(out, added ? "{\"v\":1,\"change\":\"participant_added\""
                        : "{\"v\":1,\"change\":\"participant_removed\"");
    put_person(out, ",\"participant\":", person);
    put_author(out, who->name, who->role);
    buf_u8(out, '}');
}
