#include "music/abc_key.h"

#include <stdio.h>

const struct abc_mode abc_modes[ABC_MODES] = {
    { "", 0 },     { "m", -3 },  { "mix", -1 }, { "dor", -2 },
    { "phr", -4 }, { "lyd", 1 }, { "loc", -5 },
};

/* Longer names of modes, by their first three letters as the standard has it. */
static const struct {
    const char *prefix;
    int mode; /* of abc_modes */
} prefixes[] = {
    { "maj", 0 }, { "ion", 0 }, { "min", 1 }, { "aeo", 1 }, { "mix", 2 },
    { "dor", 3 }, { "phr", 4 }, { "lyd", 5 }, { "loc", 6 },
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A word that says something else than the mode: a clef, name=value, an accidental. */
static bool is_other(struct slice word)
{
    static const char *const clefs[] = { "treble", "bass", "alto", "tenor", "perc", "none", "exp" };
    if (slice_find(word, SLICE("=")) < word.len) return true;
    if (word.len && memchr("^_=", word.ptr[0], 3)) return true;
    for (size_t i = 0; i < sizeof clefs / sizeof *clefs; i++)
        if (slice_starts(word, slice_of(clefs[i]))) return true;
    return false;
}

static struct slice take_word(struct slice *rest)
{
    *rest = slice_trim(*rest);
    size_t len = 0;
    while (len < rest->len && rest->ptr[len] != ' ' && rest->ptr[len] != '\t') len++;
    struct slice word = { rest->ptr, len };
    *rest = (struct slice){ rest->ptr + len, rest->len - len };
    return word;
}

/* The mode that `word` is; -1: none. */
static int mode_of(struct slice word)
{
    size_t letters = 0;
    while (letters < word.len && is_letter(word.ptr[letters])) letters++;
    if (letters != word.len) return -1;
    if (word.len == 0) return 0;
    if (word.len == 1) return word.ptr[0] == 'm' ? 1 : -1;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (word.len >= 3 &&
            slice_eq_nocase((struct slice){ word.ptr, 3 }, slice_of(prefixes[i].prefix)))
            return prefixes[i].mode;
    return -1;
}

static bool others_only(struct slice rest)
{
    for (struct slice word = take_word(&rest); word.len; word = take_word(&rest))
        if (!is_other(word)) return false;
    return true;
}

static void name_it(struct abc_key *key, struct slice tonic, int mode)
{
    (void)snprintf(key->name, sizeof key->name, "%.*s%s", SLICE_FMT(tonic), abc_modes[mode].name);
}

bool abc_key_read(struct abc_key *ret, struct slice text)
{
    static const char order[] = "FCGDAEB";
    struct slice rest = slice_trim(text);
    *ret = (struct abc_key){ 0 };
    if (rest.len == 0 || slice_is(rest, "HP") || slice_is(rest, "Hp")) return true;
    const char *letter = memchr(order, rest.ptr[0], sizeof order - 1);
    if (!letter) return others_only(rest);
    struct slice tonic = { rest.ptr, 1 };
    if (rest.len > 1 && (rest.ptr[1] == '#' || rest.ptr[1] == 'b')) tonic.len = 2;
    rest = (struct slice){ rest.ptr + tonic.len, rest.len - tonic.len };
    bool together = rest.len && is_letter(rest.ptr[0]);
    struct slice after = rest, word = take_word(&after);
    int mode = 0;
    if (word.len && (together || !is_other(word))) {
        mode = mode_of(word);
        if (mode < 0) return false;
        rest = after;
    }
    if (!others_only(rest)) return false;
    int fifths = (int)(letter - order) - 1 + (tonic.len == 1 ? 0 : tonic.ptr[1] == '#' ? 7 : -7);
    ret->signature = fifths + abc_modes[mode].fifths;
    if (ret->signature < -ABC_SIGNATURE_MAX || ret->signature > ABC_SIGNATURE_MAX) return false;
    name_it(ret, tonic, mode);
    return true;
}
