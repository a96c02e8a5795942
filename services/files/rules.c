/* Next: media_type.c */
#include "rules.h"

#include "core/limits.h"

/* U+0000..1F, U+7F and U+80..9F. `text` is UTF-8. */
static bool has_control(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        bool c1 = c == 0xC2 && i + 1 < text.len && text.data[i + 1] < 0xA0;
        if (c < ' ' || c == 0x7F || c1) {
            return true;
        }
    }
    return false;
}

static bool is_blank(struct bytes text)
{
    size_t i = 0;
    while (i < text.len && text.data[i] == ' ') {
        i++;
    }
    return i == text.len;
}

const char *file_name_problem(struct bytes name)
{
    if (is_blank(name)) {
        return "must not be blank";
    }
    if (name.len > NAME_BYTES_MAX) {
        return "must have at most 200 bytes";
    }
    if (!bytes_is_text(name) || has_control(name)) {
        return "must not hold control characters";
    }
    if (memchr(name.data, '/', name.len) != NULL || memchr(name.data, '\\', name.len) != NULL) {
        return "must not hold a slash or backslash";
    }
    if (bytes_equal(name, bytes_text(".")) || bytes_equal(name, bytes_text(".."))) {
        return "must not be '.' or '..'";
    }
    return NULL;
}

/* Until threads' participants are known here, a member reads what they brought. */
bool file_is_readable(const struct principal *who, const struct user_id *uploader)
{
    switch (who->role) {
    case ROLE_ANALYST:
    case ROLE_ADMIN:
    case ROLE_AUDITOR:
        return true;
    case ROLE_MEMBER:
        return uuid_equal(&who->user.u, &uploader->u);
    case ROLE_NONE:
    case ROLE_OPERATOR:
    case ROLE_COUNT:
        return false;
    }
    return false;
}

bool content_is_recorded(struct bytes content, int64_t size, const uint8_t hash[SHA256_SIZE])
{
    uint8_t now[SHA256_SIZE];
    sha256(content, now);
    return (int64_t)content.len == size && memcmp(now, hash, sizeof now) == 0;
}
