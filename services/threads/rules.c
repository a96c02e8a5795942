/* The decisions of rules.h, one after the other. Next: store.h */
#include "threads/rules.h"

#include "core/limits.h"
#include "crypto/aead.h"

bool rules_sees_all(enum role role)
{
    return role == ROLE_ANALYST || role == ROLE_ADMIN || role == ROLE_AUDITOR;
}

bool rules_may_see(enum role role, bool takes_part)
{
    return rules_sees_all(role) || (role == ROLE_MEMBER && takes_part);
}

enum status rules_may_post(enum role role, bool takes_part, int thread_status)
{
    if (!rules_may_see(role, takes_part)) {
        return STATUS_NOT_FOUND;
    }
    if (role == ROLE_AUDITOR) {
        return STATUS_FORBIDDEN;
    }
    return thread_status == THREADS__THREAD_STATUS__THREAD_STATUS_OPEN ? OK : STATUS_CONFLICT;
}

enum status rules_may_acknowledge(enum role role, bool takes_part)
{
    if (!rules_may_see(role, takes_part)) {
        return STATUS_NOT_FOUND;
    }
    return role == ROLE_AUDITOR ? STATUS_FORBIDDEN : OK;
}

static bool refuse(struct rule_break *ret, const char *pointer, const char *detail)
{
    *ret = (struct rule_break){pointer, detail};
    return false;
}

static bool is_id(const ProtobufCBinaryData *id)
{
    struct uuid uuid;
    return uuid_from_bytes(bytes_of(id->data, id->len), &uuid) && !uuid_is_zero(&uuid);
}

/* Only spaces, tabs and line ends. */
static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

/* A client_id that may be left out. */
static bool is_id_or_none(const ProtobufCBinaryData *id)
{
    return id->len == 0 || is_id(id);
}

static bool check_title(const char *title, struct rule_break *ret)
{
    if (is_blank(title)) {
        return refuse(ret, "/title", "must not be empty");
    }
    if (strlen(title) > TITLE_BYTES_MAX) {
        return refuse(ret, "/title", "at most 512 bytes");
    }
    return true;
}

static bool check_attachment(const Threads__Attachment *file, const struct tenant_id *tenant)
{
    return is_id(&file->id) && strcmp(file->tenant_id, tenant->text) == 0 && file->size >= 0 &&
           file->sha256.len == 32 && strlen(file->name) <= NAME_BYTES_MAX &&
           strlen(file->media_type) <= NAME_BYTES_MAX;
}

/* What the gateway found in the files service is exactly what the client named, in order. */
static bool check_attachments(const Threads__PostRequest *in, const struct tenant_id *tenant,
                              struct rule_break *ret)
{
    if (in->n_attachments_uuids > ATTACHMENTS_MAX) {
        return refuse(ret, "/attachments", "at most 20 files");
    }
    if (in->n_attachments_filled != in->n_attachments_uuids) {
        return refuse(ret, "/attachments", "no such file here");
    }
    for (size_t i = 0; i < in->n_attachments_filled; i++) {
        const Threads__Attachment *file = in->attachments_filled[i];
        const ProtobufCBinaryData *named = &in->attachments_uuids[i];
        if (!check_attachment(file, tenant) || !bytes_equal(bytes_of(file->id.data, file->id.len),
                                                            bytes_of(named->data, named->len))) {
            return refuse(ret, "/attachments", "no such file here");
        }
    }
    return true;
}

bool rules_check_post(const Threads__PostRequest *in, const struct tenant_id *tenant,
                      struct rule_break *ret)
{
    if (!is_id(&in->thread_id)) {
        return refuse(ret, "/thread_id", "must be a UUID");
    }
    if (!is_id(&in->client_id)) {
        return refuse(ret, "/client_id", "must be a UUID, chosen by you for this message");
    }
    if (strlen(in->body) > BODY_BYTES_MAX) {
        return refuse(ret, "/body", "at most 16 KiB of UTF-8");
    }
    if (is_blank(in->body) && in->n_attachments_uuids == 0) {
        return refuse(ret, "/body", "must not be empty");
    }
    if (in->reply_to < 0) {
        return refuse(ret, "/reply_to", "must be the seq of a message of this thread");
    }
    if (in->corrects < 0) {
        return refuse(ret, "/corrects", "must be the seq of a message of this thread");
    }
    return check_attachments(in, tenant, ret);
}

/* Is `value` one that the enum names, or 0 where that is allowed? */
static bool is_value(const ProtobufCEnumDescriptor *descriptor, int value, bool zero_too)
{
    return (value != 0 || zero_too) &&
           protobuf_c_enum_descriptor_get_value(descriptor, value) != NULL;
}

