/* `\p{...}`: the names ECMA-262 gives to Unicode properties, and those PCRE2 gives.
 *
 * General categories have long names here and short ones there; scripts and binary properties are
 * called alike. Whether PCRE2 knows one is asked of PCRE2. Next: regex.c
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <ctype.h>
#include <stdio.h>
#include "schema/regex_translate.h"

static const struct {
    const char *long_name, *short_name;
} categories[] = {
    {"Cased_Letter", "L&"},
    {"LC", "L&"},
    {"Close_Punctuation", "Pe"},
    {"Connector_Punctuation", "Pc"},
    {"Control", "Cc"},
    {"cntrl", "Cc"},
    {"Currency_Symbol", "Sc"},
    {"Dash_Punctuation", "Pd"},
    {"Decimal_Number", "Nd"},
    {"digit", "Nd"},
    {"Enclosing_Mark", "Me"},
    {"Final_Punctuation", "Pf"},
    {"Format", "Cf"},
    {"Initial_Punctuation", "Pi"},
    {"Letter", "L"},
    {"Letter_Number", "Nl"},
    {"Line_Separator", "Zl"},
    {"Lowercase_Letter", "Ll"},
    {"Mark", "M"},
    {"Combining_Mark", "M"},
    {"Math_Symbol", "Sm"},
    {"Modifier_Letter", "Lm"},
    {"Modifier_Symbol", "Sk"},
    {"Nonspacing_Mark", "Mn"},
    {"Number", "N"},
    {"Open_Punctuation", "Ps"},
    {"Other", "C"},
    {"Other_Letter", "Lo"},
    {"Other_Number", "No"},
    {"Other_Punctuation", "Po"},
    {"Other_Symbol", "So"},
    {"Paragraph_Separator", "Zp"},
    {"Private_Use", "Co"},
    {"Punctuation", "P"},
    {"punct", "P"},
    {"Separator", "Z"},
    {"Space_Separator", "Zs"},
    {"Spacing_Mark", "Mc"},
    {"Surrogate", "Cs"},
    {"Symbol", "S"},
    {"Titlecase_Letter", "Lt"},
    {"Unassigned", "Cn"},
    {"Uppercase_Letter", "Lu"},
};

static const struct {
    const char *name, *prefix;
} kinds[] = {
    {"General_Category=", ""},      {"gc=", ""},      {"Script=", "sc:"}, {"sc=", "sc:"},
    {"Script_Extensions=", "scx:"}, {"scx=", "scx:"},
};

static bool pcre2_knows(const char *property)
{
    char pattern[80];
    int error;
    PCRE2_SIZE offset;
    snprintf(pattern, sizeof pattern, "\\p{%s}", property);
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF, &error, &offset, NULL);
    pcre2_code_free(code);
    return code != NULL;
}

/* The name between the braces, NUL-terminated; false: there is none. */
static bool take_braced(struct reader *reader, char *name, size_t cap)
{
    size_t len = 0;
    if (reader->at >= reader->in.len || reader->in.data[reader->at] != '{')
        return false;
    for (reader->at++; reader->at < reader->in.len; reader->at++) {
        int c = reader->in.data[reader->at];
        if (c == '}') {
            reader->at++;
            name[len] = '\0';
            return len > 0;
        }
        if ((!isalnum(c) && c != '_' && c != '=') || len + 1 == cap)
            return false;
        name[len++] = (char)c;
    }
    return false;
}

void translate_property(struct reader *reader, int letter)
{
    char name[48], property[64];
    const char *value = name, *prefix = "";
    if (!take_braced(reader, name, sizeof name))
        return translate_fail(reader, "has a \\p without {property}");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strncmp(name, kinds[i].name, strlen(kinds[i].name)) == 0) {
            value = name + strlen(kinds[i].name);
            prefix = kinds[i].prefix;
        }
    }
    for (size_t i = 0; *prefix == '\0' && i < sizeof categories / sizeof *categories; i++)
        if (strcmp(value, categories[i].long_name) == 0)
            value = categories[i].short_name;
    snprintf(property, sizeof property, "%s%s", prefix, value);
    if (strcmp(value, "Assigned") == 0) {
        letter ^= 'p' ^ 'P';
        strcpy(property, "Cn");
    }
    if (!pcre2_knows(property))
        return translate_fail(reader, "names a Unicode property that is not known");
    buf_printf(&reader->out, "\\%c{%s}", letter, property);
}
