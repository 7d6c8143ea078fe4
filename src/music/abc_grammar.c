/* The heart is the family bar-K: what may fill K steps, where a step is the shortest note. Each
 * alternative takes some steps and leaves the rest to bar-(K - those), so a bar is full exactly
 * when nothing is left. slur-K and in-K are the same inside a slur, which the bar must close. */
#include "music/abc_grammar.h"
#include "music/abc_key.h"

#include <stdio.h>

enum {
    NUMBER_MAX = 64,
    METRE_MAX = 16,
    TITLE_MAX = 64,
    DEFAULT_BARS_MIN = 4,
    DEFAULT_BARS_MAX = 16,
    DEFAULT_PARTS_MAX = 4,
};

struct abc {
    struct buf *out;
    struct abc_options o; /* Defaults filled in. */
    int beats, beat;      /* The metre: beats / beat. */
    int steps;            /* In a bar. */
    int unit_steps;       /* Steps of a note without a length. */
};

/* --- options ---------------------------------------------------------------------------------- */

static bool power_of_two(int n)
{
    return n > 0 && (n & (n - 1)) == 0;
}

static int read_metre(struct abc *a, struct err *err)
{
    struct slice metre = slice_of(a->o.metre);
    size_t cut = slice_find(metre, SLICE("/"));
    int64_t beats = 4, beat = 4;
    bool good = true;
    if (slice_is(metre, "C|")) {
        beats = beat = 2;
    } else if (!slice_is(metre, "C")) {
        good = cut < metre.len && metre.len < METRE_MAX &&
               slice_to_i64(&beats, (struct slice){ metre.ptr, cut }) &&
               slice_to_i64(&beat, (struct slice){ metre.ptr + cut + 1, metre.len - cut - 1 });
    }
    if (!good || beats < 1 || beats > NUMBER_MAX || beat > ABC_NOTE_MAX || !power_of_two((int)beat))
        return err_set(err, ERR_INVALID_VALUE,
                       "the metre '%.40s' cannot be; it is 4/4, 3/4, 6/8 ... (below the line a "
                       "power of two up to %d), C or C|",
                       a->o.metre, ABC_NOTE_MAX);
    a->beats = (int)beats;
    a->beat = (int)beat;
    return 0;
}

static int read_lengths(struct abc *a, struct err *err)
{
    /* The standard's: an eighth from three quarters of a whole note on. */
    if (!a->o.unit) a->o.unit = 4 * a->beats < 3 * a->beat ? 16 : 8;
    if (!power_of_two(a->o.unit) || a->o.unit > ABC_NOTE_MAX)
        return err_set(err, ERR_INVALID_VALUE,
                       "the unit 1/%d cannot be; it is a power of two up to %d", a->o.unit,
                       ABC_NOTE_MAX);
    if (!a->o.shortest) a->o.shortest = 2 * a->o.unit;
    if (!power_of_two(a->o.shortest) || a->o.shortest < a->o.unit ||
        a->o.shortest > 4 * a->o.unit || a->o.shortest > ABC_NOTE_MAX)
        return err_set(err, ERR_INVALID_VALUE,
                       "the shortest note 1/%d cannot be; it is the unit (1/%d), half or a "
                       "quarter of it, and no less than 1/%d",
                       a->o.shortest, a->o.unit, ABC_NOTE_MAX);
    if (a->beats * a->o.shortest % a->beat)
        return err_set(err, ERR_INVALID_VALUE,
                       "notes of 1/%d do not fill a bar of %d/%d; shorter ones are needed",
                       a->o.shortest, a->beats, a->beat);
    a->steps = a->beats * a->o.shortest / a->beat;
    a->unit_steps = a->o.shortest / a->o.unit;
    if (a->steps > ABC_STEPS_MAX)
        return err_set(err, ERR_LIMIT, "a bar of %s holds %d notes of 1/%d; at most %d", a->o.metre,
                       a->steps, a->o.shortest, ABC_STEPS_MAX);
    return 0;
}

