#include "music/abc_check.h"
#include "music/abc_length.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

/* ---- State ---- */

struct spot {
    uint32_t line, column, bar;
};

struct voice {
    char name[ABC_VOICE_NAME_MAX];
    struct abc_length metre; /* den 0: free, nothing is checked */
    int64_t beats, beat;     /* as it is written; 0: free */
    struct abc_length unit;  /* of a note without a number */
    bool unit_given;
    struct abc_length bar;       /* what the present bar holds so far */
    struct abc_length layer;     /* what the music before '&' holds in it; den 0: there is none */
    struct abc_length anacrusis; /* the first bar, when it was short */
    struct abc_length lead;      /* the same of this section */
    struct abc_length carry;     /* the last bar of the section before, when it was short */
    struct spot waits;           /* that one, while it waits for its other half; line 0: none */
    uint32_t n_bars, n_sections;
    struct spot begin;  /* of the present bar */
    bool has_notes;     /* the present bar */
    bool first;         /* it is the first bar with notes */
    bool after_edge;    /* it is the first behind a double bar, a repeat or an ending */
    bool new_section;   /* ... and no ending */
    bool closed;        /* the last bar line was :| */
    int64_t ending;     /* the one that it is in; 0: none */
    struct spot repeat; /* |: without its :| so far; line 0: none */
    struct spot slurs[ABC_SLURS_MAX];
    uint32_t n_slurs; /* open ones, those beyond ABC_SLURS_MAX too */
    /* Of the note that comes: a tuplet's and a broken rhythm's factor. */
    struct abc_length tuplet, broken;
    int tuplet_left;
    struct abc_length last; /* the note before, for a broken rhythm */
};

enum place { PLACE_NONE, PLACE_HEADER, PLACE_BODY };

struct check {
    struct abc_report *report;
    struct slice text;
    size_t at, line_begin;
    uint32_t line;
    enum place place;
    bool has_number, has_title, has_metre, has_unit, has_music;
    struct abc_tune *tune;               /* the present one's; NULL: beyond ABC_TUNES_MAX */
    struct voice voices[ABC_VOICES_MAX]; /* the first is the tune's own, and the model of others */
    uint32_t n_voices, voice;
};

const char *abc_issue_kind_name(enum abc_issue_kind kind)
{
    static const char *const names[] = { "header", "bar", "length", "syntax" };
    return names[kind];
}

static struct spot spot_of(const struct check *c, size_t at)
{
    const struct voice *v = &c->voices[c->voice];
    return (struct spot){ c->line, (uint32_t)(at - c->line_begin + 1), v->n_bars + 1 };
}

static void PRINTF_LIKE(4, 5)
    issue_at(struct check *c, enum abc_issue_kind kind, struct spot spot, const char *fmt, ...)
{
    struct abc_report *r = c->report;
    if (r->n_issues == ABC_ISSUES_MAX) {
        r->n_left_out++;
        return;
    }
    struct abc_issue *issue = &r->issues[r->n_issues++];
    *issue = (struct abc_issue){ .kind = kind, .line = spot.line, .column = spot.column };
    if (c->place == PLACE_BODY && kind != ABC_HEADER) {
        issue->bar = spot.bar;
        memcpy(issue->voice, c->voices[c->voice].name, sizeof issue->voice);
    }
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(issue->text, sizeof issue->text, fmt, args); /* Cut is fine. */
    va_end(args);
}

#define add_issue(c, kind, at, ...) issue_at(c, kind, spot_of(c, at), __VA_ARGS__)

static bool done(const struct check *c)
{
    return c->at >= c->text.len;
}

static char peek(const struct check *c)
{
    return done(c) ? '\0' : c->text.ptr[c->at];
}

static char peek_at(const struct check *c, size_t ahead)
{
    return c->at + ahead >= c->text.len ? '\0' : c->text.ptr[c->at + ahead];
}

static bool take(struct check *c, char wanted)
{
    if (done(c) || c->text.ptr[c->at] != wanted) return false;
    c->at++;
    return true;
}

static bool is_one_of(char ch, const char *set)
{
    return ch && strchr(set, ch);
}

static bool is_digit(char ch)
{
    return ch >= '0' && ch <= '9';
}

