/* abc_check - whether a tune in ABC notation adds up: headers, note lengths, bars.
 *
 * What it reads is ABC 2.1 (abcnotation.com/wiki/abc:standard:v2.1): the information fields X T M L
 * Q K V P and those inline, notes, rests, chords, grace notes, tuplets, broken rhythm, bar lines,
 * repeats and endings, several voices and tunes. Decorations, slurs, words and directives have no
 * length and are passed over. Any bytes may come; nothing is allocated but the report.
 *
 * A bar must hold what its metre says. Shorter ones are right where music begins in mid-bar: the
 * first of a voice (an anacrusis), and the two sides of a section's edge when they make one bar
 * together, or the last one with the first.
 */
#ifndef TIRO_API_ABC_CHECK_H
#define TIRO_API_ABC_CHECK_H

#include "base/err.h"
#include "base/slice.h"

#include <stdint.h>

enum {
    ABC_ISSUES_MAX = 100,
    ABC_VOICES_MAX = 32,
    ABC_VOICE_NAME_MAX = 32,
    ABC_TEXT_MAX = 1 << 20, /* bytes of all tunes together */
};

enum abc_issue_kind {
    ABC_HEADER, /* a field is missing, out of place, or says nothing that is understood */
    ABC_BAR,    /* a bar is too long or too short */
    ABC_LENGTH, /* a length that cannot be */
    ABC_SYNTAX, /* something begins and does not end, or stands where it means nothing */
};

struct abc_issue {
    enum abc_issue_kind kind;
    uint32_t line, column; /* of the text, from 1; column in bytes */
    uint32_t bar;          /* of its voice, from 1; 0: not of a bar */
    char voice[ABC_VOICE_NAME_MAX];
    char text[200]; /* a sentence for a person, or a model that mends it */
};

struct abc_report {
    struct abc_issue issues[ABC_ISSUES_MAX];
    uint32_t n_issues;   /* of those in `issues` */
    uint32_t n_left_out; /* found beyond ABC_ISSUES_MAX */
    uint32_t n_tunes, n_voices, n_bars, n_notes;
};

const char *abc_issue_kind_name(enum abc_issue_kind kind); /* "bar" */
/* -ERR_LIMIT when the text is longer than ABC_TEXT_MAX. A text without any tune has one issue. */
int abc_check(struct abc_report *ret, struct slice text, struct err *err) MUST_USE;

#endif