static int check_count(int min, int max, int limit, const char *what, struct err *err)
{
    if (min >= 1 && min <= max && max <= limit) return 0;
    return err_set(err, ERR_INVALID_VALUE, "from %d to %d %s cannot be; from 1 to %d can", min, max,
                   what, limit);
}

static int read_counts(struct abc *a, struct err *err)
{
    struct abc_options *o = &a->o;
    if (!o->bars_max) o->bars_max = o->bars_min > DEFAULT_BARS_MAX ? o->bars_min : DEFAULT_BARS_MAX;
    if (!o->bars_min) o->bars_min = o->bars_max < DEFAULT_BARS_MIN ? o->bars_max : DEFAULT_BARS_MIN;
    if (!o->parts_max)
        o->parts_max = o->parts_min > DEFAULT_PARTS_MAX ? o->parts_min : DEFAULT_PARTS_MAX;
    if (!o->parts_min) o->parts_min = 1;
    TRY(check_count(o->bars_min, o->bars_max, ABC_BARS_MAX, "bars", err));
    return check_count(o->parts_min, o->parts_max, ABC_PARTS_MAX, "parts", err);
}

/* --- keys ------------------------------------------------------------------------------------- */

static int add_listed_keys(struct abc *a, struct err *err)
{
    struct slice rest = slice_of(a->o.keys);
    struct abc_key read;
    if (rest.len > ABC_KEYS_MAX)
        return err_set(err, ERR_LIMIT, "a list of keys of %zu bytes; at most %d", rest.len,
                       ABC_KEYS_MAX);
    buf_add_str(a->out, "key ::=");
    for (bool more = true, first = true; more; first = false) {
        size_t len = slice_find(rest, SLICE(","));
        struct slice key = slice_trim((struct slice){ rest.ptr, len });
        more = len < rest.len;
        if (more) rest = (struct slice){ rest.ptr + len + 1, rest.len - len - 1 };
        if (!abc_key_read(&read, key) || !read.name[0])
            return err_set(err, ERR_INVALID_VALUE,
                           "the key '%.*s' cannot be; keys are a letter A to G, # or b, and a "
                           "mode (m, mix, dor, phr, lyd, loc), with up to seven accidentals",
                           SLICE_FMT(key));
        buf_printf(a->out, "%s \"%s\"", first ? "" : " |", read.name);
    }
    buf_add_char(a->out, '\n');
    return 0;
}

static void add_all_keys(struct abc *a)
{
    static const char *const signs[] = { "b", "", "#" };
    buf_add_str(a->out, "key ::=");
    for (size_t mode = 0; mode < ABC_MODES; mode++) {
        const char *before = mode ? " |\n  (" : " (";
        for (size_t i = 0; i < 3 * 7; i++) {
            char key[ABC_KEY_NAME_MAX];
            struct abc_key read;
            (void)snprintf(key, sizeof key, "%c%s%s", "FCGDAEB"[i % 7], signs[i / 7],
                           abc_modes[mode].name); /* It fits. */
            if (!abc_key_read(&read, slice_of(key))) continue;
            buf_printf(a->out, "%s\"%c%s\"", before, key[0], signs[i / 7]);
            before = " | ";
        }
        buf_printf(a->out, ")%s%s%s", mode ? " \"" : "", abc_modes[mode].name, mode ? "\"" : "");
    }
    buf_add_char(a->out, '\n');
}

/* --- header and parts ------------------------------------------------------------------------- */

/* 6/8, 9/8, 12/8: a beat is three eighths. */
static bool in_threes(const struct abc *a)
{
    return a->beat == 8 && a->beats > 3 && a->beats % 3 == 0;
}