/* A number, at most ABC_PART_MAX; `fallback` when there is none. */
static int64_t take_number(struct check *c, int64_t fallback)
{
    if (!is_digit(peek(c))) return fallback;
    int64_t n = 0;
    while (is_digit(peek(c))) {
        n = n * 10 + (c->text.ptr[c->at++] - '0');
        if (n > ABC_PART_MAX) n = ABC_PART_MAX + 1;
    }
    return n;
}

/* "3/2", "/", "//", "3" ...: how many times the unit. */
static struct abc_length take_factor(struct check *c)
{
    size_t from = c->at;
    int64_t num = take_number(c, 1), den = 1;
    while (take(c, '/')) {
        int64_t more = take_number(c, 2);
        den = den > ABC_PART_MAX ? den : den * more;
    }
    struct abc_length factor = abc_length_of(num, den);
    if (factor.den == 0 || factor.num == 0) {
        add_issue(c, ABC_LENGTH, from, "'%.*s' is no length: it must be like 2, /2 or 3/2.",
                  (int)(c->at - from < 20 ? c->at - from : 20), c->text.ptr + from);
        return abc_whole;
    }
    return factor;
}

/* ---- Bars ---- */

static void reset_voice(struct voice *v)
{
    v->bar = v->anacrusis = v->lead = v->carry = abc_nothing;
    v->layer = (struct abc_length){ 0 };
    v->n_bars = v->n_sections = v->n_slurs = 0;
    v->has_notes = v->closed = false;
    v->first = v->after_edge = v->new_section = true;
    v->ending = 0;
    v->repeat = v->waits = (struct spot){ 0 };
    v->tuplet = v->broken = abc_whole;
    v->tuplet_left = 0;
    v->last = abc_nothing;
}

static void bad_bar(struct check *c, struct spot spot, struct abc_length bar)
{
    char has[48], wants[48], by[48];
    const struct voice *v = &c->voices[c->voice];
    bool over = abc_compare(bar, v->metre) > 0;
    struct abc_length gap = over ? abc_minus(bar, v->metre) : abc_minus(v->metre, bar);
    abc_length_write(has, sizeof has, bar, v->beat);
    abc_length_write(wants, sizeof wants, v->metre, v->beat);
    abc_length_write(by, sizeof by, gap, v->beat);
    issue_at(c, ABC_BAR, spot, "Bar %" PRIu32 " holds %s where the metre wants %s: %s too %s.",
             spot.bar, has, wants, by, over ? "much" : "little");
}

/* Whether the bar and another make one. */
static bool completes(const struct voice *v, struct abc_length other)
{
    return other.num > 0 && abc_compare(abc_plus(other, v->bar), v->metre) == 0;
}

/* Whether a short bar may be one: at the beginning, or at an edge with its other half. */
static bool may_be_short(struct voice *v, bool edge)
{
    if (v->first) {
        v->anacrusis = v->lead = v->bar;
        return true;
    }
    if (v->after_edge) {
        if (completes(v, v->carry)) {
            v->waits = (struct spot){ 0 };
            return true;
        }
        v->lead = v->bar; /* A section may have its own beginning. */
        return true;
    }
    if (!edge) return false;
    v->carry = v->bar;
    if (completes(v, v->anacrusis) || completes(v, v->lead)) return true;
    if (v->anacrusis.num > 0 || v->lead.num > 0) return false;
    v->waits = v->begin;
    return true;
}

/* The section before ended in a short bar, and this one does not begin with the rest of it. */
static void end_wait(struct check *c, struct voice *v)
{
    if (v->waits.line) bad_bar(c, v->waits, v->carry);
    v->waits = (struct spot){ 0 };
}

static void check_layers(struct check *c, struct voice *v)
{
    if (v->layer.den && v->bar.den && abc_compare(v->layer, v->bar) != 0)
        issue_at(c, ABC_BAR, v->begin,
                 "In bar %" PRIu32 " the music before and behind '&' is not of one length.",
                 v->begin.bar);
    v->layer = (struct abc_length){ 0 };
}