bool rules_check_person(const ProtobufCBinaryData *user_id, const char *name, int role,
                        struct rule_break *ret)
{
    if (!is_id(user_id)) {
        return refuse(ret, "/user_id", "must be a UUID");
    }
    bool belongs =
        role == ROLE_MEMBER || role == ROLE_ANALYST || role == ROLE_ADMIN || role == ROLE_AUDITOR;
    if (!belongs || name[0] == '\0' || strlen(name) > NAME_BYTES_MAX) {
        return refuse(ret, "/user_id", "no such user here");
    }
    return true;
}

static bool check_incident(const Threads__Incident *incident, struct rule_break *ret)
{
    if (is_blank(incident->id) || strlen(incident->id) > NAME_BYTES_MAX) {
        return refuse(ret, "/incident/id", "1 to 200 bytes");
    }
    if (strlen(incident->source) > NAME_BYTES_MAX) {
        return refuse(ret, "/incident/source", "at most 200 bytes");
    }
    if (incident->n_alert_ids > LIST_ROWS_MAX) {
        return refuse(ret, "/incident/alert_ids", "at most 200");
    }
    for (size_t i = 0; i < incident->n_alert_ids; i++) {
        if (strlen(incident->alert_ids[i]) > NAME_BYTES_MAX) {
            return refuse(ret, "/incident/alert_ids", "at most 200 bytes each");
        }
    }
    if (incident->metadata_json.len > METADATA_BYTES_MAX) {
        return refuse(ret, "/incident/metadata", "at most 32 KiB");
    }
    return true;
}

static bool check_invited(const Threads__CreateRequest *in, struct rule_break *ret)
{
    /* The creator takes part too. */
    if (in->n_participants_uuids >= PARTICIPANTS_MAX) {
        return refuse(ret, "/participants", "at most 199, beside yourself");
    }
    if (in->n_participants_filled != in->n_participants_uuids) {
        return refuse(ret, "/participants", "no such user here");
    }
    for (size_t i = 0; i < in->n_participants_filled; i++) {
        const Threads__Participant *person = in->participants_filled[i];
        const ProtobufCBinaryData *named = &in->participants_uuids[i];
        if (!rules_check_person(&person->user_id, person->name, (int)person->role, ret) ||
            !bytes_equal(bytes_of(person->user_id.data, person->user_id.len),
                         bytes_of(named->data, named->len))) {
            return refuse(ret, "/participants", "no such user here");
        }
    }
    return true;
}

bool rules_check_create(const Threads__CreateRequest *in, struct rule_break *ret)
{
    if (!check_title(in->title, ret)) {
        return false;
    }
    if (!is_id_or_none(&in->client_id)) {
        return refuse(ret, "/client_id", "must be a UUID, chosen by you for this thread");
    }
    if (!is_value(&threads__severity__descriptor, (int)in->severity, true)) {
        return refuse(ret, "/severity", "not a severity");
    }
    if (!is_value(&threads__tlp__descriptor, (int)in->tlp, true)) {
        return refuse(ret, "/tlp", "not a TLP 2.0 label");
    }
    if (in->incident != NULL && !check_incident(in->incident, ret)) {
        return false;
    }
    return check_invited(in, ret);
}

static const struct {
    const char *name;
    enum patch_field field;
} patch_fields[] = {
    {"title", PATCH_TITLE},       {"status", PATCH_STATUS}, {"waiting_on", PATCH_WAITING_ON},
    {"severity", PATCH_SEVERITY}, {"tlp", PATCH_TLP},
};

bool rules_patch_fields(const Threads__PatchRequest *in, unsigned *ret_fields)
{
    unsigned fields = 0;
    for (size_t i = 0; i < in->n_set_fields; i++) {
        unsigned found = 0;
        for (size_t k = 0; k < sizeof patch_fields / sizeof patch_fields[0]; k++) {
            if (strcmp(in->set_fields[i], patch_fields[k].name) == 0) {
                found = patch_fields[k].field;
            }
        }
        if (found == 0) {
            return false;
        }
        fields |= found;
    }
    *ret_fields = fields;
    return true;
}