/* A line of text that the options give, or any. */
static int add_text(struct abc *a, const char *rule, char field, const char *given, struct err *err)
{
    struct slice text = slice_trim(slice_of(given ? given : ""));
    if (!given) {
        buf_printf(a->out, "%s ::= \"%c:\" text \"\\n\"\n", rule, field);
        return 0;
    }
    if (text.len == 0 || text.len > ABC_LINE_MAX)
        return err_set(err, ERR_INVALID_VALUE, "a %s of %zu bytes cannot be; from 1 to %d can",
                       rule, text.len, ABC_LINE_MAX);
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < 0x20 || strchr("%\\\x7f", text.ptr[i]))
            return err_set(err, ERR_INVALID_VALUE,
                           "the %s cannot be; it is a line of text without %% and \\", rule);
    buf_printf(a->out, "%s ::= \"%c:", rule, field);
    for (size_t i = 0; i < text.len; i++)
        buf_printf(a->out, "%s%c", text.ptr[i] == '"' ? "\\" : "", text.ptr[i]);
    buf_add_str(a->out, "\\n\"\n");
    return 0;
}

static int add_header(struct abc *a, struct err *err)
{
    buf_printf(a->out,
               "# Tunes in ABC notation: metre %s, unit 1/%d, shortest note 1/%d.\n"
               "root ::= %sheader tune%s\n\n"
               "header ::= number title composer? rhythm%s \"M:%s\\nL:1/%d\\n\" tempo? \"K:\" key "
               "\"\\n\"\n"
               "number ::= \"X:\" [1-9] [0-9]{0,3} \"\\n\"\n"
               "composer ::= \"C:\" text \"\\n\"\n"
               "tempo ::= \"Q:%s=\" ([6-9] [0-9] | \"1\" [0-7] [0-9]) \"\\n\"\n"
               "text ::= [^ %%\\\\\\x00-\\x1f\\x7f] [^%%\\\\\\x00-\\x1f\\x7f]{0,%d}\n",
               a->o.metre, a->o.unit, a->o.shortest, a->o.fence ? "\"```abc\\n\" " : "",
               a->o.fence ? " \"\\n```\"" : " \"\\n\"?", a->o.rhythm ? "" : "?", a->o.metre,
               a->o.unit, in_threes(a) ? "3/8" : "1/4", TITLE_MAX - 1);
    TRY(add_text(a, "title", 'T', a->o.title, err));
    TRY(add_text(a, "rhythm", 'R', a->o.rhythm, err));
    if (a->o.keys) return add_listed_keys(a, err);
    add_all_keys(a);
    return 0;
}

/* As many bars as the options say, without a pickup or with each that leaves the last bar half or
 * more; `endings`: the last bar twice, as both endings of a repeat. */
static void add_bars(struct abc *a, bool endings)
{
    int min = a->o.bars_min, max = a->o.bars_max;
    const char *before = "";
    buf_add_str(a->out, endings ? "endings ::=" : "bars ::=");
    for (int pickup = 0; 2 * pickup <= a->steps; pickup += a->unit_steps) {
        int last = a->steps - pickup;
        if (pickup > 0)
            buf_printf(a->out, "%s bar-%d (line bar-%d){%d,%d}", before, pickup, a->steps, min - 1,
                       max - 1);
        else if (max > 1)
            buf_printf(a->out, " bar-%d (line bar-%d){%d,%d}", a->steps, a->steps,
                       min > 1 ? min - 2 : 0, max - 2);
        else
            continue;
        if (endings)
            buf_printf(a->out, " one bar-%d two bar-%d close", last, last);
        else
            buf_printf(a->out, " line bar-%d", last);
        before = " |\n ";
    }
    if (!endings && min == 1) buf_printf(a->out, "%s bar-%d", before, a->steps);
    buf_add_char(a->out, '\n');
}