static void count_bar(struct check *c, struct voice *v, bool edge)
{
    bool known = v->metre.den && v->bar.den;
    int order = known ? abc_compare(v->bar, v->metre) : 0;
    bool waited = v->waits.line != 0;
    if (order > 0 || (order < 0 && !may_be_short(v, edge))) bad_bar(c, v->begin, v->bar);
    if (waited) end_wait(c, v);
    if (order >= 0) v->carry = abc_nothing;
    check_layers(c, v);
    v->n_bars++;
    c->report->n_bars++;
    v->first = v->after_edge = v->new_section = v->closed = false;
}

static void end_bar(struct check *c, bool edge)
{
    struct voice *v = &c->voices[c->voice];
    if (v->has_notes) count_bar(c, v, edge);
    if (v->tuplet_left > 0)
        add_issue(c, ABC_SYNTAX, c->at,
                  "A tuplet is not complete at the end of the bar: %d more notes belong to it.",
                  v->tuplet_left);
    if (abc_compare(v->broken, abc_whole) != 0)
        add_issue(c, ABC_SYNTAX, c->at, "Nothing follows the '<' or '>' in this bar.");
    v->after_edge = v->after_edge || edge;
    v->tuplet_left = 0;
    v->tuplet = v->broken = abc_whole;
    v->bar = v->last = abc_nothing;
    v->has_notes = false;
}

static void end_voice(struct check *c)
{
    struct voice *v = &c->voices[c->voice];
    end_bar(c, true);
    end_wait(c, v);
    if (v->n_bars == 1 && v->anacrusis.num > 0) bad_bar(c, v->begin, v->anacrusis);
    if (v->repeat.line)
        issue_at(c, ABC_SYNTAX, v->repeat,
                 "The repeat that begins here has no end; it must be "
                 ":|.");
    uint32_t kept = v->n_slurs < ABC_SLURS_MAX ? v->n_slurs : ABC_SLURS_MAX;
    for (uint32_t i = 0; i < kept; i++)
        issue_at(c, ABC_SYNTAX, v->slurs[i], "The slur that begins here has no ')'.");
    if (v->n_bars == 0) return;
    c->report->n_voices++;
    if (!c->tune) return;
    c->tune->voices++;
    if (c->tune->bars < v->n_bars) c->tune->bars = v->n_bars;
    if (c->tune->sections < v->n_sections) c->tune->sections = v->n_sections;
}

static void end_tune(struct check *c)
{
    if (c->place == PLACE_NONE) return;
    c->voice = 0;
    if (c->place == PLACE_HEADER)
        add_issue(c, ABC_HEADER, c->at,
                  "The header has no K: field; it must end with the key, "
                  "like K:G.");
    for (; c->voice < c->n_voices; c->voice++) end_voice(c);
    c->voice = 0;
    c->place = PLACE_NONE;
}

static void begin_bar(struct check *c, struct voice *v, size_t at)
{
    v->has_notes = c->has_music = true;
    v->begin = spot_of(c, at);
    if (!v->new_section) return;
    v->n_sections++;
    v->ending = 0;
}

static void add_length(struct check *c, size_t at, struct abc_length l)
{
    struct voice *v = &c->voices[c->voice];
    if (!v->has_notes) begin_bar(c, v, at);
    if (v->tuplet_left > 0) {
        l = abc_times(l, v->tuplet);
        if (--v->tuplet_left == 0) v->tuplet = abc_whole;
    }
    l = abc_times(l, v->broken);
    v->broken = abc_whole;
    v->bar = abc_plus(v->bar, l);
    v->last = l;
}

/* A note or a rest as it is written. */
static void add_note(struct check *c, size_t at, struct abc_length l)
{
    const struct voice *v = &c->voices[c->voice];
    bool fits = !v->metre.den || abc_compare(l, v->metre) <= 0; /* Else the bar tells of it. */
    if (l.den & (l.den - 1))
        add_issue(c, ABC_LENGTH, at,
                  "No note lasts %" PRId64 "/%" PRId64 ": lengths are halves of halves (1/4, 1/8); "
                  "three in the time of two are (3abc.",
                  l.num, l.den);
    else if (l.den && fits && !abc_is_one_note(l))
        add_issue(c, ABC_LENGTH, at,
                  "One note cannot last %" PRId64 "/%" PRId64 ": write two and tie them, like "
                  "A4-A.",
                  l.num, l.den);
    add_length(c, at, l);
}

