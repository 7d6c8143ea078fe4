/* Formats as regular expressions for the whole string. Each is a subset of what its standard
 * allows, chosen so that every validator agrees; other formats are notes, as the draft says. */
#include "grammar/schema.h"

#define HEX   "[0-9A-Fa-f]"
#define WORD  HEX "{1,4}"
#define OCTET "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"

/* RFC 3339. The year 0000 is left out: calendars begin with 1. */
#define YEAR "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
#define LEAP_YEAR                                     \
    "(?:[0-9][0-9](?:0[48]|[2468][048]|[13579][26])|" \
    "(?:0[48]|[2468][048]|[13579][26])00)"
#define DATE                                                        \
    "(?:" YEAR "-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|" \
    "(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))|" LEAP_YEAR "-02-29)"
#define HOUR "(?:[01][0-9]|2[0-3])"
#define TIME HOUR ":[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9})?(?:Z|[+-]" HOUR ":[0-5][0-9])"

/* ISO 8601 as RFC 3339 has it in its appendix A. */
#define DURATION_TIME \
    "T(?:[0-9]{1,9}H(?:[0-9]{1,9}M(?:[0-9]{1,9}S)?)?|[0-9]{1,9}M(?:[0-9]{1,9}S)?|[0-9]{1,9}S)"
#define DURATION_DATE \
    "(?:[0-9]{1,9}Y(?:[0-9]{1,9}M(?:[0-9]{1,9}D)?)?|[0-9]{1,9}M(?:[0-9]{1,9}D)?|[0-9]{1,9}D)"
#define DURATION "P(?:" DURATION_DATE "(?:" DURATION_TIME ")?|" DURATION_TIME "|[0-9]{1,9}W)"

/* Labels of at most 47 characters, five at most, so 239 in all (253 are allowed); no two hyphens
 * in a row, which have a meaning (xn--); the last label begins with a letter, so that it is no
 * address. */
#define LABEL     "[A-Za-z0-9](?:-?[A-Za-z0-9]){0,23}"
#define LAST      "[A-Za-z](?:-?[A-Za-z0-9]){0,23}"
#define HOST_NAME "(?:" LABEL "\\.){0,4}" LAST
#define DOMAIN    "(?:" LABEL "\\.){1,4}[A-Za-z](?:-?[A-Za-z0-9]){1,23}"

/* RFC 5321, without quotes. */
#define ATOM  "[A-Za-z0-9_+-]{1,20}"
#define EMAIL ATOM "(?:\\." ATOM "){0,2}@" DOMAIN

/* RFC 4291, without addresses of version 4 in them. */
#define IPV6                                                                               \
    "(?:(?:" WORD ":){7}" WORD "|(?:" WORD ":){1,7}:|(?:" WORD ":){1,6}:" WORD "|(?:" WORD \
    ":){1,5}(?::" WORD "){1,2}|(?:" WORD ":){1,4}(?::" WORD "){1,3}"                       \
    "|(?:" WORD ":){1,3}(?::" WORD "){1,4}|(?:" WORD ":){1,2}(?::" WORD "){1,5}"           \
    "|" WORD ":(?::" WORD "){1,6}|:(?:(?::" WORD "){1,7}|:))"

/* RFC 3986: with a host by name, or without any. */
#define URI_CHAR "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%" HEX "{2})"
#define URI                                                                              \
    "[A-Za-z][A-Za-z0-9+.-]{0,20}:(?://" HOST_NAME "(?::[0-9]{1,5})?(?:/" URI_CHAR "*)*" \
    "|" URI_CHAR "+(?:/" URI_CHAR "*)*)(?:\\?(?:" URI_CHAR "|[/?])*)?(?:#(?:" URI_CHAR "|[/?])*)?"

#define POINTER "(?:/(?:[^~/]|~[01])*)*" /* RFC 6901 */

static const struct {
    const char *name, *pattern;
} formats[] = {
    { "date", DATE },
    { "date-time", DATE "T" TIME },
    { "duration", DURATION },
    { "email", EMAIL },
    { "hostname", HOST_NAME },
    { "idn-email", EMAIL },
    { "idn-hostname", HOST_NAME },
    { "ipv4", OCTET "(?:\\." OCTET "){3}" },
    { "ipv6", IPV6 },
    { "iri", URI },
    { "iri-reference", URI },
    { "json-pointer", POINTER },
    { "relative-json-pointer", "(?:0|[1-9]{1,9})(?:#|" POINTER ")" },
    { "time", TIME },
    { "uri", URI },
    { "uri-reference", URI },
    { "uri-template", "(?:" URI_CHAR "|[/?#]|\\{[A-Za-z0-9_]{1,40}\\})*" },
    { "uuid", HEX "{8}-(?:" HEX "{4}-){3}" HEX "{12}" },
};

const char *schema_format(struct slice name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (slice_is(name, formats[i].name)) return formats[i].pattern;
    return NULL;
}
