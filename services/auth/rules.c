/* Pure decisions of auth. Next: password.c */
#include "rules.h"

#include <locale.h>
#include <pthread.h>
#include <wctype.h>

/* The head of every leaked list, as far as it is 12 characters long. The long tail is the business
 * of back-off, not of a list in a program. */
static const char *const common_passwords[] = {
    "123456789012",
    "1234567890123",
    "12345678901234",
    "123456789012345",
    "1234567890123456",
    "123123123123",
    "112233445566",
    "098765432109",
    "987654321098",
    "qwertyuiop[]",
    "qwertyuiop12",
    "qwertyuiop123",
    "qwertyuiopasdf",
    "qwertyuiopas",
    "1q2w3e4r5t6y",
    "1q2w3e4r5t6y7u8i",
    "q1w2e3r4t5y6",
    "1qaz2wsx3edc",
    "1qaz2wsx3edc4rfv",
    "qazwsxedcrfv",
    "zaq12wsxcde3",
    "asdfghjkl123",
    "abcdefghijkl",
    "abcdefghijklmnop",
    "abc123abc123",
    "password1234",
    "password12345",
    "password123456",
    "passwordpassword",
    "password2024",
    "password2025",
    "password2026",
    "passw0rd1234",
    "p@ssw0rd1234",
    "p@ssword1234",
    "iloveyou1234",
    "iloveyouforever",
    "letmein12345",
    "welcome12345",
    "welcome123456",
    "administrator",
    "administrator1",
    "admin1234567",
    "adminadminadmin",
    "changeme1234",
    "changemeplease",
    "correcthorsebatterystaple",
    "correct horse battery staple",
    "trustno1trustno1",
    "superman1234",
    "football1234",
    "baseball1234",
    "dragon123456",
    "monkey123456",
    "sunshine1234",
    "princess1234",
    "wardroomwardroom",
    "wardroom1234",
};

static bool is_name_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '@' ||
           c == '-';
}

static uint8_t ascii_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

const char *username_problem(struct bytes username)
{
    if (username.len < USERNAME_BYTES_MIN || username.len > USERNAME_BYTES_MAX) {
        return "must have 2 to 64 characters";
    }
    for (size_t i = 0; i < username.len; i++) {
        if (!is_name_char(username.data[i])) {
            return "may hold only a-z, 0-9 and . _ @ -";
        }
    }
    uint8_t first = username.data[0];
    bool plain = (first >= 'a' && first <= 'z') || (first >= '0' && first <= '9');
    return plain ? NULL : "must begin with a letter or a digit";
}

bool username_fold(struct bytes username, char out[USERNAME_BYTES_MAX + 1])
{
    if (username.len > USERNAME_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i < username.len; i++) {
        out[i] = (char)ascii_lower(username.data[i]);
    }
    out[username.len] = '\0';
    return username_problem(bytes_of(out, username.len)) == NULL;
}

const char *display_name_problem(struct bytes name)
{
    bool seen = false;
    if (name.len == 0 || name.len > NAME_BYTES_MAX) {
        return "must have 1 to 200 bytes";
    }
    if (!bytes_is_text(name)) {
        return "must be text";
    }
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] < ' ' || name.data[i] == 127) {
            return "must not hold control characters";
        }
        seen = seen || name.data[i] != ' ';
    }
    return seen ? NULL : "must not be blank";
}

/* Characters of valid UTF-8. */
static size_t char_count(struct bytes text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        count += (text.data[i] & 0xC0) != 0x80;
    }
    return count;
}

static bool equals_folded(struct bytes text, const char *lower)
{
    size_t i = 0;
    while (i < text.len && lower[i] != '\0' && ascii_lower(text.data[i]) == (uint8_t)lower[i]) {
        i++;
    }
    return i == text.len && lower[i] == '\0';
}

static bool is_common(struct bytes password)
{
    for (size_t i = 0; i < sizeof common_passwords / sizeof common_passwords[0]; i++) {
        if (equals_folded(password, common_passwords[i])) {
            return true;
        }
    }
    return false;
}

/* "aaaaaaaaaaaa", "abababababab", "abcabcabcabc": up to three bytes over and over. */
static bool is_repetition(struct bytes password)
{
    for (size_t period = 1; period <= 3; period++) {
        size_t i = period;
        while (i < password.len && password.data[i] == password.data[i - period]) {
            i++;
        }
        if (i == password.len) {
            return true;
        }
    }
    return false;
}

const char *password_problem(struct bytes password, const char *username)
{
    if (password.len > PASSWORD_BYTES_MAX) {
        return "must have at most 1024 bytes";
    }
    if (!bytes_is_text(password)) {
        return "must be text";
    }
    if (char_count(password) < PASSWORD_CHARS_MIN) {
        return "must have at least 12 characters";
    }
    if (is_common(password) || is_repetition(password)) {
        return "is one of those that are tried first";
    }
    size_t name_len = strlen(username);
    bool made_of_name = name_len >= 3 && password.len < name_len + 6 &&
                        text_contains(password, bytes_of(username, name_len));
    return made_of_name ? "must not be made of the user name" : NULL;
}

const char *role_problem(enum role role, const struct tenant_id *tenant)
{
    if (role <= ROLE_NONE || role >= ROLE_COUNT) {
        return "must be member, analyst, admin, auditor or operator";
    }
    if (role == ROLE_OPERATOR && strcmp(tenant->text, PLATFORM_TENANT) != 0) {
        return "operators live in the tenant platform only";
    }
    return NULL;
}

const char *region_problem(struct bytes region, const char *configured)
{
    while (*configured != '\0') {
        size_t len = strcspn(configured, ",");
        if (len > 0 && len < REGION_NAME_SIZE && bytes_equal(region, bytes_of(configured, len))) {
            return NULL;
        }
        configured += len + (configured[len] == ',');
    }
    return "is not a region of this installation";
}

static locale_t unicode;
static void unicode_load(void)
{
    unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

/* The code point at *at of valid UTF-8, in lower case; moves on. */
static uint32_t next_folded(struct bytes text, size_t *at)
{
    static const uint8_t masks[] = {0x7F, 0x1F, 0x0F, 0x07};
    uint8_t first = text.data[*at];
    size_t more = first < 0x80 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    uint32_t point = first & masks[more];
    (*at)++;
    for (; more > 0 && *at < text.len; more--, (*at)++) {
        point = point << 6 | (text.data[*at] & 0x3F);
    }
    return unicode != (locale_t)0 ? (uint32_t)towlower_l((wint_t)point, unicode) : point;
}

static bool starts_with(struct bytes text, size_t at, struct bytes wanted)
{
    size_t i = 0;
    while (i < wanted.len && at < text.len) {
        if (next_folded(text, &at) != next_folded(wanted, &i)) {
            return false;
        }
    }
    return i >= wanted.len;
}

bool text_contains(struct bytes text, struct bytes wanted)
{
    static pthread_once_t loaded = PTHREAD_ONCE_INIT;
    pthread_once(&loaded, unicode_load);
    if (wanted.len == 0) {
        return true;
    }
    for (size_t at = 0; at < text.len; next_folded(text, &at)) {
        if (starts_with(text, at, wanted)) {
            return true;
        }
    }
    return false;
}