/* a>b: the one before becomes longer by as much as the next becomes shorter. */
static void take_broken(struct check *c)
{
    struct voice *v = &c->voices[c->voice];
    char sign = peek(c);
    size_t from = c->at;
    int64_t n = 0;
    while (take(c, sign)) n++;
    if (n > 3 || v->last.num == 0) {
        add_issue(c, ABC_SYNTAX, from,
                  n > 3 ? "More than three '%c' in a row." : "'%c' must stand between two notes.",
                  sign);
        return;
    }
    int64_t part = 1 << n;
    struct abc_length shorter = abc_length_of(1, part), longer = abc_length_of(2 * part - 1, part);
    struct abc_length before = sign == '>' ? longer : shorter;
    /* The bar has it at its plain length: what it gains or loses is put right. */
    if (v->bar.den && v->last.den)
        v->bar = abc_plus(abc_minus(v->bar, v->last), abc_times(v->last, before));
    v->broken = sign == '>' ? shorter : longer;
    v->last = abc_nothing;
}

/* (3abc and (p:q:r: p notes in the time of q, for the next r. */
static void take_tuplet(struct check *c)
{
    static const int usual[10] = { 0, 0, 3, 2, 3, 0, 2, 0, 3, 0 };
    struct voice *v = &c->voices[c->voice];
    size_t from = c->at - 1;
    int64_t p = take_number(c, 0);
    bool compound = v->beat == 8 && v->beats % 3 == 0;
    int64_t q = p < 10 && usual[p < 10 ? p : 0] ? usual[p] : compound ? 3 : 2, r = p;
    if (take(c, ':')) {
        q = take_number(c, q);
        if (take(c, ':')) r = take_number(c, p);
    }
    if (p < 2 || p > 99 || q < 1 || q > 99 || r < 1 || r > 99) {
        add_issue(c, ABC_SYNTAX, from, "This is no tuplet: it must be like (3 or (3:2:3.");
        return;
    }
    if (v->tuplet_left > 0)
        add_issue(c, ABC_SYNTAX, from, "A tuplet begins in another, of which %d notes are left.",
                  v->tuplet_left);
    v->tuplet = abc_length_of(q, p);
    v->tuplet_left = (int)r;
}

/* ---- Repeats ---- */

static void close_repeat(struct voice *v)
{
    v->repeat = (struct spot){ 0 };
    v->closed = true;
}

static void open_repeat(struct check *c, struct voice *v, size_t at)
{
    if (v->repeat.line)
        issue_at(c, ABC_SYNTAX, v->repeat,
                 "The repeat that begins here is not closed (:|) before "
                 "the next begins.");
    v->repeat = spot_of(c, at);
}

/* |1, [2 ...: the number is next. */
static void take_ending(struct check *c, size_t at)
{
    struct voice *v = &c->voices[c->voice];
    int64_t n = take_number(c, 0);
    while (peek(c) == ',' || peek(c) == '-') {
        if (!is_digit(peek_at(c, 1))) break;
        c->at++;
        (void)take_number(c, 0); /* The first says enough. */
    }
    if (n > 1 && v->ending == 0)
        add_issue(c, ABC_SYNTAX, at, "Ending %" PRId64 " has no ending 1 before it.", n);
    else if (n > 1 && !v->closed)
        add_issue(c, ABC_SYNTAX, at,
                  "The ending before ending %" PRId64 " must close with :|, as in |1 A4:|2 B4|.",
                  n);
    v->ending = n;
    v->new_section = false;
    v->after_edge = true;
}

/* An ending's number may follow a bar line at once, or as [1 behind blanks. */
static void find_ending(struct check *c, size_t at)
{
    size_t ahead = 0;
    while (peek_at(c, ahead) == ' ') ahead++;
    bool bracket = peek_at(c, ahead) == '[' && is_digit(peek_at(c, ahead + 1));
    if (!bracket && !is_digit(peek(c))) return;
    c->at += bracket ? ahead + 1 : 0;
    take_ending(c, at);
}

