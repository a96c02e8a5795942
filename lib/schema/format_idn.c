/* Internationalised host names: labels as RFC 5891 allows them, code points by RFC 5892, the Bidi
 * rule of RFC 5893.
 *
 * What a code point is (letter, mark, script, direction) is asked of PCRE2's Unicode tables; what
 * those do not have (the virama, joining types, what NFKC would change) stands here as ranges.
 * Whether a label is in NFC is not checked. Next: punycode.h
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <strings.h>
#include "core/status.h"
#include "schema/format.h"
#include "schema/punycode.h"

#define LABEL_LEN_MAX 63
#define NAME_LEN_MAX  253

/* Letters that NFKC and case folding would change (RFC 5892 2.2), jamo (2.9), ignorable blocks
 * (2.4) and exceptions (2.6). */
#define DISALLOWED                                                                                 \
    "\\x{AA}\\x{BA}\\x{132}\\x{133}\\x{13F}\\x{140}\\x{149}\\x{17F}\\x{1C4}-\\x{1CC}"              \
    "\\x{1F1}-\\x{1F3}\\x{2B0}-\\x{2B8}\\x{2E0}-\\x{2E4}\\x{340}-\\x{345}\\x{34F}\\x{374}\\x{37A}" \
    "\\x{3D0}-\\x{3D6}\\x{3F0}-\\x{3F2}\\x{3F5}\\x{587}\\x{640}\\x{675}-\\x{678}\\x{7FA}"          \
    "\\x{958}-\\x{95F}\\x{9DC}\\x{9DD}\\x{9DF}\\x{A33}\\x{A36}\\x{A59}-\\x{A5B}\\x{A5E}"           \
    "\\x{B5C}\\x{B5D}\\x{E33}\\x{EB3}\\x{EDC}\\x{EDD}\\x{F43}\\x{F4D}\\x{F52}\\x{F57}\\x{F5C}"     \
    "\\x{F69}\\x{F73}\\x{F75}-\\x{F79}\\x{F81}\\x{F93}\\x{F9D}\\x{FA2}\\x{FA7}\\x{FAC}\\x{FB9}"    \
    "\\x{10FC}\\x{1100}-\\x{11FF}\\x{13F8}-\\x{13FD}\\x{1D2C}-\\x{1D2E}\\x{1D30}-\\x{1D3A}"        \
    "\\x{1D3C}-\\x{1D4D}\\x{1D4F}-\\x{1D6A}\\x{1D78}\\x{1D9B}-\\x{1DBF}\\x{1E9A}\\x{1E9B}"         \
    "\\x{1F71}\\x{1F73}\\x{1F75}\\x{1F77}\\x{1F79}\\x{1F7B}\\x{1F7D}\\x{1F80}-\\x{1FAF}"           \
    "\\x{1FB2}-\\x{1FB4}\\x{1FB7}\\x{1FC2}-\\x{1FC4}\\x{1FC7}\\x{1FD3}\\x{1FE3}"                   \
    "\\x{1FF2}-\\x{1FF4}\\x{1FF7}\\x{2071}\\x{207F}\\x{2090}-\\x{209C}\\x{20D0}-\\x{20FF}"         \
    "\\x{2100}-\\x{214D}\\x{2C7C}\\x{2C7D}\\x{2D6F}\\x{302E}\\x{302F}\\x{3031}-\\x{3035}\\x{303B}" \
    "\\x{309F}\\x{30FF}\\x{3131}-\\x{318E}\\x{A69C}\\x{A69D}\\x{A770}\\x{A7F2}-\\x{A7F4}"          \
    "\\x{A7F8}\\x{A7F9}\\x{A960}-\\x{A97C}\\x{AB5C}-\\x{AB5F}\\x{AB69}\\x{AB70}-\\x{ABBF}"         \
    "\\x{D7B0}-\\x{D7FB}\\x{F900}-\\x{FA0D}\\x{FA10}\\x{FA12}\\x{FA15}-\\x{FA1E}\\x{FA20}\\x{"     \
    "FA22}"                                                                                        \
    "\\x{FA25}\\x{FA26}\\x{FA2A}-\\x{FB1D}\\x{FB1F}-\\x{FDFF}\\x{FE70}-\\x{FEFF}"                  \
    "\\x{FF00}-\\x{FFEF}\\x{1D100}-\\x{1D24F}\\x{1D400}-\\x{1D7FF}\\x{1EE00}-\\x{1EEFF}"           \
    "\\x{2F800}-\\x{2FA1F}\\p{Default_Ignorable_Code_Point}"