static void add_parts(struct abc *a)
{
    /* In a line of its own "A:|" would be the field A: */
    const char *repeat = a->steps < 4 * a->unit_steps ? "\" :|\"" : "s \":|\"";
    bool endings = a->o.bars_max > 1 || 2 * a->unit_steps <= a->steps;
    buf_printf(a->out, "\ntune ::= first (\"\\n\" part){%d,%d}\n", a->o.parts_min - 1,
               a->o.parts_max - 1);
    if (a->o.plain) {
        buf_add_str(a->out, "first ::= part\npart ::= bars close\n");
    } else {
        buf_add_str(a->out, "first ::= part | repeated\n"
                            "part ::= bars close | \"|:\" s repeated\n");
        buf_printf(a->out, "repeated ::= bars again%s\n", endings ? " | endings" : "");
        buf_printf(a->out, "again ::= %s\n", repeat);
        if (endings) add_bars(a, true);
        buf_add_str(a->out, "one ::= s (\"|1\" | \"|[1\" | \"| [1\") s\n");
        buf_add_str(a->out, "two ::= again (\"2\" | \"[2\" | \" [2\") s\n");
    }
    add_bars(a, false);
    buf_add_str(a->out, "line ::= s \"|\" [ \\n]?\n"
                        "close ::= s (\"||\" | \"|]\")\n"
                        "s ::= \" \"?\n");
}

/* --- notes ------------------------------------------------------------------------------------ */

static void add_notes(struct abc *a)
{
    buf_add_str(a->out, "\nnote ::= (\"^^\" | \"^\" | \"__\" | \"_\" | \"=\")? "
                        "([A-G] \",\"{0,2} | [a-g] \"'\"{0,2})\n");
    const char *symbol = a->o.symbols ? "symbol? " : "";
    if (a->o.plain) {
        buf_printf(a->out, "tone ::= %s(note | \"z\")\n", symbol);
    } else {
        buf_printf(a->out, "tone ::= grace? %s[~.]? (note | chord) | %s\"z\"\n", symbol, symbol);
        buf_add_str(a->out, "grace ::= \"{\" note{1,4} \"}\"\n"
                            "chord ::= \"[\" note{2,4} \"]\"\n");
    }
    if (a->o.symbols)
        buf_add_str(a->out, "symbol ::= \"\\\"\" [A-G] [#b]? "
                            "(\"m\" | \"7\" | \"m7\" | \"maj7\" | \"dim\" | \"sus4\")? \"\\\"\"\n");
}

/* Whether one note can last so long: one and a half times a power of two, or that itself. */
static bool one_note(int steps)
{
    return power_of_two(steps) || (steps % 3 == 0 && power_of_two(steps / 3));
}

/* How a note of so many steps is written behind its name, as an item with a blank before it. */
static void add_length(struct abc *a, int steps)
{
    int above = steps, below = a->unit_steps;
    for (; above % 2 == 0 && below > 1; above /= 2) below /= 2;
    if (below == 1 && above > 1)
        buf_printf(a->out, " \"%d\"", above);
    else if (below == 2 && above == 1)
        buf_add_str(a->out, " \"/\" \"2\"?");
    else if (below == 4 && above == 1)
        buf_add_str(a->out, " (\"/4\" | \"//\")");
    else if (below > 1)
        buf_printf(a->out, " \"%d/%d\"", above, below);
}

/* Notes of half a unit, one and two are played in triplets, ties and broken rhythms. */
static bool in_groups(const struct abc *a, int steps)
{
    return 2 * steps == a->unit_steps || steps == a->unit_steps || steps == 2 * a->unit_steps;
}

/* What fills the rest of a bar, after a blank or directly. */
static void add_rest(struct abc *a, const char *family, int left)
{
    if (left > 0) buf_printf(a->out, " s %s-%d", family, left);
}