/* | || |] [| |: :| :: |1 :|2, and [1 [2 of endings. */
static void take_bar_line(struct check *c)
{
    size_t from = c->at, n = 0;
    bool bar = false, close = false, open = false, thick = false;
    for (;; c->at++, n++) {
        char ch = peek(c);
        if (ch == ':') {
            close = close || !bar;
            open = open || bar;
        } else if (ch == '|' || (ch == '[' && peek_at(c, 1) == '|') || (ch == ']' && bar)) {
            thick = thick || bar || ch == '[';
            bar = true;
        } else {
            break;
        }
    }
    if (!bar && n == 1) {
        add_issue(c, ABC_SYNTAX, from, "':' alone means nothing: a repeat is |: and :|.");
        return;
    }
    open = open || !bar; /* :: */
    struct voice *v = &c->voices[c->voice];
    end_bar(c, close || open || thick);
    v->new_section = v->new_section || close || open || thick;
    if (close) close_repeat(v);
    if (open) open_repeat(c, v, from);
    find_ending(c, from);
}

/* ---- Fields ---- */

static struct slice rest_of_line(const struct check *c, size_t from)
{
    size_t end = from;
    while (end < c->text.len && c->text.ptr[end] != '\n' && c->text.ptr[end] != '%') end++;
    return slice_trim((struct slice){ c->text.ptr + from, end - from });
}

static void copy_text(char ret[ABC_TUNE_TEXT_MAX + 1], struct slice value)
{
    if (ret[0]) return; /* The first T: is the title, others are more names of it. */
    size_t len = value.len < ABC_TUNE_TEXT_MAX ? value.len : ABC_TUNE_TEXT_MAX;
    while (len > 0 && len < value.len && ((unsigned char)value.ptr[len] & 0xC0) == 0x80) len--;
    if (len) memcpy(ret, value.ptr, len);
    ret[len] = '\0';
}

static bool is_power_of_two(int64_t n)
{
    return n > 0 && (n & (n - 1)) == 0;
}

/* False, with an issue: it is none. */
static bool read_metre(struct check *c, struct voice *v, struct slice value, size_t at)
{
    bool common = slice_is(value, "C"), cut = slice_is(value, "C|");
    struct abc_length metre = { 0 };
    int64_t beats = 0, beat = 0;
    if (common || cut) {
        beats = beat = common ? 4 : 2;
        metre = abc_whole;
    } else if (!slice_is(value, "none") && value.len > 0) {
        bool good = abc_fraction_read(&metre, &beats, &beat, value);
        if (!good || !is_power_of_two(beat)) {
            add_issue(c, ABC_HEADER, at,
                      "'M:%.*s' is no metre: it must be like 4/4, 6/8, C or "
                      "none%s.",
                      (int)(value.len < 40 ? value.len : 40), value.ptr,
                      good ? ", with 1, 2, 4, 8 or 16 below" : "");
            return false;
        }
    }
    v->metre = metre;
    v->beats = beats;
    v->beat = beat;
    return true;
}

static void set_metre(struct check *c, struct slice value, size_t at)
{
    struct voice *v = &c->voices[c->voice];
    c->has_metre = true;
    if (!read_metre(c, v, value, at)) return;
    /* Without an L: field the unit follows from the metre (2.1, section 3.1.7). */
    bool small = v->metre.den && v->metre.num * 4 < v->metre.den * 3;
    if (!v->unit_given) v->unit = abc_length_of(1, small ? 16 : 8);
}

static void set_unit(struct check *c, struct slice value, size_t at)
{
    struct voice *v = &c->voices[c->voice];
    struct abc_length unit = abc_whole;
    int64_t num, den;
    c->has_unit = true;
    bool good = slice_is(value, "1") || abc_fraction_read(&unit, &num, &den, value);
    if (!good || !abc_is_one_note(unit)) {
        add_issue(c, ABC_HEADER, at, "'L:%.*s' is no note length: it must be like 1/8.",
                  (int)(value.len < 40 ? value.len : 40), value.ptr);
        return;
    }
    v->unit = unit;
    v->unit_given = true;
}

static void set_voice(struct check *c, struct slice value, size_t at)
{
    struct slice name = value;
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] == ' ' || name.ptr[i] == '\t') name.len = i;
    if (name.len == 0 || name.len >= ABC_VOICE_NAME_MAX) {
        add_issue(c, ABC_HEADER, at, "V: needs a name of at most %d bytes.",
                  ABC_VOICE_NAME_MAX - 1);
        return;
    }
    for (uint32_t i = 1; i < c->n_voices; i++)
        if (slice_is(name, c->voices[i].name)) {
            c->voice = i;
            return;
        }
    if (c->n_voices == ABC_VOICES_MAX) {
        add_issue(c, ABC_HEADER, at, "More than %d voices.", ABC_VOICES_MAX - 1);
        return;
    }
    struct voice *v = &c->voices[c->n_voices];
    *v = c->voices[0];
    reset_voice(v);
    memcpy(v->name, name.ptr, name.len);
    v->name[name.len] = '\0';
    c->voice = c->n_voices++;
}

