/* abc_grammar - tunes in ABC notation (standard 2.1), in the grammar language (grammar/ebnf.h).
 *
 *     struct abc_options options = { .metre = "6/8", .keys = "G,D,Ador", .parts_max = 2 };
 *     TRY(abc_grammar(&out, &options, err));
 *
 * What it lets through is a whole tune: X:, T:, then what the standard leaves free in a fixed order
 * (C:, R:, M:, L:, Q:) and K: last; parts of bars whose durations add up exactly to the metre. A
 * part may begin with a pickup, and then its last bar lacks that much. Repeats are paired (|: :|),
 * with first and second endings. Notes have accidentals, octaves and lengths that one note can have
 * (1 or 1.5 times a power of two); chords, rests, triplets, duplets in compound time, broken rhythm
 * (> <), slurs and ties within a bar, grace notes and rolls, chord symbols. Q: is a tempo from 60
 * to 179 beats a minute; a beat of compound time is three eighths.
 */
#ifndef TIRO_MUSIC_ABC_GRAMMAR_H
#define TIRO_MUSIC_ABC_GRAMMAR_H

#include "base/buf.h"

enum {
    ABC_BARS_MAX = 64,  /* Of a part. */
    ABC_PARTS_MAX = 16, /* Of a tune. */
    ABC_STEPS_MAX = 96, /* Shortest notes in a bar. */
    ABC_NOTE_MAX = 64,  /* The shortest note there is: 1/64. */
    ABC_KEYS_MAX = 200, /* Bytes of the list of keys. */
    ABC_LINE_MAX = 200, /* Bytes of a title that is given. */
    ABC_GRAMMAR_MAX = 1 << 20,
};

struct abc_options {
    const char *metre; /* "4/4", "6/8" ...; NULL: "4/4" */
    int unit;          /* L:1/unit, a power of two; 0: the standard's for this metre */
    int shortest;      /* The shortest note is 1/shortest; 0: half a unit */
    const char *keys;  /* "G,D,Em,Ador"; NULL: all of the standard's, up to seven accidentals */
    const char *title, *rhythm; /* what T: and R: say; NULL: anything, and R: or none */
    int bars_min, bars_max;     /* Of each part; 0: 4 .. 16 */
    int parts_min, parts_max;   /* 0: 1 .. 4 */
    bool plain;                 /* Notes, rests and bar lines only. */
    bool symbols;               /* Chord symbols ("Am") may stand before notes. */
    bool fence;                 /* The tune is a Markdown block of code: ```abc ... ``` */
};

/* Appends the grammar. -ERR_INVALID_VALUE: the metre, a key or a number that cannot be, by name. */
int abc_grammar(struct buf *out, const struct abc_options *options, struct err *err) MUST_USE;

#endif
