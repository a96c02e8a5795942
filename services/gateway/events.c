/* One function an event. Next: commands.h */
#include "events.h"

#include "core/cleanup.h"
#include "core/clock.h"
#include "json/json.h"

/* No printf in what every ack goes through: it costs more than the rest of it. */
static void member(struct buf *out, const char *name)
{
    buf_append(out, ",\"", 2);
    buf_text(out, name);
    buf_append(out, "\":", 2);
}

static void member_text(struct buf *out, const char *name, const char *text)
{
    member(out, name);
    json_write_string(bytes_text(text), out);
}

static void member_number(struct buf *out, const char *name, int64_t number)
{
    char text[24];
    size_t at = sizeof text;
    uint64_t rest = number > 0 ? (uint64_t)number : 0;
    do {
        text[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    member(out, name);
    buf_append(out, text + at, sizeof text - at);
}

static void member_thread(struct buf *out, const struct thread_id *thread)
{
    char text[UUID_TEXT_SIZE];
    uuid_format(&thread->u, text);
    member_text(out, "thread_id", text);
}

void event_thread(struct buf *out, const char *type, const struct thread_id *thread)
{
    buf_printf(out, "{\"type\":\"%s\"", type);
    member_thread(out, thread);
    buf_text(out, "}");
}

void event_subscribed(struct buf *out, const struct thread_id *thread, int64_t last_seq)
{
    buf_text(out, "{\"type\":\"subscribed\"");
    member_thread(out, thread);
    member_number(out, "last_seq", last_seq);
    buf_text(out, "}");
}

void event_error(struct buf *out, const char *ref, const struct thread_id *thread,
                 enum status status, const char *detail)
{
    buf_text(out, "{\"type\":\"error\"");
    if (ref && ref[0])
        member_text(out, "ref", ref);
    if (thread)
        member_thread(out, thread);
    member_text(out, "code", status_code(status));
    member_text(out, "detail", detail && detail[0] ? detail : status_meaning(status));
    buf_text(out, "}");
}

void event_ack(struct buf *out, const char *ref, const Threads__Message *message)
{
    struct thread_id thread = {0};
    char at[RFC3339_SIZE], hash[2 * 64 + 1] = "";
    struct bytes raw = bytes_of(message->hash.data, message->hash.len);
    if (!uuid_from_bytes(bytes_of(message->thread_id.data, message->thread_id.len), &thread.u))
        thread = (struct thread_id){0};
    clock_format(message->created_at_us, at);
    if (raw.len <= 64)
        hex_encode(raw, hash);
    buf_text(out, "{\"type\":\"ack\"");
    member_text(out, "ref", ref);
    member_thread(out, &thread);
    member_number(out, "seq", message->seq);
    member_text(out, "created_at", at);
    member_text(out, "hash", hash);
    buf_text(out, "}");
}

void event_expiry(struct buf *out, const char *type, int64_t expires_at_s)
{
    char at[RFC3339_SIZE];
    clock_format(expires_at_s * 1000000, at);
    buf_printf(out, "{\"type\":\"%s\",\"expires_at\":\"%s\"}", type, at);
}

void event_pong(struct buf *out, const char *ref)
{
    buf_text(out, "{\"type\":\"pong\"");
    if (ref && ref[0])
        member_text(out, "ref", ref);
    buf_text(out, "}");
}

void event_presence(struct buf *out, const struct user_id *user, const char *status)
{
    char text[UUID_TEXT_SIZE];
    uuid_format(&user->u, text);
    buf_text(out, "{\"type\":\"presence\"");
    member_text(out, "user_id", text);
    member_text(out, "status", status);
    buf_text(out, "}");
}

struct frame *event_frame(const char *type, const ProtobufCMessage *message)
{
    struct frame_builder builder = {0};
    CLEANUP(buf_fini) struct buf object = {0};
    struct buf *out = frame_next_event(&builder);
    json_from_message(message, &object);
    buf_printf(out, "{\"type\":\"%s\"", type);
    if (object.len > 2) {
        buf_text(out, ",");
        buf_append(out, object.data + 1, object.len - 1);
    } else {
        buf_text(out, "}");
    }
    return frame_finish(&builder);
}

void event_message(struct buf *out, const Threads__Message *message)
{
    buf_text(out, "{\"type\":\"message\",\"message\":");
    json_from_message(&message->base, out);
    buf_text(out, "}");
}