static void begin_tune(struct check *c)
{
    end_tune(c);
    c->place = PLACE_HEADER;
    c->has_number = c->has_title = c->has_metre = c->has_unit = c->has_music = false;
    c->n_voices = 1;
    c->voice = 0;
    c->voices[0] = (struct voice){ .unit = abc_length_of(1, 8) };
    reset_voice(&c->voices[0]);
    uint32_t n = c->report->n_tunes++;
    c->tune = n < ABC_TUNES_MAX ? &c->report->tunes[n] : NULL;
    if (c->tune) c->tune->line = c->line;
}

/* What the header has said, when it ends. */
static void describe(struct check *c, const struct abc_key *key)
{
    const struct voice *v = &c->voices[0];
    if (!c->tune) return;
    c->tune->beats = (uint32_t)v->beats;
    c->tune->beat = (uint32_t)v->beat;
    c->tune->unit = v->unit.num == 1 ? (uint32_t)v->unit.den : 0;
    memcpy(c->tune->key, key->name, sizeof c->tune->key);
}

static void set_key(struct check *c, struct slice value, size_t at)
{
    struct abc_key key;
    if (!abc_key_read(&key, value))
        add_issue(c, ABC_HEADER, at, "'K:%.*s' is no key: it must be like G, Bb, F#m or D dorian.",
                  (int)(value.len < 40 ? value.len : 40), value.ptr);
    if (c->place != PLACE_HEADER) return;
    if (!c->has_title)
        add_issue(c, ABC_HEADER, at, "The tune has no title: T: must stand before its key.");
    c->voice = 0;
    describe(c, &key);
    c->place = PLACE_BODY;
    c->voice = c->n_voices > 1 ? 1 : 0;
}

/* X: begins a tune, but for one that has begun with other fields. */
static void set_number(struct check *c, struct slice value, size_t at)
{
    int64_t number;
    bool late = c->place == PLACE_HEADER && !c->has_number;
    if (!late) begin_tune(c);
    c->has_number = true;
    if (!slice_to_i64(&number, value) || number < 0)
        add_issue(c, ABC_HEADER, at, "X: must be a number, like X:1.");
}

/* K: ends the header: what describes the whole tune cannot stand behind it. */
static void check_place(struct check *c, char name, size_t at)
{
    if (c->place != PLACE_BODY) return;
    bool header_only = is_one_of(name, "ABCDFGHOSZ");
    bool forgotten = !c->has_music &&
                     ((name == 'M' && !c->has_metre) || (name == 'L' && !c->has_unit));
    if (header_only || forgotten)
        add_issue(c, ABC_HEADER, at,
                  "%c: stands behind K:, which must be the last field of the "
                  "header.",
                  name);
}

/* Field `name` with its value; in the header, on a line of the body, or inline. */
static void set_field(struct check *c, char name, struct slice value, size_t at)
{
    if (name == 'X') {
        set_number(c, value, at);
        return;
    }
    if (c->place == PLACE_NONE) {
        if (!is_one_of(name, "TKMLV")) return; /* A file's own header. */
        begin_tune(c);
        add_issue(c, ABC_HEADER, at, "A tune must begin with an X: field, like X:1.");
    }
    check_place(c, name, at);
    switch (name) {
    case 'T':
        c->has_title = true;
        if (c->tune) copy_text(c->tune->title, value);
        break;
    case 'R':
        if (c->tune) copy_text(c->tune->rhythm, value);
        break;
    case 'M': set_metre(c, value, at); break;
    case 'L': set_unit(c, value, at); break;
    case 'K': set_key(c, value, at); break;
    case 'V': set_voice(c, value, at); break;
    default: break;
    }
}

/* ---- Music ---- */

