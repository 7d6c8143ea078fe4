/* abc_check - whether a tune in ABC notation adds up: headers, note lengths, bars, repeats.
 *
 * What it reads is ABC 2.1 (abcnotation.com/wiki/abc:standard:v2.1): the information fields X T R M
 * L K V and those inline, notes, rests, chords, grace notes, tuplets, broken rhythm, slurs, bar
 * lines, repeats and endings, several voices and tunes. Decorations, words and directives have no
 * length and are passed over. Any bytes may come; nothing is allocated but the report.
 *
 * A bar must hold what its metre says. Shorter ones are right where music begins in mid-bar: the
 * first of a voice or a section (an anacrusis), and the last one, or that of a section, when it and
 * an anacrusis make one bar together.
 */
#ifndef TIRO_MUSIC_ABC_CHECK_H
#define TIRO_MUSIC_ABC_CHECK_H

#include "base/err.h"
#include "base/slice.h"
#include "music/abc_key.h"

#include <stdint.h>

enum {
    ABC_ISSUES_MAX = 100,
    ABC_TUNES_MAX = 16, /* that are described; all are checked */
    ABC_VOICES_MAX = 32,
    ABC_VOICE_NAME_MAX = 32,
    ABC_TUNE_TEXT_MAX = 120, /* bytes of a title; longer ones are cut */
    ABC_TEXT_MAX = 1 << 20,  /* bytes of all tunes together */
    ABC_SLURS_MAX = 16,      /* one in another */
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
    char text[240]; /* what is wrong and what would be right, for a person or a model */
};

/* What a tune says of itself: enough to ask for it again. */
struct abc_tune {
    uint32_t line;                                                    /* where it begins */
    char title[ABC_TUNE_TEXT_MAX + 1], rhythm[ABC_TUNE_TEXT_MAX + 1]; /* "": not said */
    uint32_t beats, beat;       /* the metre at its beginning; 0: free */
    uint32_t unit;              /* a note without a length is 1/unit; 0: no such fraction */
    char key[ABC_KEY_NAME_MAX]; /* "Ador"; "": none */
    uint32_t bars, sections;    /* of its longest voice */
    uint32_t voices;            /* with notes */
};

struct abc_report {
    struct abc_issue issues[ABC_ISSUES_MAX]; /* in the order of the text */
    uint32_t n_issues;                       /* of those in `issues` */
    uint32_t n_left_out;                     /* found beyond ABC_ISSUES_MAX */
    struct abc_tune tunes[ABC_TUNES_MAX];
    uint32_t n_tunes, n_voices, n_bars, n_notes;
};

const char *abc_issue_kind_name(enum abc_issue_kind kind); /* "bar" */
/* -ERR_LIMIT when the text is longer than ABC_TEXT_MAX. A text without any tune has one issue. */
int abc_check(struct abc_report *ret, struct slice text, struct err *err) MUST_USE;

#endif