/* With a rule of their own below, and the PVALID exceptions that are no letters. */
#define SPECIAL                                                                                    \
    "\\x{B7}\\x{375}\\x{5F3}\\x{5F4}\\x{30FB}\\x{200C}\\x{200D}\\x{6FD}\\x{6FE}\\x{F0B}\\x{3007}"
#define VIRAMA                                                                                     \
    "[\\x{94D}\\x{9CD}\\x{A4D}\\x{ACD}\\x{B4D}\\x{BCD}\\x{C4D}\\x{CCD}\\x{D3B}\\x{D3C}\\x{D4D}"    \
    "\\x{DCA}\\x{E3A}\\x{EBA}\\x{F84}\\x{1039}\\x{103A}\\x{1714}\\x{1734}\\x{17D2}\\x{1A60}"       \
    "\\x{1B44}\\x{1BAA}\\x{1BAB}\\x{1BF2}\\x{1BF3}\\x{2D7F}\\x{A806}\\x{A8C4}\\x{A953}\\x{A9C0}"   \
    "\\x{AAF6}\\x{ABED}\\x{10A3F}\\x{11046}\\x{1107F}\\x{110B9}\\x{11133}\\x{111C0}\\x{11235}"     \
    "\\x{112EA}\\x{1134D}\\x{11442}\\x{114C2}\\x{115BF}\\x{1163F}\\x{116B6}\\x{1172B}\\x{11839}"   \
    "\\x{119E0}\\x{11A34}\\x{11A47}\\x{11A99}\\x{11C3F}\\x{11D44}\\x{11D45}\\x{11D97}]"
/* Joining types: R joins only to the right, D both ways. */
#define JOINS_RIGHT                                                                                \
    "\\x{622}-\\x{625}\\x{627}\\x{629}\\x{62F}-\\x{632}\\x{648}\\x{671}-\\x{673}"                  \
    "\\x{675}-\\x{677}\\x{688}-\\x{699}\\x{6C0}\\x{6C3}-\\x{6CB}\\x{6CD}\\x{6CF}\\x{6D2}\\x{6D3}"  \
    "\\x{6D5}\\x{6EE}\\x{6EF}\\x{710}\\x{715}-\\x{719}\\x{71E}\\x{728}\\x{72A}\\x{72C}\\x{72F}"    \
    "\\x{74D}\\x{759}-\\x{75B}\\x{76B}\\x{76C}\\x{771}\\x{773}\\x{774}\\x{778}\\x{779}"
#define JOINING     "\\p{sc:Arabic}\\p{sc:Syriac}\\p{sc:Nko}\\p{sc:Mongolian}\\p{sc:Phags_Pa}"
#define JOINS_BOTH  "(?![" JOINS_RIGHT "\\x{621}\\x{674}])(?=\\p{L})[" JOINING "]"
#define JOINS_AFTER "(?![\\x{621}\\x{674}])(?=\\p{L})[" JOINING "]"

#define RIGHT   "\\p{bc:R}\\p{bc:AL}"
#define NEUTRAL "\\p{bc:EN}\\p{bc:ES}\\p{bc:CS}\\p{bc:ET}\\p{bc:ON}\\p{bc:BN}\\p{bc:NSM}"

enum rule {
    RULE_CODE_POINTS,
    RULE_MARK_FIRST,
    RULE_MIDDLE_DOT,
    RULE_KERAIA,
    RULE_HEBREW,
    RULE_KATAKANA,
    RULE_DIGITS,
    RULE_JOINER,
    RULE_NON_JOINER,
    RULE_IS_BIDI,
    RULE_LEFT_TO_RIGHT,
    RULE_RIGHT_TO_LEFT,
    RULE_COUNT
};