bool rules_check_patch(const Threads__PatchRequest *in, struct rule_break *ret)
{
    unsigned fields;
    if (!is_id(&in->thread_id)) {
        return refuse(ret, "/thread_id", "must be a UUID");
    }
    if (!rules_patch_fields(in, &fields)) {
        return refuse(ret, "", "only title, status, waiting_on, severity and tlp can be changed");
    }
    if ((fields & PATCH_TITLE) && !check_title(in->title, ret)) {
        return false;
    }
    if ((fields & PATCH_STATUS) &&
        !is_value(&threads__thread_status__descriptor, (int)in->status, false)) {
        return refuse(ret, "/status", "must be open or closed");
    }
    if ((fields & PATCH_WAITING_ON) &&
        !is_value(&threads__waiting_on__descriptor, (int)in->waiting_on, true)) {
        return refuse(ret, "/waiting_on", "must be soc, client or null");
    }
    if ((fields & PATCH_SEVERITY) &&
        !is_value(&threads__severity__descriptor, (int)in->severity, false)) {
        return refuse(ret, "/severity", "not a severity");
    }
    if ((fields & PATCH_TLP) && !is_value(&threads__tlp__descriptor, (int)in->tlp, false)) {
        return refuse(ret, "/tlp", "not a TLP 2.0 label");
    }
    return true;
}

bool rules_limit(uint32_t asked, unsigned *ret)
{
    *ret = asked == 0 ? LIST_ROWS_DEFAULT : asked;
    return asked <= LIST_ROWS_MAX;
}

bool rules_check_history(const Threads__HistoryRequest *in, struct rule_break *ret)
{
    unsigned limit;
    if (!is_id(&in->thread_id)) {
        return refuse(ret, "/thread_id", "must be a UUID");
    }
    if (in->after_seq < 0) {
        return refuse(ret, "/after_seq", "must not be negative");
    }
    if (in->before_seq < 0) {
        return refuse(ret, "/before_seq", "must not be negative");
    }
    if (in->after_seq > 0 && in->before_seq > 0) {
        return refuse(ret, "/before_seq", "not together with after_seq");
    }
    return rules_limit(in->limit, &limit) || refuse(ret, "/limit", "1 to 200");
}

bool rules_check_list(const Threads__ListRequest *in, struct rule_break *ret)
{
    unsigned limit;
    if (!is_value(&threads__thread_status__descriptor, (int)in->status, true)) {
        return refuse(ret, "/status", "must be open or closed");
    }
    if (!is_value(&threads__waiting_on__descriptor, (int)in->waiting_on, true)) {
        return refuse(ret, "/waiting_on", "must be soc or client");
    }
    if (!is_value(&threads__severity__descriptor, (int)in->severity, true)) {
        return refuse(ret, "/severity", "not a severity");
    }
    if (strlen(in->incident_id) > NAME_BYTES_MAX) {
        return refuse(ret, "/incident_id", "at most 200 bytes");
    }
    return rules_limit(in->limit, &limit) || refuse(ret, "/limit", "1 to 200");
}

bool rules_may_correct(int kind, bool is_author)
{
    return is_author &&
           (kind == THREADS__KIND__KIND_TEXT || kind == THREADS__KIND__KIND_CORRECTION);
}

bool rules_is_acknowledgeable(int kind)
{
    return kind == THREADS__KIND__KIND_TEXT || kind == THREADS__KIND__KIND_QUESTION ||
           kind == THREADS__KIND__KIND_ANSWER || kind == THREADS__KIND__KIND_CORRECTION;
}

/* The first half of a SHA-256, marked as a UUID of version 8. */
static struct uuid uuid_of(const uint8_t *bytes, size_t len)
{
    uint8_t hash[SHA256_SIZE];
    struct uuid id;
    sha256(bytes_of(bytes, len), hash);
    memcpy(id.b, hash, sizeof id.b);
    id.b[6] = (uint8_t)((id.b[6] & 0x0f) | 0x80);
    id.b[8] = (uint8_t)((id.b[8] & 0x3f) | 0x80);
    return id;
}

struct uuid rules_acknowledgement_id(const struct uuid *thread, const struct uuid *user,
                                     int64_t seq)
{
    static const char domain[] = "wardroom/acknowledge/v1\n";
    uint8_t bytes[sizeof domain - 1 + 16 + 16 + 8];
    uint8_t *at = bytes;
    memcpy(at, domain, sizeof domain - 1);
    at += sizeof domain - 1;
    memcpy(at, thread->b, 16);
    memcpy(at + 16, user->b, 16);
    for (int i = 0; i < 8; i++) {
        at[32 + i] = (uint8_t)((uint64_t)seq >> (56 - 8 * i));
    }
    return uuid_of(bytes, sizeof bytes);
}

struct uuid rules_thread_id(const struct uuid *user, const struct uuid *client)
{
    static const char domain[] = "wardroom/thread/v1\n";
    uint8_t bytes[sizeof domain - 1 + 16 + 16];
    memcpy(bytes, domain, sizeof domain - 1);
    memcpy(bytes + sizeof domain - 1, user->b, 16);
    memcpy(bytes + sizeof domain - 1 + 16, client->b, 16);
    return uuid_of(bytes, sizeof bytes);
}