static void skip_to(struct check *c, char end, const char *what)
{
    size_t from = c->at++;
    while (!done(c) && peek(c) != '\n')
        if (c->text.ptr[c->at++] == end) return;
    add_issue(c, ABC_SYNTAX, from, "%s begins here and does not end on this line: '%c' is missing.",
              what, end);
}

static bool is_pitch(char ch)
{
    return (ch >= 'A' && ch <= 'G') || (ch >= 'a' && ch <= 'g');
}

/* An accidental, a letter, octave marks: not its length. */
static bool take_pitch(struct check *c)
{
    size_t from = c->at;
    while (peek(c) == '^' || peek(c) == '_' || peek(c) == '=') c->at++;
    if (!is_pitch(peek(c))) {
        if (c->at > from) add_issue(c, ABC_SYNTAX, from, "No note follows the accidental.");
        return false;
    }
    c->at++;
    while (peek(c) == ',' || peek(c) == '\'') c->at++;
    return true;
}

static void take_note(struct check *c)
{
    size_t from = c->at;
    if (!take_pitch(c)) return;
    c->report->n_notes++;
    add_note(c, from, abc_times(c->voices[c->voice].unit, take_factor(c)));
}

/* z x: rests; Z X: of whole bars. */
static void take_rest(struct check *c)
{
    size_t from = c->at;
    struct voice *v = &c->voices[c->voice];
    char kind = c->text.ptr[c->at++];
    if (kind == 'z' || kind == 'x') {
        add_note(c, from, abc_times(v->unit, take_factor(c)));
        return;
    }
    int64_t n = take_number(c, 1);
    if (v->metre.den) add_length(c, from, v->metre);
    if (n > 1) v->n_bars += (uint32_t)(n - 1);
}

/* [CEG]2: as long as its first note, times what stands behind it. */
static void take_chord(struct check *c)
{
    size_t from = c->at++;
    struct abc_length first = abc_nothing;
    bool any = false;
    while (!done(c) && peek(c) != ']' && peek(c) != '\n' && peek(c) != '|') {
        if (peek(c) == '"' || peek(c) == '!') {
            skip_to(c, peek(c), "A text");
        } else if (is_pitch(peek(c)) || is_one_of(peek(c), "^_=")) {
            if (!take_pitch(c)) continue;
            struct abc_length factor = take_factor(c);
            if (!any) first = factor;
            any = true;
            c->report->n_notes++;
        } else {
            c->at++;
        }
    }
    if (!take(c, ']') || !any) {
        add_issue(c, ABC_SYNTAX, from, any ? "The chord has no ']'." : "The chord has no note.");
        return;
    }
    struct abc_length each = abc_times(c->voices[c->voice].unit, first);
    add_note(c, from, abc_times(each, take_factor(c)));
}

static void open_slur(struct check *c, size_t at)
{
    struct voice *v = &c->voices[c->voice];
    if (v->n_slurs < ABC_SLURS_MAX) v->slurs[v->n_slurs] = spot_of(c, at);
    v->n_slurs++;
}

static void close_slur(struct check *c, size_t at)
{
    struct voice *v = &c->voices[c->voice];
    if (v->n_slurs == 0)
        add_issue(c, ABC_SYNTAX, at, "This ')' closes no slur.");
    else
        v->n_slurs--;
}

/* Another voice over the same bar: measured by itself. */
static void take_overlay(struct check *c)
{
    struct voice *v = &c->voices[c->voice];
    c->at++;
    check_layers(c, v);
    v->layer = v->bar;
    v->bar = v->last = abc_nothing;
}

/* [M:3/4], [V:2], [1, [|, or a chord. */
static void take_bracket(struct check *c)
{
    size_t from = c->at;
    const char *p = c->text.ptr + c->at;
    char name = peek_at(c, 1);
    if (peek_at(c, 2) == ':' && ((name >= 'A' && name <= 'Z') || name == 'r' || name == 'm')) {
        skip_to(c, ']', "A field");
        size_t end = c->at > from + 3 ? c->at - 1 : c->at;
        set_field(c, name, slice_trim((struct slice){ p + 3, end - from - 3 }), from);
    } else if (is_digit(name)) {
        c->at++;
        take_ending(c, from);
    } else if (name == '"') {
        c->at++; /* An ending with a name of its own. */
    } else if (name == '|') {
        take_bar_line(c);
    } else {
        take_chord(c);
    }
}