static const char *const patterns[RULE_COUNT] = {
    [RULE_CODE_POINTS] = "^(?:[" SPECIAL "]|(?![" DISALLOWED "])"
                         "[-\\p{Ll}\\p{Lo}\\p{Lm}\\p{Mn}\\p{Mc}\\p{Nd}])++$",
    [RULE_MARK_FIRST] = "^\\p{M}",
    [RULE_MIDDLE_DOT] = "(?<!l)\\x{B7}|\\x{B7}(?!l)",
    [RULE_KERAIA] = "\\x{375}(?!\\p{sc:Greek})",
    [RULE_HEBREW] = "(?<!\\p{sc:Hebrew})[\\x{5F3}\\x{5F4}]",
    [RULE_KATAKANA] = "^(?=.*\\x{30FB})(?!.*[\\p{sc:Hiragana}\\p{sc:Katakana}\\p{sc:Han}])",
    [RULE_DIGITS] =
        "[\\x{660}-\\x{669}].*[\\x{6F0}-\\x{6F9}]|[\\x{6F0}-\\x{6F9}].*[\\x{660}-\\x{669}]",
    [RULE_JOINER] = "(?<!" VIRAMA ")\\x{200D}",
    [RULE_NON_JOINER] = "^(?!(?:" JOINS_BOTH "\\p{Mn}*\\x{200C}(?=\\p{Mn}*" JOINS_AFTER
                        ")|(?<=" VIRAMA ")\\x{200C}|[^\\x{200C}])*$)",
    [RULE_IS_BIDI] = "[" RIGHT "\\p{bc:AN}]",
    [RULE_LEFT_TO_RIGHT] =
        "^(?=\\p{bc:L})[\\p{bc:L}" NEUTRAL "]*[\\p{bc:L}\\p{bc:EN}]\\p{bc:NSM}*$",
    [RULE_RIGHT_TO_LEFT] = "^(?!.*\\p{bc:EN}.*\\p{bc:AN}|.*\\p{bc:AN}.*\\p{bc:EN})(?=[" RIGHT "])"
                           "[" RIGHT "\\p{bc:AN}" NEUTRAL "]*[" RIGHT "\\p{bc:EN}\\p{bc:AN}]"
                           "\\p{bc:NSM}*$",
};

/* Compiled at the first name, kept as long as the process; immutable after that. */
static pcre2_code *rules[RULE_COUNT];
static pthread_once_t rules_once = PTHREAD_ONCE_INIT;

static void rules_compile(void)
{
    int error;
    PCRE2_SIZE offset;
    for (int i = 0; i < RULE_COUNT; i++)
        rules[i] =
            pcre2_compile((PCRE2_SPTR)patterns[i], PCRE2_ZERO_TERMINATED,
                          PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_DOTALL, &error, &offset, NULL);
}

/* A label has at most 63 code points, which keeps the backtracking of these patterns small. */
static bool follows(enum rule rule, struct bytes label)
{
    pthread_once(&rules_once, rules_compile);
    if (!rules[rule])
        return false;
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    int result =
        data ? pcre2_match(rules[rule], label.data, label.len, 0, PCRE2_NO_UTF_CHECK, data, NULL)
             : PCRE2_ERROR_NOMEMORY;
    pcre2_match_data_free(data);
    return result >= 0;
}

static bool is_ascii(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] >= 0x80)
            return false;
    return true;
}

static bool has_good_hyphens(struct bytes label)
{
    return label.data[0] != '-' && label.data[label.len - 1] != '-' &&
           !(label.len >= 4 && label.data[2] == '-' && label.data[3] == '-');
}

/* Two hyphens in the third and fourth place count in characters. */
static bool is_u_label(struct bytes label)
{
    size_t at = 0;
    text_next(label, &at);
    text_next(label, &at);
    if (label.len - at >= 2 && label.data[at] == '-' && label.data[at + 1] == '-')
        return false;
    if (label.data[0] == '-' || label.data[label.len - 1] == '-' ||
        !follows(RULE_CODE_POINTS, label))
        return false;
    for (int rule = RULE_MARK_FIRST; rule <= RULE_NON_JOINER; rule++)
        if (follows((enum rule)rule, label))
            return false;
    return true;
}

static size_t put_utf8(uint32_t point, uint8_t *out)
{
    if (point < 0x80) {
        out[0] = (uint8_t)point;
        return 1;
    }
    size_t len = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const uint8_t first[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = len - 1; i > 0; i--, point >>= 6)
        out[i] = (uint8_t)(0x80 | (point & 0x3F));
    out[0] = (uint8_t)(first[len] | point);
    return len;
}