/* tuplet: "(3" and three notes in the time of two; pair: "(2" and two in the time of three. */
static void add_group_rules(struct abc *a)
{
    for (int d = 1; 2 * d <= a->steps; d++) {
        if (!in_groups(a, d)) continue;
        buf_printf(a->out, "three-%d ::= \"(3\"", d);
        for (int i = 0; i < 3; i++) {
            buf_add_str(a->out, i ? " s tone" : " tone");
            add_length(a, d);
        }
        buf_printf(a->out, "\ntied-%d ::=", d);
        for (const char *p = "CDEFGABcdefgab"; *p; p++) {
            for (int octave = 0; octave < 2; octave++) {
                const char *mark = octave == 0 ? "" : *p < 'a' ? "," : "'";
                buf_printf(a->out, "%s \"%c%s\"", *p == 'C' && !octave ? "" : " |", *p, mark);
                add_length(a, d);
                buf_printf(a->out, " \"-\" s \"%c%s\"", *p, mark);
                add_length(a, d);
            }
        }
        buf_add_char(a->out, '\n');
        if (a->beats % 3 || a->beats == 3 || 3 * d > a->steps) continue;
        buf_printf(a->out, "two-%d ::= \"(2\" tone", d);
        add_length(a, d);
        buf_add_str(a->out, " s tone");
        add_length(a, d);
        buf_add_char(a->out, '\n');
    }
}

/* The alternatives of bar-K that are more than one note. */
static void add_groups(struct abc *a, int k)
{
    for (int d = 1; 2 * d <= k; d++) {
        if (!in_groups(a, d)) continue;
        buf_printf(a->out, " |\n  three-%d", d);
        add_rest(a, "bar", k - 2 * d);
        buf_printf(a->out, " | tied-%d", d);
        add_rest(a, "bar", k - 2 * d);
        if (a->beats % 3 || a->beats == 3 || 3 * d > k) continue;
        buf_printf(a->out, " | two-%d", d);
        add_rest(a, "bar", k - 3 * d);
    }
    if (k > 1) buf_printf(a->out, " |\n  \"(\" slur-%d", k);
}

/* bar-K, slur-K or in-K: a note, and by its length what is left. */
static void add_fill(struct abc *a, const char *family, int k)
{
    bool bar = family[0] == 'b', slur = family[0] == 's';
    const char *before = "";
    buf_printf(a->out, "%s-%d ::= tone (", family, k);
    for (int d = 1; d <= k; d++) {
        if (!one_note(d)) continue;
        if (bar || d < k) {
            buf_add_str(a->out, before);
            add_length(a, d);
            add_rest(a, bar ? "bar" : "in", k - d);
            if (d == k && d == a->unit_steps) buf_add_str(a->out, " \"\"");
            before = " |";
        }
        if (!bar && !slur) {
            buf_add_str(a->out, before);
            add_length(a, d);
            buf_add_str(a->out, " \")\"");
            add_rest(a, "bar", k - d);
            before = " |";
        }
        if (bar && !a->o.plain && in_groups(a, d) && 2 * d <= k) { /* Broken rhythm. */
            buf_add_str(a->out, before);
            add_length(a, d);
            buf_add_str(a->out, " [<>] tone");
            add_length(a, d);
            add_rest(a, "bar", k - 2 * d);
        }
    }
    buf_add_str(a->out, " )");
    if (bar && !a->o.plain) add_groups(a, k);
    buf_add_char(a->out, '\n');
}

static void add_fills(struct abc *a)
{
    buf_add_str(a->out,
                "\n# X-K fills K steps: a bar, in a slur that begins, in one that goes on.\n");
    for (int k = a->steps; k > 0; k--) add_fill(a, "bar", k);
    if (a->o.plain) return;
    for (int k = a->steps; k > 1; k--) add_fill(a, "slur", k);
    for (int k = a->steps - 1; k > 0; k--) add_fill(a, "in", k);
}

int abc_grammar(struct buf *out, const struct abc_options *options, struct err *err)
{
    struct abc a = { .out = out, .o = *options };
    if (!a.o.metre) a.o.metre = "4/4";
    TRY(read_metre(&a, err));
    TRY(read_lengths(&a, err));
    TRY(read_counts(&a, err));
    TRY(add_header(&a, err));
    add_parts(&a);
    add_notes(&a);
    if (!a.o.plain) add_group_rules(&a);
    add_fills(&a);
    return buf_check(out, "the grammar", err);
}