/* What stands between notes and has no length. */
static void take_mark(struct check *c)
{
    size_t at = c->at++;
    char ch = c->text.ptr[at];
    if (ch == '(' && is_digit(peek(c)))
        take_tuplet(c);
    else if (ch == '(')
        open_slur(c, at);
    else if (ch == ')')
        close_slur(c, at);
    else if (ch == 'y')
        (void)take_factor(c); /* A gap: its width. */
    else if (is_digit(ch)) {
        add_issue(c, ABC_SYNTAX, at, "A number stands where no note is before it.");
        while (is_digit(peek(c))) c->at++;
    }
}

static void take_one(struct check *c)
{
    char ch = peek(c);
    if (is_pitch(ch) || ch == '^' || ch == '_' || ch == '=') {
        take_note(c);
        return;
    }
    switch (ch) {
    case 'z':
    case 'x':
    case 'Z':
    case 'X': take_rest(c); return;
    case '[': take_bracket(c); return;
    case '|':
    case ':': take_bar_line(c); return;
    case '<':
    case '>': take_broken(c); return;
    case '"': skip_to(c, '"', "A text"); return;
    case '!': skip_to(c, '!', "A decoration"); return;
    case '{': skip_to(c, '}', "Grace notes"); return;
    case '&': take_overlay(c); return;
    default: take_mark(c); return;
    }
}

static void music_line(struct check *c)
{
    while (!done(c) && peek(c) != '\n' && peek(c) != '%') take_one(c);
}

/* ---- Lines ---- */

static bool is_field_line(const struct check *c)
{
    char name = peek(c);
    if (peek_at(c, 1) != ':') return false;
    /* "|:" and "::" are music; so is a note before a repeat when the body has begun. */
    bool letter = (name >= 'A' && name <= 'Z') || (name >= 'a' && name <= 'z');
    return letter && !(c->place == PLACE_BODY && is_pitch(name) && peek_at(c, 2) == '|');
}

static void check_line(struct check *c)
{
    char first = peek(c);
    if (first == '%' || first == '\n') return;
    if (is_field_line(c)) {
        struct slice value = rest_of_line(c, c->at + 2);
        if (first != 'w' && first != 'W' && first != 's') set_field(c, first, value, c->at);
        return;
    }
    if (c->place == PLACE_BODY) {
        music_line(c);
        return;
    }
    struct slice line = rest_of_line(c, c->at);
    if (c->place == PLACE_HEADER && line.len > 0)
        add_issue(c, ABC_HEADER, c->at, "Only fields stand before the key (K:).");
}

static bool comes_before(const struct abc_issue *a, const struct abc_issue *b)
{
    return a->line != b->line ? a->line < b->line : a->column < b->column;
}

/* What is known only at the end of a voice comes where it stands. */
static void sort_issues(struct abc_report *r)
{
    for (uint32_t i = 1; i < r->n_issues; i++)
        for (uint32_t k = i; k > 0 && comes_before(&r->issues[k], &r->issues[k - 1]); k--) {
            struct abc_issue moved = r->issues[k];
            r->issues[k] = r->issues[k - 1];
            r->issues[k - 1] = moved;
        }
}

int abc_check(struct abc_report *ret, struct slice text, struct err *err)
{
    if (text.len > ABC_TEXT_MAX)
        return err_set(err, ERR_LIMIT, "The text has %zu bytes; at most %d are checked.", text.len,
                       ABC_TEXT_MAX);
    *ret = (struct abc_report){ 0 };
    struct check c = { .report = ret, .text = text, .n_voices = 1 };
    while (!done(&c)) {
        c.line++;
        c.line_begin = c.at;
        if (rest_of_line(&c, c.at).len == 0 && peek(&c) != '%') end_tune(&c); /* An empty line. */
        check_line(&c);
        while (!done(&c) && peek(&c) != '\n') c.at++;
        c.at++;
    }
    c.at = text.len;
    end_tune(&c);
    if (ret->n_tunes == 0)
        add_issue(&c, ABC_HEADER, c.line_begin,
                  "There is no tune: it must begin with X: and have "
                  "T:, M:, L: and, last, K:.");
    sort_issues(ret);
    return 0;
}