/* Decode an A-label to UTF-8; it must encode to itself again. */
static bool a_label_decode(struct bytes label, uint8_t *out /* 4 * 63 */, struct bytes *ret)
{
    uint32_t points[PUNYCODE_POINTS_MAX];
    char again[LABEL_LEN_MAX];
    size_t count, len, out_len = 0;
    struct bytes code = bytes_of(label.data + 4, label.len - 4);
    if (label.len > LABEL_LEN_MAX || !punycode_decode(code, points, &count) || count == 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (points[i] >= 0xD800 && points[i] <= 0xDFFF)
            return false;
        if (points[i] < 0x80)
            points[i] = (uint32_t)tolower((int)points[i]);
        out_len += put_utf8(points[i], out + out_len);
    }
    *ret = bytes_of(out, out_len);
    return !is_ascii(*ret) && punycode_encode(points, count, again, sizeof again, &len) &&
           len == code.len && strncasecmp(again, (const char *)code.data, len) == 0;
}

static bool bidi_rule(struct bytes label)
{
    return follows(RULE_LEFT_TO_RIGHT, label) || follows(RULE_RIGHT_TO_LEFT, label);
}

bool format_is_a_label(struct bytes label)
{
    uint8_t text[4 * PUNYCODE_POINTS_MAX];
    struct bytes decoded;
    return a_label_decode(label, text, &decoded) && is_u_label(decoded) &&
           (!follows(RULE_IS_BIDI, decoded) || bidi_rule(decoded));
}

static size_t a_label_len(struct bytes label)
{
    uint32_t points[PUNYCODE_POINTS_MAX];
    char code[LABEL_LEN_MAX - 4];
    size_t count = 0, len;
    for (size_t at = 0; at < label.len; count++) {
        if (count == PUNYCODE_POINTS_MAX)
            return 0;
        points[count] = (uint32_t)text_next(label, &at);
    }
    return punycode_encode(points, count, code, sizeof code, &len) ? 4 + len : 0;
}

/* A label of any kind. `room` holds it decoded. ret_len: of its ASCII form. */
static bool is_label(struct bytes label, uint8_t *room, struct bytes *ret_decoded, size_t *ret_len)
{
    *ret_decoded = label;
    if (label.len == 0)
        return false;
    if (!is_ascii(label)) {
        *ret_len = a_label_len(label);
        return *ret_len > 0 && is_u_label(label);
    }
    *ret_len = label.len;
    if (label.len > 4 && strncasecmp((const char *)label.data, "xn--", 4) == 0)
        return a_label_decode(label, room, ret_decoded) && is_u_label(*ret_decoded);
    for (size_t i = 0; i < label.len; i++)
        if (!isalnum(label.data[i]) && label.data[i] != '-')
            return false;
    return label.len <= LABEL_LEN_MAX && has_good_hyphens(label);
}

/* The bytes of the dot at `at`; 0: none there. U+3002, U+FF0E and U+FF61 count as well. */
static size_t dot_len(struct bytes text, size_t at, bool dot_only)
{
    if (text.data[at] == '.')
        return 1;
    if (dot_only || text.len - at < 3)
        return 0;
    const uint8_t *c = text.data + at;
    return memcmp(c, "\xE3\x80\x82", 3) == 0 || memcmp(c, "\xEF\xBC\x8E", 3) == 0 ||
                   memcmp(c, "\xEF\xBD\xA1", 3) == 0
               ? 3
               : 0;
}

/* Walk the labels. `bidi`: demand the Bidi rule of each. ret_bidi: one of them is right-to-left. */
static bool check_labels(struct bytes text, bool dot_only, bool bidi, bool *ret_bidi)
{
    size_t total = 0, at = 0, dot = 1, len;
    while (dot > 0) {
        uint8_t room[4 * PUNYCODE_POINTS_MAX];
        struct bytes decoded;
        size_t begin = at;
        for (dot = 0; at < text.len && dot == 0; at += dot == 0)
            if ((dot = dot_len(text, at, dot_only)) > 0)
                break;
        if (!is_label(bytes_of(text.data + begin, at - begin), room, &decoded, &len))
            return false;
        *ret_bidi = *ret_bidi || follows(RULE_IS_BIDI, decoded);
        if (bidi && !bidi_rule(decoded))
            return false;
        total += len + (dot > 0);
        at += dot;
    }
    return total <= NAME_LEN_MAX;
}

bool format_is_idn_name(struct bytes text, bool dot_only)
{
    bool is_bidi = false;
    if (text.len > 4 * NAME_LEN_MAX || !check_labels(text, dot_only, false, &is_bidi))
        return false;
    return !is_bidi || check_labels(text, dot_only, true, &is_bidi);
}

bool format_is_idn_hostname(struct bytes text)
{
    return format_is_idn_name(text, false);
}
